"""One life of a process of the portal: it can die before any deed, hang, or lose a request.

Nothing here waits: the calls of all processes take turns in one event loop, in an
order that depends on nothing but what was drawn.
"""

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from cloud_app.domain.errors import PortalError
from cloud_app.gateways.simulator import answers
from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.misfortunes import Crash
from cloud_app.gateways.simulator.store import Tx
from cloud_app.gateways.simulator.world import World
from tests.make import Clock, a_portal
from tests.storm.inline import without_threads

T = TypeVar("T")
DEADLINE = 60.0
"""Seconds after which the real adapters no longer wait for a call, nor send it."""


class Turn:
    """Awaited, it lets everybody else go first."""

    def __await__(self) -> Generator[None]:
        yield


async def quiet() -> None:
    """Return once nobody can go on by themselves."""
    loop = asyncio.get_running_loop()
    await Turn()
    while getattr(loop, "_ready"):  # noqa: B009 - asyncio's own queue has no other name
        await Turn()


@dataclass
class Late:
    """A request whose sender waits no longer, and which will be carried out all the same."""

    at: float
    name: str
    work: Callable[[Tx], object]


@dataclass
class Wire:
    """What lies between the processes and the cloud."""

    file: Path
    clock: Clock
    """The cloud's own time; it never goes back."""
    late: list[Late] = field(default_factory=list[Late])
    lose: tuple[str, float] | None = None
    """The next call of this pattern is carried out so many seconds late; its answer is lost."""

    def deliver(self, world: World) -> None:
        """Carry out the late requests that are due."""
        now = self.clock().timestamp()
        due, self.late = (
            [one for one in self.late if one.at <= now],
            [one for one in self.late if one.at > now],
        )
        for one in due:
            try:
                with world.begin(one.name) as tx:
                    one.work(tx)
            except PortalError:
                pass  # Nobody hears the refusal.


@dataclass
class Held:
    """A call that gets no answer for now."""

    since: float
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    too_late: bool = False


class Process:
    """A portal with its loops, on the database and the cloud that all processes share."""

    def __init__(self, var: Path, clock: Clock, wire: Wire) -> None:
        self.portal = a_portal(var, clock)
        without_threads(self.portal.db)
        event.listen(self.portal.db.engine.sync_engine, "begin", self._before_writing)
        self.portal.runner.elapsed = lambda: wire.clock().timestamp()
        self.line = Line(self, wire)
        self.portal.catalog_loop.clouds.connect = lambda row: practice_cloud(row.id, self.line)
        self.dead = False
        self.deeds_left: int | None = None
        """How much more this process changes, in the cloud or in the database, before it dies."""
        self.calls_left: int | None = None
        """After how many more calls one gets no answer."""
        self.held: list[Held] = []

    @property
    def loop(self):
        return self.portal.machine_loop

    async def take_a_pass(self) -> None:
        """What the runner does at every turn."""
        if await self.portal.runner._leads(self.loop):
            await self.loop.once()

    def before_deed(self) -> None:
        """Die if the time has come; the dead do and learn nothing more."""
        if self.deeds_left is not None:
            self.deeds_left -= 1
            self.dead |= self.deeds_left < 0
        if self.dead:
            raise asyncio.CancelledError

    def _before_writing(self, connection: sa.Connection) -> None:
        if self.dead or connection.get_execution_options().get("writes"):
            self.before_deed()

    async def hold(self, now: float) -> None:
        """Wait for the answer to a call, if this is the one that gets none."""
        if self.calls_left is None:
            return
        self.calls_left -= 1
        if self.calls_left >= 0:
            return
        self.calls_left = None
        held = Held(now)
        self.held.append(held)
        await held.woken.wait()
        if held.too_late:
            raise answers.silence("held", DEADLINE)

    def wake(self, now: float, *, after: float = 0.0) -> None:
        """Answer the calls held for `after` seconds, those past their deadline with silence."""
        for held in [one for one in self.held if now - one.since >= after]:
            held.too_late = now - held.since >= DEADLINE
            held.woken.set()
            self.held.remove(held)

    async def end(self) -> None:
        """What the system does when a process dies: connections close, tasks are no more."""
        self.dead = True
        await self.portal.machine_loop.close()
        await self.portal.db.close()
        self.line.close()


class Line(World):
    """The practice cloud as one process reaches it."""

    def __init__(self, process: Process, wire: Wire) -> None:
        super().__init__(wire.file, wire.clock, sleep=self._let_pass)
        self.process, self.wire = process, wire

    async def call(self, name: str, work: Callable[[Tx], T]) -> T:
        self.process.before_deed()
        lost = self.wire.lose
        if lost and fnmatchcase(name, lost[0]):
            self.wire.lose = None
            self.wire.late.append(Late(self._seconds() + lost[1], name, work))
            raise answers.silence(name, 0.0)
        await self.process.hold(self._seconds())
        try:
            result = await super().call(name, work)
        except Crash:
            self.process.dead = True
            raise asyncio.CancelledError from None
        await self.process.hold(self._seconds())
        if self.process.dead:
            raise asyncio.CancelledError
        return result

    def _seconds(self) -> float:
        return self.wire.clock().timestamp()

    async def _let_pass(self, seconds: float) -> None:
        """Slowness lets others go first; time is moved by the storm alone."""
        for _ in range(int(seconds) + 1):
            await Turn()
