"""The text a practice guest writes to its console while it boots.

It grows with the boot, and its cloud-init shows that it read the user data:
host name and accounts, and the key's owner but never the key or a password.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from cloud_app.gateways.simulator.site import GuestImage

HOSTNAME = re.compile(r"""^\s*["']?hostname["']?\s*:\s*["']?([\w.-]+)""", re.MULTILINE)
ACCOUNT = re.compile(r"""["']?\bname["']?\s*:\s*["']?([a-z_][\w-]{0,31})""")
KEYS = re.compile(r"""ssh_authorized_keys""")
VERSION = "25.1.2"


def text(
    guest: GuestImage,
    *,
    name: str,
    address: str | None,
    user_data: str,
    booted: float,
    powered: datetime,
) -> str:
    """What can be read so far; `booted` is the part of the boot that has passed."""
    host = _hostname(name, user_data)
    lines = [
        *_kernel(guest),
        *_system(guest),
        *_cloud_init(guest, host, address, user_data, powered),
        "",
        f"{guest.system} {host} ttyS0",
        "",
        f"{host} login: ",
    ]
    shown = min(len(lines), max(1, int(len(lines) * booted)))
    return "\n".join(lines[:shown])


def _hostname(name: str, user_data: str) -> str:
    found = HOSTNAME.search(user_data)
    return found.group(1) if found else re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")


def _accounts(guest: GuestImage, user_data: str) -> Sequence[str]:
    """Accounts of a #cloud-config; without any, cloud-init makes the image's own."""
    users = user_data.partition("users")[2]
    named = list(dict.fromkeys(ACCOUNT.findall(users))) if users else []
    return named or [guest.image.login_user or "cloud"]


def _kernel(guest: GuestImage) -> list[str]:
    return [
        f"[    0.000000] Linux version {guest.kernel} (practice cloud)",
        "[    0.000000] Command line: root=LABEL=cloudimg-rootfs ro console=ttyS0",
        "[    0.021374] DMI: Madang practice cloud, no real machine",
        "[    0.412903] virtio_net virtio0 ens3: renamed from eth0",
        "[    0.731105] virtio_blk virtio1: [vda] mounted",
        "[    1.104882] EXT4-fs (vda1): mounted filesystem with ordered data mode",
    ]


def _system(guest: GuestImage) -> list[str]:
    return [
        "",
        f"Welcome to {guest.system}!",
        "",
        "[  OK  ] Reached target local-fs.target - Local File Systems.",
        "[  OK  ] Started systemd-networkd.service - Network Configuration.",
    ]


def _cloud_init(
    guest: GuestImage, host: str, address: str | None, user_data: str, powered: datetime
) -> list[str]:
    stamp = powered.strftime("%a, %d %b %Y %H:%M:%S +0000")
    lines = [
        f"cloud-init[512]: Cloud-init v. {VERSION} running 'init' at {stamp}.",
        f"ci-info: | ens3 | True | {address or '.'} | 255.255.255.0 | global |",
        f"cloud-init[512]: hostname set to {host}",
    ]
    if not user_data:
        lines.append("cloud-init[512]: no user data")
    for account in _accounts(guest, user_data):
        lines.append(f"cloud-init[733]: created user {account}")
        if KEYS.search(user_data):
            lines.append(f"ci-info: authorized keys from /home/{account}/.ssh/authorized_keys")
    if user_data.startswith("#!"):
        lines.append("cloud-init[911]: running user script part-001")
    ports = [port for port in guest.ports if port != 22]
    return [
        *lines,
        "[  OK  ] Started ssh.service - OpenBSD Secure Shell server.",
        *(f"[  OK  ] Listening on port {port}." for port in ports),
        f"cloud-init[911]: Cloud-init v. {VERSION} finished. Datasource DataSourceConfigDrive.",
        "[  OK  ] Reached target cloud-init.target - Cloud-init target.",
    ]
