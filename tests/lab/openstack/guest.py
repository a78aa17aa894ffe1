"""Builds the two guests, each again only when what it is made of has changed.

`lab-guest` can be believed: Debian with sshd, sudo and the real cloud-init on a disk that
persists. `lab-tiny` is a RAM disk that is up in three seconds, for tests that need a
server and do not look into it.
"""

import hashlib
from pathlib import Path

from tests.lab.openstack.places import HERE, LAB
from tests.lab.openstack.processes import run, say

BUILDERS = {"lab-guest": HERE / "guest/build.sh", "lab-tiny": HERE / "guest/tiny.sh"}


def recipe(name: str) -> str:
    """Return what names this guest's contents: a digest of all that it is built from."""
    parts = [BUILDERS[name]]
    if name == "lab-guest":
        parts = sorted((HERE / "guest").iterdir())
        parts.remove(BUILDERS["lab-tiny"])
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.name.encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def image(name: str) -> Path:
    """Return where a built guest is."""
    return LAB / f"{name}.qcow2"


def build(name: str) -> str:
    """Build a guest unless it is built already, and return its recipe."""
    wanted, stamp = recipe(name), LAB / f"{name}.recipe"
    if not (image(name).exists() and stamp.exists() and stamp.read_text() == wanted):
        run("apt-get", "-o", "DPkg::Lock::Timeout=300", "update", log="apt")
        run("sh", BUILDERS[name], image(name), log=name)
        stamp.write_text(wanted)
        say(f"  {name}: {image(name).stat().st_size >> 20} MiB")
    return wanted
