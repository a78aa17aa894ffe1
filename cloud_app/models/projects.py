"""Projects, who is in them, and the side of them that stands in each cloud."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.actor import Membership
from cloud_app.models.base import Moment, Row, Word


class ProjectRecord(Row, table=True):
    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    name: str = Field(max_length=80)
    personal_of: str | None = Field(default=None, foreign_key="account.id", unique=True)
    """The account whose own project this is."""
    topic_version: int = 0
    """Raised in every transaction that changes what the project's pages show."""
    machines_allowed: int = 3
    vcpus_allowed: int = 4
    ram_mib_allowed: int = 8192
    created_at: datetime = Field(sa_type=Moment)
    deleted_at: datetime | None = Field(default=None, sa_type=Moment)
    version: int = 1


class MemberRecord(Row, table=True):
    project_id: str = Field(foreign_key="project.id", primary_key=True)
    account_id: str = Field(foreign_key="account.id", primary_key=True, index=True)
    role: Membership = Field(default=Membership.MEMBER, sa_type=Word(Membership))


class CloudProjectRecord(Row, table=True):
    """A project's side in one cloud, made on first need, step by step and repeatable."""

    __table_args__ = (UniqueConstraint("project_id", "cloud_id"),)

    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    project_id: str = Field(foreign_key="project.id")
    cloud_id: str = Field(foreign_key="cloud.id", index=True)
    secret: str = Field(repr=False)
    """Password of the project's own user in the cloud, encrypted."""
    cloud_project_id: str | None = Field(default=None, index=True)
    cloud_user_id: str | None = None
    network_id: str | None = None
    subnet_id: str | None = None
    router_id: str | None = None
    limits_set: str = ""
    """The limits last set in the cloud, as text, to see when they change."""
    created_at: datetime = Field(sa_type=Moment)


async def lock_project(session: AsyncSession, project_id: str) -> int:
    """Raise the project's topic version, which also makes other writers of it wait.

    Every transaction that changes what a project's pages show comes by here, after
    it has taken hold of the machines it changes, and with several projects in the
    order of their ids.
    """
    change = (
        update(ProjectRecord)
        .where(col(ProjectRecord.id) == project_id)
        .values(topic_version=col(ProjectRecord.topic_version) + 1)
        .returning(col(ProjectRecord.topic_version))
    )
    return (await session.exec(change)).scalar_one()


async def topic_version(session: AsyncSession, project_id: str) -> int:
    query = select(ProjectRecord.topic_version).where(ProjectRecord.id == project_id)
    return (await session.exec(query)).one()


async def projects_of(session: AsyncSession, account_id: str) -> Sequence[ProjectRecord]:
    """The account's own project first, then those it was let into, by name."""
    query = (
        select(ProjectRecord)
        .join(MemberRecord, col(MemberRecord.project_id) == col(ProjectRecord.id))
        .where(MemberRecord.account_id == account_id, col(ProjectRecord.deleted_at).is_(None))
        .order_by(col(ProjectRecord.personal_of).is_(None), col(ProjectRecord.name))
    )
    return (await session.exec(query)).all()


async def homes_of(session: AsyncSession, cloud_id: str) -> Mapping[str, str]:
    """The cloud's ids of our projects in it, each with ours."""
    query = select(CloudProjectRecord.cloud_project_id, CloudProjectRecord.project_id).where(
        CloudProjectRecord.cloud_id == cloud_id,
        col(CloudProjectRecord.cloud_project_id).is_not(None),
    )
    return {home: project for home, project in (await session.exec(query)).all() if home}


async def side_of(
    session: AsyncSession, project_id: str, cloud_id: str
) -> CloudProjectRecord | None:
    """The project's side in one cloud; None before its first need."""
    query = select(CloudProjectRecord).where(
        CloudProjectRecord.project_id == project_id, CloudProjectRecord.cloud_id == cloud_id
    )
    return (await session.exec(query)).first()
