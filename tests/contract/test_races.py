"""A race for the quota: accepted, spoiled, told as such, and done again on the same port."""

import asyncio
from collections.abc import Sequence

import pytest

from cloud_app.domain.machines import Power, SeenServer
from cloud_app.domain.sightings import QUOTA_RACED
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope

from .proving import Proving, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

ROOM_FOR_ONE = Limits(machines=1, vcpus=20, ram_mib=16384, addresses=10)
RACERS = 4
LONGEST = 5
"""Races until one has losers; the real cloud does not lose one every time."""


async def _race(cloud: Cloud, home: Scope, ground: Ground, proving: Proving) -> Sequence[str]:
    """Send orders at once to a project with room for one; return the keys of the accepted."""
    orders = [await proving.order(home, ground, new_key()) for _ in range(RACERS)]
    proving.place.race(RACERS)
    answers = await asyncio.gather(
        *(cloud.compute.create_server(home, order) for order in orders), return_exceptions=True
    )
    pairs = zip(orders, answers, strict=True)
    return [order.key for order, answer in pairs if isinstance(answer, str)]


async def test_who_loses_a_race_for_the_quota_is_told_so_and_builds_on_the_same_port_later(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    await cloud.identity.set_limits(home.project_id, ROOM_FOR_ONE)
    losers: list[SeenServer] = []
    for _ in range(LONGEST):
        keys = await _race(cloud, home, ground, proving)

        async def settled(keys: Sequence[str] = keys) -> list[SeenServer] | None:
            found = [one for key in keys for one in await cloud.compute.find_servers(home, key)]
            return found if all(one.power is not Power.BUILDING for one in found) else None

        racers = await proving.until(settled)
        losers = [one for one in racers if one.power is Power.FAILED]
        for one in racers:
            await cloud.compute.delete_server(home, one.cloud_id)
            await proving.until_absent(one.cloud_id)
        if losers:
            break

    assert losers
    assert {one.fault_code for one in losers} == {QUOTA_RACED}
    key = losers[0].key or ""
    port = await cloud.network.ensure_port(home, key, ground, [80])
    order = await proving.order(home, ground, key)
    assert order.port_id == port.cloud_id
    assert port.server_id is None
    again = await cloud.compute.create_server(home, order)
    await proving.until_power(again, Power.ON)
