"""The clouds ("nodes"), and what each of them offers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.machines import Size, Template
from cloud_app.models.base import Moment, Row


class CloudRecord(Row, table=True):
    """One cloud, how to reach it, and when it last answered."""

    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    name: str = Field(unique=True, max_length=80)
    kind: str = Field(max_length=16)
    """`practice` or `openstack`."""
    access: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """Everything but the secret: address, region, user, external network, ranges."""
    secret: str = Field(default="", repr=False)
    """The manager credential's secret, encrypted."""
    open_for_orders: bool = True
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it last told its servers: the age of every row of it."""
    addresses_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it last told its ports and addresses."""
    offers_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it last told its sizes and images."""
    swept_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the last complete sweep began."""
    cursor: datetime | None = Field(default=None, sa_type=Moment)
    """Newest change seen, by the cloud's own clock."""
    silent_since: datetime | None = Field(default=None, sa_type=Moment)
    """As of when the last answer is, while one of its services does not answer."""
    silent_service: str | None = Field(default=None, max_length=16)
    """Which one: compute, network or identity."""
    problem: str = ""
    """Catalogue key of what is wrong; empty when all is well."""
    topic_version: int = 0
    created_at: datetime = Field(sa_type=Moment)


class SizeRecord(Row, table=True):
    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    key: str = Field(unique=True, max_length=40)
    name: dict[str, str] = Field(sa_type=sa.JSON)
    vcpus: int
    ram_mib: int
    disk_gib: int
    position: int = 0
    offered: bool = True

    def to_domain(self) -> Size:
        return Size(
            id=self.id,
            key=self.key,
            name=self.name,
            vcpus=self.vcpus,
            ram_mib=self.ram_mib,
            disk_gib=self.disk_gib,
            position=self.position,
        )


class TemplateRecord(Row, table=True):
    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    key: str = Field(unique=True, max_length=40)
    name: dict[str, str] = Field(sa_type=sa.JSON)
    words: dict[str, str] = Field(sa_type=sa.JSON)
    login_user: str = Field(max_length=32)
    default_size_key: str = Field(max_length=40)
    open_ports: list[int] = Field(default_factory=list, sa_type=sa.JSON)
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    position: int = 0
    offered: bool = True

    def to_domain(self) -> Template:
        return Template(
            id=self.id,
            key=self.key,
            name=self.name,
            words=self.words,
            login_user=self.login_user,
            default_size_key=self.default_size_key,
            open_ports=tuple(self.open_ports),
            min_disk_gib=self.min_disk_gib,
            min_ram_mib=self.min_ram_mib,
            position=self.position,
        )


class SizeBinding(Row, table=True):
    """A cloud's flavor for a size; `cloud_ref` is empty while the cloud has none.

    What it really has decides which images fit, whatever the size promises.
    """

    __table_args__ = (UniqueConstraint("size_id", "cloud_id"),)

    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    size_id: str = Field(foreign_key="size.id")
    cloud_id: str = Field(foreign_key="cloud.id", index=True)
    wanted_name: str = Field(max_length=255)
    cloud_ref: str = Field(default="", max_length=255)
    disk_gib: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})
    ram_mib: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})


class TemplateBinding(Row, table=True):
    """A cloud's image for a template; `cloud_ref` is empty while the cloud has none."""

    __table_args__ = (UniqueConstraint("template_id", "cloud_id"),)

    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    template_id: str = Field(foreign_key="template.id")
    cloud_id: str = Field(foreign_key="cloud.id", index=True)
    wanted_name: str = Field(max_length=255)
    cloud_ref: str = Field(default="", max_length=255)
    usable: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    """False while the image is there, but deactivated or hidden."""
    min_disk_gib: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})
    min_ram_mib: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})


async def all_sizes(session: AsyncSession) -> Mapping[str, Size]:
    rows = (await session.exec(select(SizeRecord).order_by(col(SizeRecord.position)))).all()
    return {row.id: row.to_domain() for row in rows}


async def all_templates(session: AsyncSession) -> Mapping[str, Template]:
    rows = (await session.exec(select(TemplateRecord).order_by(col(TemplateRecord.position)))).all()
    return {row.id: row.to_domain() for row in rows}


async def all_clouds(session: AsyncSession) -> Sequence[CloudRecord]:
    return (await session.exec(select(CloudRecord).order_by(col(CloudRecord.created_at)))).all()


async def offered_pairs(session: AsyncSession) -> Sequence[tuple[str, str, str]]:
    """Every (size id, template id, cloud id) that can be ordered now."""
    query = (
        select(SizeBinding.size_id, TemplateBinding.template_id, SizeBinding.cloud_id)
        .join(TemplateBinding, col(TemplateBinding.cloud_id) == col(SizeBinding.cloud_id))
        .join(CloudRecord, col(CloudRecord.id) == col(SizeBinding.cloud_id))
        .join(SizeRecord, col(SizeRecord.id) == col(SizeBinding.size_id))
        .join(TemplateRecord, col(TemplateRecord.id) == col(TemplateBinding.template_id))
        .where(
            col(SizeBinding.cloud_ref) != "",
            col(TemplateBinding.cloud_ref) != "",
            col(TemplateBinding.usable),
            col(SizeBinding.disk_gib) >= col(TemplateBinding.min_disk_gib),
            col(SizeBinding.ram_mib) >= col(TemplateBinding.min_ram_mib),
            col(CloudRecord.open_for_orders),
            col(SizeRecord.offered),
            col(TemplateRecord.offered),
            col(SizeRecord.disk_gib) >= col(TemplateRecord.min_disk_gib),
            col(SizeRecord.ram_mib) >= col(TemplateRecord.min_ram_mib),
        )
    )
    return (await session.exec(query)).all()


async def flavor_ref(session: AsyncSession, size_id: str, cloud_id: str) -> str:
    """The cloud's flavor id for a size; empty when it offers none now."""
    query = select(SizeBinding.cloud_ref).where(
        SizeBinding.size_id == size_id, SizeBinding.cloud_id == cloud_id
    )
    return (await session.exec(query)).first() or ""


async def image_ref(session: AsyncSession, template_id: str, cloud_id: str) -> str:
    """The cloud's image id for a template, even a deactivated one's; empty when it is gone."""
    query = select(TemplateBinding.cloud_ref).where(
        TemplateBinding.template_id == template_id, TemplateBinding.cloud_id == cloud_id
    )
    return (await session.exec(query)).first() or ""


async def bindings(
    session: AsyncSession, cloud_id: str
) -> tuple[Sequence[SizeBinding], Sequence[TemplateBinding]]:
    """What a cloud's flavors and images are bound to."""
    sizes = await session.exec(select(SizeBinding).where(SizeBinding.cloud_id == cloud_id))
    templates = await session.exec(
        select(TemplateBinding).where(TemplateBinding.cloud_id == cloud_id)
    )
    return sizes.all(), templates.all()
