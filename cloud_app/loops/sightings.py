"""Sees what is in a cloud, all of it at once, and writes down what changed.

One pass asks a cloud three questions whatever the number of machines: servers,
ports, addresses. Absence must be proven: by the cloud's own word that a server
is deleted, or by two whole lists in a row begun after our last write.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import PortalError
from cloud_app.domain.machine_rules import LOOKS_THAT_PROVE_ABSENCE, Step, next_step
from cloud_app.domain.machines import (
    Command,
    Power,
    Presence,
    SeenAddress,
    SeenPort,
    SeenServer,
)
from cloud_app.gateways.protocols import Cloud, Sweep
from cloud_app.hub import CLOUDS, Hub, project_topic
from cloud_app.loops import commands
from cloud_app.models.clouds import CloudRecord
from cloud_app.models.machines import MachineRecord, machines_on
from cloud_app.models.projects import lock_project

FULL_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(seconds=60)
"""How far before the newest change the next question starts: Nova's clock has whole seconds."""
MOST_PER_WRITE = 200
DONE: Mapping[Command, Power] = {
    Command.START: Power.ON,
    Command.STOP: Power.OFF,
    Command.RESTART: Power.ON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything one pass saw of one cloud."""

    began: datetime
    whole: bool
    """Whether the list of servers was complete, so that what is not in it may be gone."""
    cursor: datetime | None
    servers: Mapping[str, Sequence[SeenServer]]
    ports: Mapping[str, SeenPort]
    addresses: Mapping[str, SeenAddress]

    @classmethod
    def of(
        cls,
        began: datetime,
        servers: Sweep[SeenServer],
        ports: Sweep[SeenPort],
        addresses: Sweep[SeenAddress],
    ) -> Self:
        """Sort the answers by the key of ours that they carry."""
        by_key: dict[str, list[SeenServer]] = defaultdict(list)
        for server in servers.items:
            if server.key is not None:
                by_key[server.key].append(server)
        return cls(
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
        look = Look.of(began, servers, ports, addresses)
        missed = await self._remember(cloud.id, look)
        await self._answered(cloud.id, look, missed=missed)

    async def _remember(self, cloud_id: str, look: Look) -> bool:
        """Write down what changed; tell whether a machine was missing from a whole list."""
        async with self.db.read() as session:
            known = [row.id for row in await machines_on(session, cloud_id) if _news(row, look)]
        missed = False
        for start in range(0, len(known), MOST_PER_WRITE):
            missed |= await self._write(known[start : start + MOST_PER_WRITE], look)
        return missed

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
                        _see(row, look)
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


def _server_of(row: MachineRecord, mine: Sequence[SeenServer]) -> SeenServer | None:
    """Of the servers that carry the row's key the recorded one, else the oldest."""
    for server in mine:
        if server.cloud_id == row.server_id:
            return server
    alive = [server for server in mine if server.power is not Power.DELETED]
    return min(alive, key=lambda server: server.updated_at, default=None)


def _news(row: MachineRecord, look: Look) -> bool:
    """Whether `look` says anything about `row` that is not written down yet."""
    before = row.model_dump()
    copy = MachineRecord(**before)
    _see(copy, look)
    return copy.model_dump() != before


def _see(row: MachineRecord, look: Look) -> None:
    server = _server_of(row, look.servers.get(row.id, ()))
    if server is None:
        _see_nothing(row, look)
    elif server.power is Power.DELETED:
        row.presence, row.power = Presence.ABSENT, Power.DELETED
        row.raw_status = server.raw_status
    else:
        _see_server(row, server, look.began)
    _see_addresses(row, look)


def _see_nothing(row: MachineRecord, look: Look) -> None:
    asked = row.server_id is not None
    if not look.whole or not asked or row.touched_at >= look.began:
        return
    row.looks = min(row.looks + 1, LOOKS_THAT_PROVE_ABSENCE)
    if row.looks == LOOKS_THAT_PROVE_ABSENCE and row.presence is Presence.SEEN:
        row.presence, row.power = Presence.ABSENT, None


def _see_server(row: MachineRecord, server: SeenServer, began: datetime) -> None:
    row.presence, row.looks = Presence.SEEN, 0
    row.server_id = row.server_id or server.cloud_id
    row.power, row.raw_status = server.power, server.raw_status
    if server.power is Power.ON:
        row.built_at = row.built_at or began
    elif row.ready_at is not None:
        row.ready_at, row.answers = None, None
    if server.power is Power.FAILED:
        row.detail = server.fault
    sent = row.command_sent_at
    asked_and_answered = sent is not None and row.touched_at >= sent and began > row.touched_at
    if row.command and asked_and_answered and server.power is DONE[row.command]:
        commands.done(row)


def _see_addresses(row: MachineRecord, look: Look) -> None:
    port = look.ports.get(row.port_id or "")
    if port is not None:
        row.fixed_ip = port.fixed_ip
    address = look.addresses.get(row.address_id or "")
    if address is not None:
        row.address = address.address
