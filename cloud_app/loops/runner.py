"""Runs the loops of this process: pace, wake-up, back-off, and one leader per loop."""

import asyncio
import logging
import os
import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from cloud_app.db import Database
from cloud_app.models.leaders import NOBODY, LeaderRecord, give_up, leader_of, renew, take

log = logging.getLogger(__name__)
LEAD = 8.0
"""Seconds after which a leader that shows no sign of life is no longer one."""
WATCH = 1.0
"""How often, in seconds, those that do not lead look at the one that does."""
LONGEST_PAUSE = 30.0
LONGEST_NAME = 40


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


def this_process(host: str) -> str:
    """A name for this life of this process, by which it holds leads and claims."""
    return f"{host[:LONGEST_NAME]}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(holder: str, me: str) -> bool:
    """Whether `holder` was a process of the same machine as `me` and has ended.

    Spares a restarted portal the wait for the lead of its killed predecessor.
    """
    host, pid, _ = holder.rsplit(":", 2)
    if host != me.rsplit(":", 2)[0]:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@dataclass(slots=True)
class Sign:
    """The last sign of life of a leader, and when this process noticed it."""

    beat: tuple[str, int]
    at: float


@dataclass(slots=True)
class Runner:
    db: Database
    holder: str
    elapsed: Callable[[], float] = time.monotonic
    """Seconds that went by; only differences count."""
    _until: dict[str, float] = field(default_factory=dict[str, float])
    """Until when this process leads a loop, as far as it knows."""
    _signs: dict[str, Sign] = field(default_factory=dict[str, Sign])

    async def run(self, loop: Loop, bell: Bell) -> None:
        """Repeat `loop.once` for as long as the process lives and this process leads."""
        failures = 0
        try:
            while True:
                pause = min(loop.every, WATCH)
                try:
                    if await self._leads(loop):
                        pause = loop.every
                        await loop.once()
                    failures = 0
                except Exception:
                    # The edge of one pass: a bad day of a cloud must not end the loop.
                    failures = min(failures + 1, 10)
                    log.exception("loop failed", extra={"loop": loop.name, "failures": failures})
                pause = min(pause * 2**failures, LONGEST_PAUSE)
                await bell.heard(pause * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
        finally:
            await loop.close()
            await asyncio.shield(self._resign(loop))

    async def _leads(self, loop: Loop) -> bool:
        now = self.elapsed()
        until = self._until.get(loop.name)
        if until is not None and now < until - LEAD / 2:
            return True
        if until is None or not await self._renewed(loop):
            self._until.pop(loop.name, None)
            if not await self._taken(loop, now):
                return False
            until = None
        if until is None or until < now:
            await loop.lead()
        self._until[loop.name] = now + LEAD
        return True

    async def _renewed(self, loop: Loop) -> bool:
        async with self.db.begin() as session:
            return await renew(session, loop.name, self.holder)

    async def _taken(self, loop: Loop, now: float) -> bool:
        async with self.db.read() as session:
            seen = await leader_of(session, loop.name)
        if seen is not None and not self._is_gone(seen, now):
            return False
        async with self.db.begin() as session:
            return await take(session, loop.name, self.holder, seen)

    def _is_gone(self, seen: LeaderRecord, now: float) -> bool:
        if seen.holder in (NOBODY, self.holder) or is_dead(seen.holder, self.holder):
            return True
        beat, sign = (seen.holder, seen.beat), self._signs.get(seen.loop)
        if sign is None or sign.beat != beat:
            sign = self._signs[seen.loop] = Sign(beat, now)
        return now - sign.at >= LEAD

    async def _resign(self, loop: Loop) -> None:
        if self._until.pop(loop.name, None) is not None:
            async with self.db.begin() as session:
                await give_up(session, loop.name, self.holder)
