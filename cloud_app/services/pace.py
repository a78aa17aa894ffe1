"""How fast one account may go: so many deeds a minute, all of them at once if need be.

One moment per account is kept: when all it has used will be its again. It says
how many are left, and how long to wait for the next one. Each process counts
for itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from cloud_app.domain.errors import TooMany
from cloud_app.settings import Settings

WINDOW = timedelta(minutes=1)
MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What somebody has left of a minute's worth."""

    most: int
    remaining: int
    seconds: int
    """Until all of it is there again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    now: Callable[[], datetime]
    most: int
    """So many a minute."""
    _full_at: dict[str, datetime] = field(default_factory=dict[str, datetime], repr=False)

    def spend(self, who: str) -> Left:
        """Count one; TooMany with the seconds to wait when there is none left."""
        now, each = self.now(), WINDOW / self.most
        full_at = max(self._full_at.get(who, now), now) + each
        if full_at - now > WINDOW:
            raise TooMany(seconds=_whole(full_at - now - WINDOW))
        if who not in self._full_at and len(self._full_at) >= MOST_KNOWN:
            self._forget(now)
        self._full_at[who] = full_at
        used = full_at - now
        return Left(most=self.most, remaining=(WINDOW - used) // each, seconds=_whole(used))

    def _forget(self, now: datetime) -> None:
        for who in [who for who, full_at in self._full_at.items() if full_at <= now]:
            del self._full_at[who]


STRANGERS_PER_MINUTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """What is counted."""

    changes: Pace
    """Orders and changes, through whichever door, by account."""
    requests: Pace
    """Requests to the REST API, by account."""
    strangers: Pace
    """Requests with a token that is nobody's, by address: a whole class may sit behind one."""

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], datetime]) -> Self:
        return cls(
            changes=Pace(now=now, most=settings.changes_per_minute),
            requests=Pace(now=now, most=settings.requests_per_minute),
            strangers=Pace(now=now, most=STRANGERS_PER_MINUTE),
        )


def _whole(span: timedelta) -> int:
    """Seconds, rounded up."""
    return max(1, -(-span // timedelta(seconds=1)))
