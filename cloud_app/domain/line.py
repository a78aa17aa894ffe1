"""Whose machine is built next, when a cloud builds only so many at once.

Turns go round over the projects, the oldest order of each first: somebody who
orders forty machines waits for forty turns, and nobody else for theirs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A machine that was ordered and not begun."""

    machine_id: str
    project_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a waiting machine stands."""

    ahead: int
    """So many machines are begun before it."""
    wait: timedelta | None
    """About how long until it is begun; None when nothing was built here lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The machines of one cloud that wait, in turn, and what goes on meanwhile."""

    waiting: Sequence[Waiting]
    building: int
    usual: timedelta | None
    """How long a build took lately."""

    def begun_next(self, most: int) -> Sequence[str]:
        """Ids of those that may begin now, when `most` may be built at once."""
        return [one.machine_id for one in self.waiting[: max(0, most - self.building)]]

    def places(self, most: int) -> Mapping[str, Mapping[str, Place]]:
        """The places of those that may not begin yet, by project and machine."""
        places: dict[str, dict[str, Place]] = {}
        for ahead, one in enumerate(self.waiting[max(0, most - self.building) :]):
            wait = self.usual * (ahead + 1) / most if self.usual else None
            places.setdefault(one.project_id, {})[one.machine_id] = Place(ahead=ahead, wait=wait)
        return places


def in_turn(waiting: Iterable[Waiting], building: Mapping[str, int]) -> Sequence[Waiting]:
    """Round by round: first the projects of which nothing is built yet, then the next ones.

    `building` tells how many machines of each project are being built.
    """
    rounds = Counter(building)
    turns: list[tuple[int, datetime, str, Waiting]] = []
    for one in sorted(waiting, key=lambda one: (one.since, one.machine_id)):
        turns.append((rounds[one.project_id], one.since, one.machine_id, one))
        rounds[one.project_id] += 1
    return [one for *_, one in sorted(turns, key=lambda turn: turn[:3])]
