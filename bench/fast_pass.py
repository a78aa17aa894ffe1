"""Own time of one look at a cloud, with everything it says already in memory.

    .venv/bin/python -m bench.fast_pass [--machines 100 1000 10000] [--profile]

Machines at rest are written straight into a database of their own, and the
same machines are put into lists that a gateway hands out: what is left is the
portal's own work. The figure is processor time of the whole process, which a
busy machine distorts least; the wall-clock time and its parts stand beside it:
handing out the lists, reading our rows, writing (everything inside a write
transaction), and the rest, which is sorting the answers and comparing. The
longest stall is how long the event loop answered nobody meanwhile. A look either asks what
changed since the last one (every 1.5 s while something is under way, every 15 s
at rest) or for everything (every five minutes). With `--profile` the functions
that take longest are listed as well; those times include the profiler's own.

Not in it: what an adapter needs to read a real cloud's JSON.
"""

import argparse
import asyncio
import cProfile
import inspect
import pstats
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bench import crowds, tables
from bench.tables import Line
from bench.told import Told, ToldCompute, ToldNetwork, Watch
from cloud_app.bootstrap import Portal
from cloud_app.db import Database
from cloud_app.gateways.protocols import Cloud
from cloud_app.loops import sightings
from cloud_app.loops.sightings import Sightings
from cloud_app.models import machines
from cloud_app.models.clouds import CloudRecord
from cloud_app.models.machines import MachineRecord

MOST_SECONDS = 5.0
"""The budget, at 10,000 machines."""
LARGE = 10_000
MACHINES_PER_PROJECT = 5
CHANGED = 0.01
PARTS = ("lists", "reading", "writing")
TICK_SECONDS = 0.002


class TimedDatabase(Database):
    """The portal's database; notes how long its write transactions take."""

    def __init__(self, url: str, watch: Watch) -> None:
        super().__init__(url)
        self._watch = watch

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncSession]:
        began = perf_counter()
        async with super().begin() as session:
            yield session
        self._watch.add("writing", began)


@contextmanager
def reading_timed(watch: Watch) -> Generator[None]:
    """Note how long the questions take that a look asks of the table of machines."""

    def timed(ask: Callable[..., Any]) -> Callable[..., Any]:
        async def asked(*args: Any, **named: Any) -> Any:
            began = perf_counter()
            try:
                return await ask(*args, **named)
            finally:
                watch.add("reading", began)

        return asked

    plain = {
        name: value
        for name, value in vars(sightings).items()
        if inspect.iscoroutinefunction(value) and value.__module__ == machines.__name__
    }
    assert plain
    for name, ask in plain.items():
        setattr(sightings, name, timed(ask))
    try:
        yield
    finally:
        for name, ask in plain.items():
            setattr(sightings, name, ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one look took, in seconds."""

    processor: float
    wall: float
    stall: float
    parts: Counter[str]

    @property
    def note(self) -> str:
        parts = [f"{part} {self.parts[part]:.2f}" for part in PARTS]
        parts.insert(2, f"comparing {self.wall - self.parts.total():.2f}")
        return f"wall {self.wall:.2f} ({', '.join(parts)}), longest stall {self.stall:.2f}"


async def longest_stall(over: asyncio.Event) -> float:
    """The longest that the event loop kept somebody waiting who wanted nothing from it."""
    longest, last = 0.0, perf_counter()
    while not over.is_set():
        await asyncio.sleep(TICK_SECONDS)
        now = perf_counter()
        longest, last = max(longest, now - last - TICK_SECONDS), now
    return longest


@dataclass
class Ground:
    """A database with machines at rest, and the looks that are taken of it."""

    looks: Sightings
    cloud: Cloud
    told: Told
    watch: Watch
    ids: list[str]

    async def look(self, *, whole: bool, changed: int) -> Taken:
        """One look, of this kind and with so many changes."""
        self.told.changed = []
        keys, self.ids = self.ids[:changed], self.ids[changed:]
        self.told.shut_down(keys)
        async with self.looks.db.begin() as session:
            row = await session.get_one(CloudRecord, self.cloud.id)
            row.swept_at = None if whole else datetime.now(UTC)
            row.cursor = datetime.now(UTC)
        self.watch.spent.clear()
        over = asyncio.Event()
        stall = asyncio.create_task(longest_stall(over))
        began, processor = perf_counter(), process_time()
        await self.looks.look(self.cloud)
        wall, processor = perf_counter() - began, process_time() - processor
        over.set()
        return Taken(
            processor=processor, wall=wall, stall=await stall, parts=self.watch.spent.copy()
        )


@asynccontextmanager
async def ground(count: int) -> AsyncGenerator[Ground]:
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        portal = crowds.a_portal(Path(folder))
        practice = await crowds.open_campus(portal)
        rows = await _machines(portal, practice, count)
        watch, told = Watch(), Told.about(rows)
        db = TimedDatabase(portal.settings.database_url, watch)
        world = crowds.world_of(practice)
        cloud = replace(
            practice,
            compute=ToldCompute(world=world, told=told, watch=watch),
            network=ToldNetwork(world=world, told=told),
        )
        looks = Sightings(db=db, hub=portal.hub, now=lambda: datetime.now(UTC), holder="bench")
        with reading_timed(watch):
            yield Ground(looks, cloud, told, watch, [row.id for row in rows])
        await db.close()
        await portal.db.close()


async def _machines(portal: Portal, cloud: Cloud, count: int) -> list[MachineRecord]:
    owner = await crowds.a_visitor(portal, "owner")
    on = await crowds.ground(portal, cloud, owner.actor)
    projects = await crowds.projects_beside(portal, -(-count // MACHINES_PER_PROJECT))
    return await crowds.machines_at_rest(portal, on, projects, count)


async def measured(count: int, times: int) -> list[Line]:
    """Take looks of each kind and keep the quickest: the others had to share the machine."""
    lines: list[Line] = []
    async with ground(count) as here:
        for kind, whole in (("what changed", False), ("everything", True)):
            for changed in (0, max(1, int(count * CHANGED))):
                looks = [await here.look(whole=whole, changed=changed) for _ in range(times)]
                best = min(looks, key=lambda look: look.processor)
                lines.append(
                    Line(
                        what=f"{count:,} machines, {kind}, {changed} changed",
                        value=best.processor,
                        unit="s",
                        most=MOST_SECONDS if count >= LARGE else None,
                        note=best.note,
                    )
                )
    return lines


async def profiled(count: int) -> None:
    """List what takes longest in a look at everything with 1 % changed."""
    async with ground(count) as here:
        await here.look(whole=True, changed=0)
        profile = cProfile.Profile()
        profile.enable()
        await here.look(whole=True, changed=int(count * CHANGED))
        profile.disable()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(30)


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fast_pass")
    parser.add_argument("--machines", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args(argv)
    lines = [line for count in given.machines for line in await measured(count, given.times)]
    tables.show("Own time of one look at a cloud", lines)
    if given.profile:
        await profiled(max(given.machines))


if __name__ == "__main__":
    asyncio.run(main())
