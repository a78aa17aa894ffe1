"""Gives a project its side in a cloud, on first need, step by step and repeatable."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.db import Database
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope
from cloud_app.models.base import add_if_absent
from cloud_app.models.projects import CloudProjectRecord, ProjectRecord, side_of
from cloud_app.vault import Vault, new_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a project's machines can be built: whose rights, which network."""

    scope: Scope
    ground: Ground | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSides:
    db: Database
    vault: Vault
    now: Callable[[], datetime]
    _locks: dict[tuple[str, str], asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    async def known(self, session: AsyncSession, project_id: str, cloud_id: str) -> Standing | None:
        """What is written down; None until the project and its user exist in the cloud."""
        row = await side_of(session, project_id, cloud_id)
        if row is None or row.cloud_project_id is None or row.cloud_user_id is None:
            return None
        return Standing(scope=self._scope(row), ground=_ground(row))

    async def make(self, cloud: Cloud, project_id: str) -> None:
        """Make what is missing: project, user, limits, network. Two callers take turns."""
        async with self._locks[cloud.id, project_id]:
            row, project = await self._begin(cloud.id, project_id)
            if row.cloud_project_id is None:
                made = await cloud.identity.ensure_project(project_id, project.name)
                row = await self._write(row.id, cloud_project_id=made)
            cloud_project_id = row.cloud_project_id or ""
            if row.cloud_user_id is None:
                secret = self.vault.unlock(row.secret)
                made = await cloud.identity.ensure_user(project_id, cloud_project_id, secret)
                row = await self._write(row.id, cloud_user_id=made)
            limits = _limits(project)
            if row.limits_set != repr(limits):
                await cloud.identity.set_limits(cloud_project_id, limits)
                row = await self._write(row.id, limits_set=repr(limits))
            if row.network_id is None:
                ground = await cloud.network.ensure_ground(self._scope(row), project_id)
                await self._write(
                    row.id,
                    network_id=ground.network_id,
                    subnet_id=ground.subnet_id,
                    router_id=ground.router_id,
                )

    async def _begin(
        self, cloud_id: str, project_id: str
    ) -> tuple[CloudProjectRecord, ProjectRecord]:
        async with self.db.begin() as session:
            row = await side_of(session, project_id, cloud_id)
            if row is None:
                new = CloudProjectRecord(
                    project_id=project_id,
                    cloud_id=cloud_id,
                    secret=self.vault.lock(new_secret()),
                    created_at=self.now(),
                )
                await add_if_absent(session, new)
                row = await side_of(session, project_id, cloud_id)
            if row is None:
                raise LookupError(project_id)
            return row, await session.get_one(ProjectRecord, project_id)

    async def _write(self, row_id: str, **values: str | None) -> CloudProjectRecord:
        async with self.db.begin() as session:
            row = await session.get_one(CloudProjectRecord, row_id)
            for name, value in values.items():
                setattr(row, name, value)
            return row

    def _scope(self, row: CloudProjectRecord) -> Scope:
        return Scope(
            project_id=row.cloud_project_id or "",
            user_id=row.cloud_user_id or "",
            secret=self.vault.unlock(row.secret),
        )


def _ground(row: CloudProjectRecord) -> Ground | None:
    if row.network_id is None or row.subnet_id is None:
        return None
    return Ground(network_id=row.network_id, subnet_id=row.subnet_id, router_id=row.router_id)


def _limits(project: ProjectRecord) -> Limits:
    return Limits(
        machines=project.machines_allowed,
        vcpus=project.vcpus_allowed,
        ram_mib=project.ram_mib_allowed,
        addresses=project.machines_allowed,
    )
