"""A guest is called reachable when it is, and only then."""

import pytest

from cloud_app.gateways.protocols import Cloud, Ground, Scope

from .proving import HTTP, Proving, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

NOBODY = "127.255.255.254"
"""Nothing leaves the machine for it: there are gateways that accept connections to anywhere."""
SSH, SILENT_PORT = 22, 9


async def test_nobody_answers_at_an_address_that_nobody_has(cloud: Cloud) -> None:
    assert await cloud.reach.answers(NOBODY, SILENT_PORT) is False


async def test_nonsense_is_no_error(cloud: Cloud) -> None:
    assert await cloud.reach.answers("no address", -1) is False


async def test_a_guest_answers_once_it_has_booted_and_only_where_it_listens(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    key = new_key()
    order = await proving.order(home, ground, key)
    address = (await cloud.network.ensure_address(home, key, order.port_id)).address
    assert await cloud.reach.answers(address, HTTP) is False
    await cloud.compute.create_server(home, order)

    async def answers() -> bool:
        return await cloud.reach.answers(address, SSH) or await cloud.reach.answers(address, HTTP)

    await proving.until(answers)

    assert await cloud.reach.answers(address, SILENT_PORT) is False
    await cloud.network.release_addresses(home, key)
    assert await cloud.reach.answers(address, SSH) is False
