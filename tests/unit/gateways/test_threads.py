"""What `Threads` promises: bounded seats, a deadline, and nothing forgotten."""

import asyncio
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from threading import Event, Lock

import pytest
import pytest_asyncio

from cloud_app.domain.errors import NotFound, Unavailable
from cloud_app.gateways.threads import Threads, left

LONG = 10.0
SHORT = 0.05

who = ContextVar("who", default="nobody")


@pytest_asyncio.fixture
async def gate() -> AsyncGenerator[Event]:
    """Blocking calls wait for it; opened in the end so that no thread outlives its test."""
    gate = Event()
    yield gate
    gate.set()


async def test_a_call_answers_and_raises_as_if_it_were_called_here() -> None:
    threads = Threads(deadline=LONG)

    def refuse() -> None:
        raise NotFound

    assert await threads.run(lambda: 7) == 7
    with pytest.raises(NotFound):
        await threads.run(refuse)


async def test_a_call_past_its_deadline_is_a_silent_cloud(gate: Event) -> None:
    threads = Threads(deadline=SHORT)

    with pytest.raises(Unavailable) as error:
        await threads.run(gate.wait)

    assert error.value.key == "error.cloud_silent"


async def test_a_timeout_of_the_call_itself_is_not_mistaken_for_the_deadline() -> None:
    def fail() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await Threads(deadline=LONG).run(fail)


async def test_an_abandoned_call_keeps_its_seat_until_its_thread_ends(gate: Event) -> None:
    threads = Threads(seats=1, deadline=SHORT)
    with pytest.raises(Unavailable):
        await threads.run(gate.wait)

    with pytest.raises(Unavailable):
        await threads.run(lambda: "no seat yet")
    gate.set()

    assert await threads.run(lambda: "seated") == "seated"


async def test_a_cancelled_caller_does_not_free_the_seat_early(gate: Event) -> None:
    threads, begun = Threads(seats=1, deadline=LONG), Event()

    def call() -> None:
        begun.set()
        gate.wait()

    caller = asyncio.create_task(threads.run(call))
    await asyncio.to_thread(begun.wait)
    caller.cancel()
    await asyncio.wait([caller])
    second = asyncio.create_task(threads.run(lambda: "second"))
    done, _ = await asyncio.wait([second], timeout=SHORT)

    assert not done
    gate.set()
    assert await second == "second"


async def test_who_gave_up_waiting_for_a_seat_is_never_run(gate: Event) -> None:
    threads, ran = Threads(seats=1, deadline=SHORT), list[str]()
    with pytest.raises(Unavailable):
        await threads.run(gate.wait)

    with pytest.raises(Unavailable):
        await threads.run(lambda: ran.append("too late"))
    gate.set()

    await threads.run(lambda: ran.append("in time"))
    assert ran == ["in time"]


async def test_no_more_calls_run_at_once_than_there_are_seats() -> None:
    threads, lock = Threads(seats=3, deadline=LONG), Lock()
    full, running, most = Event(), 0, 0

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 3:
                full.set()
        full.wait(LONG)
        with lock:
            running -= 1

    await asyncio.gather(*(threads.run(call) for _ in range(12)))

    assert most == 3


async def test_seats_do_not_leak() -> None:
    threads = Threads(seats=2, deadline=LONG)

    def fail() -> None:
        raise NotFound

    await asyncio.gather(*(threads.run(fail) for _ in range(20)), return_exceptions=True)

    assert await asyncio.gather(threads.run(lambda: 1), threads.run(lambda: 2)) == [1, 2]


async def test_a_call_sees_its_callers_context_and_how_much_time_is_left() -> None:
    who.set("kim")

    assert await Threads(deadline=LONG).run(who.get) == "kim"
    assert 0 < await Threads(deadline=LONG).run(left) <= LONG
    assert left() == float("inf")


async def test_a_closed_one_takes_no_calls() -> None:
    threads = Threads()
    threads.close()

    with pytest.raises(RuntimeError):
        await threads.run(lambda: 1)
