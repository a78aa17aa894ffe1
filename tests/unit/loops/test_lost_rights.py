"""A project that others deleted, a credential that is refused: said, mended, no orphans."""

import logging

import pytest

from cloud_app.domain.machines import Command, Power, State
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe


async def test_a_machine_of_a_deleted_project_says_so_and_can_be_given_back(campus):
    machine = await campus.ready()
    campus.world.outside.delete_project(await campus.home(machine))

    await campus.turn(4, seconds=16)
    assert (await campus.look(machine)).state is State.READY
    await campus.portal.machines.command(campus.student, machine.id, Command.STOP)
    await campus.turn(20)

    seen = await campus.look(machine)
    assert (seen.state, seen.notice) == (State.READY, "error.project_gone")
    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)
    assert await campus.left(machine) == (0, 0, 0)


async def test_after_a_project_was_deleted_the_next_order_gets_a_new_one(campus):
    old = await campus.ready()
    old_home = await campus.home(old)
    campus.world.outside.delete_project(old_home)

    machine = await campus.ready()

    assert await campus.home(machine) not in (None, old_home)
    assert (await campus.look(old)).notice == "error.project_gone"
    servers = (await campus.cloud.compute.servers(None)).items
    assert {one.project_id for one in servers} == {old_home, await campus.home(machine)}
    for each in (old, machine):
        await campus.portal.machines.give_back(campus.student, each.id)
        await campus.until(each, State.GONE)
    assert await campus.servers() == []


@pytest.mark.parametrize("turns", range(1, 9))
async def test_an_order_under_way_when_its_project_is_deleted_is_built_in_a_new_one(campus, turns):
    first = await campus.ready()
    old_home = await campus.home(first)
    machine = await campus.order()
    await campus.turn(turns, seconds=0.5)

    campus.world.outside.delete_project(old_home)
    await campus.portal.machines.command(campus.student, first.id, Command.STOP)

    seen = await campus.until(machine, State.READY)
    assert await campus.left(machine) == (1, 1, 1)
    assert seen.failure is None
    servers = (await campus.cloud.compute.servers(None)).items
    assert [one.power for one in servers if one.key == machine.id] == [Power.ON]


async def test_a_changed_password_is_mended_without_anybody_noticing(campus):
    machine = await campus.ready()
    campus.world.outside.change_password(await campus.home(machine))

    await campus.portal.machines.command(campus.student, machine.id, Command.STOP)

    seen = await campus.until(machine, State.STOPPED)
    assert seen.notice is None


async def test_a_credential_that_is_refused_is_said_and_the_order_waits(campus, caplog):
    campus.world.befall(Misfortune(woe=Woe.REFUSED))
    machine = await campus.order()

    with caplog.at_level(logging.ERROR):
        await campus.turn(60)

    seen = await campus.look(machine)
    assert (seen.state, seen.trouble) == (State.ORDERED, "error.credential_refused")
    assert "credential refused" in {one.message for one in caplog.records}
    campus.world.relieve()
    seen = await campus.until(machine, State.READY)
    assert seen.trouble is None


async def test_a_credential_refused_to_the_end_is_the_reason_of_the_failure(campus):
    campus.world.befall(Misfortune(woe=Woe.REFUSED))
    machine = await campus.order()

    seen = await campus.until(machine, State.FAILED, seconds=60)

    assert seen.failure == "error.credential_refused"
