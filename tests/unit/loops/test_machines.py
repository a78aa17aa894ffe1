"""The machine loop on the practice cloud: bad days first."""

import pytest

from cloud_app.domain.errors import Conflict, NotFound
from cloud_app.domain.machines import Command, State
from cloud_app.gateways.simulator.misfortunes import Crash, Misfortune, Woe
from cloud_app.loops.machines import CLAIM
from cloud_app.models.machine_work import claim
from cloud_app.models.projects import ProjectRecord
from tests.make import a_person, own_project


async def everything(campus):
    """What the cloud holds of ours: (servers, ports, addresses)."""
    ports = await campus.cloud.network.ports()
    addresses = await campus.cloud.network.addresses()
    return len(await campus.servers()), len(ports.items), len(addresses.items)


async def test_a_silent_cloud_is_said_to_be_silent_and_its_rows_stay(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.SILENT))

    await campus.turn(20)

    seen = await campus.look(machine)
    assert seen.state is State.READY
    assert seen.cloud_silent_since is not None


async def test_a_cloud_that_answers_again_is_believed_again(campus):
    machine = await campus.order()
    campus.world.befall(Misfortune(woe=Woe.SILENT))
    await campus.turn(10)
    campus.world.relieve()

    seen = await campus.until(machine, State.READY)

    assert seen.cloud_silent_since is None


async def test_a_full_cloud_fails_the_order_and_leaves_nothing(campus):
    campus.world.befall(Misfortune(woe=Woe.FULL))
    machine = await campus.order()

    seen = await campus.until(machine, State.FAILED)
    await campus.turn(10)

    assert seen.failure == "error.no_room"
    assert await everything(campus) == (0, 0, 0)
    assert (await campus.look(machine)).can_retry


async def test_a_failed_order_is_tried_again_with_one_click(campus):
    campus.world.befall(Misfortune(woe=Woe.FULL))
    machine = await campus.order()
    await campus.until(machine, State.FAILED)
    with pytest.raises(Conflict):
        await campus.portal.machines.retry(campus.student, machine.id)
    await campus.turn(10)
    campus.world.relieve()

    await campus.portal.machines.retry(campus.student, machine.id)

    await campus.until(machine, State.READY)
    assert await everything(campus) == (1, 1, 1)


async def test_without_free_addresses_the_machine_runs_and_says_so(campus):
    campus.world.outside.take_addresses(500)

    machine = await campus.order()
    seen = await campus.until(machine, State.READY)

    assert seen.address is None
    assert seen.notice == "error.no_address"


async def test_a_machine_deleted_by_others_is_lost_and_never_built_again(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.outside.delete_server(ready.server_id)

    await campus.until(machine, State.LOST)
    await campus.turn(30)

    assert await campus.servers() == []


async def test_a_lost_machine_can_be_given_back(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.outside.delete_server(ready.server_id)
    await campus.until(machine, State.LOST)

    await campus.portal.machines.give_back(campus.student, machine.id)

    await campus.until(machine, State.GONE)
    assert await everything(campus) == (0, 0, 0)


async def test_one_whole_list_without_a_machine_proves_nothing(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.servers", times=1))

    await campus.turn(1, seconds=400)
    campus.world.relieve()
    await campus.turn(5)

    assert (await campus.look(machine)).state is State.READY


async def test_a_list_that_is_not_whole_proves_nothing_however_often(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.FORGETFUL))

    await campus.turn(5, seconds=400)

    assert (await campus.look(machine)).state is State.READY


async def test_a_shutdown_inside_the_guest_is_shown_and_not_fought(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.outside.shut_down_inside(ready.server_id)

    await campus.until(machine, State.STOPPED)
    await campus.turn(30)

    assert (await campus.look(machine)).state is State.STOPPED


@pytest.mark.parametrize(
    "call",
    [
        "identity.ensure_project",
        "identity.ensure_user",
        "identity.set_limits",
        "network.ensure_ground",
        "network.ensure_port",
        "compute.create_server",
        "network.ensure_address",
    ],
)
async def test_a_lost_answer_while_building_makes_nothing_twice(campus, call):
    campus.world.befall(Misfortune(woe=Woe.LOST_ANSWER, calls=call, times=1))

    machine = await campus.order()
    await campus.until(machine, State.READY)

    assert await everything(campus) == (1, 1, 1)


@pytest.mark.parametrize(
    "call", ["compute.delete_server", "network.release_addresses", "network.delete_ports"]
)
async def test_a_lost_answer_while_returning_leaves_nothing(campus, call):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LOST_ANSWER, calls=call, times=1))

    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)

    assert await everything(campus) == (0, 0, 0)


async def test_a_worker_that_dies_between_call_and_commit_is_taken_over(campus):
    campus.world.befall(Misfortune(woe=Woe.CRASH_AFTER, calls="compute.create_server", times=1))
    machine = await campus.order()
    loop = campus.portal.machine_loop
    with pytest.raises(Crash):
        await loop.advance(campus.cloud, machine.id)
    loop.holder = "the next one"
    await loop.lead()

    await campus.until(machine, State.READY)

    assert await everything(campus) == (1, 1, 1)


async def test_a_worker_that_was_overtaken_writes_nothing(campus):
    machine = await campus.order()
    loop = campus.portal.machine_loop
    async with campus.portal.db.begin() as session:
        old = await claim(session, machine.id, "slow", campus.clock(), CLAIM)
    campus.clock.advance(CLAIM.total_seconds() + 1)
    await campus.until(machine, State.READY)

    await loop._put_back(machine.id, old, 1.0)

    assert (await campus.look(machine)).state is State.READY


async def test_five_orders_at_once_become_five_machines(campus):
    async with campus.portal.db.begin() as session:
        project = await session.get_one(ProjectRecord, own_project(campus.student))
        project.machines_allowed = project.vcpus_allowed = 5
    machines = [await campus.order() for _ in range(5)]

    for machine in machines:
        await campus.until(machine, State.READY)

    assert await everything(campus) == (5, 5, 5)


async def test_a_machine_lives_its_whole_life(campus):
    machines, student = campus.portal.machines, campus.student
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    assert ready.address
    assert ready.answers

    await machines.command(student, machine.id, Command.STOP)
    await campus.until(machine, State.STOPPED)
    await machines.command(student, machine.id, Command.START)
    await campus.until(machine, State.READY)
    await machines.command(student, machine.id, Command.RESTART)
    await campus.until(machine, State.RESTARTING)
    await campus.until(machine, State.READY)
    await machines.rename(student, machine.id, "새 이름")
    await campus.turn(3)
    await machines.give_back(student, machine.id)
    await campus.until(machine, State.GONE)

    assert await everything(campus) == (0, 0, 0)


async def test_a_restart_is_asked_once_even_if_its_answer_is_lost(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LOST_ANSWER, calls="compute.restart_server", times=1))
    before = campus.world.calls["compute.restart_server"]

    await campus.portal.machines.command(campus.student, machine.id, Command.RESTART)
    await campus.turn(40)

    assert (await campus.look(machine)).state is State.READY
    assert campus.world.calls["compute.restart_server"] == before + 1


async def test_a_pass_at_rest_asks_a_cloud_three_questions(campus):
    for _ in range(3):
        await campus.until(await campus.order(), State.READY)
    await campus.turn(3, seconds=16)
    campus.world.calls.clear()

    await campus.turn(1, seconds=16)

    assert campus.world.calls == {
        "compute.servers": 1,
        "network.ports": 1,
        "network.addresses": 1,
    }


async def test_strangers_learn_nothing(campus):
    machine = await campus.order()
    stranger = await a_person(campus.portal, "junho")

    with pytest.raises(NotFound):
        await campus.portal.machines.one(stranger, machine.id)
    with pytest.raises(NotFound):
        await campus.portal.machines.give_back(stranger, machine.id)
