"""The practice cloud itself, behind the adapters of this package.

A `World` is a file, a clock and a site. The portal reaches it only through the
gateways that `practice_cloud` makes; tests and the demo also use `outside`, the
hands of other people, and `befall`, which brings misfortune over it.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cloud_app.gateways.simulator import answers, misfortunes
from cloud_app.gateways.simulator.misfortunes import CRASH_EXIT_CODE, Crash, Misfortune, Woe
from cloud_app.gateways.simulator.outside import Outside
from cloud_app.gateways.simulator.site import Site
from cloud_app.gateways.simulator.store import Store, Tx

T = TypeVar("T")

BEFORE = (Woe.SLOW, Woe.SILENT, Woe.RATE_LIMITED, Woe.BROKEN, Woe.REFUSED)
AFTER = (Woe.LOST_ANSWER, Woe.WRONG_ANSWER)
"""What befalls a call before and after it has its effect."""


class World:
    """Opens the cloud in the file at `path`, or founds it there."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime],
        *,
        settings: Site | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.site = settings or Site()
        self.calls: Counter[str] = Counter()
        """How often each gateway method was called in this process."""
        self.outside = Outside(self.begin)
        self._clock = clock
        self._sleep = sleep
        self._store = Store(path)

    @contextmanager
    def begin(self, call: str = "") -> Generator[Tx]:
        """One transaction at the cloud's present moment."""
        with self._store.begin(lambda: self._clock().timestamp(), self.site, call) as tx:
            yield tx

    async def call(self, name: str, work: Callable[[Tx], T]) -> T:
        """What a gateway method does: fate first, then one transaction, then fate again."""
        self.calls[name] += 1
        for fate in await asyncio.to_thread(self._fates, name, BEFORE):
            await self._suffer(fate, name)
        result, after = await asyncio.to_thread(self._carry_out, name, work)
        for fate in after:
            await self._suffer(fate, name)
        return result

    async def _suffer(self, fate: Misfortune, name: str) -> None:
        """Wait for as long as it takes, then raise what the real adapter would."""
        if fate.woe is not Woe.RATE_LIMITED:
            await self._sleep(fate.seconds)
        error = {
            Woe.SILENT: lambda: answers.silence(name, fate.seconds),
            Woe.LOST_ANSWER: lambda: answers.silence(name, fate.seconds),
            Woe.RATE_LIMITED: lambda: answers.rest(name, fate.seconds),
            Woe.BROKEN: lambda: answers.broken(name),
            Woe.REFUSED: answers.credential,
            Woe.WRONG_ANSWER: lambda: answers.unreadable(name),
        }.get(fate.woe)
        if error is not None:
            raise error()

    def _fates(self, name: str, woes: Sequence[Woe]) -> Sequence[Misfortune]:
        with self.begin(name) as tx:
            return misfortunes.struck(tx, woes)

    def _carry_out(self, name: str, work: Callable[[Tx], T]) -> tuple[T, Sequence[Misfortune]]:
        with self.begin(name) as tx:
            result = work(tx)
            crash = misfortunes.strike(tx, Woe.CRASH_AFTER)
            after = misfortunes.struck(tx, AFTER)
        if crash and crash.exits:
            os._exit(CRASH_EXIT_CODE)
        if crash:
            raise Crash(name)
        return result, after

    def now(self) -> datetime:
        """The cloud's own clock."""
        with self.begin() as tx:
            return datetime.fromtimestamp(tx.now, tz=UTC)

    def advance(self, seconds: float) -> None:
        """Move the cloud's clock forward, for every process that has the file open."""
        with self.begin() as tx:
            tx.run(
                "INSERT INTO meta (name, number) VALUES ('offset', ?)"
                " ON CONFLICT (name) DO UPDATE SET number = number + excluded.number",
                seconds,
            )

    def befall(self, misfortune: Misfortune) -> None:
        """Bring a misfortune over the cloud; one of the same name and calls is replaced."""
        with self.begin() as tx:
            misfortunes.befall(tx, misfortune)

    def relieve(self, woe: Woe | None = None) -> None:
        """End the misfortunes of this name, or all of them."""
        with self.begin() as tx:
            misfortunes.relieve(tx, woe)

    def misfortunes(self) -> list[Misfortune]:
        with self.begin() as tx:
            return misfortunes.under_way(tx)

    def close(self) -> None:
        self._store.close()
