"""Runs the loops of this process: pace, wake-up, back-off, and one leader per loop."""

import asyncio
import logging
import os
import random
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cloud_app.db import Database
from cloud_app.models.leaders import give_up, take

log = logging.getLogger(__name__)
LEAD = timedelta(seconds=8)
LONGEST_PAUSE = 30.0


class Loop(Protocol):
    name: str
    every: float
    """Seconds between two passes when nobody rings."""

    async def lead(self) -> None:
        """Called once each time this process takes over the lead."""
        ...

    async def once(self) -> None: ...

    async def close(self) -> None: ...


class Bell:
    """Wakes a loop before its turn."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def heard(self, within: float) -> None:
        """Return at the next ring or after `within` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._event.wait()
        self._event.clear()


def this_process() -> str:
    """A name for this life of this process, by which it holds leads and claims."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(holder: str) -> bool:
    """Whether `holder` was a process of this machine and has ended.

    Spares a restarted portal the wait for the lead of its killed predecessor.
    """
    host, pid, _ = holder.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@dataclass(slots=True)
class Runner:
    db: Database
    now: Callable[[], datetime]
    holder: str
    _until: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Until when this process leads a loop, as far as it knows."""

    async def run(self, loop: Loop, bell: Bell) -> None:
        """Repeat `loop.once` for as long as the process lives and this process leads."""
        failures = 0
        try:
            while True:
                try:
                    if await self._leads(loop):
                        await loop.once()
                    failures = 0
                except Exception:
                    # The edge of one pass: a bad day of a cloud must not end the loop.
                    failures += 1
                    log.exception("loop failed", extra={"loop": loop.name, "failures": failures})
                pause = min(loop.every * 2**failures, LONGEST_PAUSE)
                await bell.heard(pause * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
        finally:
            await loop.close()
            await asyncio.shield(self._resign(loop))

    async def _leads(self, loop: Loop) -> bool:
        now = self.now()
        until = self._until.get(loop.name)
        if until is not None and now < until - LEAD / 2:
            return True
        async with self.db.begin() as session:
            mine = await take(session, loop.name, self.holder, now, LEAD, is_dead=is_dead)
        if not mine:
            self._until.pop(loop.name, None)
            return False
        self._until[loop.name] = now + LEAD
        if until is None or until < now:
            await loop.lead()
        return True

    async def _resign(self, loop: Loop) -> None:
        if self._until.pop(loop.name, None) is not None:
            async with self.db.begin() as session:
                await give_up(session, loop.name, self.holder)
