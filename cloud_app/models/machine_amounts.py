"""What machines take, as sums over their rows."""

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.quotas import Amounts
from cloud_app.models.clouds import SizeRecord
from cloud_app.models.machines import MachineRecord

_VCPUS = func.coalesce(col(MachineRecord.vcpus), col(SizeRecord.vcpus))
_RAM_MIB = func.coalesce(col(MachineRecord.ram_mib), col(SizeRecord.ram_mib))
"""What a machine really has; until that was seen, what was ordered."""


async def used_amounts(session: AsyncSession, project_id: str) -> Amounts:
    """What the project's machines take: everything not yet proven gone."""
    nothing_left = sa.and_(col(MachineRecord.failure).is_not(None), col(MachineRecord.settled))
    query = (
        select(
            func.count(),
            func.coalesce(func.sum(_VCPUS), 0),
            func.coalesce(func.sum(_RAM_MIB), 0),
        )
        .select_from(MachineRecord)
        .join(SizeRecord, col(SizeRecord.id) == col(MachineRecord.size_id))
        .where(
            MachineRecord.project_id == project_id,
            col(MachineRecord.gone_at).is_(None),
            sa.not_(nothing_left),
        )
    )
    machines, vcpus, ram_mib = (await session.exec(query)).one()
    return Amounts(machines=machines, vcpus=vcpus, ram_mib=ram_mib)


async def vcpus_by_cloud(session: AsyncSession) -> dict[str, int]:
    """How many vCPUs of ours each cloud carries, to place the next machine."""
    query = (
        select(MachineRecord.cloud_id, func.sum(_VCPUS))
        .join(SizeRecord, col(SizeRecord.id) == col(MachineRecord.size_id))
        .where(col(MachineRecord.gone_at).is_(None))
        .group_by(col(MachineRecord.cloud_id))
    )
    return {cloud: int(vcpus) for cloud, vcpus in (await session.exec(query)).all()}
