"""Orders that the cloud accepts and then spoils: cleared away, and sent again by themselves."""

import pytest

from cloud_app.domain.machines import State
from cloud_app.gateways.protocols import Limits
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import side_of

NOTHING = Limits(machines=0, vcpus=0, ram_mib=0, addresses=0)
ROOM = Limits(machines=3, vcpus=4, ram_mib=8192, addresses=3)


async def limit(campus, machine, limits):
    """Set the limits of the machine's project in the cloud, as its operators could."""
    async with campus.portal.db.read() as session:
        side = await side_of(session, machine.project_id, machine.cloud_id)
    assert side
    await campus.cloud.identity.set_limits(side.cloud_project_id, limits)


async def ports_of(campus, machine):
    sweep = await campus.cloud.network.ports()
    return [port.cloud_id for port in sweep.items if port.key == machine.id]


async def row_of(campus, machine):
    async with campus.portal.db.read() as session:
        return await session.get_one(MachineRecord, machine.id)


async def test_a_race_that_is_lost_to_the_end_is_a_plain_refusal_and_leaves_nothing(campus):
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE))
    machine = await campus.order()

    seen = await campus.until(machine, State.FAILED, seconds=15)
    await campus.turn(20)

    assert seen.failure == "error.quota_exceeded"
    assert await campus.servers() == []
    assert await ports_of(campus, machine) == []
    assert (await campus.look(machine)).can_retry


async def test_a_lost_race_is_run_again_by_itself_on_the_same_port(campus):
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE, times=2))
    machine = await campus.order()
    seen = machine
    states, ports = set(), set()

    for _ in range(120):
        await campus.turn()
        seen = await campus.look(machine)
        states.add(seen.state)
        ports.update(await ports_of(campus, machine))
        assert len(await campus.servers()) <= 1
        if seen.state is State.READY:
            break

    assert seen.state is State.READY
    assert states <= {State.ORDERED, State.BUILDING, State.STARTING, State.READY}
    assert len(ports) == 1
    assert seen.trouble is None
    assert seen.failure is None


async def test_a_lost_race_is_said_while_the_order_waits(campus):
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE))
    machine = await campus.order()
    said = set()

    for _ in range(20):
        await campus.turn()
        said.add((await campus.look(machine)).trouble)

    assert said == {None, "machines.trouble.raced"}


async def test_many_racers_do_not_come_back_at_once(campus):
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE, times=3))
    machines = [await campus.order() for _ in range(3)]
    pauses = set()

    for _ in range(30):
        await campus.turn()
        for row in [await row_of(campus, machine) for machine in machines]:
            if row.races == 1 and row.server_id is None:
                pauses.add(row.next_try_at)

    assert len(pauses) > 1
    for machine in machines:
        await campus.until(machine, State.READY)
    assert len(await campus.servers()) == 3


@pytest.mark.parametrize("call", ["compute.delete_server", "compute.create_server"])
async def test_lost_answers_in_a_race_make_nothing_twice(campus, call):
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE, times=1))
    campus.world.befall(Misfortune(woe=Woe.LOST_ANSWER, calls=call, times=1))

    machine = await campus.order()
    await campus.until(machine, State.READY)

    assert await campus.servers() == [machine.id]


async def test_a_spoiled_order_can_be_given_back(campus):
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE))
    machine = await campus.order()
    await campus.turn(5)

    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)

    assert await campus.servers() == []
    assert await ports_of(campus, machine) == []


async def test_a_cloud_without_room_in_its_quota_is_asked_again_and_then_said(campus):
    first = await campus.order()
    await campus.until(first, State.READY)
    await limit(campus, first, NOTHING)

    machine = await campus.order()
    asked = campus.world.calls["compute.create_server"]
    seen = await campus.until(machine, State.FAILED)

    assert seen.failure == "error.cloud_quota"
    assert campus.world.calls["compute.create_server"] - asked > 2


async def test_room_that_comes_back_in_time_is_taken(campus):
    first = await campus.order()
    await campus.until(first, State.READY)
    await limit(campus, first, NOTHING)
    machine = await campus.order()
    await campus.turn(8)
    assert (await campus.look(machine)).trouble == "error.cloud_quota"

    await limit(campus, first, ROOM)

    await campus.until(machine, State.READY)
