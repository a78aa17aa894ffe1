"""A whole portal on a practice cloud whose time is moved by hand."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud_app.bootstrap import Portal, build
from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import Access, Machine, MachineSpec, State
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.simulator.compute import PracticeCompute
from cloud_app.gateways.simulator.world import World
from cloud_app.settings import Settings
from cloud_app.site import PRACTICE_SITE, Site, apply


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Campus:
    """One portal, its practice cloud, one student, and time."""

    portal: Portal
    world: World
    cloud: Cloud
    clock: Clock
    student: Actor
    names: list[str] = field(default_factory=lambda: [f"pc-{number}" for number in range(99, 0, -1)])

    @property
    def project_id(self) -> str:
        return next(iter(self.student.projects))

    def spec(self, **changes: object) -> MachineSpec:
        wish = MachineSpec(
            project_id=self.project_id,
            name=self.names.pop(),
            size_key="light",
            template_key="ubuntu",
            return_on=self.clock().date() + timedelta(days=30),
            access=Access.GENERATED,
        )
        return replace(wish, **changes)  # pyright: ignore[reportArgumentType]

    async def order(self, **changes: object) -> Machine:
        return (await self.portal.machines.order(self.student, self.spec(**changes))).machine

    async def turn(self, times: int = 1, seconds: float = 1.0) -> None:
        """Let time pass and the loop do what is due, `times` times."""
        loop = self.portal.machine_loop
        for _ in range(times):
            self.clock.advance(seconds)
            await loop.once()
            await loop.jobs.idle()

    async def look(self, machine: Machine) -> Machine:
        return await self.portal.machines.one(self.student, machine.id)

    async def until(self, machine: Machine, state: State, turns: int = 120) -> Machine:
        """Let time pass until the machine is in `state`; fail when it never is."""
        for _ in range(turns):
            seen = await self.look(machine)
            if seen.state is state:
                return seen
            await self.turn()
        seen = await self.look(machine)
        raise AssertionError(f"{seen.state} ({seen.failure} {seen.detail}) instead of {state}")

    async def servers(self) -> list[str]:
        """Keys of all servers in the cloud that are not deleted."""
        sweep = await self.cloud.compute.servers(None)
        return [server.key or "" for server in sweep.items]


@pytest.fixture(scope="session")
def schema(tmp_path_factory):
    file = tmp_path_factory.mktemp("schema") / "madang.db"
    url = f"sqlite+aiosqlite:///{file}"
    import os, subprocess, sys
    subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], check=True, env={**os.environ, "MADANG_DATABASE_URL": url})
    return file

@pytest.fixture
def migrated(schema, tmp_path):
    import shutil
    shutil.copy(schema, tmp_path / "madang.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'madang.db'}"

@pytest.fixture
async def campus(tmp_path, migrated) -> AsyncGenerator[Campus]:
    clock = Clock()
    settings = Settings.from_env({"MADANG_VAR": str(tmp_path), "MADANG_DATABASE_URL": migrated})
    portal = build(settings, now=clock)
    await apply(Site.read(PRACTICE_SITE), portal)
    student = await portal.accounts.open_account("minji", "김민지", "a long password")
    cloud = (await portal.catalog_loop.clouds.all())[0]
    assert isinstance(cloud.compute, PracticeCompute)
    world = cloud.compute.world
    yield Campus(portal, world, cloud, clock, student)
    await portal.machine_loop.close()
    await portal.db.close()
    world.close()
