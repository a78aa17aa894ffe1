"""An order sent twice with one key, at bad moments."""

import asyncio

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import Conflict
from cloud_app.services.repeats import DEAD, Repeats
from tests.make import Clock, a_spec, own_project

KEY = "order-1"


@pytest.fixture
def repeats(portal: Portal, clock: Clock) -> Repeats:
    return Repeats(db=portal.db, now=clock)


async def test_the_slow_first_of_two_orders_with_one_key_makes_nothing(
    portal: Portal, student: Actor, clock: Clock, repeats: Repeats
):
    assert await repeats.claim(student, KEY, "the same") is None
    clock.advance(DEAD.total_seconds() + 1)
    assert await repeats.claim(student, KEY, "the same") is None
    await portal.machines.order(student, a_spec(student, clock), KEY)

    with pytest.raises(Conflict):
        await portal.machines.order(student, a_spec(student, clock, name="web-2"), KEY)

    assert len(await portal.machines.in_project(student, own_project(student))) == 1


async def test_of_many_that_claim_a_key_at_once_one_gets_it(student: Actor, repeats: Repeats):
    answers = await asyncio.gather(
        *(repeats.claim(student, KEY, "the same") for _ in range(20)), return_exceptions=True
    )

    assert answers.count(None) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19


async def test_an_order_and_what_came_of_its_key_are_written_together(
    portal: Portal, student: Actor, clock: Clock, repeats: Repeats
):
    await repeats.claim(student, KEY, "the same")

    ordered = await portal.machines.order(student, a_spec(student, clock), KEY)

    assert await repeats.claim(student, KEY, "the same") == ordered.machine.id
