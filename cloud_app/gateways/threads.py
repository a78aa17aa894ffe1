"""The one way blocking calls to a cloud leave the event loop.

A thread cannot be cancelled. So a call has a seat until its thread really ends,
its caller stops waiting at a deadline, and the call itself can read how much of
that time is `left()`: the OpenStack session sends nothing once it is over, so
what nobody waits for any more changes nothing in the cloud. One `Threads` per
cloud, and one `apart` per service, keep what is silent from taking the seats of others.
"""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from time import monotonic
from typing import TypeVar

from cloud_app.domain.errors import Unavailable

T = TypeVar("T")

_ends_at: ContextVar[float] = ContextVar("threads_ends_at", default=math.inf)


def left() -> float:
    """Seconds until nobody waits for the running call; infinite outside of `Threads.run`."""
    return _ends_at.get() - monotonic()


class Threads:
    """A bounded number of seats for blocking calls; belongs to one event loop."""

    def __init__(self, *, seats: int = 8, deadline: float = 60.0) -> None:
        """`deadline` is in seconds and includes the wait for a free seat."""
        self._parts: list[Threads] = []
        self._most = seats
        self._seats = asyncio.Semaphore(seats)
        self._pool = ThreadPoolExecutor(max_workers=seats, thread_name_prefix="cloud")
        self._deadline = deadline

    def apart(self) -> "Threads":
        """As many seats again, for another service of the same cloud; closed with these."""
        part = Threads(seats=self._most, deadline=self._deadline)
        self._parts.append(part)
        return part

    async def run(self, call: Callable[[], T]) -> T:
        """Answer what `call` returns or raises; it sees the caller's context variables.

        Raises Unavailable("error.cloud_silent") when the deadline passes first.
        """
        ends_at = monotonic() + self._deadline
        context = copy_context()
        context.run(_ends_at.set, ends_at)
        limit = asyncio.timeout(self._deadline)
        try:
            async with limit:
                await self._seats.acquire()
                # Shielded: whoever stops waiting must not free the seat before the thread ends.
                return await asyncio.shield(self._start(lambda: context.run(call)))
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unavailable("error.cloud_silent", detail="deadline passed") from error

    def _start(self, call: Callable[[], T]) -> asyncio.Future[T]:
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        except RuntimeError:  # closed in the meantime
            self._seats.release()
            raise
        future.add_done_callback(lambda _: self._seats.release())
        return future

    def close(self) -> None:
        """Take no more calls. Running ones end by themselves, within the SDK's timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for part in self._parts:
            part.close()
