"""Networks, ports and external addresses carry a key and exist once for it."""

import asyncio
from dataclasses import replace

import pytest

from cloud_app.domain.errors import Conflict, QuotaExceeded, Refused
from cloud_app.domain.machines import SeenAddress, SeenPort
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope

from .proving import new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

NOWHERE = "00000000-0000-0000-0000-000000000000"
ROOM = Limits(machines=10, vcpus=20, ram_mib=16384, addresses=10)


async def _ports(cloud: Cloud, key: str) -> list[SeenPort]:
    sweep = await cloud.network.ports()
    assert sweep.complete
    return [port for port in sweep.items if port.key == key]


async def _addresses(cloud: Cloud, key: str) -> list[SeenAddress]:
    sweep = await cloud.network.addresses()
    assert sweep.complete
    return [address for address in sweep.items if address.key == key]


async def test_a_wrong_secret_is_refused(cloud: Cloud, home: Scope, ground: Ground) -> None:
    with pytest.raises(Refused) as refusal:
        await cloud.network.ensure_port(replace(home, secret="wrong"), new_key(), ground, [])

    assert refusal.value.key == "error.credential_refused"


async def test_a_port_needs_its_network(cloud: Cloud, home: Scope, ground: Ground) -> None:
    with pytest.raises(Conflict):
        await cloud.network.ensure_port(home, new_key(), replace(ground, network_id=NOWHERE), [])


async def test_an_address_needs_its_port(cloud: Cloud, home: Scope, ground: Ground) -> None:
    key = new_key()

    with pytest.raises(Conflict):
        await cloud.network.ensure_address(home, key, NOWHERE)

    assert await _addresses(cloud, key) == []


async def test_an_address_beyond_the_limit_is_refused(
    cloud: Cloud, home: Scope, ground: Ground
) -> None:
    key = new_key()
    port = await cloud.network.ensure_port(home, key, ground, [])
    await cloud.identity.set_limits(home.project_id, replace(ROOM, addresses=0))

    with pytest.raises(QuotaExceeded):
        await cloud.network.ensure_address(home, key, port.cloud_id)

    await cloud.identity.set_limits(home.project_id, ROOM)
    assert await _addresses(cloud, key) == []


async def test_a_port_takes_only_one_address(cloud: Cloud, home: Scope, ground: Ground) -> None:
    key = new_key()
    port = await cloud.network.ensure_port(home, key, ground, [])
    await cloud.network.ensure_address(home, key, port.cloud_id)

    with pytest.raises(Conflict):
        await cloud.network.ensure_address(home, new_key(), port.cloud_id)

    await cloud.network.release_addresses(home, key)


async def test_a_stranger_neither_touches_nor_uses_what_is_ours(
    cloud: Cloud, home: Scope, stranger: Scope, ground: Ground
) -> None:
    key = new_key()
    port = await cloud.network.ensure_port(home, key, ground, [])
    address = await cloud.network.ensure_address(home, key, port.cloud_id)

    with pytest.raises(Conflict):
        await cloud.network.ensure_address(stranger, new_key(), port.cloud_id)
    await cloud.network.release_addresses(stranger, key)
    await cloud.network.delete_ports(stranger, key)

    assert await _ports(cloud, key) == [port]
    assert await _addresses(cloud, key) == [address]
    await cloud.network.release_addresses(home, key)


async def test_the_ground_is_made_once(cloud: Cloud, home: Scope, ground: Ground) -> None:
    assert await cloud.network.ensure_ground(home, home.project_id) == ground


async def test_the_ground_that_several_make_at_once_is_one(cloud: Cloud, stranger: Scope) -> None:
    made = await asyncio.gather(
        *(cloud.network.ensure_ground(stranger, stranger.project_id) for _ in range(3))
    )

    assert made[0] == made[1] == made[2]


async def test_a_port_is_made_once(cloud: Cloud, home: Scope, ground: Ground) -> None:
    key = new_key()

    first = await cloud.network.ensure_port(home, key, ground, [80])
    again = await cloud.network.ensure_port(home, key, ground, [80])

    assert first == again
    assert (first.key, first.project_id, first.server_id) == (key, home.project_id, None)
    assert first.fixed_ip
    assert await _ports(cloud, key) == [first]


async def test_a_port_that_several_make_at_once_is_one(
    cloud: Cloud, home: Scope, ground: Ground
) -> None:
    key = new_key()

    made = await asyncio.gather(
        *(cloud.network.ensure_port(home, key, ground, [80, 443]) for _ in range(3))
    )

    assert len({port.cloud_id for port in made}) == 1
    assert await _ports(cloud, key) == [made[0]]


async def test_two_keys_have_two_ports(cloud: Cloud, home: Scope, ground: Ground) -> None:
    one = await cloud.network.ensure_port(home, new_key(), ground, [])
    other = await cloud.network.ensure_port(home, new_key(), ground, [])

    assert one.cloud_id != other.cloud_id
    assert one.fixed_ip != other.fixed_ip


async def test_a_deleted_port_is_gone_and_may_be_deleted_again(
    cloud: Cloud, home: Scope, ground: Ground
) -> None:
    key = new_key()
    made = await cloud.network.ensure_port(home, key, ground, [])
    assert await cloud.network.port(made.cloud_id) == made

    await cloud.network.delete_ports(home, key)
    await cloud.network.delete_ports(home, key)

    assert await _ports(cloud, key) == []
    assert await cloud.network.port(made.cloud_id) is None


async def test_an_address_is_bound_once_and_released(
    cloud: Cloud, home: Scope, ground: Ground
) -> None:
    key = new_key()
    port = await cloud.network.ensure_port(home, key, ground, [])

    first = await cloud.network.ensure_address(home, key, port.cloud_id)
    again = await cloud.network.ensure_address(home, key, port.cloud_id)

    assert first == again
    assert (first.key, first.port_id) == (key, port.cloud_id)
    assert await _addresses(cloud, key) == [first]
    assert await cloud.network.address(first.cloud_id) == first
    await cloud.network.release_addresses(home, key)
    await cloud.network.release_addresses(home, key)
    assert await _addresses(cloud, key) == []
    assert await cloud.network.address(first.cloud_id) is None


async def test_an_address_that_several_ask_for_at_once_is_one(
    cloud: Cloud, home: Scope, ground: Ground
) -> None:
    key = new_key()
    port = await cloud.network.ensure_port(home, key, ground, [])

    made = await asyncio.gather(
        *(cloud.network.ensure_address(home, key, port.cloud_id) for _ in range(3))
    )

    assert made[0] == made[1] == made[2]
    assert await _addresses(cloud, key) == [made[0]]
    await cloud.network.release_addresses(home, key)


async def test_an_address_follows_its_key_to_a_new_port(
    cloud: Cloud, home: Scope, ground: Ground
) -> None:
    key = new_key()
    lost = await cloud.network.ensure_port(home, key, ground, [])
    address = await cloud.network.ensure_address(home, key, lost.cloud_id)
    await cloud.network.delete_ports(home, key)
    assert [one.port_id for one in await _addresses(cloud, key)] == [None]

    port = await cloud.network.ensure_port(home, key, ground, [])
    bound = await cloud.network.ensure_address(home, key, port.cloud_id)

    assert bound == replace(address, port_id=port.cloud_id)
    await cloud.network.release_addresses(home, key)
