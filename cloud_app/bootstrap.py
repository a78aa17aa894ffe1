"""Builds the portal from its settings: the only place that knows every part."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cloud_app.db import Database
from cloud_app.domain.errors import Refused
from cloud_app.gateways.openstack import openstack_cloud
from cloud_app.gateways.openstack.access import WrongAccess, access_of
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.reach import TcpReach
from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.site import Site
from cloud_app.gateways.simulator.world import World
from cloud_app.gateways.threads import Threads
from cloud_app.hub import WORK, Hub
from cloud_app.loops.catalog import CatalogLoop
from cloud_app.loops.clouds import Clouds
from cloud_app.loops.jobs import Jobs
from cloud_app.loops.line import Turns
from cloud_app.loops.machines import MachineLoop
from cloud_app.loops.projects import ProjectSides
from cloud_app.loops.runner import Bell, Runner, this_process
from cloud_app.loops.sightings import Sightings
from cloud_app.loops.steps import Steps
from cloud_app.models.clouds import CloudRecord
from cloud_app.relay import Relay
from cloud_app.services.accounts import AccountService
from cloud_app.services.following import Following
from cloud_app.services.machines import MachineService
from cloud_app.services.orders import Orders
from cloud_app.services.pace import Paces
from cloud_app.services.passwords import Passwords
from cloud_app.settings import Settings
from cloud_app.vault import Vault, WrongKey

PRACTICE = "practice"
OPENSTACK = "openstack"
MOST_WORK_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """Everything a door into the portal may use."""

    settings: Settings
    db: Database
    hub: Hub
    vault: Vault
    accounts: AccountService
    orders: Orders
    machines: MachineService
    following: Following
    paces: Paces
    machine_loop: MachineLoop
    catalog_loop: CatalogLoop
    runner: Runner
    bell: Bell
    relay: Relay | None

    async def run(self, *, loops: bool) -> None:
        """Hear what other processes say, and with `loops` keep the clouds at what was asked.

        Goes on until cancelled.
        """
        parts = [self.relay.run()] if self.relay else []
        if loops:
            parts.append(self.runner.run(self.machine_loop, self.bell))
            parts.append(self.runner.run(self.catalog_loop, Bell()))
        await asyncio.gather(*parts)


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    passwords: Passwords | None = None,
) -> Portal:
    """Make every part once. Tests pass a clock and cheap passwords."""
    db, hub, bell = Database(settings.database_url), Hub(), Bell()
    hub.hear(WORK, lambda _: bell.ring())
    vault = Vault.open(settings.secret_key_file)
    paces = Paces.of(settings, now)
    orders = Orders(
        db=db, now=now, campus=settings.campus, address_choice=settings.address_with_machine
    )
    clouds, holder = Clouds(db, Connector(settings, vault, now)), this_process(settings.node)
    return Portal(
        settings=settings,
        db=db,
        hub=hub,
        vault=vault,
        accounts=AccountService(db=db, now=now, hub=hub, passwords=passwords or Passwords()),
        orders=orders,
        machines=MachineService(
            db=db, hub=hub, orders=orders, now=now, wake=lambda: hub.call(WORK), pace=paces.changes
        ),
        paces=paces,
        following=Following(db, hub, built_at_once=settings.built_at_once),
        machine_loop=_machine_loop(
            settings, db, hub, bell, clouds=clouds, vault=vault, now=now, holder=holder
        ),
        catalog_loop=CatalogLoop(db=db, hub=hub, clouds=clouds, now=now),
        runner=Runner(db=db, holder=holder),
        bell=bell,
        relay=Relay(settings.redis_url, hub) if settings.redis_url else None,
    )


def _machine_loop(
    settings: Settings,
    db: Database,
    hub: Hub,
    bell: Bell,
    *,
    clouds: Clouds,
    vault: Vault,
    now: Callable[[], datetime],
    holder: str,
) -> MachineLoop:
    sides = ProjectSides(db=db, hub=hub, vault=vault, now=now)
    return MachineLoop(
        db=db,
        hub=hub,
        clouds=clouds,
        sides=sides,
        sightings=Sightings(db=db, hub=hub, now=now, holder=holder),
        steps=Steps(sides=sides, now=now),
        turns=Turns(db=db, hub=hub, now=now, most=settings.built_at_once),
        now=now,
        holder=holder,
        jobs=Jobs(MOST_WORK_AT_ONCE, then=bell.ring),
    )


@dataclass(frozen=True, slots=True)
class Connector:
    """Picks the adapter for a cloud row: the only place that tells real from practice."""

    settings: Settings
    vault: Vault
    now: Callable[[], datetime]

    def __call__(self, row: CloudRecord) -> Cloud:
        if row.kind == PRACTICE:
            site = Site(speed=self.settings.practice_speed)
            world = World(self.settings.practice_file, self.now, settings=site)
            return practice_cloud(row.id, world)
        try:
            access = access_of(row.access, self.vault.unlock(row.secret))
        except (WrongAccess, WrongKey) as error:
            raise Refused("error.cloud_misconfigured", detail=repr(error)) from error
        return openstack_cloud(row.id, access, Threads(), TcpReach())


_portal: list[Portal] = []


def portal() -> Portal:
    """The portal of this process, built from the environment at first use."""
    if not _portal:
        _portal.append(build(Settings.from_env()))
    return _portal[0]


def use(built: Portal) -> None:
    """Make `built` the portal of this process; for tests and tools."""
    _portal[:] = [built]
