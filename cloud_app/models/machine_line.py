"""Machines that wait for their turn to be built, and those being built."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.line import Line, Waiting, in_turn
from cloud_app.domain.machines import Wanted
from cloud_app.models.machines import MachineRecord

LATELY = 20
"""So many builds tell how long one takes."""


def waits() -> sa.ColumnElement[bool]:
    """Ordered, and not begun: nothing of it is asked of its cloud yet."""
    return sa.and_(_under_way(), col(MachineRecord.begun_at).is_(None))


async def line_in(session: AsyncSession, cloud_id: str) -> Line:
    """Who waits for this cloud, in turn."""
    waiting = select(MachineRecord.id, MachineRecord.project_id, MachineRecord.created_at).where(
        MachineRecord.cloud_id == cloud_id, waits()
    )
    building = (
        select(MachineRecord.project_id, func.count())
        .where(
            MachineRecord.cloud_id == cloud_id,
            _under_way(),
            col(MachineRecord.begun_at).is_not(None),
        )
        .group_by(col(MachineRecord.project_id))
    )
    by_project = dict((await session.exec(building)).all())
    ordered = [
        Waiting(machine_id=machine_id, project_id=project_id, since=since)
        for machine_id, project_id, since in (await session.exec(waiting)).all()
    ]
    return Line(
        waiting=in_turn(ordered, by_project),
        building=sum(by_project.values()),
        usual=await _usual(session, cloud_id) if ordered else None,
    )


async def begin(
    session: AsyncSession, ids: Sequence[str], now: datetime, deadline: timedelta
) -> None:
    """Let these machines be built. Their time to be built runs from now on."""
    begun = (
        update(MachineRecord)
        .where(col(MachineRecord.id).in_(ids), waits())
        .values(begun_at=now, deadline_at=now + deadline, next_try_at=now)
    )
    await session.exec(begun)


async def _usual(session: AsyncSession, cloud_id: str) -> timedelta | None:
    query = (
        select(MachineRecord.begun_at, MachineRecord.built_at)
        .where(MachineRecord.cloud_id == cloud_id, col(MachineRecord.built_at).is_not(None))
        .order_by(col(MachineRecord.built_at).desc())
        .limit(LATELY)
    )
    took = [built - begun for begun, built in (await session.exec(query)).all() if begun and built]
    return sum(took, timedelta()) / len(took) if took else None


def _under_way() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(MachineRecord.settled).is_(False),
        col(MachineRecord.wanted) == Wanted.HERE,
        col(MachineRecord.built_at).is_(None),
        col(MachineRecord.failure).is_(None),
        col(MachineRecord.gone_at).is_(None),
    )
