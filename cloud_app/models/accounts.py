"""People and their log-ins."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import uuid4

from sqlmodel import Field, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.actor import Actor, Membership, Role
from cloud_app.models.base import Moment, Row, Word
from cloud_app.models.projects import MemberRecord


class AccountRecord(Row, table=True):
    id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)
    handle: str = Field(unique=True, max_length=64)
    """What the person types to log in; lower case."""
    name: str = Field(max_length=80)
    password_hash: str = Field(max_length=255, repr=False)
    role: Role = Field(default=Role.STUDENT, sa_type=Word(Role))
    email: str | None = Field(default=None, unique=True, max_length=254)
    email_verified_at: datetime | None = Field(default=None, sa_type=Moment)
    birth_on: date | None = None
    rules_version: int = 0
    locale: str = Field(default="", max_length=8)
    created_at: datetime = Field(sa_type=Moment)
    disabled_at: datetime | None = Field(default=None, sa_type=Moment)
    deleted_at: datetime | None = Field(default=None, sa_type=Moment)
    version: int = 1

    @property
    def usable(self) -> bool:
        return self.disabled_at is None and self.deleted_at is None


class LoginRecord(Row, table=True):
    """One log-in. The cookie's value is never stored, only its hash."""

    token_hash: str = Field(primary_key=True, max_length=64)
    account_id: str = Field(foreign_key="account.id", index=True)
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    address: str = Field(default="", max_length=64)
    agent: str = Field(default="", max_length=200)


class LoginFailureRecord(Row, table=True):
    """Wrong tries, counted per account name and per address ("handle:kim", "address:…")."""

    subject: str = Field(primary_key=True, max_length=140)
    count: int = 0
    last_at: datetime = Field(sa_type=Moment)


async def account_by_handle(session: AsyncSession, handle: str) -> AccountRecord | None:
    query = select(AccountRecord).where(AccountRecord.handle == handle)
    return (await session.exec(query)).first()


async def memberships(session: AsyncSession, account_id: str) -> dict[str, Membership]:
    query = select(MemberRecord).where(MemberRecord.account_id == account_id)
    return {row.project_id: row.role for row in (await session.exec(query)).all()}


async def actor_of(session: AsyncSession, account: AccountRecord) -> Actor:
    return Actor(
        account_id=account.id,
        handle=account.handle,
        name=account.name,
        role=account.role,
        projects=await memberships(session, account.id),
    )


async def end_logins(session: AsyncSession, account_id: str, at: datetime) -> Sequence[str]:
    """End every open log-in of an account and return their hashes."""
    query = select(LoginRecord).where(
        LoginRecord.account_id == account_id, col(LoginRecord.ended_at).is_(None)
    )
    rows = (await session.exec(query)).all()
    for row in rows:
        row.ended_at = at
    return [row.token_hash for row in rows]


async def login_with_account(
    session: AsyncSession, token_hash: str
) -> tuple[LoginRecord, AccountRecord] | None:
    query = (
        select(LoginRecord, AccountRecord)
        .join(AccountRecord, col(AccountRecord.id) == col(LoginRecord.account_id))
        .where(LoginRecord.token_hash == token_hash)
    )
    row = (await session.exec(query)).first()
    return None if row is None else (row[0], row[1])


async def has_logged_in_from(
    session: AsyncSession, handle: str, address: str, since: datetime
) -> bool:
    """Tell whether this account was logged in from this address lately."""
    query = (
        select(LoginRecord.token_hash)
        .join(AccountRecord, col(AccountRecord.id) == col(LoginRecord.account_id))
        .where(
            AccountRecord.handle == handle,
            LoginRecord.address == address,
            LoginRecord.created_at >= since,
        )
        .limit(1)
    )
    return (await session.exec(query)).first() is not None


async def forget_failures_before(session: AsyncSession, at: datetime) -> None:
    """Drop counts of wrong tries that no longer matter."""
    old = select(LoginFailureRecord.subject).where(LoginFailureRecord.last_at < at)
    # Whatever somebody is counting on just now is not waited for.
    mine = old.with_for_update(skip_locked=True)
    await session.exec(delete(LoginFailureRecord).where(col(LoginFailureRecord.subject).in_(mine)))
