"""What people can do with mini-PCs.

Nothing here asks a cloud: a use case writes down what is wanted in one
transaction and wakes the machine loop, which makes it so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.db import Database, after_commit
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.errors import Conflict, Invalid, NotFound
from cloud_app.domain.machines import (
    Access,
    Command,
    Machine,
    MachineSpec,
    Power,
    Wanted,
)
from cloud_app.gateways import first_boot
from cloud_app.hub import Hub, project_topic
from cloud_app.models.audit import write_down
from cloud_app.models.clouds import CloudRecord, all_clouds, all_sizes, all_templates
from cloud_app.models.idempotency import settle
from cloud_app.models.machines import MachineRecord, live_machines
from cloud_app.models.projects import lock_project
from cloud_app.services.orders import Orders, checked_name, checked_spec
from cloud_app.services.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """An accepted order. The private key is here once and nowhere else, ever."""

    machine: Machine
    private_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineService:
    db: Database
    hub: Hub
    orders: Orders
    now: Callable[[], datetime]
    pace: Pace
    wake: Callable[[], None]
    """Has the machine loop look at once instead of at its next turn."""

    async def in_project(self, actor: Actor, project_id: str) -> Sequence[Machine]:
        """List what the portal knows, newest first, without waiting for a cloud."""
        _require(actor, Action.SEE_MACHINES, project_id)
        async with self.db.read() as session:
            return await machines_in(session, project_id)

    async def one(self, actor: Actor, machine_id: str) -> Machine:
        """Look at one machine, also at one that is gone since."""
        async with self.db.read() as session:
            row = await _mine(session, actor, machine_id, Action.SEE_MACHINES)
            return (await _to_domain(session, [row]))[0]

    async def order(self, actor: Actor, spec: MachineSpec, repeat_key: str = "") -> Ordered:
        """Order a machine. The machine loop has it built.

        `repeat_key` was claimed for this order: it is settled with it, or neither is.
        """
        _require(actor, Action.CHANGE_MACHINES, spec.project_id)
        self.pace.spend(actor.account_id)
        spec, private_key = _with_key(
            checked_spec(spec, today=self.orders.today(), address_choice=self.orders.address_choice)
        )
        password = spec.password if spec.access is Access.PASSWORD else ""
        password_hash = await first_boot.hash_password(password) if password else ""
        try:
            async with self.db.begin() as session:
                version = await lock_project(session, spec.project_id)
                row = await self.orders.place(session, actor, spec, password_hash)
                write_down(
                    session,
                    actor,
                    Action.CHANGE_MACHINES,
                    at=row.created_at,
                    what="order",
                    object_id=row.id,
                    project_id=row.project_id,
                )
                await session.flush()
                if repeat_key and not await settle(session, actor.account_id, repeat_key, row.id):
                    raise Conflict("http.under_way")
                machine = (await _to_domain(session, [row]))[0]
                self._tell(session, row.project_id, version)
        except IntegrityError as error:
            raise Invalid({"name": "machines.name.taken"}) from error
        return Ordered(machine=machine, private_key=private_key)

    async def rename(
        self, actor: Actor, machine_id: str, name: str, version: int | None = None
    ) -> Machine:
        """Give a machine another name. `version`, where given, must be the current one."""
        name = checked_name(name)

        def change(row: MachineRecord) -> None:
            if version is not None and version != row.version:
                raise Conflict("machines.changed_meanwhile", name=row.name)
            row.name = name
            # What was asked for already was asked for under the old name.
            row.rename_due = row.create_sent_at is not None

        try:
            return await self._change(actor, machine_id, "rename", change)
        except IntegrityError as error:
            raise Invalid({"name": "machines.name.taken"}) from error

    async def command(self, actor: Actor, machine_id: str, command: Command) -> Machine:
        """Ask a machine to start, stop or restart. It is asked of the cloud once."""

        def change(row: MachineRecord) -> None:
            if row.command is command:
                return
            if row.power not in _CAN[command] or row.command or row.failure:
                raise Conflict(f"machines.command.not_now.{command}", name=row.name)
            row.command, row.command_at = command, self.now()
            row.command_sent_at, row.command_mark = None, ""
            row.notice = None

        return await self._change(actor, machine_id, command.value, change)

    async def give_back(self, actor: Actor, machine_id: str) -> Machine:
        """Return a machine early. Its disk and its address go with it."""

        def change(row: MachineRecord) -> None:
            row.wanted = Wanted.GONE
            row.command = None

        return await self._change(actor, machine_id, "give_back", change)

    async def retry(self, actor: Actor, machine_id: str) -> Machine:
        """Try a failed order again, under the same name and with the same way in."""
        self.pace.spend(actor.account_id)
        async with self.db.begin() as session:
            row = await _mine(session, actor, machine_id, Action.CHANGE_MACHINES, held=True)
            if row.failure is None or row.wanted is Wanted.GONE:
                raise Conflict("machines.retry.not_failed", name=row.name)
            if not row.settled:
                raise Conflict("machines.retry.wait", name=row.name)
            version = await lock_project(session, row.project_id)
            await self.orders.place_again(session, row)
            self._note(session, actor, row, "retry", version)
            return (await _to_domain(session, [row]))[0]

    async def _change(
        self, actor: Actor, machine_id: str, what: str, change: Callable[[MachineRecord], None]
    ) -> Machine:
        self.pace.spend(actor.account_id)
        async with self.db.begin() as session:
            row = await _mine(session, actor, machine_id, Action.CHANGE_MACHINES, held=True)
            version = await lock_project(session, row.project_id)
            if row.gone_at is None and row.wanted is Wanted.HERE:
                change(row)
                row.work_again(self.now())
                self._note(session, actor, row, what, version)
            elif what != "give_back":
                raise Conflict("machines.going", name=row.name)
            await session.flush()
            return (await _to_domain(session, [row]))[0]

    def _note(
        self, session: AsyncSession, actor: Actor, row: MachineRecord, what: str, version: int
    ) -> None:
        write_down(
            session,
            actor,
            Action.CHANGE_MACHINES,
            at=self.now(),
            what=what,
            object_id=row.id,
            project_id=row.project_id,
        )
        self._tell(session, row.project_id, version)

    def _tell(self, session: AsyncSession, project_id: str, version: int) -> None:
        after_commit(session, lambda: self.hub.publish(project_topic(project_id), version))
        after_commit(session, self.wake)


_CAN = {
    Command.START: frozenset({Power.OFF}),
    Command.STOP: frozenset({Power.ON}),
    Command.RESTART: frozenset({Power.ON}),
}


def _with_key(spec: MachineSpec) -> tuple[MachineSpec, str | None]:
    if spec.access is not Access.GENERATED:
        return spec, None
    private, public = first_boot.new_key(f"madang-{first_boot.host_name(spec.name, 'key')}")
    return replace(spec, public_key=public), private


def _require(actor: Actor, action: Action, project_id: str) -> None:
    # A project that the actor cannot even see does not exist for them.
    if not actor.may(Action.SEE_MACHINES, project_id):
        raise NotFound()
    actor.require(action, project_id)


async def _mine(
    session: AsyncSession, actor: Actor, machine_id: str, action: Action, *, held: bool = False
) -> MachineRecord:
    """The machine, if the actor may do this with it; `held` until the transaction ends."""
    row = await session.get(MachineRecord, machine_id, with_for_update=held or None)
    if row is None:
        raise NotFound()
    _require(actor, action, row.project_id)
    return row


async def machines_in(session: AsyncSession, project_id: str) -> Sequence[Machine]:
    """The project's machines, newest first. The caller has asked who may see them."""
    return await _to_domain(session, await live_machines(session, project_id))


async def _to_domain(session: AsyncSession, rows: Sequence[MachineRecord]) -> Sequence[Machine]:
    sizes, templates = await all_sizes(session), await all_templates(session)
    clouds: dict[str, CloudRecord] = {cloud.id: cloud for cloud in await all_clouds(session)}
    return [
        row.to_domain(sizes[row.size_id], templates[row.template_id], clouds[row.cloud_id])
        for row in rows
    ]
