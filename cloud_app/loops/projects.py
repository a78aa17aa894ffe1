"""Gives a project its side in a cloud, on first need, step by step and repeatable."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.db import Database, after_commit
from cloud_app.domain.machines import Wanted
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope
from cloud_app.hub import Hub, project_topic
from cloud_app.models.base import add_if_absent
from cloud_app.models.machines import PROJECT_GONE, MachineRecord, machines_in
from cloud_app.models.projects import CloudProjectRecord, ProjectRecord, lock_project, side_of
from cloud_app.vault import Vault, new_secret

log = logging.getLogger(__name__)
MEND_EVERY = timedelta(seconds=30)
"""A new password voids the tokens of all who work as that user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a project's machines can be built: whose rights, which network."""

    scope: Scope
    ground: Ground | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSides:
    db: Database
    hub: Hub
    vault: Vault
    now: Callable[[], datetime]
    _locks: dict[tuple[str, str], asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    _mended: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When each side's user was last set right."""

    async def standing(self, session: AsyncSession, machine: MachineRecord) -> Standing | None:
        """What is written down; None until the project and its user exist in the cloud.

        What stands in a project that others deleted is in the manager's hands.
        """
        row = await side_of(session, machine.project_id, machine.cloud_id)
        home = machine.cloud_project_id
        if home is not None and (row is None or row.cloud_project_id != home):
            return Standing(scope=Scope(project_id=home, as_manager=True), ground=None)
        if row is None or row.cloud_project_id is None or row.cloud_user_id is None:
            return None
        return Standing(scope=self._scope(row), ground=_ground(row))

    async def mend(self, cloud: Cloud, project_id: str) -> None:
        """After a project's credential was refused: see what became of the project and its user.

        A project that others deleted is given up, so that the next order gets a new
        one; a user that others changed gets its password and role again.
        Raises Refused when the manager is refused too: staff have to act.
        """
        async with self._locks[cloud.id, project_id]:
            async with self.db.read() as session:
                row = await side_of(session, project_id, cloud.id)
            if row is None or row.cloud_project_id is None or row.cloud_user_id is None:
                return
            if not await cloud.identity.has_project(row.cloud_project_id):
                await self._give_up(row, row.cloud_project_id)
                return
            last = self._mended.get(row.id)
            if last is not None and self.now() - last < MEND_EVERY:
                return
            self._mended[row.id] = self.now()
            secret = self.vault.unlock(row.secret)
            user = await cloud.identity.ensure_user(project_id, row.cloud_project_id, secret)
            await self._write(row.id, cloud_user_id=user)
            log.warning("project user mended", extra={"project": project_id, "cloud": cloud.id})

    async def _give_up(self, side: CloudProjectRecord, home: str) -> None:
        log.error(
            "project deleted outside", extra={"project": side.project_id, "cloud": side.cloud_id}
        )
        async with self.db.begin() as session:
            version = await lock_project(session, side.project_id)
            row = await session.get_one(CloudProjectRecord, side.id)
            row.cloud_project_id = row.cloud_user_id = None
            row.network_id = row.subnet_id = row.router_id = None
            row.limits_set = ""
            for machine in await machines_in(session, side.cloud_id, home):
                _uproot(machine, self.now())
            topic = project_topic(side.project_id)
            after_commit(session, lambda: self.hub.publish(topic, version))

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


def _uproot(machine: MachineRecord, now: datetime) -> None:
    """What runs is shown on and says what happened; what was being built begins anew."""
    if machine.wanted is Wanted.GONE or machine.failure is not None:
        return
    if machine.built_at is not None:
        machine.notice = PROJECT_GONE
    elif machine.server_id is not None or machine.create_sent_at is not None:
        machine.spoiled, machine.settled, machine.next_try_at = True, False, now


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
