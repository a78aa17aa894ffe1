"""What Jobs promises: one key once, seats per cloud, no error ends the rest."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from cloud_app.loops.jobs import Jobs


@pytest.fixture
async def jobs() -> AsyncGenerator[Jobs]:
    made = Jobs(1, then=lambda: None)
    yield made
    await made.close()


async def test_a_key_is_never_worked_on_twice_at_once(jobs: Jobs):
    began: list[str] = []
    gate = asyncio.Event()

    async def work() -> None:
        began.append("once")
        await gate.wait()

    jobs.start("machine 1", "lab", work)
    jobs.start("machine 1", "lab", work)
    gate.set()
    await jobs.idle()

    assert began == ["once"]


async def test_a_cloud_that_does_not_answer_takes_only_its_own_seats(jobs: Jobs):
    answered = asyncio.Event()

    async def silence() -> None:
        await asyncio.Event().wait()

    async def answer() -> None:
        answered.set()

    jobs.start("machine 1", "silent", silence)
    jobs.start("machine 2", "silent", silence)
    jobs.start("machine 3", "lab", answer)

    async with asyncio.timeout(5):
        await answered.wait()


async def test_work_that_fails_makes_room_for_the_next(jobs: Jobs):
    done: list[str] = []

    async def fail() -> None:
        raise ValueError("a bug")

    async def work() -> None:
        done.append("next")

    jobs.start("machine 1", "lab", fail)
    jobs.start("machine 2", "lab", work)
    await jobs.idle()

    assert done == ["next"]


async def test_ending_ends_everything(jobs: Jobs):
    ended: list[str] = []
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    jobs.start("machine 1", "lab", work)
    await began.wait()
    await jobs.close()

    assert ended == ["ended"]
    assert not jobs.busy("machine 1")
