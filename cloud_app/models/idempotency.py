"""Requests that may be sent twice and must count once."""

from datetime import datetime

from sqlmodel import Field, col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.models.base import Moment, Row


class IdempotencyRecord(Row, table=True):
    """One key of one account: what was asked with it, and what came of it."""

    account_id: str = Field(foreign_key="account.id", primary_key=True)
    key: str = Field(primary_key=True, max_length=128)
    fingerprint: str = Field(max_length=64)
    """Hash of the request; the same key with another request is a mistake."""
    object_id: str = Field(default="", max_length=64)
    """What was made; empty while it is under way."""
    created_at: datetime = Field(sa_type=Moment, index=True)


async def settle(session: AsyncSession, account_id: str, key: str, object_id: str) -> bool:
    """Remember what came of a request; no when something came of it already."""
    change = (
        update(IdempotencyRecord)
        .where(
            col(IdempotencyRecord.account_id) == account_id,
            col(IdempotencyRecord.key) == key,
            col(IdempotencyRecord.object_id) == "",
        )
        .values(object_id=object_id)
    )
    return (await session.exec(change)).rowcount == 1


async def forget_before(session: AsyncSession, at: datetime) -> None:
    await session.exec(delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < at))
