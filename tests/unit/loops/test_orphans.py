"""What a request leaves behind that arrives when nobody waits for it any more."""

import pytest

from cloud_app.domain.machines import State
from cloud_app.gateways.protocols import ServerOrder
from cloud_app.gateways.simulator import networks, orders
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.models.machines import MachineRecord


async def standing(campus, key):
    """Whose rights and which network a machine has."""
    async with campus.portal.db.read() as session:
        machine = await session.get_one(MachineRecord, key)
        return await campus.portal.machine_loop.sides.standing(session, machine)


async def left(campus):
    """Keys of what the cloud holds of ours."""
    ports = (await campus.cloud.network.ports()).items
    addresses = (await campus.cloud.network.addresses()).items
    return [*await campus.servers(), *(one.key for one in (*ports, *addresses))]


@pytest.fixture
async def over(campus):
    """A machine that was given back and is gone."""
    machine = await campus.order()
    await campus.until(machine, State.READY)
    await campus.portal.machines.give_back(campus.student, machine.id)
    return await campus.until(machine, State.GONE)


async def late_port(campus, key):
    home = await standing(campus, key)
    with campus.world.begin() as tx:
        return networks.ensure_port(tx, home.scope, key, home.ground, ()).cloud_id, home.scope


async def test_a_port_that_comes_after_its_machine_is_gone_goes_too(campus, over):
    await late_port(campus, over.id)

    await campus.turn(5, seconds=16)

    assert await left(campus) == []
    assert (await campus.look(over)).state is State.GONE


async def test_a_server_that_comes_after_its_machine_is_gone_goes_too(campus, over):
    port_id, scope = await late_port(campus, over.id)
    with campus.world.begin() as tx:
        order = ServerOrder(
            key=over.id,
            name="late",
            flavor_id="practice.light",
            image_id="practice-ubuntu-24.04",
            port_id=port_id,
            user_data="",
        )
        orders.place(tx, scope, order)

    await campus.turn(12, seconds=16)

    assert await left(campus) == []
    assert (await campus.look(over)).state is State.GONE


async def test_a_port_that_comes_after_its_order_failed_goes_too(campus):
    campus.world.befall(Misfortune(woe=Woe.FULL))
    machine = await campus.order()
    await campus.until(machine, State.FAILED)
    await campus.turn(20)
    assert await left(campus) == []
    await late_port(campus, machine.id)

    await campus.turn(5, seconds=16)

    assert await left(campus) == []
    assert (await campus.look(machine)).can_retry


async def test_what_is_taken_away_a_second_time_is_gone_since_the_first(campus, over):
    before = (await campus.look(over)).state_since
    await late_port(campus, over.id)

    await campus.turn(5, seconds=16)

    assert (await campus.look(over)).state_since == before
