"""The portal's memory of machines, and the questions asked of it."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, cast
from uuid import uuid4

import sqlalchemy as sa
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.machine_rules import Facts, state_of
from cloud_app.domain.machines import (
    Access,
    Command,
    Machine,
    Power,
    Presence,
    Size,
    State,
    Template,
    Wanted,
)
from cloud_app.domain.sightings import Known
from cloud_app.models.base import Moment, Row, Word
from cloud_app.models.clouds import CloudRecord

NO_ADDRESS = "error.no_address"
"""Notice of a machine that runs without the external address it should have."""
PROJECT_GONE = "error.project_gone"
"""Notice of a machine whose project in the cloud was deleted by others."""
NO_ADDRESS_ALLOWED = "error.address_quota"
_KNOWN = tuple(one.name for one in fields(Known))
_LIVE = sa.text("gone_at IS NULL")


class MachineRecord(Row, table=True):
    """One machine: what is wanted, what was seen, and where the work on it stands."""

    __table_args__ = (
        sa.Index(
            "uq_machine_live_name",
            "project_id",
            "name",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        sa.Index("ix_machine_work", "cloud_id", "settled", "next_try_at"),
        sa.Index("ix_machine_built", "cloud_id", "built_at"),
    )

    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    """Also the key that its server, port and address carry in the cloud."""
    project_id: str = Field(foreign_key="project.id", index=True)
    cloud_id: str = Field(foreign_key="cloud.id")
    name: str = Field(max_length=60)
    size_id: str = Field(foreign_key="size.id")
    template_id: str = Field(foreign_key="template.id")
    access: Access = Field(sa_type=Word(Access))
    public_key: str = Field(default="", sa_type=sa.Text)
    password_hash: str = Field(default="", repr=False, max_length=255)
    """For the first boot only; emptied once the machine was ready."""
    cloud_init: str = Field(default="", repr=False, sa_type=sa.Text)
    wants_address: bool = True
    address_denied: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """The cloud had none to give; it is not asked again by itself."""
    created_by: str = Field(foreign_key="account.id")
    created_at: datetime = Field(sa_type=Moment)
    return_on: date

    wanted: Wanted = Field(default=Wanted.HERE, sa_type=Word(Wanted))
    command: Command | None = Field(default=None, sa_type=Word(Command))
    command_at: datetime | None = Field(default=None, sa_type=Moment)
    command_sent_at: datetime | None = Field(default=None, sa_type=Moment)
    command_mark: str = ""
    """Newest action of the server before a restart was asked."""
    rename_due: bool = False

    presence: Presence = Field(default=Presence.NEVER, sa_type=Word(Presence))
    power: Power | None = Field(default=None, sa_type=Word(Power))
    raw_status: str = ""
    cloud_project_id: str | None = None
    """The cloud's id of the project it stands in; not the side's once others deleted that."""
    server_id: str | None = Field(default=None, index=True)
    server_name: str = Field(default="", sa_column_kwargs={"server_default": sa.text("''")})
    vcpus: int | None = None
    ram_mib: int | None = None
    port_id: str | None = None
    fixed_ip: str | None = None
    groups: str = Field(
        default="", sa_type=sa.Text, sa_column_kwargs={"server_default": sa.text("''")}
    )
    doors_changed: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    address_id: str | None = None
    address: str | None = None
    answers: bool | None = None
    looks: int = 0
    create_sent_at: datetime | None = Field(default=None, sa_type=Moment)
    touched_at: datetime = Field(sa_type=Moment)
    """Our last write to the cloud; a list begun earlier proves nothing."""
    begun_at: datetime | None = Field(default=None, sa_type=Moment)
    """When its turn to be built came; until then nothing of it is asked of the cloud."""
    building_at: datetime | None = Field(default=None, sa_type=Moment)
    built_at: datetime | None = Field(default=None, sa_type=Moment)
    ready_at: datetime | None = Field(default=None, sa_type=Moment)
    first_ready_at: datetime | None = Field(default=None, sa_type=Moment)

    failure: str | None = None
    notice: str | None = None
    trouble: str | None = None
    """Catalogue key of what the last tries ran into; None as soon as the work goes on."""
    spoiled: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """Its server lost a race for the cloud's quota and is being cleared away."""
    races: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})
    """How many such races this order has lost."""
    detail: str = Field(default="", sa_type=sa.Text)
    released: bool = False
    deadline_at: datetime = Field(sa_type=Moment)
    state: State = Field(default=State.ORDERED, sa_type=Word(State))
    state_at: datetime = Field(sa_type=Moment)
    gone_at: datetime | None = Field(default=None, sa_type=Moment)

    settled: bool = False
    claimed_by: str = ""
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    fence: int = 0
    attempts: int = 0
    next_try_at: datetime = Field(sa_type=Moment)
    version: int = 1

    def facts(self, *, has_ground: bool = True, uprooted: bool = False) -> Facts:
        return Facts(
            wanted=self.wanted,
            presence=self.presence,
            power=self.power,
            has_ground=has_ground,
            has_port=self.port_id is not None,
            has_server=self.server_id is not None,
            has_address=self.address_id is not None,
            wants_address=self.wants_address and not self.address_denied,
            address_unasked=self.address is not None and self.answers is None,
            uprooted=uprooted,
            create_sent_at=self.create_sent_at,
            looks=self.looks,
            built_at=self.built_at,
            ready_at=self.ready_at,
            command=self.command,
            command_at=self.command_at,
            rename_due=self.rename_due,
            failure=self.failure,
            spoiled=self.spoiled,
            released=self.released,
            deadline_at=self.deadline_at,
            gone_at=self.gone_at,
        )

    def known(self) -> Known:
        """What a look at the cloud can change of this row."""
        return Known(**{name: getattr(self, name) for name in _KNOWN})

    def learn(self, known: Known) -> None:
        """Write down what a look changed."""
        for name in _KNOWN:
            if getattr(self, name) != getattr(known, name):
                setattr(self, name, getattr(known, name))

    def say_state(self, now: datetime) -> None:
        """Write down the state's word again after a change."""
        state = state_of(self.facts())
        if state is not self.state:
            self.state, self.state_at = state, now

    def work_again(self, now: datetime) -> None:
        """Put the machine back in the queue, due at once."""
        self.settled = False
        self.attempts = 0
        self.next_try_at = now
        self.version += 1
        self.say_state(now)

    def to_domain(self, size: Size, template: Template, cloud: CloudRecord) -> Machine:
        times = {
            State.ORDERED: self.created_at,
            State.BUILDING: self.building_at,
            State.STARTING: self.built_at,
            State.READY: self.first_ready_at,
        }
        ordered = Machine(
            id=self.id,
            project_id=self.project_id,
            cloud_id=self.cloud_id,
            cloud_name=cloud.name,
            name=self.name,
            size=size,
            template=template,
            state=self.state,
            access=self.access,
            wants_address=self.wants_address,
            created_at=self.created_at,
            return_on=self.return_on,
            state_since=self.state_at,
            stage_times={stage: at for stage, at in times.items() if at is not None},
            version=self.version,
            fixed_ip=self.fixed_ip,
            address=self.address,
            answers=self.answers,
            command=self.command,
            failure=self.failure,
            notice=self.notice,
            trouble=self.trouble,
            can_retry=self.failure is not None and self.settled and self.wanted is Wanted.HERE,
            detail=self.detail,
            raw_status=self.raw_status,
            server_id=self.server_id,
            seen_at=cloud.answered_at,
            addresses_seen_at=cloud.addresses_at,
            cloud_silent_since=cloud.silent_since,
            silent_service=cloud.silent_service or "",
        )
        return self._as_others_left_it(ordered)

    def _as_others_left_it(self, ordered: Machine) -> Machine:
        """What was ordered, with what others made of it since."""
        size = ordered.size
        has = (self.vcpus or size.vcpus, self.ram_mib or size.ram_mib)
        known = self.presence is Presence.SEEN
        return replace(
            ordered,
            size=replace(size, vcpus=has[0], ram_mib=has[1]),
            resized=has != (size.vcpus, size.ram_mib),
            name_in_cloud=self._foreign_name(),
            doors_changed=self.doors_changed,
            port_lost=known and self.port_id is not None and self.fixed_ip is None,
        )

    def _foreign_name(self) -> str:
        """The server's name in the cloud where it is neither ours nor about to become ours."""
        ours = self.rename_due or self.server_name == self.name
        return "" if ours or self.presence is not Presence.SEEN else self.server_name


async def machines_in(
    session: AsyncSession, cloud_id: str, cloud_project_id: str
) -> Sequence[MachineRecord]:
    """Every machine that stands in one project of a cloud and is not gone."""
    query = select(MachineRecord).where(
        MachineRecord.cloud_id == cloud_id,
        MachineRecord.cloud_project_id == cloud_project_id,
        col(MachineRecord.gone_at).is_(None),
    )
    return (await session.exec(query)).all()


async def live_machines(session: AsyncSession, project_id: str) -> Sequence[MachineRecord]:
    query = (
        select(MachineRecord)
        .where(MachineRecord.project_id == project_id, col(MachineRecord.gone_at).is_(None))
        .order_by(col(MachineRecord.created_at).desc(), col(MachineRecord.id))
    )
    return (await session.exec(query)).all()


async def known_after(
    session: AsyncSession, cloud_id: str, after: str, most: int
) -> Sequence[Known]:
    """One page of what is known of a cloud's machines, by id; plain values cost little."""
    query = (
        sa.select(*(getattr(MachineRecord, name) for name in _KNOWN))
        .where(
            col(MachineRecord.cloud_id) == cloud_id,
            col(MachineRecord.gone_at).is_(None),
            col(MachineRecord.id) > after,
        )
        .order_by(col(MachineRecord.id))
        .limit(most)
    )
    rows = await session.exec(cast(Any, query))  # SQLModel types four columns at most
    return [Known(*values) for values in rows.all()]
