"""Servers in our projects that are not the portal's: never touched, and counted."""

from collections.abc import Mapping, Sequence

from sqlmodel import Field, col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.machines import SeenServer
from cloud_app.domain.quotas import Amounts
from cloud_app.models.base import Row
from cloud_app.models.projects import CloudProjectRecord


class OutsideRecord(Row, table=True):
    """One server that somebody made past the portal, as last seen."""

    cloud_id: str = Field(foreign_key="cloud.id", primary_key=True)
    server_id: str = Field(primary_key=True)
    cloud_project_id: str = Field(index=True)
    vcpus: int
    ram_mib: int

    def amounts(self) -> Amounts:
        return Amounts(machines=1, vcpus=self.vcpus, ram_mib=self.ram_mib)


async def outside_servers(session: AsyncSession, cloud_id: str) -> Mapping[str, OutsideRecord]:
    """All of one cloud by the server's id."""
    rows = await session.exec(select(OutsideRecord).where(OutsideRecord.cloud_id == cloud_id))
    return {row.server_id: row for row in rows.all()}


async def outside_amounts(session: AsyncSession, project_id: str) -> Amounts:
    """What others made in the project's sides takes in all clouds."""
    query = (
        select(
            func.count(),
            func.coalesce(func.sum(OutsideRecord.vcpus), 0),
            func.coalesce(func.sum(OutsideRecord.ram_mib), 0),
        )
        .select_from(OutsideRecord)
        .join(
            CloudProjectRecord,
            (col(CloudProjectRecord.cloud_id) == col(OutsideRecord.cloud_id))
            & (col(CloudProjectRecord.cloud_project_id) == col(OutsideRecord.cloud_project_id)),
        )
        .where(CloudProjectRecord.project_id == project_id)
    )
    machines, vcpus, ram_mib = (await session.exec(query)).one()
    return Amounts(machines=machines, vcpus=int(vcpus), ram_mib=int(ram_mib))


async def write_outside(session: AsyncSession, cloud_id: str, seen: Sequence[SeenServer]) -> None:
    """Write down servers that are new or have changed."""
    for server in seen:
        row = OutsideRecord(
            cloud_id=cloud_id,
            server_id=server.cloud_id,
            cloud_project_id=server.project_id,
            vcpus=server.vcpus,
            ram_mib=server.ram_mib,
        )
        await session.merge(row)


async def forget_outside(session: AsyncSession, cloud_id: str, server_ids: Sequence[str]) -> None:
    await session.exec(
        delete(OutsideRecord).where(
            col(OutsideRecord.cloud_id) == cloud_id, col(OutsideRecord.server_id).in_(server_ids)
        )
    )
