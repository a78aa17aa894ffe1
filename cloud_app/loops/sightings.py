"""Sees what is in a cloud, all of it at once, and writes down what changed.

One pass asks a cloud three questions whatever the number of machines: servers,
ports, addresses. One that is not answered leaves what it would have told as it was,
and the others count. What a look changes is decided in domain/sightings.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import PortalError
from cloud_app.domain.machine_rules import LOOKS_THAT_PROVE_ABSENCE, Step, next_step
from cloud_app.domain.machines import Power, SeenAddress, SeenPort, SeenServer
from cloud_app.domain.sightings import Known, Look, in_doubt, network_in_doubt, see
from cloud_app.gateways.protocols import Cloud, Sweep
from cloud_app.hub import CLOUDS, Hub, project_topic
from cloud_app.loops.orphans import clear_away, keys_in
from cloud_app.loops.outside import OutsideServers, Recorded
from cloud_app.loops.work import Overtaken
from cloud_app.models.base import HELD
from cloud_app.models.clouds import CloudRecord
from cloud_app.models.leaders import was_overtaken
from cloud_app.models.machine_work import hurry
from cloud_app.models.machines import MachineRecord, known_after
from cloud_app.models.projects import lock_project

Seen = TypeVar("Seen", SeenServer, SeenPort, SeenAddress)

LOOP = "machines"
"""The loop that looks: only its leader may write down what it saw."""
FULL_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(seconds=60)
"""How far before the newest change the next question starts: Nova's clock has whole seconds."""
MOST_PER_WRITE = 200
MOST_PER_PAGE = 500
MOST_ASKED = 20
"""Missing servers that one look asks for by id; the others wait for the next."""
COMPUTE, NETWORK = "compute", "network"


def look_of(
    began: datetime,
    servers: Sweep[SeenServer],
    ports: Sweep[SeenPort],
    addresses: Sweep[SeenAddress],
    before: Look | None = None,
) -> Look:
    """Sort the answers by the key of ours that they carry."""
    by_key: dict[str, list[SeenServer]] = defaultdict(list)
    deleted: dict[str, SeenServer] = {}
    for server in servers.items:
        if server.power is Power.DELETED:
            deleted[server.cloud_id] = server
        elif server.key is not None:
            by_key[server.key].append(server)
    return Look(
        began=began,
        whole=servers.complete,
        cursor=servers.cursor,
        servers=by_key,
        deleted=deleted,
        ports={port.cloud_id: port for port in ports.items},
        addresses={address.cloud_id: address for address in addresses.items},
        bound=_bound(addresses.items),
        network_whole=ports.complete and addresses.complete,
        before=None if before is None else replace(before, before=None),
    )


def _bound(addresses: Sequence[SeenAddress]) -> Mapping[str, SeenAddress]:
    """By port; where several are bound to one, ours is the one to show."""
    foreign_first = sorted(addresses, key=lambda one: (one.key is not None, one.cloud_id))
    return {one.port_id: one for one in foreign_first if one.port_id is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    db: Database
    hub: Hub
    now: Callable[[], datetime]
    holder: str
    _before: dict[str, Look] = field(default_factory=dict[str, Look])
    """The last look at each cloud, in this process."""

    async def look(self, cloud: Cloud) -> bool:
        """One pass over one cloud; tell whether it told its servers.

        What does not answer is marked silent. Raises Overtaken, having written nothing
        more, when another process leads by now.
        """
        async with self.db.read() as session:
            row = await session.get_one(CloudRecord, cloud.id)
        began = self.now()
        whole = row.swept_at is None or row.cursor is None or began - row.swept_at >= FULL_EVERY
        since = None if whole or row.cursor is None else row.cursor - OVERLAP
        servers, ports, addresses = await asyncio.gather(
            _answer(COMPUTE, cloud.compute.servers(since)),
            _answer(NETWORK, cloud.network.ports()),
            _answer(NETWORK, cloud.network.addresses()),
        )
        answered = _Answered(servers[1], ports[1] or addresses[1])
        look = look_of(began, servers[0], ports[0], addresses[0], self._before.get(cloud.id))
        self._before[cloud.id] = look
        missed, recorded = await self._remember(cloud, look)
        outside = OutsideServers(db=self.db, hub=self.hub)
        await outside.remember(cloud, servers[0], recorded, self._require_lead)
        await self._say_so(cloud.id, look, answered, missed=missed)
        return answered.servers is None

    async def _remember(self, cloud: Cloud, look: Look) -> tuple[bool, Recorded]:
        """Write down what changed; tell whether a machine was missing from a whole list.

        Answer too which server is recorded for each key.
        """
        news: list[str] = []
        doubts: list[Known] = []
        loose: list[Known] = []
        over = keys_in(look)
        recorded: dict[str, str | None] = {}
        page = await self._page(cloud.id, "")
        while page:
            # A page at a time: whoever clicks meanwhile is answered in between.
            seen = [(known, see(known, look)) for known in page]
            news += [known.id for known, after in seen if after != known]
            recorded |= {after.id: after.server_id for _, after in seen}
            doubts += [known for known in page if in_doubt(known, look)]
            loose += [known for known in page if network_in_doubt(known, look)]
            over.difference_update(known.id for known in page if not known.released)
            page = await self._page(cloud.id, page[-1].id)
        if doubts:
            look = await _asked_for(cloud, look, doubts[:MOST_ASKED])
            news += [known.id for known in doubts]
        if loose:
            loose = loose[:MOST_ASKED]
            look = await _asked_network(cloud, look, loose)
            news += [known.id for known in loose]
        missed = False
        for start in range(0, len(news), MOST_PER_WRITE):
            missed |= await self._write(news[start : start + MOST_PER_WRITE], look)
        await self._clear_away(sorted(over), look)
        return missed, recorded

    async def _page(self, cloud_id: str, after: str) -> Sequence[Known]:
        async with self.db.read() as session:
            return await known_after(session, cloud_id, after, MOST_PER_PAGE)

    async def _write(self, ids: Sequence[str], look: Look) -> bool:
        missed = False
        async with self.db.begin() as session:
            by_project: dict[str, list[MachineRecord]] = defaultdict(list)
            await self._require_lead(session)
            for machine_id in sorted(set(ids)):
                row = await session.get_one(MachineRecord, machine_id, with_for_update=True)
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

    async def _clear_away(self, keys: Sequence[str], look: Look) -> None:
        for start in range(0, len(keys), MOST_PER_WRITE):
            async with self.db.begin() as session:
                await self._require_lead(session)
                await clear_away(session, look, keys[start : start + MOST_PER_WRITE], self.now())

    async def _require_lead(self, session: AsyncSession) -> None:
        if await was_overtaken(session, LOOP, self.holder):
            raise Overtaken()

    def _after_news(self, row: MachineRecord) -> None:
        now = self.now()
        row.say_state(now)
        if row.settled and next_step(row.facts(), now) is not Step.REST:
            row.settled, row.next_try_at = False, now

    async def _say_so(
        self, cloud_id: str, look: Look, answered: "_Answered", *, missed: bool
    ) -> None:
        """Write down which service answered, and since when one does not."""
        async with self.db.begin() as session:
            await self._require_lead(session)
            row = await session.get_one(CloudRecord, cloud_id, with_for_update=HELD)
            if answered.servers is None:
                row.answered_at = look.began
            if answered.network is None:
                row.addresses_at = look.began
            row.cursor = max(filter(None, (row.cursor, look.cursor)), default=None)
            if look.whole:
                # A miss is looked into at once, not in five minutes.
                row.swept_at = None if missed else look.began
            problem = answered.servers or answered.network
            before = (row.problem, row.silent_service)
            row.problem = problem.key if problem else ""
            row.silent_service = problem.service if problem else None
            if (row.problem, row.silent_service) == before:
                return
            if problem is None:
                await hurry(session, cloud_id, self.now())
            known_at = row.answered_at if answered.servers else row.addresses_at
            row.silent_since = (known_at or self.now()) if problem else None
            after_commit(session, lambda: self.hub.publish(CLOUDS))


@dataclass(frozen=True, slots=True)
class _Answered:
    """What was wrong with the answers to one look; None where nothing was."""

    servers: PortalError | None
    network: PortalError | None


async def _answer(
    service: str, question: Awaitable[Sweep[Seen]]
) -> tuple[Sweep[Seen], PortalError | None]:
    """The answer, or nothing and why."""
    try:
        return await question, None
    except PortalError as error:
        error.service = error.service or service
        nothing: Sweep[Seen] = Sweep(items=[], complete=False)
        return nothing, error


async def _asked_for(cloud: Cloud, look: Look, doubts: Sequence[Known]) -> Look:
    """Ask for each missing server itself: a list may be cut, filtered or old.

    What does not answer now stays as it was.
    """
    servers: dict[str, Sequence[SeenServer]] = dict(look.servers)
    proven: set[str] = set()
    for known in doubts:
        try:
            found = await cloud.compute.server(known.server_id or "")
        except PortalError:
            continue
        if found is None:
            proven.add(known.id)
        else:
            servers[known.id] = [found]
    return replace(look, servers=servers, proven=proven)


async def _asked_network(cloud: Cloud, look: Look, loose: Sequence[Known]) -> Look:
    """Ask for each missing port, and the address that it had, in the same way."""
    ports, addresses, bound = dict(look.ports), dict(look.addresses), dict(look.bound)
    asked: set[str | None] = set()
    for known in loose:
        try:
            port = await cloud.network.port(known.port_id or "")
            given = known.address_id
            address = None if given is None else await cloud.network.address(given)
        except PortalError:
            continue
        asked |= {known.port_id, given}
        if port is not None:
            ports[port.cloud_id] = port
        if address is not None:
            addresses[address.cloud_id] = address
            if address.port_id is not None:
                bound.setdefault(address.port_id, address)
    return replace(look, ports=ports, addresses=addresses, bound=bound, asked=asked)
