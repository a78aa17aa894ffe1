"""What open pages follow: read once for all of them after each change.

A project can be open in two hundred tabs, and one change wakes them all. Each
is asked anew who is looking; the rows are read once for as long as the hub's
numbers stand still. As-of times move without a word to the hub, so an answer
is never older than `FRESH` either.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from async_lru import alru_cache

from cloud_app.db import Database
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.errors import NotFound
from cloud_app.domain.line import Place
from cloud_app.domain.machines import Machine
from cloud_app.domain.quotas import Usage
from cloud_app.hub import CLOUDS, LINE, Hub, project_topic
from cloud_app.models.clouds import all_clouds
from cloud_app.models.machine_line import line_in
from cloud_app.services.machines import machines_in
from cloud_app.services.orders import usage_in

FRESH = 2.0
"""Seconds."""
MOST_KEPT = 500

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """One answer per key, for all who ask before anything changes."""

    def __init__(self, hub: Hub, read: Callable[[str], Awaitable[Answer]]) -> None:
        async def at(key: str, _now: Sequence[int]) -> Answer:
            return await read(key)

        self._hub = hub
        self._read = alru_cache(maxsize=MOST_KEPT, ttl=FRESH)(at)

    async def of(self, key: str, *topics: str) -> Answer:
        # The numbers are read before the rows: an answer is never kept under a later one.
        return await self._read(key, tuple(self._hub.version(topic) for topic in topics))


class Following:
    """The reads of pages that follow a project."""

    def __init__(self, db: Database, hub: Hub, *, built_at_once: int) -> None:
        self._db = db
        self.most = built_at_once
        self._machines = Shared(hub, self._read_machines)
        self._usage = Shared(hub, self._read_usage)
        self._places = Shared(hub, self._read_places)

    async def machines(self, actor: Actor, project_id: str) -> Sequence[Machine]:
        """The project's machines, newest first; the very same list for everybody meanwhile."""
        _require(actor, project_id)
        return await self._machines.of(project_id, project_topic(project_id), CLOUDS)

    async def usage(self, actor: Actor, project_id: str) -> Usage:
        """What the project's machines take, and what they may."""
        _require(actor, project_id)
        return await self._usage.of(project_id, project_topic(project_id))

    async def places(self, actor: Actor, project_id: str) -> Mapping[str, Place]:
        """Where the project's waiting machines stand, by machine."""
        _require(actor, project_id)
        return (await self._places.of("", LINE)).get(project_id, {})

    async def _read_machines(self, project_id: str) -> Sequence[Machine]:
        async with self._db.read() as session:
            return await machines_in(session, project_id)

    async def _read_usage(self, project_id: str) -> Usage:
        async with self._db.read() as session:
            return await usage_in(session, project_id)

    async def _read_places(self, _key: str) -> Mapping[str, Mapping[str, Place]]:
        places: dict[str, Mapping[str, Place]] = {}
        async with self._db.read() as session:
            for cloud in await all_clouds(session):
                line = await line_in(session, cloud.id)
                for project_id, some in line.places(self.most).items():
                    places[project_id] = {**places.get(project_id, {}), **some}
        return places


def _require(actor: Actor, project_id: str) -> None:
    # A project that the actor cannot even see does not exist for them.
    if not actor.may(Action.SEE_MACHINES, project_id):
        raise NotFound()
