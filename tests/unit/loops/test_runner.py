"""Who leads a loop: one at a time, and whoever is gone is followed soon."""

import asyncio
from dataclasses import dataclass

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.loops.runner import LEAD, Runner
from cloud_app.loops.sightings import LOOP
from cloud_app.loops.work import Overtaken
from cloud_app.models.leaders import leader_of

HERE, ELSEWHERE = "here:1:a", "elsewhere:1:b"


@dataclass
class Watch:
    """A stopwatch that is moved by hand."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Noted:
    """A loop that only counts how often it was given the lead."""

    name = LOOP
    every = 1.0

    def __init__(self) -> None:
        self.led = 0

    async def lead(self) -> None:
        self.led += 1

    async def once(self) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def first(portal: Portal, watch: Watch) -> Runner:
    return Runner(db=portal.db, holder=HERE, elapsed=watch)


@pytest.fixture
def second(portal: Portal, watch: Watch) -> Runner:
    return Runner(db=portal.db, holder=ELSEWHERE, elapsed=watch)


async def test_the_second_does_not_lead_while_the_first_shows_life(first, second, watch):
    loop = Noted()
    for _ in range(30):
        assert await first._leads(loop)
        assert not await second._leads(loop)
        watch.seconds += 1

    assert loop.led == 1


async def test_a_leader_elsewhere_that_falls_silent_is_followed_after_its_time(
    first, second, watch
):
    assert await first._leads(Noted())
    assert not await second._leads(Noted())
    watch.seconds += LEAD - 0.1
    assert not await second._leads(Noted())

    watch.seconds += 0.2

    assert await second._leads(Noted())


async def test_a_leader_that_was_overtaken_learns_it_and_leads_no_more(first, second, watch):
    assert await first._leads(Noted())
    assert not await second._leads(Noted())
    watch.seconds += LEAD + 1
    assert await second._leads(Noted())

    assert not await first._leads(Noted())
    assert await second._leads(Noted())


async def test_a_leader_that_slept_and_was_not_followed_begins_anew(first, watch):
    loop = Noted()
    assert await first._leads(loop)

    watch.seconds += 100

    assert await first._leads(loop)
    assert loop.led == 2


async def test_a_leader_that_resigns_is_followed_at_once(first, second):
    assert await first._leads(Noted())
    await first._resign(Noted())

    assert await second._leads(Noted())


async def test_a_dead_leader_of_the_same_machine_is_followed_at_once(portal, watch):
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    dead = Runner(db=portal.db, holder=f"here:{process.pid}:x", elapsed=watch)
    assert await dead._leads(Noted())

    assert await Runner(db=portal.db, holder="here:1:y", elapsed=watch)._leads(Noted())


async def test_of_many_that_start_together_one_leads(portal, watch):
    runners = [Runner(db=portal.db, holder=f"host-{n}:1:x", elapsed=watch) for n in range(8)]

    answers = await asyncio.gather(*(runner._leads(Noted()) for runner in runners))

    assert sum(answers) == 1


async def test_what_an_overtaken_leader_saw_is_not_written_down(campus, second):
    machine = await campus.order()
    await campus.turn(3)
    before = await campus.look(machine)
    assert await second._leads(Noted())
    campus.clock.advance(60)

    with pytest.raises(Overtaken):
        await campus.portal.machine_loop.sightings.look(campus.cloud)

    assert await campus.look(machine) == before
    async with campus.portal.db.read() as session:
        leader = await leader_of(session, LOOP)
    assert leader is not None
    assert leader.holder == ELSEWHERE
