"""Requests that may be sent twice and must count once."""

from datetime import datetime

from sqlmodel import Field, col, delete
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


async def forget_before(session: AsyncSession, at: datetime) -> None:
    await session.exec(delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < at))
