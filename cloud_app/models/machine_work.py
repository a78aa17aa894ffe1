"""Machines as work: what is due, and who holds it.

Rows not yet settled are the queue. A machine is claimed by one conditional
update with an expiry and a fencing number.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.models.machine_line import waits
from cloud_app.models.machines import MachineRecord


async def due_machines(
    session: AsyncSession, cloud_id: str, now: datetime, most: int
) -> Sequence[str]:
    """Ids of machines whose turn has come and that nobody holds, oldest first."""
    query = (
        select(MachineRecord.id)
        .where(
            MachineRecord.cloud_id == cloud_id,
            col(MachineRecord.settled).is_(False),
            col(MachineRecord.next_try_at) <= now,
            _unheld(now),
            sa.not_(waits()),
        )
        .order_by(col(MachineRecord.next_try_at))
        .limit(most)
    )
    return (await session.exec(query)).all()


async def over_since(
    session: AsyncSession, keys: Collection[str], began: datetime
) -> Sequence[MachineRecord]:
    """Of the machines with these keys those whose remains were removed before `began`; held."""
    query = (
        select(MachineRecord)
        .where(
            col(MachineRecord.id).in_(keys),
            col(MachineRecord.released),
            col(MachineRecord.settled),
            col(MachineRecord.touched_at) < began,
        )
        .order_by(col(MachineRecord.id))
        .with_for_update()
    )
    return (await session.exec(query)).all()


async def any_unsettled(session: AsyncSession, cloud_id: str) -> bool:
    query = select(MachineRecord.id).where(
        MachineRecord.cloud_id == cloud_id, col(MachineRecord.settled).is_(False)
    )
    return (await session.exec(query.limit(1))).first() is not None


async def claim(
    session: AsyncSession, machine_id: str, holder: str, now: datetime, span: timedelta
) -> int | None:
    """Take a machine for `span`; return the fencing number, or None when another holds it."""
    take = (
        update(MachineRecord)
        .where(
            col(MachineRecord.id) == machine_id,
            col(MachineRecord.settled).is_(False),
            _unheld(now),
        )
        .values(claimed_by=holder, claimed_until=now + span, fence=col(MachineRecord.fence) + 1)
        .returning(col(MachineRecord.fence))
    )
    return (await session.exec(take)).scalar_one_or_none()


async def hurry(session: AsyncSession, cloud_id: str, now: datetime) -> None:
    """Have what was put off tried now: its cloud answers again."""
    put_off = (
        update(MachineRecord)
        .where(
            col(MachineRecord.cloud_id) == cloud_id,
            col(MachineRecord.settled).is_(False),
            col(MachineRecord.attempts) > 0,
            col(MachineRecord.next_try_at) > now,
        )
        .values(next_try_at=now)
    )
    await session.exec(put_off)


async def release_claims(session: AsyncSession, holder: str, now: datetime) -> None:
    """Void the claims of everybody but `holder`: their process is gone or was overtaken.

    What it asked of a cloud last may still take effect, so lists begun before
    `now` prove nothing about these machines.
    """
    held = (
        select(MachineRecord.id)
        .where(
            col(MachineRecord.claimed_until).is_not(None), col(MachineRecord.claimed_by) != holder
        )
        .order_by(col(MachineRecord.id))
        .with_for_update()
    )
    ids = (await session.exec(held)).all()
    void = (
        update(MachineRecord)
        .where(col(MachineRecord.id).in_(ids))
        .values(
            claimed_until=None, claimed_by="", touched_at=now, fence=col(MachineRecord.fence) + 1
        )
    )
    await session.exec(void)


def _unheld(now: datetime) -> sa.ColumnElement[bool]:
    until = col(MachineRecord.claimed_until)
    return sa.or_(until.is_(None), until < now)
