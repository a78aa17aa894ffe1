"""Only so many machines are built at once, and everybody gets a turn."""

from datetime import timedelta

import pytest

from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import Machine, State
from cloud_app.hub import LINE
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import ProjectRecord
from tests.make import a_person, a_spec, own_project

AT_ONCE = 3
MANY = 8


@pytest.fixture
async def campus(campus):
    """The cloud builds three at once, and limits are wide."""
    campus.portal.machine_loop.turns.most = campus.portal.following.most = AT_ONCE
    await widen(campus, campus.student)
    return campus


async def widen(campus, actor: Actor) -> None:
    async with campus.portal.db.begin() as session:
        project = await session.get_one(ProjectRecord, own_project(actor))
        project.machines_allowed = project.vcpus_allowed = 100
        project.ram_mib_allowed = 100 * 4096


async def order(campus, actor: Actor, name: str) -> Machine:
    campus.clock.advance(0.1)
    return (
        await campus.portal.machines.order(actor, a_spec(actor, campus.clock, name=name))
    ).machine


async def places(campus, actor: Actor) -> dict[str, int]:
    """Machines ahead, by name."""
    campus.portal.hub.publish(LINE)  # what was kept for a moment is not asked about here
    found = await campus.portal.following.places(actor, own_project(actor))
    machines = await campus.portal.machines.in_project(actor, own_project(actor))
    return {one.name: found[one.id].ahead for one in machines if one.id in found}


async def under_way(campus) -> int:
    """How many servers the cloud is building."""
    sweep = await campus.cloud.compute.servers(None)
    return sum(server.launched_at is None for server in sweep.items)


async def test_a_stranger_sees_no_places(campus):
    stranger = await a_person(campus.portal, "junho")
    for number in range(MANY):
        await order(campus, campus.student, f"pc-{number}")
    await campus.turn()

    assert await places(campus, stranger) == {}
    assert len(await places(campus, campus.student)) == MANY - AT_ONCE


async def test_never_more_than_so_many_are_built_at_once_and_all_get_ready(campus):
    machines = [await order(campus, campus.student, f"pc-{number}") for number in range(MANY)]
    most = 0

    for _ in range(200):
        await campus.turn()
        most = max(most, await under_way(campus))

    assert most == AT_ONCE
    assert {(await campus.look(machine)).state for machine in machines} == {State.READY}


async def test_one_order_does_not_wait_for_the_forty_of_somebody_else(campus):
    other = await a_person(campus.portal, "junho")
    for number in range(MANY):
        await order(campus, campus.student, f"pc-{number}")
    await campus.turn()

    await order(campus, other, "mine")

    assert await places(campus, other) == {"mine": 0}
    assert await places(campus, campus.student) == {
        f"pc-{number}": number - AT_ONCE + 1 for number in range(AT_ONCE, MANY)
    }


async def test_waiting_takes_nothing_from_the_time_to_be_built(campus):
    machines = [await order(campus, campus.student, f"pc-{number}") for number in range(MANY)]
    async with campus.portal.db.begin() as session:
        for machine in machines:
            row = await session.get_one(MachineRecord, machine.id)
            row.deadline_at = campus.clock()

    for machine in machines:
        assert await campus.until(machine, State.READY)


async def test_what_is_given_back_while_it_waits_goes_at_once(campus):
    machines = [await order(campus, campus.student, f"pc-{number}") for number in range(MANY)]
    await campus.turn()

    await campus.portal.machines.give_back(campus.student, machines[-1].id)
    await campus.turn(3)

    assert (await campus.look(machines[-1])).state is State.GONE


async def test_pages_hear_of_the_line_once_a_second_at_most(campus):
    heard = campus.portal.hub.version(LINE)
    for number in range(MANY):
        await order(campus, campus.student, f"pc-{number}")
        await campus.turn(seconds=0.01)

    told = campus.portal.hub.version(LINE) - heard

    assert 1 <= told <= 2


async def test_the_wait_is_told_once_builds_have_been_seen(campus):
    first = await order(campus, campus.student, "first")
    await campus.until(first, State.READY)
    for number in range(MANY):
        await order(campus, campus.student, f"pc-{number}")
    await campus.turn()
    campus.portal.hub.publish(LINE)

    found = await campus.portal.following.places(campus.student, own_project(campus.student))

    waits = [place.wait for place in sorted(found.values(), key=lambda place: place.ahead)]
    assert all(isinstance(wait, timedelta) for wait in waits)
    assert waits == sorted(waits)
    assert waits[0] > timedelta()
