"""Work under way in this process, by key: one key is never worked on twice at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Jobs:
    def __init__(self, most: int, then: Callable[[], None]) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}
        self._seats = asyncio.Semaphore(most)
        self._then = then
        """Called when a piece of work has ended, whatever its end."""

    def busy(self, key: str) -> bool:
        return key in self._running

    def start(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin `work` unless work under this key is still going on."""
        if key in self._running:
            return
        task = asyncio.create_task(self._run(key, work), name=key)
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

    def _run(self, key: str, work: Callable[[], Awaitable[None]]) -> Coroutine[Any, Any, None]:
        async def guarded() -> None:
            async with self._seats:
                try:
                    await work()
                except Exception:
                    # The edge of one piece of loop work: its row stays in the queue.
                    log.exception("work failed", extra={"key": key})

        return guarded()

    def _ended(self, key: str) -> None:
        self._running.pop(key, None)
        self._then()
