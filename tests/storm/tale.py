"""One story of random work and random deaths, told by a seed."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from sqlmodel import select

from cloud_app.db import Database
from cloud_app.domain.machines import Wanted
from cloud_app.models.audit import AuditRecord
from cloud_app.models.machines import MachineRecord
from tests.storm import victims
from tests.storm.storm import rows_of
from tests.storm.victims import FORKS, Scene

VERBS = (
    "order", "order", "order", "stop", "start", "restart", "rename", "give_back", "give_back",
    "retry",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a story goes. Seconds are ours."""

    operations: int
    most: int
    """So many machines at once."""
    killed_asking: float
    """Share of the operations whose process is killed while it is asked."""
    killed_after: float
    """Share of the operations after which a process is killed."""
    request: float
    """An answer takes so long at most; the moment of a death is drawn from it."""
    pause: float
    """The time between two operations, likewise."""
    patience: float
    """In which everything settles once it is calm."""


class Victims:
    """The processes of one seed; whoever died is replaced."""

    def __init__(self, scene: Scene, *, apart: bool) -> None:
        self.scene, self.apart = scene, apart
        """Whether the loops run in a process of their own."""
        self.pipe, self.door = self._door()
        self.loops = victims.loops(scene) if apart else None

    def _door(self) -> tuple[Connection, ForkServerProcess]:
        ours, theirs = FORKS.Pipe()
        process = victims.door(self.scene, theirs, with_loops=not self.apart)
        theirs.close()
        return ours, process

    def mend(self) -> None:
        """Start anew whoever is dead."""
        if not self.door.is_alive():
            self.pipe.close()
            self.door.join()
            self.pipe, self.door = self._door()
        if self.loops and not self.loops.is_alive():
            self.loops.join()
            self.loops = victims.loops(self.scene)

    def kill(self, after: float, *, door: bool) -> None:
        """SIGKILL after so many seconds."""
        process = self.door if door or self.loops is None else self.loops
        wait([process.sentinel], after)
        process.kill()
        process.join()

    def ask(self, verb: str, given: dict[str, str], kill_after: float | None) -> tuple[str, str]:
        """The answer and the machine's id, or nothing if the process died before."""
        try:
            self.pipe.send((verb, given))
            if kill_after is not None:
                self.kill(kill_after, door=True)
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            return "", ""

    def end(self) -> None:
        for process in filter(None, (self.door, self.loops)):
            process.kill()
            process.join()
        self.pipe.close()


class Tale:
    """One seed as it goes; what was done is kept to be told when it ends badly."""

    def __init__(self, seed: int, scene: Scene, pace: Pace, *, apart: bool) -> None:
        self.dice, self.pace = random.Random(seed), pace
        self.db = Database(f"sqlite+aiosqlite:///{scene.var / 'madang.db'}")
        self.victims = Victims(scene, apart=apart)
        self.told: list[str] = []
        self.deaths = 0
        self.answered: Counter[tuple[str, str]] = Counter()
        self.unanswered: Counter[tuple[str, str]] = Counter()

    async def run(self, weather: Callable[[random.Random], str] = lambda _: "") -> None:
        """Ask and kill; `weather` changes between the operations, and says how."""
        for number in range(self.pace.operations):
            self.told += filter(None, [weather(self.dice)])
            await self._operation(number)
            self._death()
            self.victims.mend()

    async def _operation(self, number: int) -> None:
        verb = self.dice.choice(VERBS)
        rows = [row for row in await rows_of(self.db) if row.wanted is Wanted.HERE]
        if not rows:
            verb = "order"
        elif verb == "order" and len(rows) >= self.pace.most:
            verb = "give_back"
        row = self.dice.choice(rows) if verb != "order" else None
        given = {"name": f"pc-{number}", "id": row.id if row else ""}
        killed = self.dice.random() < self.pace.killed_asking
        after = self.dice.uniform(0, self.pace.request) if killed else None
        self.deaths += killed
        self.ask(verb, given, after)

    def ask(self, verb: str, given: dict[str, str], kill_after: float | None = None) -> None:
        """Ask for one thing, and remember what was answered."""
        answer, machine_id = self.victims.ask(verb, given, kill_after)
        self.told.append(f"{verb} {given.get('name')} {given['id'][:6]}: {answer or 'killed'}")
        if answer == "done":
            self.answered[verb, machine_id] += 1
        elif not answer:
            self.unanswered[verb, given["id"]] += 1

    def _death(self) -> None:
        after = self.dice.uniform(0, self.pace.pause)
        if self.dice.random() < self.pace.killed_after:
            self.deaths += 1
            self.told.append(f"kill after {after:.6f}")
            self.victims.kill(after, door=self.dice.random() < 0.3)
        else:
            wait([self.victims.door.sentinel], after)

    async def until(self, calm: Callable[[Sequence[MachineRecord]], bool]) -> None:
        """Let everybody live until all rows are as they should be."""
        ends = time.monotonic() + self.pace.patience
        while not calm(rows := await rows_of(self.db)):
            assert time.monotonic() < ends, rows
            self.victims.mend()
            wait([self.victims.door.sentinel], 0.05)

    async def check_answers(self, rows: Sequence[MachineRecord]) -> None:
        """Whatever was answered happened once, and whatever was not at most once."""
        async with self.db.read() as session:
            trail = (await session.exec(select(AuditRecord))).all()
        written = Counter((line.what, line.object_id) for line in trail)
        asked_for = self.answered.keys() | self.unanswered.keys() - {("order", "")}
        for asked in asked_for:
            least = self.answered[asked]
            assert least <= written[asked] <= least + self.unanswered[asked], asked
        ordered = {row.id: written["order", row.id] for row in rows}
        assert set(ordered.values()) <= {1}, ordered
        unknown = len(ordered.keys() - {what for _, what in self.answered})
        assert unknown <= self.unanswered["order", ""], ordered

    async def close(self) -> None:
        self.victims.end()
        await self.db.close()
