"""Sees what is in a cloud, all of it at once, and writes down what changed.

One pass asks a cloud three questions whatever the number of machines: servers,
ports, addresses. What a look changes is decided in domain/sightings.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import PortalError
from cloud_app.domain.machine_rules import LOOKS_THAT_PROVE_ABSENCE, Step, next_step
from cloud_app.domain.machines import SeenAddress, SeenPort, SeenServer
from cloud_app.domain.sightings import Known, Look, see
from cloud_app.gateways.protocols import Cloud, Sweep
from cloud_app.hub import CLOUDS, Hub, project_topic
from cloud_app.models.clouds import CloudRecord
from cloud_app.models.machines import MachineRecord, known_after
from cloud_app.models.projects import lock_project

FULL_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(seconds=60)
"""How far before the newest change the next question starts: Nova's clock has whole seconds."""
MOST_PER_WRITE = 200
MOST_PER_PAGE = 500


def look_of(
    began: datetime,
    servers: Sweep[SeenServer],
    ports: Sweep[SeenPort],
    addresses: Sweep[SeenAddress],
) -> Look:
    """Sort the answers by the key of ours that they carry."""
    by_key: dict[str, list[SeenServer]] = defaultdict(list)
    for server in servers.items:
        if server.key is not None:
            by_key[server.key].append(server)
    return Look(
        began=began,
        whole=servers.complete,
        cursor=servers.cursor,
        servers=by_key,
        ports={port.cloud_id: port for port in ports.items},
        addresses={address.cloud_id: address for address in addresses.items},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    db: Database
    hub: Hub
    now: Callable[[], datetime]

    async def look(self, cloud: Cloud) -> None:
        """One pass over one cloud. A cloud that does not answer is marked silent."""
        async with self.db.read() as session:
            row = await session.get_one(CloudRecord, cloud.id)
        began = self.now()
        whole = row.swept_at is None or row.cursor is None or began - row.swept_at >= FULL_EVERY
        since = None if whole or row.cursor is None else row.cursor - OVERLAP
        try:
            servers, ports, addresses = await asyncio.gather(
                cloud.compute.servers(since), cloud.network.ports(), cloud.network.addresses()
            )
        except PortalError as error:
            await self._silent(cloud.id, error)
            return
        look = look_of(began, servers, ports, addresses)
        missed = await self._remember(cloud.id, look)
        await self._answered(cloud.id, look, missed=missed)

    async def _remember(self, cloud_id: str, look: Look) -> bool:
        """Write down what changed; tell whether a machine was missing from a whole list."""
        news: list[str] = []
        page = await self._page(cloud_id, "")
        while page:
            # A page at a time: whoever clicks meanwhile is answered in between.
            news += [known.id for known in page if see(known, look) != known]
            page = await self._page(cloud_id, page[-1].id)
        missed = False
        for start in range(0, len(news), MOST_PER_WRITE):
            missed |= await self._write(news[start : start + MOST_PER_WRITE], look)
        return missed

    async def _page(self, cloud_id: str, after: str) -> Sequence[Known]:
        async with self.db.read() as session:
            return await known_after(session, cloud_id, after, MOST_PER_PAGE)

    async def _write(self, ids: Sequence[str], look: Look) -> bool:
        missed = False
        async with self.db.begin() as session:
            by_project: dict[str, list[MachineRecord]] = defaultdict(list)
            for machine_id in ids:
                row = await session.get_one(MachineRecord, machine_id)
                by_project[row.project_id].append(row)
            for project_id, rows in sorted(by_project.items()):
                version = await lock_project(session, project_id)
                for row in rows:
                    if row.gone_at is None:
                        row.learn(see(row.known(), look))
                        missed |= 0 < row.looks < LOOKS_THAT_PROVE_ABSENCE
                        self._after_news(row)
                topic = project_topic(project_id)
                after_commit(session, lambda t=topic, v=version: self.hub.publish(t, v))
        return missed

    def _after_news(self, row: MachineRecord) -> None:
        now = self.now()
        row.say_state(now)
        if row.settled and next_step(row.facts(), now) is not Step.REST:
            row.settled, row.next_try_at = False, now

    async def _answered(self, cloud_id: str, look: Look, *, missed: bool) -> None:
        async with self.db.begin() as session:
            row = await session.get_one(CloudRecord, cloud_id)
            if row.silent_since or row.problem:
                row.silent_since, row.problem = None, ""
                after_commit(session, lambda: self.hub.publish(CLOUDS))
            row.answered_at = look.began
            row.cursor = max(filter(None, (row.cursor, look.cursor)), default=None)
            if look.whole:
                # A miss is looked into at once, not in five minutes.
                row.swept_at = None if missed else look.began

    async def _silent(self, cloud_id: str, error: PortalError) -> None:
        async with self.db.begin() as session:
            row = await session.get_one(CloudRecord, cloud_id)
            if row.problem != error.key:
                row.problem = error.key
                row.silent_since = row.silent_since or row.answered_at or self.now()
                after_commit(session, lambda: self.hub.publish(CLOUDS))
