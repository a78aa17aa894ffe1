"""People with machines at rest, written in bulk: into the portal's tables and, where a run
needs it, into the practice cloud's file. Far quicker than ordering each machine.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlmodel import SQLModel, select

from cloud_app.bootstrap import Portal, build
from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import Access, Power, Presence, State
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.simulator.compute import PracticeCompute
from cloud_app.gateways.simulator.world import World
from cloud_app.models.clouds import SizeRecord, TemplateRecord
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import ProjectRecord, side_of
from cloud_app.settings import Settings
from cloud_app.site import PRACTICE_SITE, Site, apply
from tests.make import UNHURRIED, a_person, a_token, cheap_passwords, own_project
from tests.running import ROOT

LONG_AGO = timedelta(hours=3)
AT_ONCE = 2_000
"""Rows per bulk write."""
_numbers = count()
"""Names and addresses differ throughout a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody with an account, a project of their own, and a log-in."""

    actor: Actor
    token: str

    @property
    def project_id(self) -> str:
        return own_project(self.actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What rows of machines refer to."""

    cloud_id: str
    size_id: str
    template_id: str
    owner_id: str


def a_portal(var: Path, **given: str) -> Portal:
    """A portal below `var` with the machine's own clock and cheap passwords, loops at rest."""
    env = {"VAR": str(var), "LOOPS": "0", **UNHURRIED} | given
    settings = Settings.from_env({f"MADANG_{name}": value for name, value in env.items()})
    return build(settings, passwords=cheap_passwords())


async def open_campus(portal: Portal) -> Cloud:
    """Make the tables and the practice site; return its cloud."""
    env = os.environ | {"MADANG_VAR": str(portal.settings.var)}
    migrate = [sys.executable, "-m", "tools.migrate"]
    await asyncio.to_thread(subprocess.run, migrate, check=True, env=env, cwd=ROOT)
    await apply(Site.read(PRACTICE_SITE), portal)
    return await the_cloud(portal)


async def the_cloud(portal: Portal) -> Cloud:
    return (await portal.catalog_loop.clouds.all())[0]


def world_of(cloud: Cloud) -> World:
    assert isinstance(cloud.compute, PracticeCompute)
    return cloud.compute.world


async def a_visitor(portal: Portal, handle: str, *, room: int = 10_000) -> Visitor:
    """Open an account with a wide limit, and log it in."""
    actor = await a_person(portal, handle)
    async with portal.db.begin() as session:
        project = await session.get_one(ProjectRecord, own_project(actor))
        project.machines_allowed = project.vcpus_allowed = room
        project.ram_mib_allowed = room * 4096
    return Visitor(actor=actor, token=await a_token(portal, handle))


async def projects_beside(portal: Portal, many: int) -> list[str]:
    """Projects without members: other people's, as far as a measured page is concerned."""
    rows = [
        ProjectRecord(name=f"group-{number}", created_at=datetime.now(UTC))
        for number in range(many)
    ]
    await _add(portal, rows)
    return [row.id for row in rows]


async def ground(portal: Portal, cloud: Cloud, owner: Actor) -> Ground:
    async with portal.db.read() as session:
        size = (await session.exec(select(SizeRecord).where(SizeRecord.key == "light"))).one()
        asked = select(TemplateRecord).where(TemplateRecord.key == "ubuntu")
        template = (await session.exec(asked)).one()
    return Ground(
        cloud_id=cloud.id, size_id=size.id, template_id=template.id, owner_id=owner.account_id
    )


async def machines_at_rest(
    portal: Portal, on: Ground, projects: Sequence[str], many: int
) -> list[MachineRecord]:
    """Write `many` machines that run and want nothing, spread over `projects`."""
    now = datetime.now(UTC)
    rows = [
        _at_rest(on, projects[number % len(projects)], next(_numbers), now - LONG_AGO)
        for number in range(many)
    ]
    await _add(portal, rows)
    return rows


def _at_rest(on: Ground, project_id: str, number: int, at: datetime) -> MachineRecord:
    return MachineRecord(
        id=uuid4().hex, project_id=project_id, cloud_id=on.cloud_id, name=f"rest-{number}",
        size_id=on.size_id, template_id=on.template_id, access=Access.GENERATED,
        public_key="ssh-ed25519 AAAA", created_by=on.owner_id, created_at=at,
        return_on=(at + timedelta(days=30)).date(), presence=Presence.SEEN, power=Power.ON,
        raw_status="ACTIVE/-/1", server_id=str(uuid4()), port_id=str(uuid4()),
        fixed_ip=_ip(10, number), address_id=str(uuid4()), address=_ip(100, number),
        answers=True, create_sent_at=at, touched_at=at, building_at=at, built_at=at, ready_at=at,
        first_ready_at=at, deadline_at=at + timedelta(minutes=30), state=State.READY, state_at=at,
        settled=True, next_try_at=at,
    )  # fmt: skip


async def into_world(portal: Portal, cloud: Cloud, rows: Sequence[MachineRecord]) -> None:
    """Give the machines their servers, ports and addresses in the practice cloud's file.

    Their projects' sides are made the usual way, so that steps with them work too.
    """
    sides: dict[str, tuple[str, str]] = {}
    for project_id in {row.project_id for row in rows}:
        await portal.machine_loop.sides.make(cloud, project_id)
        async with portal.db.read() as session:
            side = await side_of(session, project_id, cloud.id)
        assert side is not None
        sides[project_id] = (side.cloud_project_id or "", side.network_id or "")
    with world_of(cloud).begin() as tx:
        at = tx.now - LONG_AGO.total_seconds()
        for row in rows:
            project, network = sides[row.project_id]
            _insert(
                tx.db, "port", id=row.port_id, project_id=project, key=row.id, network_id=network,
                fixed_ip=row.fixed_ip, open_ports="22", groups="",
            )  # fmt: skip
            _insert(
                tx.db, "address", id=row.address_id, project_id=project, key=row.id,
                address=row.address, port_id=row.port_id,
            )  # fmt: skip
            _insert(
                tx.db, "server", id=row.server_id, project_id=project, key=row.id, name=row.name,
                flavor_name="practice.light", image_id="practice-ubuntu-24.04",
                port_id=row.port_id, host="practice-1", vcpus=1, ram_mib=1024, user_data="",
                created_at=at, built_at=at + 6, powered_at=at + 6, boot_seconds=5, touched_at=at,
                settles_at=at + 11,
            )  # fmt: skip


def _insert(db: Any, table: str, **values: object) -> None:
    names, places = ", ".join(values), ", ".join("?" * len(values))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(values.values()))


def _ip(first: int, number: int) -> str:
    return f"{first}.{number // 65536 + 64}.{number // 256 % 256}.{number % 256}"


async def _add(portal: Portal, rows: Sequence[SQLModel]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        async with portal.db.begin() as session:
            session.add_all(rows[start : start + AT_ONCE])
