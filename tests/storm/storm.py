"""A campus in a storm: processes come and go over one database and one practice cloud.

The list of what can be done to it is longer than ten because so much can happen.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import col, delete, select

from cloud_app.db import Database
from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import SeenAddress, SeenPort, SeenServer
from cloud_app.domain.quotas import Amounts
from cloud_app.gateways.simulator import networks, servers
from cloud_app.gateways.simulator.world import World
from cloud_app.models.leaders import LeaderRecord
from cloud_app.models.machine_amounts import used_amounts
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import ProjectRecord
from cloud_app.services.orders import allowed_amounts
from tests.make import Clock, own_project
from tests.storm.inline import a_loop, without_threads
from tests.storm.process import DEADLINE, Process, Wire, quiet

T = TypeVar("T")
MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory; elsewhere the usual folder for temporary files serves."""
PASSES_TO_SETTLE = 240


@dataclass(frozen=True)
class Template:
    """What every storm starts from: a database with a site and one student."""

    file: Path
    student: Actor


@dataclass(frozen=True)
class Holdings:
    """The cloud's own lists, without any misfortune."""

    servers: Sequence[SeenServer]
    ports: Sequence[SeenPort]
    addresses: Sequence[SeenAddress]


async def rows_of(db: Database) -> Sequence[MachineRecord]:
    async with db.read() as session:
        query = select(MachineRecord).order_by(col(MachineRecord.created_at))
        return (await session.exec(query)).all()


def holdings_of(world: World) -> Holdings:
    with world.begin() as tx:
        return Holdings(
            servers=servers.sweep(tx, None).items,
            ports=networks.all_ports(tx).items,
            addresses=networks.all_addresses(tx).items,
        )


class Storm:
    """One database, one cloud, the leading process and those it has overtaken."""

    def __init__(self, template: Template) -> None:
        self.loop = a_loop()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.var = Path(self.folder.name)
        shutil.copy(template.file, self.var / "madang.db")
        # Ids are random, and decide what a lying list leaves out.
        self._urandom, os.urandom = os.urandom, random.Random(0).randbytes
        self.clock, self.student = Clock(), template.student
        self.wire = Wire(self.var / "practice.db", Clock())
        self.db = Database(f"sqlite+aiosqlite:///{self.var / 'madang.db'}")
        without_threads(self.db)
        self.world = World(self.wire.file, self.wire.clock)
        self.stale: list[Process] = []
        """Processes that were overtaken and do not know it."""
        self.process = self._start()
        self.run(self.process.portal.catalog_loop.once())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def ask(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What a person asks; None when the process dies before it has answered."""
        try:
            return self.run(work)
        except asyncio.CancelledError:
            self.kill()
            return None

    def _start(self) -> Process:
        """Start a process that finds the lead free: its holder ended, or was silent for long."""
        self.run(self._free_lead())
        process = Process(self.var, self.clock, self.wire)
        self.run(process.take_a_pass())
        return process

    async def _free_lead(self) -> None:
        async with self.db.begin() as session:
            await session.exec(delete(LeaderRecord))

    def kill(self) -> None:
        """The leading process dies, and another takes over."""
        self.run(self.process.end())
        self.process = self._start()

    def overtake(self) -> None:
        """Another process takes the lead while the first still lives."""
        self.stale.append(self.process)
        self.process = self._start()

    def bury(self) -> None:
        """Whoever lost the lead notices at last, and ends."""
        for process in self.stale:
            self.run(process.end())
        self.stale.clear()

    def turn(self, seconds: float, times: int = 1) -> None:
        """Let time pass, and every process do what it believes to be due."""
        for _ in range(times):
            self.pass_time(seconds)
            self.run(self._all_pass())
            if self.process.dead:
                self.kill()

    async def _all_pass(self) -> None:
        for process in (*self.stale, self.process):
            try:
                await process.take_a_pass()
            except asyncio.CancelledError:
                assert process.dead
        await quiet()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.wire.clock.advance(seconds)
        self.wire.deliver(self.world)
        for process in (*self.stale, self.process):
            process.wake(self.cloud_seconds(), after=DEADLINE)

    def cloud_seconds(self) -> float:
        return self.wire.clock().timestamp()

    def wake(self) -> None:
        """Whatever got no answer gets it now."""
        for process in (*self.stale, self.process):
            process.wake(self.cloud_seconds())
        self.run(quiet())

    def calm(self) -> None:
        """End every misfortune that can end."""
        self.world.relieve()
        self.wire.lose = None
        for process in (*self.stale, self.process):
            process.calls_left = process.deeds_left = None
        self.wake()
        self.bury()

    def settle(self) -> None:
        """Let passes go by until nothing is left to do; fail when that never comes."""
        for number in range(PASSES_TO_SETTLE):
            self.turn(2.0 if number < PASSES_TO_SETTLE / 2 else 30.0)
            if not self.wire.late and all(row.settled for row in self.rows()):
                break
        # Two whole looks at a quiet cloud: what nobody asked about is noticed too.
        for _ in range(4):
            self.turn(320.0)

    def rows(self) -> Sequence[MachineRecord]:
        return self.run(rows_of(self.db))

    def used_and_allowed(self) -> tuple[Amounts, Amounts]:
        return self.run(self._used_and_allowed())

    async def _used_and_allowed(self) -> tuple[Amounts, Amounts]:
        project_id = own_project(self.student)
        async with self.db.read() as session:
            project = await session.get_one(ProjectRecord, project_id)
            return await used_amounts(session, project_id), allowed_amounts(project)

    def holdings(self) -> Holdings:
        return holdings_of(self.world)

    def close(self) -> None:
        for process in (*self.stale, self.process):
            self.run(process.end())
        self.run(self.db.close())
        self.world.close()
        self.loop.close()
        self.folder.cleanup()
        os.urandom = self._urandom
