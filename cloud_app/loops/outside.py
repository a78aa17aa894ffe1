"""Counts what others made in our projects: servers without our key, or with one that is taken.

They are never touched. Each is written down when it is first seen or changes, and
forgotten when the cloud says that it is deleted, or when a whole list is without it
and asking for that very server says the same.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import PortalError
from cloud_app.domain.machines import Power, SeenServer
from cloud_app.gateways.protocols import Cloud, Sweep
from cloud_app.hub import Hub, project_topic
from cloud_app.models.outside import (
    OutsideRecord,
    forget_outside,
    outside_servers,
    write_outside,
)
from cloud_app.models.projects import homes_of, lock_project

log = logging.getLogger(__name__)
MOST_ASKED = 20
"""Missing servers that one look asks for by id; the others wait for the next."""
Fence = Callable[[AsyncSession], Awaitable[None]]
"""Raises Overtaken in a transaction of a process that no longer leads."""
Recorded = Mapping[str, str | None]
"""The machines of a cloud that are not gone: key to the server's id, None before it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideServers:
    db: Database
    hub: Hub

    async def remember(
        self, cloud: Cloud, servers: Sweep[SeenServer], recorded: Recorded, fence: Fence
    ) -> None:
        """Write down what changed."""
        strange = [one for one in servers.items if not _is_ours(one, recorded)]
        if not strange and not servers.complete:
            return
        async with self.db.read() as session:
            homes = await homes_of(session, cloud.id)
            known = await outside_servers(session, cloud.id)
        there = {
            one.cloud_id: one
            for one in strange
            if one.project_id in homes and one.power is not Power.DELETED
        }
        news = [
            one
            for one in there.values()
            # One on its way out may be a machine of ours that is gone since the list was begun.
            if _differs(known.get(one.cloud_id), one) and one.power is not Power.DELETING
        ]
        gone = await _gone(cloud, servers, known.keys(), there.keys())
        if not news and not gone:
            return
        touched = {one.project_id for one in news} | {known[one].cloud_project_id for one in gone}
        async with self.db.begin() as session:
            await fence(session)
            for project_id in sorted({homes[home] for home in touched if home in homes}):
                version = await lock_project(session, project_id)
                after_commit(session, self._tell(project_id, version))
            await write_outside(session, cloud.id, news)
            await forget_outside(session, cloud.id, gone)
        for one in news:
            if one.key in recorded and one.cloud_id not in known:
                log.error(
                    "key in two servers",
                    extra={"machine": one.key, "server": one.cloud_id, "cloud": cloud.id},
                )

    def _tell(self, project_id: str, version: int) -> Callable[[], None]:
        return lambda: self.hub.publish(project_topic(project_id), version)


async def _gone(
    cloud: Cloud, servers: Sweep[SeenServer], known: Collection[str], there: Collection[str]
) -> Sequence[str]:
    """Those that are deleted or became ours, and those missing from a whole list and from Nova."""
    told = {one.cloud_id for one in servers.items}
    gone = {one for one in known if one in told and one not in there}
    missing = sorted(set(known) - told) if servers.complete else []
    for server_id in missing[:MOST_ASKED]:
        with suppress(PortalError):
            if await cloud.compute.server(server_id) is None:
                gone.add(server_id)
    return sorted(gone)


def _is_ours(server: SeenServer, recorded: Recorded) -> bool:
    """The recorded server of its key; any while none is recorded, since it may become that."""
    if server.key is None or server.key not in recorded:
        return False
    return recorded[server.key] in (None, server.cloud_id)


def _differs(row: OutsideRecord | None, server: SeenServer) -> bool:
    return row is None or (row.vcpus, row.ram_mib) != (server.vcpus, server.ram_mib)
