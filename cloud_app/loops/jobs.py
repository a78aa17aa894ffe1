"""Work under way in this process, by key: one key is never worked on twice at once.

Each cloud has seats of its own, so one that does not answer holds up only its own.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Jobs:
    def __init__(self, most: int, then: Callable[[], None]) -> None:
        """`most` pieces of work go on at once per cloud."""
        self._running: dict[str, asyncio.Task[None]] = {}
        self._seats = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(most))
        self._then = then
        """Called when a piece of work has ended, whatever its end."""

    def busy(self, key: str) -> bool:
        return key in self._running

    def start(self, key: str, cloud_id: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin `work` unless work under this key is still going on."""
        if key in self._running:
            return
        task = asyncio.create_task(self._run(key, cloud_id, work), name=key)
        self._running[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    async def close(self) -> None:
        """Stop everything and wait for it. Rows say where to go on."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until all that was started has ended (for tests and orderly ends)."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _run(self, key: str, cloud_id: str, work: Callable[[], Awaitable[None]]) -> None:
        async with self._seats[cloud_id]:
            try:
                await work()
            except Exception:
                # The edge of one piece of loop work: its row stays in the queue.
                log.exception("work failed", extra={"key": key})

    def _ended(self, key: str) -> None:
        self._running.pop(key, None)
        self._then()
