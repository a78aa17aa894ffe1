"""One account cannot take the portal for itself; a burst is fine."""

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import TooMany
from cloud_app.services import pace
from cloud_app.services.pace import Pace
from tests.make import Clock, a_spec

MOST = 30


def used_up(clock: Clock) -> Pace:
    limit = Pace(now=clock, most=MOST)
    for _ in range(MOST):
        limit.spend("minji")
    return limit


def test_one_too_many_is_told_when_to_come_back(clock: Clock):
    limit = used_up(clock)

    with pytest.raises(TooMany) as refused:
        limit.spend("minji")
    clock.advance(refused.value.seconds)

    assert refused.value.seconds == 60 / MOST
    assert limit.spend("minji").remaining == 0


def test_being_refused_costs_nothing(clock: Clock):
    limit = used_up(clock)
    for _ in range(100):
        with pytest.raises(TooMany):
            limit.spend("minji")

    clock.advance(60)

    assert limit.spend("minji").remaining == MOST - 1


def test_others_are_not_held_up(clock: Clock):
    limit = used_up(clock)

    assert limit.spend("junho").remaining == MOST - 1


def test_who_has_not_come_for_a_minute_is_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "MOST_KNOWN", 3)
    limit = Pace(now=clock, most=MOST)
    for number in range(3):
        limit.spend(f"person-{number}")

    clock.advance(60)
    limit.spend("one more")

    assert list(limit._full_at) == ["one more"]


async def test_too_many_changes_are_refused_before_anything_is_written(
    portal: Portal, student: Actor, clock: Clock
):
    machine = (await portal.machines.order(student, a_spec(student, clock))).machine
    portal.machines.pace._full_at[student.account_id] = clock() + pace.WINDOW

    with pytest.raises(TooMany):
        await portal.machines.rename(student, machine.id, "another")

    assert (await portal.machines.one(student, machine.id)).name == machine.name
