"""What an order meets besides the refusals that every cloud has in common."""

from dataclasses import replace

import pytest

from cloud_app.domain.errors import Conflict, Refused
from cloud_app.domain.machines import Power

from .campus import Campus


async def test_a_deactivated_image_is_refused(campus: Campus) -> None:
    order = await campus.order("a", image_id="practice-ubuntu-20.04")

    with pytest.raises(Refused) as refusal:
        await campus.cloud.compute.create_server(campus.home, order)

    assert refusal.value.key == "error.image_unusable"


async def test_a_flavor_too_small_for_the_image_is_refused(campus: Campus) -> None:
    order = await campus.order("a", image_id="practice-python-lab")

    with pytest.raises(Refused) as refusal:
        await campus.cloud.compute.create_server(campus.home, order)

    assert refusal.value.key == "error.size_too_small"


async def test_too_much_user_data_is_refused(campus: Campus) -> None:
    order = await campus.order("a", user_data="#" * 50_000)

    with pytest.raises(Refused) as refusal:
        await campus.cloud.compute.create_server(campus.home, order)

    assert refusal.value.key == "error.cloud_init_refused"


async def test_without_room_an_accepted_order_ends_in_error(campus: Campus) -> None:
    for key in "abcd":
        await campus.build(key)

    server_id = await campus.cloud.compute.create_server(campus.home, await campus.order("e"))
    assert (await campus.server(server_id)).power is Power.BUILDING
    campus.world.advance(1)

    failed = await campus.server(server_id)
    assert (failed.power, failed.fault_code) == (Power.FAILED, 500)
    assert failed.fault == "No valid host was found."


async def test_room_returns_when_a_server_is_gone(campus: Campus) -> None:
    first = await campus.build("a")
    for key in "bcd":
        await campus.build(key)
    await campus.cloud.compute.delete_server(campus.home, first)
    campus.world.advance(5)

    assert (await campus.server(await campus.build("e"))).power is Power.ON


async def test_of_two_orders_for_one_port_the_later_fails(campus: Campus) -> None:
    compute = campus.cloud.compute
    first = await compute.create_server(campus.home, await campus.order("a"))
    port_id = (await campus.order("a")).port_id

    second = await compute.create_server(campus.home, await campus.order("b", port_id=port_id))
    campus.world.advance(60)

    assert (await campus.server(first)).power is Power.ON
    assert (await campus.server(second)).power is Power.FAILED


async def test_an_order_waits_until_the_earlier_server_is_deleted(campus: Campus) -> None:
    compute, order = campus.cloud.compute, await campus.order("a")
    first = await campus.build("a")
    await compute.delete_server(campus.home, first)

    with pytest.raises(Conflict):
        await compute.create_server(campus.home, order)
    campus.world.advance(5)

    assert await compute.create_server(campus.home, order) != first


async def test_addresses_run_out(campus: Campus) -> None:
    network = campus.cloud.network
    ports = [await network.ensure_port(campus.home, key, campus.ground, []) for key in "abc"]
    for port in ports[:2]:
        address = await network.ensure_address(campus.home, port.key, port.cloud_id)
        assert address.address.startswith("203.0.113.")

    with pytest.raises(Refused) as refusal:
        await network.ensure_address(campus.home, "c", ports[2].cloud_id)

    assert refusal.value.key == "error.no_address"


async def test_projects_have_networks_of_their_own(campus: Campus) -> None:
    identity, network = campus.cloud.identity, campus.cloud.network
    project_id = await identity.ensure_project("next", "Next")
    user_id = await identity.ensure_user("next", project_id, "other")
    scope = replace(campus.home, project_id=project_id, user_id=user_id, secret="other")

    ours = await network.ensure_port(campus.home, "a", campus.ground, [])
    ground = await network.ensure_ground(scope, "next")
    theirs = await network.ensure_port(scope, "a", ground, [])

    assert ours.fixed_ip != theirs.fixed_ip
    assert ours.cloud_id != theirs.cloud_id
