"""A whole portal on a practice cloud whose time is moved by hand."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import Machine, State
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.simulator.compute import PracticeCompute
from cloud_app.gateways.simulator.world import World
from cloud_app.models.projects import side_of
from tests.make import Clock, a_spec


@dataclass
class Campus:
    """One portal, its practice cloud, one student, and time."""

    portal: Portal
    world: World
    cloud: Cloud
    clock: Clock
    student: Actor
    numbers: Iterator[int] = field(default_factory=count)

    async def order(self, **changes: Any) -> Machine:
        name = f"pc-{next(self.numbers)}"
        spec = a_spec(self.student, self.clock, name=name, **changes)
        return (await self.portal.machines.order(self.student, spec)).machine

    async def turn(self, times: int = 1, seconds: float = 1.0) -> None:
        """Let time pass and the loop do what is due, `times` times."""
        loop = self.portal.machine_loop
        for _ in range(times):
            self.clock.advance(seconds)
            await loop.once()
            await loop.jobs.idle()

    async def look(self, machine: Machine) -> Machine:
        return await self.portal.machines.one(self.student, machine.id)

    async def until(
        self, machine: Machine, state: State, turns: int = 120, seconds: float = 1.0
    ) -> Machine:
        """Let time pass until the machine is in `state`; fail when it never is."""
        for _ in range(turns):
            seen = await self.look(machine)
            if seen.state is state:
                return seen
            await self.turn(seconds=seconds)
        seen = await self.look(machine)
        raise AssertionError(f"{seen.state} ({seen.failure} {seen.detail}) instead of {state}")

    async def ready(self, **changes: Any) -> Machine:
        """Order a machine and wait until it is ready."""
        return await self.until(await self.order(**changes), State.READY)

    async def home(self, machine: Machine) -> str | None:
        """The cloud's id of the project that the machine's own project has there."""
        async with self.portal.db.read() as session:
            side = await side_of(session, machine.project_id, machine.cloud_id)
        assert side
        return side.cloud_project_id

    async def left(self, machine: Machine) -> tuple[int, ...]:
        """What of a machine is in the cloud: (servers, ports, addresses)."""
        servers = (await self.cloud.compute.servers(None)).items
        ports, addresses = await self.cloud.network.ports(), await self.cloud.network.addresses()
        return tuple(
            len([one for one in items if one.key == machine.id])
            for items in (servers, ports.items, addresses.items)
        )

    async def servers(self) -> list[str]:
        """Keys of all servers in the cloud that are not deleted."""
        sweep = await self.cloud.compute.servers(None)
        return [server.key or "" for server in sweep.items]


@pytest.fixture
async def campus(portal: Portal, clock: Clock, student: Actor) -> AsyncGenerator[Campus]:
    cloud = (await portal.catalog_loop.clouds.all())[0]
    assert isinstance(cloud.compute, PracticeCompute)
    world = cloud.compute.world
    yield Campus(portal, world, cloud, clock, student)
    world.close()
