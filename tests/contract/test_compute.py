"""Servers are built once for a key, are listed truly, and obey only their project."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio

from cloud_app.domain.errors import Conflict, NotFound, QuotaExceeded, Refused
from cloud_app.domain.machines import Power
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope

from .proving import Proving, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

NOWHERE = "00000000-0000-0000-0000-000000000000"
ROOM = Limits(machines=10, vcpus=20, ram_mib=16384, addresses=10)
KEY = new_key()
"""The key of the one server that most of these tests look at."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server_id(cloud: Cloud, home: Scope, ground: Ground, proving: Proving) -> str:
    """A running server; who stops it starts it again."""
    made = await cloud.compute.create_server(home, await proving.order(home, ground, KEY))
    await proving.until_power(made, Power.ON)
    return made


async def test_a_wrong_secret_is_refused(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    order = await proving.order(home, ground, new_key())

    with pytest.raises(Refused) as refusal:
        await cloud.compute.create_server(replace(home, secret="wrong"), order)

    assert refusal.value.key == "error.credential_refused"


@pytest.mark.parametrize(
    ("field", "key"), [("image_id", "error.image_gone"), ("flavor_id", "error.size_gone")]
)
async def test_an_order_for_what_is_not_there_is_refused(
    field: str, key: str, cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    order = await proving.order(home, ground, new_key())

    with pytest.raises(Refused) as refusal:
        await cloud.compute.create_server(home, replace(order, **{field: NOWHERE}))

    assert refusal.value.key == key
    assert await cloud.compute.find_servers(home, order.key) == []


async def test_an_order_without_its_port_is_refused(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    order = await proving.order(home, ground, new_key())

    with pytest.raises(Conflict):
        await cloud.compute.create_server(home, replace(order, port_id=NOWHERE))


@pytest.mark.parametrize("limit", ["machines", "vcpus", "ram_mib"])
async def test_an_order_beyond_the_limit_is_refused(
    limit: str, cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    order = await proving.order(home, ground, new_key())
    await cloud.identity.set_limits(home.project_id, replace(ROOM, **{limit: 0}))

    with pytest.raises(QuotaExceeded):
        await cloud.compute.create_server(home, order)

    await cloud.identity.set_limits(home.project_id, ROOM)
    assert await cloud.compute.find_servers(home, order.key) == []


async def test_a_server_that_is_not_there_is_said_to_be_missing(cloud: Cloud, home: Scope) -> None:
    for ask in (
        cloud.compute.start_server(home, NOWHERE),
        cloud.compute.stop_server(home, NOWHERE),
        cloud.compute.restart_server(home, NOWHERE),
        cloud.compute.rename_server(home, NOWHERE, "nobody"),
    ):
        with pytest.raises(NotFound):
            await ask
    await cloud.compute.delete_server(home, NOWHERE)
    assert await cloud.compute.find_servers(home, new_key()) == []


async def test_a_server_asked_for_by_its_id_is_told_or_proven_missing(
    cloud: Cloud, server_id: str
) -> None:
    assert await cloud.compute.server(NOWHERE) is None

    found = await cloud.compute.server(server_id)

    assert found is not None
    assert (found.cloud_id, found.key) == (server_id, KEY)


async def test_a_stranger_neither_sees_nor_touches_it(
    cloud: Cloud, stranger: Scope, server_id: str, proving: Proving
) -> None:
    assert await cloud.compute.find_servers(stranger, KEY) == []
    for ask in (
        cloud.compute.start_server(stranger, server_id),
        cloud.compute.stop_server(stranger, server_id),
        cloud.compute.restart_server(stranger, server_id),
        cloud.compute.rename_server(stranger, server_id, "mine"),
        cloud.compute.last_action(stranger, server_id),
    ):
        with pytest.raises(NotFound):
            await ask
    assert await cloud.compute.boot_log(stranger, server_id) == ""
    await cloud.compute.delete_server(stranger, server_id)

    left = await proving.server(server_id)
    assert left is not None
    assert (left.power, left.name) == (Power.ON, "proving")


async def test_flavors_have_names_and_sizes(cloud: Cloud, proving: Proving) -> None:
    flavors = await cloud.catalog.flavors()

    assert proving.flavor in flavors
    assert all(flavor.name and flavor.vcpus > 0 and flavor.ram_mib > 0 for flavor in flavors)


async def test_a_key_has_one_server_however_often_it_is_ordered(
    cloud: Cloud, home: Scope, ground: Ground, server_id: str, proving: Proving
) -> None:
    order = await proving.order(home, ground, KEY)

    assert await cloud.compute.create_server(home, order) == server_id
    found = await cloud.compute.find_servers(home, KEY)

    assert [server.cloud_id for server in found] == [server_id]


async def test_a_taken_port_gets_no_second_server(
    cloud: Cloud, home: Scope, ground: Ground, server_id: str, proving: Proving
) -> None:
    order = await proving.order(home, ground, KEY)
    other = new_key()

    assert await cloud.compute.create_server(home, replace(order, key=other)) == server_id
    assert await cloud.compute.find_servers(home, other) == []


async def test_the_full_list_is_whole_and_tells_everything(
    cloud: Cloud, home: Scope, server_id: str, proving: Proving
) -> None:
    sweep = await cloud.compute.servers(None)
    ours = next(server for server in sweep.items if server.cloud_id == server_id)

    assert sweep.complete
    assert sweep.cursor == max(server.updated_at for server in sweep.items)
    assert (ours.key, ours.project_id, ours.power) == (KEY, home.project_id, Power.ON)
    assert ours.flavor_name == proving.flavor.name
    assert (ours.vcpus, ours.ram_mib) == (proving.flavor.vcpus, proving.flavor.ram_mib)
    assert ours.launched_at is not None
    assert ours.launched_at <= ours.updated_at
    assert ours.raw_status == "ACTIVE/-/1"


async def test_a_port_tells_its_server(cloud: Cloud, server_id: str) -> None:
    sweep = await cloud.network.ports()

    assert [port.server_id for port in sweep.items if port.key == KEY] == [server_id]


async def test_servers_that_are_not_ours_are_listed_without_a_key(
    cloud: Cloud, home: Scope, proving: Proving
) -> None:
    foreign = await proving.place.foreign_server(
        home, "somebody else's", proving.image, proving.flavor
    )
    seen = await proving.until_power(foreign, Power.BUILDING, Power.ON)

    assert (seen.key, seen.name) == (None, "somebody else's")
    await cloud.compute.delete_server(home, foreign)


async def test_a_new_name_is_listed_and_told_as_a_change(
    cloud: Cloud, home: Scope, server_id: str, proving: Proving
) -> None:
    before = (await cloud.compute.servers(None)).cursor
    await proving.place.wait(1)

    await cloud.compute.rename_server(home, server_id, "renamed 새 이름")
    await cloud.compute.rename_server(home, server_id, "renamed 새 이름")

    changed = await cloud.compute.servers(before)
    assert not changed.complete
    names = {server.cloud_id: server.name for server in changed.items}
    assert names[server_id] == "renamed 새 이름"
    await cloud.compute.rename_server(home, server_id, "proving")


async def test_a_stopped_server_can_be_stopped_and_started_again_and_again(
    cloud: Cloud, home: Scope, server_id: str, proving: Proving
) -> None:
    await cloud.compute.start_server(home, server_id)
    assert (await cloud.compute.find_servers(home, KEY))[0].power is Power.ON

    await cloud.compute.stop_server(home, server_id)
    await cloud.compute.stop_server(home, server_id)
    await proving.until_power(server_id, Power.OFF)
    await cloud.compute.stop_server(home, server_id)
    with pytest.raises(Conflict):
        await cloud.compute.restart_server(home, server_id)
    assert await cloud.compute.boot_log(home, server_id) == ""

    await cloud.compute.start_server(home, server_id)
    await cloud.compute.start_server(home, server_id)
    await proving.until_power(server_id, Power.ON)


async def test_a_running_server_tells_its_boot(
    cloud: Cloud, home: Scope, server_id: str, proving: Proving
) -> None:
    async def text() -> str:
        return await cloud.compute.boot_log(home, server_id)

    assert await proving.until(text)


async def test_a_restart_shows_in_the_newest_action(
    cloud: Cloud, home: Scope, server_id: str, proving: Proving
) -> None:
    before = await cloud.compute.last_action(home, server_id)
    assert await cloud.compute.last_action(home, server_id) == before

    await cloud.compute.restart_server(home, server_id)

    assert await cloud.compute.last_action(home, server_id) not in ("", before)
    await proving.until_power(server_id, Power.ON)


async def test_two_orders_at_once_end_with_one_running_server_and_deleted_ones_are_gone(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    """Both orders may be accepted; the port decides, and later all of it is removed."""
    key = new_key()
    order = await proving.order(home, ground, key)

    answers = await asyncio.gather(
        *(cloud.compute.create_server(home, order) for _ in range(2)), return_exceptions=True
    )
    assert all(isinstance(answer, str | Conflict) for answer in answers)

    async def settled() -> list[Power] | None:
        powers = [server.power for server in await cloud.compute.find_servers(home, key)]
        return powers if Power.BUILDING not in powers else None

    powers = await proving.until(settled)
    assert powers.count(Power.ON) == 1
    assert set(powers) <= {Power.ON, Power.FAILED}

    cursor = (await cloud.compute.servers(None)).cursor
    ids = [server.cloud_id for server in await cloud.compute.find_servers(home, key)]
    for each in ids:
        await cloud.compute.delete_server(home, each)
        await cloud.compute.delete_server(home, each)
    for each in ids:
        await proving.until_absent(each)
        assert await proving.server(each) is None
        assert await cloud.compute.server(each) is None

    assert await cloud.compute.find_servers(home, key) == []
    changed = await cloud.compute.servers(cursor)
    told = {server.cloud_id: (server.power, server.key) for server in changed.items}
    assert [told[each] for each in ids] == [(Power.DELETED, None)] * len(ids)
