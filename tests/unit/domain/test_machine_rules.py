"""The next step and the state word of a machine, by table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud_app.domain.machine_rules import (
    PATIENCE_WITH_COMMANDS,
    Facts,
    Step,
    next_step,
    state_of,
)
from cloud_app.domain.machines import Command, Power, Presence, State, Wanted

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ORDERED = Facts(
    wanted=Wanted.HERE,
    presence=Presence.NEVER,
    power=None,
    has_ground=False,
    has_port=False,
    has_server=False,
    has_address=False,
    wants_address=True,
    address_unasked=False,
    uprooted=False,
    create_sent_at=None,
    looks=0,
    built_at=None,
    ready_at=None,
    command=None,
    command_at=None,
    rename_due=False,
    failure=None,
    spoiled=False,
    released=False,
    deadline_at=NOW + timedelta(minutes=20),
    gone_at=None,
)
BUILDING = replace(
    ORDERED,
    has_ground=True,
    has_port=True,
    has_server=True,
    has_address=True,
    create_sent_at=NOW,
    presence=Presence.SEEN,
    power=Power.BUILDING,
)
READY = replace(BUILDING, power=Power.ON, built_at=NOW, ready_at=NOW)
STOPPED = replace(READY, power=Power.OFF, ready_at=None)
RETURNED = replace(READY, wanted=Wanted.GONE)
RACED = replace(BUILDING, power=Power.FAILED, spoiled=True)
LOST = replace(READY, presence=Presence.ABSENT, power=None)


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (LOST, Step.REST),
        (replace(LOST, ready_at=None, has_server=False), Step.REST),
        (STOPPED, Step.REST),
        (replace(READY, power=Power.PAUSED), Step.REST),
        (replace(READY, power=Power.FAILED), Step.REST),
        (replace(READY, power=Power.UNKNOWN), Step.WAIT),
    ],
)
def test_what_others_did_is_not_undone(facts, step):
    assert next_step(facts, NOW) is step


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (ORDERED, Step.GROUND),
        (replace(ORDERED, uprooted=True), Step.MOVE),
        (replace(ORDERED, has_ground=True), Step.PORT),
        (replace(ORDERED, has_ground=True, has_port=True), Step.SERVER),
        (replace(BUILDING, presence=Presence.NEVER, has_address=False), Step.ADDRESS),
        (BUILDING, Step.WAIT),
        (replace(READY, ready_at=None), Step.PROBE),
        (replace(READY, ready_at=None, has_address=False), Step.ADDRESS),
        (replace(READY, ready_at=None, has_address=False, wants_address=False), Step.PROBE),
        (READY, Step.REST),
        (replace(READY, address_unasked=True), Step.PROBE),
        (replace(STOPPED, address_unasked=True), Step.REST),
        (replace(READY, rename_due=True), Step.RENAME),
    ],
)
def test_an_order_is_built_step_by_step(facts, step):
    assert next_step(facts, NOW) is step


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (replace(BUILDING, power=Power.FAILED), Step.FAIL),
        (replace(BUILDING, deadline_at=NOW - timedelta(seconds=1)), Step.FAIL),
        (replace(ORDERED, deadline_at=NOW - timedelta(seconds=1)), Step.FAIL),
        (replace(BUILDING, failure="error.no_room"), Step.DELETE),
        (replace(ORDERED, failure="error.image_gone"), Step.RELEASE),
        (replace(ORDERED, failure="error.image_gone", released=True), Step.REST),
    ],
)
def test_a_failed_order_leaves_nothing_half_made(facts, step):
    assert next_step(facts, NOW) is step


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (RACED, Step.CLEAR),
        (replace(RACED, looks=1), Step.CLEAR),
        (replace(RACED, looks=2), Step.ANEW),
        (replace(RACED, presence=Presence.ABSENT), Step.ANEW),
        (replace(RACED, deadline_at=NOW - timedelta(seconds=1)), Step.FAIL),
        (replace(RACED, wanted=Wanted.GONE), Step.DELETE),
        (replace(RACED, failure="error.quota_exceeded"), Step.DELETE),
    ],
)
def test_a_server_that_lost_a_race_is_cleared_away_before_the_next_is_ordered(facts, step):
    assert next_step(facts, NOW) is step


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (RETURNED, Step.DELETE),
        (replace(RETURNED, looks=1), Step.DELETE),
        (replace(RETURNED, looks=2), Step.RELEASE),
        (replace(RETURNED, presence=Presence.ABSENT), Step.RELEASE),
        (replace(RETURNED, presence=Presence.ABSENT, released=True), Step.FORGET),
        (replace(ORDERED, wanted=Wanted.GONE), Step.RELEASE),
        (replace(ORDERED, wanted=Wanted.GONE, create_sent_at=NOW), Step.DELETE),
        (replace(RETURNED, looks=2, released=True, gone_at=NOW), Step.REST),
        (replace(RETURNED, looks=2, gone_at=NOW), Step.RELEASE),
        (replace(RETURNED, gone_at=NOW), Step.DELETE),
    ],
)
def test_a_machine_is_forgotten_only_when_it_is_proven_gone(facts, step):
    assert next_step(facts, NOW) is step


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (replace(READY, command=Command.STOP, command_at=NOW), Step.COMMAND),
        (replace(READY, command=Command.STOP, command_at=NOW, power=Power.STOPPING), Step.WAIT),
        (
            replace(READY, command=Command.STOP, command_at=NOW - PATIENCE_WITH_COMMANDS * 2),
            Step.GIVE_UP_COMMAND,
        ),
    ],
)
def test_a_command_waits_for_a_steady_moment_and_not_for_ever(facts, step):
    assert next_step(facts, NOW) is step


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (ORDERED, State.ORDERED),
        (replace(ORDERED, has_server=True), State.BUILDING),
        (BUILDING, State.BUILDING),
        (replace(READY, ready_at=None), State.STARTING),
        (READY, State.READY),
        (replace(READY, command=Command.STOP), State.STOPPING),
        (replace(READY, command=Command.RESTART), State.RESTARTING),
        (STOPPED, State.STOPPED),
        (replace(STOPPED, command=Command.START), State.STARTING),
        (replace(READY, power=Power.UNKNOWN), State.UNKNOWN),
        (replace(READY, power=None), State.UNKNOWN),
        (LOST, State.LOST),
        (RACED, State.BUILDING),
        (replace(RACED, presence=Presence.ABSENT), State.BUILDING),
        (RETURNED, State.RETURNING),
        (replace(BUILDING, failure="error.no_room"), State.FAILED),
        (replace(READY, power=Power.FAILED), State.FAILED),
        (replace(BUILDING, power=Power.FAILED), State.BUILDING),
        (replace(RETURNED, gone_at=NOW), State.GONE),
    ],
)
def test_what_is_not_known_is_never_called_stopped(facts, state):
    assert state_of(facts) is state
