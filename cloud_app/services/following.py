"""What open pages follow: read once for all of them after each change.

A project can be open in two hundred tabs, and one change wakes them all. Each
is asked anew who is looking; the rows are read once for as long as the hub's
numbers stand still. As-of times move without a word to the hub, so an answer
is never older than `FRESH` either.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from async_lru import alru_cache

from cloud_app.db import Database
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.errors import NotFound
from cloud_app.domain.machines import Machine
from cloud_app.domain.quotas import Usage
from cloud_app.hub import CLOUDS, Hub, project_topic
from cloud_app.services.machines import machines_in
from cloud_app.services.orders import usage_in

FRESH = 2.0
"""Seconds."""
MOST_KEPT = 500

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """One answer per project, for all who ask before anything changes."""

    def __init__(self, hub: Hub, read: Callable[[str], Awaitable[Answer]]) -> None:
        async def at(project_id: str, _now: Sequence[int]) -> Answer:
            return await read(project_id)

        self._hub = hub
        self._read = alru_cache(maxsize=MOST_KEPT, ttl=FRESH)(at)

    async def of(self, project_id: str) -> Answer:
        # The numbers are read before the rows: an answer is never kept under a later one.
        now = (self._hub.version(project_topic(project_id)), self._hub.version(CLOUDS))
        return await self._read(project_id, now)


class Following:
    """The reads of pages that follow a project."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db = db
        self._machines = Shared(hub, self._read_machines)
        self._usage = Shared(hub, self._read_usage)

    async def machines(self, actor: Actor, project_id: str) -> Sequence[Machine]:
        """The project's machines, newest first; the very same list for everybody meanwhile."""
        _require(actor, project_id)
        return await self._machines.of(project_id)

    async def usage(self, actor: Actor, project_id: str) -> Usage:
        """What the project's machines take, and what they may."""
        _require(actor, project_id)
        return await self._usage.of(project_id)

    async def _read_machines(self, project_id: str) -> Sequence[Machine]:
        async with self._db.read() as session:
            return await machines_in(session, project_id)

    async def _read_usage(self, project_id: str) -> Usage:
        async with self._db.read() as session:
            return await usage_in(session, project_id)


def _require(actor: Actor, project_id: str) -> None:
    # A project that the actor cannot even see does not exist for them.
    if not actor.may(Action.SEE_MACHINES, project_id):
        raise NotFound()
