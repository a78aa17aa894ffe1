"""A small practice cloud with one project, for these tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cloud_app.domain.machines import SeenServer
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope, ServerOrder
from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.site import Host, Site
from cloud_app.gateways.simulator.world import World

FOUNDED = datetime(2026, 3, 2, 9, tzinfo=UTC)
SMALL = Site(hosts=(Host(name="only", vcpus=2, ram_mib=8192),), vcpu_overcommit=2, address_pool=2)


@dataclass(frozen=True, slots=True)
class Campus:
    world: World
    cloud: Cloud
    home: Scope
    ground: Ground

    async def order(
        self,
        key: str,
        *,
        flavor_id: str = "practice.light",
        image_id: str = "practice-debian-13",
        port_id: str | None = None,
        user_data: str = "",
    ) -> ServerOrder:
        network = self.cloud.network
        port = await network.ensure_port(self.home, key, self.ground, [])
        return ServerOrder(
            key=key,
            name=f"pc {key}",
            flavor_id=flavor_id,
            image_id=image_id,
            port_id=port_id or port.cloud_id,
            user_data=user_data,
        )

    async def build(self, key: str) -> str:
        """A server that is on and has booted."""
        server_id = await self.cloud.compute.create_server(self.home, await self.order(key))
        self.world.advance(60)
        return server_id

    async def server(self, server_id: str) -> SeenServer:
        sweep = await self.cloud.compute.servers(None)
        return next(one for one in sweep.items if one.cloud_id == server_id)


async def found_campus(path: Path, site: Site = SMALL) -> Campus:
    world = World(path, lambda: FOUNDED, settings=site)
    cloud = practice_cloud("practice", world)
    project_id = await cloud.identity.ensure_project("home", "Home")
    user_id = await cloud.identity.ensure_user("home", project_id, "secret")
    home = Scope(project_id=project_id, user_id=user_id, secret="secret")
    limits = Limits(machines=-1, vcpus=-1, ram_mib=-1, addresses=-1)
    await cloud.identity.set_limits(project_id, limits)
    ground = await cloud.network.ensure_ground(home, "home")
    return Campus(world, cloud, home, ground)
