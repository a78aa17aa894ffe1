"""The page of one mini-PC: its stages, the next thing to do, and who may do it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import Access, Command, Machine, State
from cloud_app.state.machine import MachineState
from cloud_app.state.machine_view import MachinePageView, key_file, stages
from tests.make import Clock, a_spec
from tests.unit.state.visitor import Visitor


@pytest.fixture
async def machine(portal: Portal, student: Actor, clock: Clock) -> Machine:
    return (await portal.machines.order(student, a_spec(student, clock))).machine


async def test_a_foreign_machine_is_as_missing_as_none(
    portal: Portal, student: Actor, other: Actor, clock: Clock
):
    foreign = (await portal.machines.order(other, a_spec(other, clock))).machine
    state = await (await Visitor.log_in(portal)).at(MachineState, f"/machines/{foreign.id}")

    await MachineState.load.fn(state)

    assert state.missing
    assert state.machine.name == ""


async def test_a_wrong_new_name_is_said_at_its_field(portal: Portal, machine: Machine):
    state = await (await Visitor.log_in(portal)).at(MachineState, f"/machines/{machine.id}")
    await MachineState.load.fn(state)

    await MachineState.rename.fn(state, {"new_name": "  "})
    assert state.errors == {"name": "machines.name.missing"}

    await MachineState.rename.fn(state, {"new_name": "x" * 61})
    assert state.errors == {"name": "machines.name.too_long"}
    assert state.values["most"] == "60"


async def test_a_new_name_is_shown_at_once(portal: Portal, machine: Machine):
    state = await (await Visitor.log_in(portal)).at(MachineState, f"/machines/{machine.id}")
    await MachineState.load.fn(state)

    await MachineState.rename.fn(state, {"new_name": "web-2"})

    assert (state.machine.name, state.renaming) == ("web-2", False)


async def test_giving_back_is_shown_at_once(portal: Portal, machine: Machine):
    state = await (await Visitor.log_in(portal)).at(MachineState, f"/machines/{machine.id}")
    await MachineState.load.fn(state)

    await MachineState.give_back.fn(state)

    assert state.machine.state == "returning"
    assert not state.machine.can_give_back


def test_the_stage_bar_says_how_far_it_is_and_how_long_each_part_took(
    machine: Machine, clock: Clock
):
    began = machine.created_at
    building = replace(
        machine,
        state=State.BUILDING,
        stage_times={State.ORDERED: began, State.BUILDING: began + timedelta(seconds=2)},
    )

    bar = stages(building, clock())

    assert [(part.state, part.phase) for part in bar] == [
        ("ordered", "done"),
        ("building", "now"),
        ("starting", "next"),
        ("ready", "next"),
    ]
    assert bar[0].until == bar[1].since
    assert bar[1].until == ""


def test_a_stage_that_was_passed_unseen_is_done_too(machine: Machine, clock: Clock):
    ready = replace(
        machine,
        state=State.READY,
        stage_times={State.ORDERED: machine.created_at, State.READY: clock()},
    )

    assert [part.phase for part in stages(ready, clock())] == ["done"] * 4


def test_the_stages_leave_the_page_when_they_are_old_news(machine: Machine, clock: Clock):
    times = dict.fromkeys((State.ORDERED, State.READY), clock())
    ready = replace(machine, state=State.READY, stage_times=times)

    assert stages(ready, clock() + timedelta(minutes=11)) == []
    assert stages(replace(ready, state=State.LOST), clock()) == []


def test_a_failed_stage_is_the_bad_one(machine: Machine, clock: Clock):
    failed = replace(machine, state=State.FAILED, failure="error.no_room")

    assert [part.phase for part in stages(failed, clock())] == ["bad", "next", "next", "next"]


@pytest.mark.parametrize(
    ("state", "next_thing"),
    [
        (State.ORDERED, "wait"),
        (State.BUILDING, "wait"),
        (State.STARTING, "wait"),
        (State.READY, "connect"),
        (State.STOPPED, "start"),
        (State.STOPPING, "busy"),
        (State.PAUSED, "busy"),
        (State.LOST, "lost"),
        (State.FAILED, "failed_outside"),
        (State.UNKNOWN, "connect"),
        (State.GONE, "gone"),
    ],
)
def test_the_next_thing_to_do_follows_the_state(
    machine: Machine, student: Actor, clock: Clock, state: State, next_thing: str
):
    view = MachinePageView.of(replace(machine, state=state), student, clock())

    assert view.next == next_thing


def test_the_command_names_the_downloaded_key(machine: Machine, student: Actor, clock: Clock):
    ready = replace(machine, name="내 홈페이지", state=State.READY, address="203.0.113.9")

    view = MachinePageView.of(ready, student, clock())

    assert view.command == f"ssh -i 내-홈페이지.pem {machine.template.login_user}@203.0.113.9"
    assert view.key_command == "chmod 600 내-홈페이지.pem"


def test_an_own_key_needs_no_file(machine: Machine, student: Actor, clock: Clock):
    own = replace(machine, access=Access.OWN_KEY, address=None, fixed_ip="10.0.0.5")

    view = MachinePageView.of(own, student, clock())

    assert view.command == f"ssh {machine.template.login_user}@10.0.0.5"
    assert view.key_command == ""


def test_what_opens_in_a_browser_is_linked(machine: Machine, student: Actor, clock: Clock):
    web = replace(machine.template, open_ports=(80, 443, 8888))
    with_pages = replace(machine, template=web, address="203.0.113.9")

    assert MachinePageView.of(with_pages, student, clock()).pages == [
        "http://203.0.113.9",
        "http://203.0.113.9:8888",
    ]


def test_while_a_command_is_under_way_no_other_is_offered(
    machine: Machine, student: Actor, clock: Clock
):
    stopping = replace(machine, state=State.READY, command=Command.STOP)

    view = MachinePageView.of(stopping, student, clock())

    assert not view.can_stop
    assert not view.can_start


@pytest.mark.parametrize(
    ("name", "file"),
    [("web-1", "web-1.pem"), ("a/b;c", "a-b-c.pem"), ("...", "madang.pem"), ("-x", "x.pem")],
)
def test_a_key_file_has_a_name_that_any_system_takes(name: str, file: str):
    assert key_file(name) == file
