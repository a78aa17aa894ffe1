"""What the lab needs on the machine: Debian's packages and one Python environment.

Safe to run again and after being killed half-way: apt and dpkg are asked what is
missing, and the environment is stamped only when it is complete.
"""

import concurrent.futures
import os
import platform
import shutil
import subprocess
from pathlib import Path

from tests.lab.openstack.places import HERE, LAB, PYTHON, VENV
from tests.lab.openstack.processes import LabError, environment, output, run

FIRST = ["python3-venv", "python3-dev", "gcc", "libc6-dev"]  # the environment is built with them
PACKAGES = [
    *("rabbitmq-server", "mariadb-server", "memcached", "liberasurecode1"),
    *("iproute2", "procps", "util-linux", "genisoimage", "qemu-utils"),
    *("qemu-system-x86", "seabios", "ipxe-qemu", "novnc", "dmidecode"),
    *("libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-daemon-system"),
    *("libvirt-clients", "python3-libvirt", "dnsmasq-base", "iptables"),
    *("ovn-central", "ovn-host", "openvswitch-switch"),
    *("mmdebstrap", "debian-archive-keyring", "e2fsprogs", "busybox-static", "cpio"),
    *("syslinux", "syslinux-common", "mtools", "fdisk", "kmod"),
]


def refuse_what_cannot_work() -> None:
    """Say in one sentence why this machine cannot have a lab."""
    if platform.system() != "Linux" or not shutil.which("apt-get"):
        raise LabError("The lab needs Debian 12: it installs its services with apt.")
    if os.geteuid() != 0:
        raise LabError("The lab starts network bridges and virtual machines: run it as root.")
    if not Path("/dev/net/tun").exists():
        raise LabError("The lab needs /dev/net/tun; in a container, run it privileged.")


def install() -> None:
    """Install everything that is missing."""
    if missing_packages(FIRST):
        install_packages()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(install_packages), pool.submit(install_environment)]:
            done.result()
    borrow_libvirt()
    shutil.copytree(HERE / "plugins", LAB / "plugins", dirs_exist_ok=True)  # survives a checkout


def missing_packages(names: list[str]) -> list[str]:
    """Return the packages that are not completely installed."""
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    installed = {line.split()[0] for line in told.splitlines() if line.split()[1:2] == ["ii"]}
    return [name for name in names if name not in installed]


def install_packages() -> None:
    """Install Debian's packages, and keep them from starting services of their own."""
    missing = missing_packages(FIRST + PACKAGES)
    if not missing:
        return
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    env = environment(DEBIAN_FRONTEND="noninteractive")
    wait = ("-o", "DPkg::Lock::Timeout=300")
    order = ("apt-get", *wait, "install", "-y", "--no-install-recommends", *missing)
    try:
        run("dpkg", "--configure", "-a", log="apt", env=env, check=False)
        if run(*order, log="apt", env=env, check=False):
            run("apt-get", *wait, "update", log="apt", env=env)
            run(*order, log="apt", env=env)
    finally:
        if ours:
            policy.unlink()


def install_environment() -> None:
    """Install the OpenStack services into the lab's own environment, with the pinned versions.

    Debian's Python is used because libvirt's binding is Debian's.
    """
    wanted = (HERE / "requirements.txt").read_text()
    stamp = VENV / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    uv = LAB / "uv/bin/uv"
    if not uv.exists():
        run("/usr/bin/python3", "-m", "venv", "--clear", LAB / "uv", log="pip")
        run(LAB / "uv/bin/pip", "install", "-q", "uv", log="pip")
    run(uv, "venv", "--python", "/usr/bin/python3", "--clear", VENV, log="pip")
    pinned = ("-r", HERE / "requirements.txt")
    run(uv, "pip", "install", "--python", PYTHON, *pinned, log="pip")
    stamp.write_text(wanted)


def borrow_libvirt() -> None:
    """Link Debian's libvirt binding: it must match Debian's library."""
    site = output(PYTHON, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])")
    for source in Path("/usr/lib/python3/dist-packages").glob("libvirt*"):
        target = Path(site) / source.name
        if not target.exists():
            target.symlink_to(source)
