"""A portal on the real OpenStack of the lab."""

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_app.gateways.openstack import openstack_cloud
from cloud_app.gateways.openstack.access import access_of, read_clouds_yaml
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.reach import TcpReach
from cloud_app.gateways.threads import Threads
from tests.running import RunningPortal

HERE = Path(__file__).parent
LAB = "MADANG_LAB_CLOUDS"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if LAB not in os.environ:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="runs in the lab only"))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The lab's description beside its clouds file, as staff would have them."""
    shutil.copy(os.environ[LAB], tmp_path / "clouds.yaml")
    return Path(shutil.copy(HERE / "site.toml", tmp_path / "site.toml"))


@pytest.fixture
async def lab_portal(tmp_path: Path, site: Path) -> AsyncGenerator[RunningPortal]:
    """A portal that knows the lab and one student; not started yet."""
    portal = RunningPortal(tmp_path)
    await portal.found(site)
    yield portal
    if portal.process:
        await portal.kill()


@pytest.fixture
def lab_cloud() -> Generator[Cloud]:
    """The lab, asked past the portal."""
    access = access_of(*read_clouds_yaml(Path(os.environ[LAB]), "lab-admin"))
    threads = Threads()
    yield openstack_cloud("lab", access, threads, TcpReach())
    threads.close()


def in_a_week() -> str:
    return str((datetime.now(UTC) + timedelta(days=7)).date())
