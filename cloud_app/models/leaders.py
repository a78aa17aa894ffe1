"""Which process leads which loop: one row per loop, mine or expired → mine until then."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Field, col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.models.base import Moment, Row


class LeaderRecord(Row, table=True):
    loop: str = Field(primary_key=True, max_length=40)
    holder: str = Field(max_length=64)
    until: datetime = Field(sa_type=Moment)


async def take(
    session: AsyncSession,
    loop: str,
    holder: str,
    now: datetime,
    span: timedelta,
    *,
    is_dead: Callable[[str], bool],
) -> bool:
    """Claim or keep the lead of `loop` for `span`; report by row count.

    A holder that `is_dead` is not waited for.
    """
    known = await session.get(LeaderRecord, loop)
    if known is not None and is_dead(known.holder):
        await session.delete(known)
        await session.flush()
        known = None
    if known is None:
        session.add(LeaderRecord(loop=loop, holder=holder, until=now + span))
        return True
    claim = (
        update(LeaderRecord)
        .where(
            col(LeaderRecord.loop) == loop,
            sa.or_(col(LeaderRecord.holder) == holder, col(LeaderRecord.until) < now),
        )
        .values(holder=holder, until=now + span)
    )
    return (await session.exec(claim)).rowcount == 1


async def give_up(session: AsyncSession, loop: str, holder: str) -> None:
    """End the lead at once, so that the next process need not wait for its expiry."""
    end = delete(LeaderRecord).where(
        col(LeaderRecord.loop) == loop, col(LeaderRecord.holder) == holder
    )
    await session.exec(end)
