"""Argon2id, away from the event loop and never too many at once.

Each hash takes 19 MiB and some tens of milliseconds: a class that logs in at
the same minute must cost patience, not the machine's memory.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import extract_parameters
from passlib.handlers.argon2 import argon2

from cloud_app.domain.errors import TooMany

Answer = TypeVar("Answer")

MEMORY_KIB = 19 * 1024
ROUNDS = 2
SEATS = 2
LINE = 128
"""So many may wait for a seat; the next one is sent away for a few seconds."""
LONGEST = 1024
"""Longer passwords are wrong without looking."""


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self, memory_kib: int = MEMORY_KIB, rounds: int = ROUNDS) -> None:
        self._scheme = argon2.using(
            type="ID", memory_cost=memory_kib, time_cost=rounds, parallelism=1
        )
        self._memory_kib = memory_kib
        self._rounds = rounds
        self._seats = asyncio.Semaphore(SEATS)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The form in which `password` is kept."""
        return await self._seated(self._scheme.hash, _plain(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Tell whether `password` is the one that was kept.

        With nothing kept (an unknown account) the answer is no, after the same work.
        """
        if len(password) > LONGEST:
            return False
        if kept is None:
            if self._nobody is None:
                self._nobody = await self.hash("nobody")
            await self._seated(self._scheme.verify, _plain(password), self._nobody)
            return False
        return bool(await self._seated(self._scheme.verify, _plain(password), kept))

    def outdated(self, kept: str) -> bool:
        """Tell whether a kept hash was made with weaker parameters than today's."""
        made = extract_parameters(kept)
        return made.memory_cost < self._memory_kib or made.time_cost < self._rounds

    async def _seated(self, work: Callable[..., Answer], *values: str) -> Answer:
        if self._waiting >= LINE:
            raise TooMany(seconds=5)
        self._waiting += 1
        try:
            async with self._seats:
                return await asyncio.to_thread(work, *values)
        finally:
            self._waiting -= 1


def _plain(password: str) -> str:
    """One form for one look: Korean keyboards send the same syllable in two encodings."""
    return unicodedata.normalize("NFKC", password)
