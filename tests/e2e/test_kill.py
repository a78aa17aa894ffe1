"""kill -9 on the practice cloud; the same on the real one is in tests/lab."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.world import World
from cloud_app.site import PRACTICE_SITE
from tests.killing import Killing
from tests.running import RunningPortal

SPEED = "2"


@pytest.mark.timeout(240)
async def test_orders_survive_every_death_of_the_portal(tmp_path: Path) -> None:
    portal = RunningPortal(tmp_path, {"PRACTICE_SPEED": SPEED})
    await portal.found(PRACTICE_SITE)
    world = World(tmp_path / "practice.db", lambda: datetime.now(UTC))
    cloud = practice_cloud("practice", world)
    order = {
        "size": "light",
        "template": "ubuntu",
        "return_on": str((datetime.now(UTC) + timedelta(days=7)).date()),
    }

    try:
        await Killing(portal, cloud, order, built="ready", patience=60).run()
    finally:
        await portal.kill()
        world.close()
