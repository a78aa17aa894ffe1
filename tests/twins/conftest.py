"""A site of several processes: portals without loops, workers, one PostgreSQL, one Redis."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud_app.bootstrap import Portal, build
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.world import World
from cloud_app.loops.sightings import LOOP
from cloud_app.models.leaders import leader_of
from cloud_app.settings import Settings
from cloud_app.site import PRACTICE_SITE
from tests import servers
from tests.databases import PostgresDatabases
from tests.killing import Holdings
from tests.make import cheap_passwords
from tests.running import RunningPortal, RunningWorker, until

FOLLOWED = 10.0
"""Seconds in which a leader that is gone is followed."""
PATIENCE = 60.0


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Generator[PostgresDatabases]:
    """PostgreSQL, whatever the other tests run on."""
    with servers.postgres() as socket:
        yield PostgresDatabases(tmp_path_factory.mktemp("campus"), socket)


@pytest.fixture(scope="session")
def redis_url() -> Generator[str]:
    with servers.redis() as url:
        yield url


@dataclass
class Twins:
    """The processes of one site, and what the cloud itself says."""

    var: Path
    settings: Mapping[str, str]
    inside: Portal
    """Our own way to the same database."""
    world: World
    portals: list[RunningPortal] = field(default_factory=list[RunningPortal])
    workers: list[RunningWorker] = field(default_factory=list[RunningWorker])
    clients: list[httpx.AsyncClient] = field(default_factory=list[httpx.AsyncClient])

    async def portal(self) -> RunningPortal:
        portal = RunningPortal(self.var, self.settings)
        self.portals.append(portal)
        await portal.start()
        return portal

    async def worker(self, node: str) -> RunningWorker:
        worker = RunningWorker(RunningPortal(self.var, self.settings), node)
        self.workers.append(worker)
        await worker.start()
        return worker

    async def log_in(self, portal: RunningPortal) -> httpx.AsyncClient:
        client = await portal.log_in()
        self.clients.append(client)
        return client

    async def leads(self, node: str) -> bool:
        async with self.inside.db.read() as session:
            leader = await leader_of(session, LOOP)
        return leader is not None and leader.holder.startswith(f"{node}:")

    async def until_leads(self, worker: RunningWorker, within: float = PATIENCE) -> None:
        await until(lambda: self.leads(worker.node), within, what=f"{worker.node} leads")

    @property
    def cloud(self) -> Cloud:
        """The practice cloud as others see it."""
        return practice_cloud("practice", self.world)

    def holdings(self, keys: list[str]) -> Holdings:
        return Holdings(self.cloud, keys)

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        for process in (*self.portals, *self.workers):
            if process.process is not None:
                await process.kill()
        await self.inside.db.close()
        self.world.close()


@asynccontextmanager
async def twins_on(given: Mapping[str, str], var: Path) -> AsyncGenerator[Twins]:
    """A site with these settings; its processes end with the block."""
    settings = {**given, "LOOPS": "0", "PRACTICE_SPEED": "4"}
    first = RunningPortal(var, settings)
    await first.found(PRACTICE_SITE)
    inside = build(Settings.from_env(first.env), passwords=cheap_passwords())
    made = Twins(var, settings, inside, World(var / "practice.db", lambda: datetime.now(UTC)))
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def twins(
    databases: PostgresDatabases, redis_url: str, tmp_path: Path
) -> AsyncGenerator[Twins]:
    async with (
        databases.empty(tmp_path) as given,
        twins_on({**given, "REDIS_URL": redis_url}, tmp_path) as made,
    ):
        yield made


def an_order(name: str) -> dict[str, Any]:
    """An order as the REST API takes it."""
    until_day = (datetime.now(UTC) + timedelta(days=7)).date()
    return {"name": name, "size": "light", "template": "ubuntu", "return_on": str(until_day)}


async def ordered(client: httpx.AsyncClient, name: str) -> str:
    answer = await client.post("/servers", json=an_order(name))
    return str(answer.raise_for_status().json()["id"])


async def all_in(client: httpx.AsyncClient, keys: list[str], state: str) -> bool:
    answers = [await client.get(f"/servers/{key}") for key in keys]
    return all(answer.raise_for_status().json()["status"] == state for answer in answers)
