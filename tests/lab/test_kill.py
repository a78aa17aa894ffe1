"""kill -9 of the portal while a real Nova works for it."""

import pytest

from cloud_app.gateways.protocols import Cloud
from tests.killing import Killing
from tests.lab.conftest import in_a_week
from tests.running import RunningPortal

pytestmark = [pytest.mark.lab_only, pytest.mark.timeout(900)]


async def test_orders_survive_every_death_of_the_portal(
    lab_portal: RunningPortal, lab_cloud: Cloud
) -> None:
    order = {"size": "light", "template": "tiny", "return_on": in_a_week(), "access": "generated"}

    await Killing(lab_portal, lab_cloud, order, built="starting", patience=600).run()
