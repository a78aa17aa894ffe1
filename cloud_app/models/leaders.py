"""Which process leads which loop: one row per loop, taken from whoever no longer renews it."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Field, col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.models.base import Row, add_if_absent

NOBODY = ""


class LeaderRecord(Row, table=True):
    loop: str = Field(primary_key=True, max_length=40)
    holder: str = Field(max_length=64)
    """Empty after a leader that resigned."""
    beat: int = 0
    """Raised by each renewal. No clock is written down: those of two machines may differ."""


async def leader_of(session: AsyncSession, loop: str) -> LeaderRecord | None:
    return (await session.exec(select(LeaderRecord).where(LeaderRecord.loop == loop))).first()


async def take(session: AsyncSession, loop: str, holder: str, seen: LeaderRecord | None) -> bool:
    """Take the lead from the one who was `seen` in it; no when anything moved since."""
    if seen is None:
        return await add_if_absent(session, LeaderRecord(loop=loop, holder=holder))
    claim = (
        update(LeaderRecord)
        .where(
            col(LeaderRecord.loop) == loop,
            col(LeaderRecord.holder) == seen.holder,
            col(LeaderRecord.beat) == seen.beat,
        )
        .values(holder=holder, beat=seen.beat + 1)
    )
    return (await session.exec(claim)).rowcount == 1


async def renew(session: AsyncSession, loop: str, holder: str) -> bool:
    """Show that the leader lives; no when another one leads by now."""
    return await _change(session, loop, holder, {"beat": col(LeaderRecord.beat) + 1})


async def give_up(session: AsyncSession, loop: str, holder: str) -> None:
    """End the lead at once, so that the next process need not wait."""
    await _change(session, loop, holder, {"holder": NOBODY})


async def was_overtaken(session: AsyncSession, loop: str, holder: str) -> bool:
    """Whether somebody else leads by now. Until the end of the transaction nobody can begin to."""
    query = select(LeaderRecord.holder).where(LeaderRecord.loop == loop)
    found = (await session.exec(query.with_for_update(read=True))).first()
    return found is not None and found != holder


async def _change(session: AsyncSession, loop: str, holder: str, values: Mapping[str, Any]) -> bool:
    change = (
        update(LeaderRecord)
        .where(col(LeaderRecord.loop) == loop, col(LeaderRecord.holder) == holder)
        .values(values)
    )
    return (await session.exec(change)).rowcount == 1
