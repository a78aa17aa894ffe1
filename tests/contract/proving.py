"""A cloud under test, and what a contract test may do to it beyond its gateways."""

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

from cloud_app.domain.machines import Power, SeenAddress, SeenPort, SeenServer
from cloud_app.gateways.protocols import Cloud, Flavor, Ground, Image, Scope, ServerOrder
from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.gateways.simulator.world import World

T = TypeVar("T")

PAUSE = 0.5
LONGEST = 120.0
FOUNDED = datetime(2026, 3, 2, tzinfo=UTC)
HTTP = 80
USER_DATA = "#cloud-config\nhostname: proving\n"


def new_key() -> str:
    """A machine's id, as the portal makes them."""
    return uuid4().hex


class Place(Protocol):
    """What differs between the clouds that the suite runs on."""

    @property
    def image_names(self) -> Sequence[str]:
        """Images to try, best first."""
        ...

    async def wait(self, seconds: float) -> None: ...

    async def foreign_server(self, scope: Scope, name: str, image: Image, flavor: Flavor) -> str:
        """Have a server made without the portal, and return its id."""
        ...

    async def delete_project(self, scope: Scope) -> None:
        """Have somebody delete the project in Keystone, and nothing in it."""
        ...

    async def bind_address(self, scope: Scope, port: SeenPort) -> str:
        """Have somebody bind an external address that is not ours to a port; answer it."""
        ...

    async def unbind(self, address: SeenAddress) -> None:
        """Have somebody take an address off its port."""
        ...

    async def change_groups(self, port: SeenPort) -> None:
        """Have somebody give a port other security groups."""
        ...

    async def delete_port(self, port: SeenPort) -> None: ...

    def race(self, orders: int) -> None:
        """Have the next `orders` race for the quota, should they not do so by themselves."""
        ...

    async def remove(self, scope: Scope) -> None:
        """Take everything of a project away, and the project."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proving:
    """The cloud, what to build on it, and patience measured by its own clock."""

    cloud: Cloud
    place: Place
    image: Image
    flavor: Flavor
    _homes: list[Scope] = field(default_factory=list[Scope])
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _run: str = field(default_factory=lambda: uuid4().hex[:8])

    def project_key(self) -> str:
        return f"contract-{self._run}-{next(self._numbers)}"

    async def home(self, key: str | None = None) -> Scope:
        """A project of its own, with its own user."""
        key, secret = key or self.project_key(), uuid4().hex
        project_id = await self.cloud.identity.ensure_project(key, f"Contract {self._run}")
        user_id = await self.cloud.identity.ensure_user(key, project_id, secret)
        return self.keep(Scope(project_id=project_id, user_id=user_id, secret=secret))

    def keep(self, scope: Scope) -> Scope:
        """Have this project and user removed in the end."""
        self._homes.append(scope)
        return scope

    async def until(
        self, condition: Callable[[], Awaitable[T | None]], seconds: float = LONGEST
    ) -> T:
        """The first answer of `condition` that is true; fails when it takes too long."""
        waited = 0.0
        while not (answer := await condition()):
            assert waited < seconds, f"{condition.__qualname__} not within {seconds} s"
            await self.place.wait(PAUSE)
            waited += PAUSE
        return answer

    async def server(self, server_id: str) -> SeenServer | None:
        """One server out of the full list."""
        sweep = await self.cloud.compute.servers(None)
        return next((one for one in sweep.items if one.cloud_id == server_id), None)

    async def until_power(self, server_id: str, *powers: Power) -> SeenServer:
        async def is_so() -> SeenServer | None:
            server = await self.server(server_id)
            assert server is None or server.power is not Power.FAILED or Power.FAILED in powers, (
                server.fault
            )
            return server if server and server.power in powers else None

        return await self.until(is_so)

    async def until_absent(self, server_id: str) -> None:
        async def is_absent() -> bool:
            return await self.server(server_id) is None

        await self.until(is_absent)

    async def order(self, scope: Scope, ground: Ground, key: str) -> ServerOrder:
        """A port, and an order for a server on it."""
        port = await self.cloud.network.ensure_port(scope, key, ground, [HTTP])
        return ServerOrder(
            key=key,
            name="proving",
            flavor_id=self.flavor.id,
            image_id=self.image.id,
            port_id=port.cloud_id,
            user_data=USER_DATA,
        )

    async def remove_all(self) -> None:
        for scope in self._homes:
            await self.place.remove(scope)


@asynccontextmanager
async def proving_on(cloud: Cloud, place: Place) -> AsyncGenerator[Proving]:
    """Whatever happens inside, nothing is left behind."""
    images = {image.name: image for image in await cloud.catalog.images() if image.usable}
    image = next(images[name] for name in place.image_names if name in images)
    fitting = [
        flavor
        for flavor in await cloud.catalog.flavors()
        if flavor.disk_gib >= max(image.min_disk_gib, 1) and flavor.ram_mib >= image.min_ram_mib
    ]
    smallest = min(fitting, key=lambda flavor: (flavor.ram_mib, flavor.disk_gib))
    proving = Proving(cloud=cloud, place=place, image=image, flavor=smallest)
    try:
        yield proving
    finally:
        await proving.remove_all()


@dataclass(frozen=True, slots=True)
class PracticePlace:
    """Waiting moves the practice cloud's clock, so that it takes no time."""

    world: World
    image_names: Sequence[str] = ("web",)

    async def wait(self, seconds: float) -> None:
        self.world.advance(seconds)

    async def foreign_server(self, scope: Scope, name: str, image: Image, flavor: Flavor) -> str:
        return self.world.outside.build_server(
            name, project_id=scope.project_id, flavor_id=flavor.id, image_id=image.id
        )

    async def delete_project(self, scope: Scope) -> None:
        self.world.outside.delete_project(scope.project_id)

    async def bind_address(self, scope: Scope, port: SeenPort) -> str:
        return self.world.outside.bind_address(port.key)

    async def unbind(self, address: SeenAddress) -> None:
        self.world.outside.unbind_addresses(address.key or "")

    async def change_groups(self, port: SeenPort) -> None:
        self.world.outside.change_groups(port.key, *port.groups[:1])

    async def delete_port(self, port: SeenPort) -> None:
        self.world.outside.delete_ports(port.key)

    def race(self, orders: int) -> None:
        self.world.befall(Misfortune(woe=Woe.QUOTA_RACE, times=orders))

    async def remove(self, scope: Scope) -> None:
        """The file is thrown away afterwards."""


@asynccontextmanager
async def on_practice(folder: Path) -> AsyncGenerator[Proving]:
    world = World(folder / "practice.db", lambda: FOUNDED)
    async with proving_on(practice_cloud("practice", world), PracticePlace(world)) as proving:
        yield proving
    world.close()
