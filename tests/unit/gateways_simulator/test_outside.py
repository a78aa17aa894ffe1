"""The hands of others do what they say, and the lists tell of it."""

from cloud_app.domain.machines import Power

from .campus import Campus


async def test_a_server_can_be_deleted_renamed_and_shut_down_behind_our_back(
    campus: Campus,
) -> None:
    compute, outside = campus.cloud.compute, campus.world.outside
    first, second = await campus.build("a"), await campus.build("b")
    since = campus.world.now()
    before = await compute.last_action(campus.home, second)

    outside.delete_server(first)
    outside.rename_server(second, "mine now")
    outside.shut_down_inside(second)
    campus.world.advance(5)

    told = {one.cloud_id: one for one in (await compute.servers(since)).items}
    assert told[first].power is Power.DELETED
    assert (told[second].power, told[second].name) == (Power.OFF, "mine now")
    assert await compute.last_action(campus.home, second) == before


async def test_a_broken_or_suspended_server_is_told_as_such(campus: Campus) -> None:
    first, second = await campus.build("a"), await campus.build("b")

    campus.world.outside.break_server(first)
    campus.world.outside.suspend(second)

    assert (await campus.server(first)).power is Power.FAILED
    assert (await campus.server(first)).fault == "Host is not available."
    assert (await campus.server(second)).power is Power.PAUSED


async def test_foreign_servers_and_a_second_one_with_our_key(campus: Campus) -> None:
    ours = await campus.build("a")
    foreign = campus.world.outside.build_server("somebody else's")
    twin = campus.world.outside.build_server("twin", project_id=campus.home.project_id, key="a")

    assert (await campus.server(foreign)).key is None
    found = await campus.cloud.compute.find_servers(campus.home, "a")
    assert [one.cloud_id for one in found] == [ours, twin]


async def test_ports_and_addresses_can_vanish(campus: Campus) -> None:
    network = campus.cloud.network
    await campus.build("a")
    port = (await campus.order("a")).port_id
    await network.ensure_address(campus.home, "a", port)

    campus.world.outside.delete_ports("a")
    assert (await network.ports()).items == []
    assert [one.port_id for one in (await network.addresses()).items] == [None]
    campus.world.outside.release_addresses("a")
    assert (await network.addresses()).items == []
