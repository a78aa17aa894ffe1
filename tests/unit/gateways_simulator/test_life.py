"""States follow from stored instants and the clock alone."""

from cloud_app.domain.machines import Power
from cloud_app.gateways.simulator.site import Site

from .campus import FOUNDED, Campus


async def test_a_build_goes_through_the_stages_of_nova(campus: Campus) -> None:
    server_id = await campus.cloud.compute.create_server(campus.home, await campus.order("a"))

    stages: list[str] = []
    for _ in range(70):
        words = (await campus.server(server_id)).raw_status
        if words not in stages:
            stages.append(words)
        campus.world.advance(0.1)

    assert stages == [
        "BUILD/scheduling/0",
        "BUILD/-/0",
        "BUILD/networking/0",
        "BUILD/spawning/0",
        "ACTIVE/-/1",
    ]


async def test_every_change_of_state_is_told_as_an_update(campus: Campus) -> None:
    compute = campus.cloud.compute
    server_id = await campus.build("a")
    before = (await campus.server(server_id)).updated_at

    await compute.stop_server(campus.home, server_id)
    asked = (await campus.server(server_id)).updated_at
    campus.world.advance(5)
    stopped = (await campus.server(server_id)).updated_at

    assert before < asked < stopped
    assert [one.power for one in (await compute.servers(stopped)).items] == [Power.OFF]


async def test_the_tasks_under_way_are_shown(campus: Campus) -> None:
    compute = campus.cloud.compute
    server_id = await campus.build("a")
    seen: list[Power] = []

    for ask in (compute.restart_server, compute.stop_server, compute.start_server):
        await ask(campus.home, server_id)
        seen.append((await campus.server(server_id)).power)
        campus.world.advance(5)
    await compute.delete_server(campus.home, server_id)
    seen.append((await campus.server(server_id)).power)

    assert seen == [Power.RESTARTING, Power.STOPPING, Power.STARTING, Power.DELETING]


async def test_a_server_deleted_while_it_builds_never_gets_built(campus: Campus) -> None:
    compute = campus.cloud.compute
    server_id = await compute.create_server(campus.home, await campus.order("a"))
    campus.world.advance(1)

    await compute.delete_server(campus.home, server_id)
    campus.world.advance(1.5)
    assert (await campus.server(server_id)).power is Power.DELETING
    campus.world.advance(60)

    assert (await compute.servers(None)).items == []
    [told] = (await compute.servers(FOUNDED)).items
    assert (told.power, told.launched_at) == (Power.DELETED, None)


async def test_deleted_servers_are_told_for_an_hour(campus: Campus) -> None:
    compute = campus.cloud.compute
    first, second = await campus.build("a"), await campus.build("b")
    await compute.delete_server(campus.home, first)
    campus.world.advance(4000)

    await compute.delete_server(campus.home, second)
    campus.world.advance(5)

    assert [one.cloud_id for one in (await compute.servers(FOUNDED)).items] == [second]


async def test_a_guest_answers_some_time_after_it_was_built(campus: Campus) -> None:
    order = await campus.order("a")
    address = await campus.cloud.network.ensure_address(campus.home, "a", order.port_id)
    await campus.cloud.compute.create_server(campus.home, order)
    answers: list[bool] = []

    for _ in range(3):
        campus.world.advance(5)
        answers.append(await campus.cloud.reach.answers(address.address, 22))

    assert answers == [False, False, True]


async def test_only_open_ports_are_reached(campus: Campus) -> None:
    network = campus.cloud.network
    order = await campus.order("a", image_id="practice-web")
    address = (await network.ensure_address(campus.home, "a", order.port_id)).address
    await campus.cloud.compute.create_server(campus.home, order)
    campus.world.advance(60)

    assert not await campus.cloud.reach.answers(address, 80)
    await network.ensure_port(campus.home, "a", campus.ground, [80, 9000])
    assert await campus.cloud.reach.answers(address, 80)
    assert not await campus.cloud.reach.answers(address, 9000)


def test_speed_shortens_everything() -> None:
    assert Site(speed=50).seconds(6.0) == 6.0 / 50
