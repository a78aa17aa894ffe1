"""Lets waiting machines begin when their cloud has a free place, in turn.

A place in line is never written down: it follows from what waits and what is
being built, whenever somebody looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cloud_app.db import Database
from cloud_app.domain.line import Line
from cloud_app.domain.machine_rules import BUILD_DEADLINE
from cloud_app.hub import LINE, Hub
from cloud_app.models.clouds import CloudRecord
from cloud_app.models.machine_line import begin, line_in

TELL_EVERY = timedelta(seconds=1)
"""Each step of the line moves everybody's place: pages hear of it no more often."""


@dataclass(slots=True, kw_only=True)
class Turns:
    db: Database
    hub: Hub
    now: Callable[[], datetime]
    most: int
    """So many machines are built at once in one cloud."""
    _told: dict[str, tuple[datetime, Sequence[str]]] = field(
        default_factory=dict[str, tuple[datetime, Sequence[str]]]
    )

    async def give(self, cloud_id: str) -> None:
        """Begin those whose turn it is, and tell the pages of those that wait."""
        async with self.db.read() as session:
            line = await line_in(session, cloud_id)
        if line.begun_next(self.most):
            line = await self._begin(cloud_id)
        self._tell(cloud_id, [one.machine_id for one in line.waiting])

    async def _begin(self, cloud_id: str) -> Line:
        async with self.db.begin() as session:
            # Whoever else leads by mistake waits here, and then counts these as begun.
            await session.get_one(CloudRecord, cloud_id, with_for_update=True)
            line = await line_in(session, cloud_id)
            ids = line.begun_next(self.most)
            await begin(session, ids, self.now(), BUILD_DEADLINE)
        return replace(line, waiting=line.waiting[len(ids) :])

    def _tell(self, cloud_id: str, waiting: Sequence[str]) -> None:
        told_at, told = self._told.get(cloud_id, (None, []))
        now = self.now()
        if waiting == told or (told_at is not None and now - told_at < TELL_EVERY):
            return
        self._told[cloud_id] = (now, waiting)
        self.hub.publish(LINE)
