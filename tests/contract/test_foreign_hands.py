"""What others do to a project is told truly, and what is ours can always be taken away."""

import pytest
import pytest_asyncio

from cloud_app.domain.machines import Power, SeenAddress, SeenPort
from cloud_app.gateways.protocols import Cloud, Ground, Scope

from .proving import Proving, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

NOWHERE = "00000000000000000000000000000000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port(cloud: Cloud, home: Scope, ground: Ground) -> SeenPort:
    return await cloud.network.ensure_port(home, new_key(), ground, [80])


async def port_of(cloud: Cloud, key: str) -> SeenPort | None:
    return next((one for one in (await cloud.network.ports()).items if one.key == key), None)


async def on(cloud: Cloud, port: SeenPort) -> list[SeenAddress]:
    """The addresses that are bound to a port."""
    found = (await cloud.network.addresses()).items
    return [one for one in found if one.port_id == port.cloud_id]


async def test_a_project_is_there_or_is_not(cloud: Cloud, home: Scope) -> None:
    assert not await cloud.identity.has_project(NOWHERE)
    assert await cloud.identity.has_project(home.project_id)


async def test_an_address_that_is_not_ours_is_told_where_it_is_bound(
    cloud: Cloud, home: Scope, port: SeenPort, proving: Proving
) -> None:
    address = await proving.place.bind_address(home, port)

    assert [(one.key, one.address) for one in await on(cloud, port)] == [(None, address)]


async def test_an_address_taken_off_its_port_is_told_without_one(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    port = await cloud.network.ensure_port(home, new_key(), ground, [])
    ours = await cloud.network.ensure_address(home, port.key, port.cloud_id)
    assert await on(cloud, port) == [ours]

    await proving.place.unbind(ours)

    assert await on(cloud, port) == []
    found = (await cloud.network.addresses()).items
    assert [one.port_id for one in found if one.key == port.key] == [None]
    await cloud.network.release_addresses(home, port.key)


async def test_a_port_tells_which_groups_guard_it(
    cloud: Cloud, port: SeenPort, proving: Proving
) -> None:
    assert len(port.groups) == 2
    assert list(port.groups) == sorted(port.groups)

    await proving.place.change_groups(port)

    changed = await port_of(cloud, port.key)
    assert changed is not None
    assert changed.groups == port.groups[:1]


async def test_a_server_whose_port_was_deleted_runs_on_and_obeys(
    cloud: Cloud, home: Scope, ground: Ground, proving: Proving
) -> None:
    key = new_key()
    server_id = await cloud.compute.create_server(home, await proving.order(home, ground, key))
    await proving.until_power(server_id, Power.ON)
    port = await port_of(cloud, key)
    assert port is not None

    await proving.place.delete_port(port)

    assert await port_of(cloud, key) is None
    await proving.until_power(server_id, Power.ON)
    await cloud.compute.stop_server(home, server_id)
    await proving.until_power(server_id, Power.OFF)
    await cloud.compute.delete_server(home, server_id)
    await proving.until_absent(server_id)
    await cloud.network.delete_ports(home, key)


async def test_in_a_deleted_project_the_manager_finds_and_removes_what_is_ours(
    cloud: Cloud, proving: Proving
) -> None:
    project_key = proving.project_key()
    gone = await proving.home(project_key)
    ground = await cloud.network.ensure_ground(gone, project_key)
    key = new_key()
    order = await proving.order(gone, ground, key)
    await cloud.network.ensure_address(gone, key, order.port_id)
    server_id = await cloud.compute.create_server(gone, order)
    await proving.until_power(server_id, Power.ON)

    await proving.place.delete_project(gone)

    assert not await cloud.identity.has_project(gone.project_id)
    as_manager = Scope(project_id=gone.project_id, as_manager=True)
    found = await cloud.compute.find_servers(as_manager, key)
    assert [(one.cloud_id, one.power) for one in found] == [(server_id, Power.ON)]
    await cloud.compute.delete_server(as_manager, server_id)
    await proving.until_absent(server_id)
    assert await cloud.compute.find_servers(as_manager, key) == []
    await cloud.network.release_addresses(as_manager, key)
    await cloud.network.delete_ports(as_manager, key)
    assert await port_of(cloud, key) is None
    assert [one for one in (await cloud.network.addresses()).items if one.key == key] == []

    again = await proving.home(project_key)
    assert again.project_id != gone.project_id
