"""Where the lab lives, which ports it takes, and what its parts call each other.

Everything is under one folder, so that `down --purge` leaves nothing behind, and
everything listens on 127.0.0.1, so that nobody else can reach it.
"""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAB = Path(os.environ.get("MADANG_LAB_DIR") or "/tmp/openstack-lab").resolve()
VENV, ETC, LOG, RUN, DATA, BIN = (
    LAB / name for name in ("venv", "etc", "log", "run", "data", "bin")
)
PYTHON = VENV / "bin" / "python"
CLOUDS = LAB / "clouds.yaml"

HOST = "lab-host"
PASSWORD = "labpass"
REGION = "RegionOne"
EXTERNAL_GATEWAY = "172.24.4.1"

PORTS = {
    name: int(os.environ.get(f"LAB_PORT_{name.upper().replace('-', '_')}", default))
    for name, default in {
        "keystone": 5000,
        "glance": 9292,
        "placement": 8778,
        "nova": 8774,
        "novnc": 6080,
        "neutron": 9696,
        "cinder": 8776,
        "swift": 8080,
        "swift-account": 6202,
        "swift-container": 6201,
        "swift-object": 6200,
        "mysql": 3307,
        "rabbit": 5673,
        "rabbit-dist": 25673,
        "epmd": 4370,
        "memcached": 11212,
        "ovs": 6640,
        "ovn-nb": 6641,
        "ovn-sb": 6642,
    }.items()
}
AUTH_URL = f"http://127.0.0.1:{PORTS['keystone']}/v3"
RABBIT = f"rabbit://guest:guest@127.0.0.1:{PORTS['rabbit']}/"
MEMCACHED = f"127.0.0.1:{PORTS['memcached']}"


def database(name: str) -> str:
    """Return the URL of one service's database."""
    return f"mysql+pymysql://root:{PASSWORD}@127.0.0.1:{PORTS['mysql']}/{name}?charset=utf8"


def make_folders() -> None:
    """Make every folder that a part expects to find."""
    for folder in (
        *(ETC, LOG, RUN, BIN, RUN / "ovs", DATA / "ovs", DATA / "nova/instances"),
        *(DATA / name for name in ("cinder", "glance", "neutron", "keystone", "rabbit")),
        DATA / "swift/d1",
    ):
        folder.mkdir(parents=True, exist_ok=True)
