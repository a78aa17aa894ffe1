"""Writes a site's description into the database: clouds, sizes, templates.

    python -m cloud_app.site FILE.toml

Safe to run again: rows are found by name or key and changed where they differ.
What a description no longer names is kept, but no longer offered.
"""

import asyncio
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.bootstrap import OPENSTACK, PRACTICE, Portal, portal
from cloud_app.domain.errors import PortalError
from cloud_app.gateways.openstack.access import WrongAccess, access_of, read_clouds_yaml
from cloud_app.models.clouds import (
    CloudRecord,
    SizeBinding,
    SizeRecord,
    TemplateBinding,
    TemplateRecord,
)

PRACTICE_SITE = Path(__file__).with_name("practice.toml")


class WrongSite(Exception):
    """One sentence on what is wrong with the description."""


@dataclass(frozen=True, slots=True)
class Site:
    """A description, and where relative paths in it start."""

    content: Mapping[str, Any]
    folder: Path

    @classmethod
    def read(cls, file: Path) -> "Site":
        try:
            return cls(tomllib.loads(file.read_text("utf-8")), file.parent)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise WrongSite(f"{file}: {error}") from error


async def apply(site: Site, portal: Portal) -> None:
    """Make the database say what the description says; all of it or nothing."""
    async with portal.db.begin() as session:
        try:
            clouds = {
                entry["name"]: await _cloud(session, portal, site, entry)
                for entry in site.content.get("clouds", [])
            }
            await _sizes(session, site.content.get("sizes", []), clouds)
            await _templates(session, site.content.get("templates", []), clouds)
        except KeyError as error:
            raise WrongSite(f"The description lacks {error}.") from error
    names = {row.id: name for name, row in clouds.items()}
    for cloud in await portal.catalog_loop.clouds.all():
        try:
            await portal.catalog_loop.bind(cloud)
        except PortalError as error:
            # Written down all the same: the portal asks again every few seconds.
            print(f"{names.get(cloud.id, cloud.id)}: no answer yet ({error.key} {error.detail})")


async def _cloud(
    session: AsyncSession, portal: Portal, site: Site, entry: Mapping[str, Any]
) -> CloudRecord:
    if entry["kind"] not in (PRACTICE, OPENSTACK):
        raise WrongSite(f"A cloud's kind is {PRACTICE} or {OPENSTACK}, not {entry['kind']!r}.")
    query = select(CloudRecord).where(CloudRecord.name == entry["name"])
    row = (await session.exec(query)).first() or CloudRecord(
        name=entry["name"], kind=entry["kind"], created_at=portal.orders.now()
    )
    if row.kind != entry["kind"]:
        raise WrongSite(f"Cloud {row.name!r} is already there as {row.kind}.")
    if row.kind == OPENSTACK:
        try:
            access, secret = read_clouds_yaml(site.folder / entry["clouds_yaml"], entry["cloud"])
        except WrongAccess as error:
            raise WrongSite(str(error)) from error
        row.access = {**access, **entry.get("choices", {})}
        try:
            access_of(row.access, secret)
        except WrongAccess as error:
            raise WrongSite(f"Cloud {row.name!r}: {error}") from error
        if not row.secret or portal.vault.unlock(row.secret) != secret:
            row.secret = portal.vault.lock(secret)
    session.add(row)
    await session.flush()
    return row


async def _sizes(
    session: AsyncSession, entries: list[Mapping[str, Any]], clouds: Mapping[str, CloudRecord]
) -> None:
    for position, entry in enumerate(entries):
        query = select(SizeRecord).where(SizeRecord.key == entry["key"])
        row = (await session.exec(query)).first() or SizeRecord(
            key=entry["key"], name={}, vcpus=0, ram_mib=0, disk_gib=0
        )
        row.name, row.position, row.offered = entry["name"], position, True
        row.vcpus, row.ram_mib = entry["vcpus"], entry["ram_mib"]
        row.disk_gib = entry["disk_gib"]
        session.add(row)
        await session.flush()
        for cloud, flavor in entry["flavors"].items():
            bound = select(SizeBinding).where(
                SizeBinding.size_id == row.id, SizeBinding.cloud_id == _known(clouds, cloud).id
            )
            binding = (await session.exec(bound)).first() or SizeBinding(
                size_id=row.id, cloud_id=clouds[cloud].id, wanted_name=flavor
            )
            binding.wanted_name = flavor
            session.add(binding)
        await _unbind(session, SizeBinding, SizeBinding.size_id == row.id, entry["flavors"], clouds)
    await _withdraw(session, SizeRecord, {entry["key"] for entry in entries})


async def _templates(
    session: AsyncSession, entries: list[Mapping[str, Any]], clouds: Mapping[str, CloudRecord]
) -> None:
    for position, entry in enumerate(entries):
        query = select(TemplateRecord).where(TemplateRecord.key == entry["key"])
        row = (await session.exec(query)).first() or TemplateRecord(
            key=entry["key"], name={}, words={}, login_user="", default_size_key=""
        )
        row.name, row.words = entry["name"], entry["words"]
        row.login_user, row.default_size_key = entry["login_user"], entry["default_size"]
        row.open_ports = list(entry.get("open_ports", []))
        row.min_disk_gib = entry.get("min_disk_gib", 0)
        row.min_ram_mib = entry.get("min_ram_mib", 0)
        row.position, row.offered = position, True
        session.add(row)
        await session.flush()
        for cloud, image in entry["images"].items():
            bound = select(TemplateBinding).where(
                TemplateBinding.template_id == row.id,
                TemplateBinding.cloud_id == _known(clouds, cloud).id,
            )
            binding = (await session.exec(bound)).first() or TemplateBinding(
                template_id=row.id, cloud_id=clouds[cloud].id, wanted_name=image
            )
            binding.wanted_name = image
            session.add(binding)
        mine = TemplateBinding.template_id == row.id
        await _unbind(session, TemplateBinding, mine, entry["images"], clouds)
    await _withdraw(session, TemplateRecord, {entry["key"] for entry in entries})


def _known(clouds: Mapping[str, CloudRecord], name: str) -> CloudRecord:
    if name not in clouds:
        raise WrongSite(f"No cloud named {name!r} is described.")
    return clouds[name]


async def _unbind(
    session: AsyncSession,
    table: type[SizeBinding] | type[TemplateBinding],
    mine: bool,
    kept: Mapping[str, str],
    clouds: Mapping[str, CloudRecord],
) -> None:
    """Take away the bindings of clouds that an entry no longer names."""
    ids = [clouds[name].id for name in kept]
    rows = await session.exec(select(table).where(mine, col(table.cloud_id).not_in(ids)))
    for row in rows.all():
        await session.delete(row)


async def _withdraw(
    session: AsyncSession, table: type[SizeRecord] | type[TemplateRecord], kept: set[str]
) -> None:
    for row in (await session.exec(select(table).where(col(table.key).not_in(kept)))).all():
        row.offered = False


async def _main(file: str) -> None:
    await apply(Site.read(Path(file)), portal())
    await portal().db.close()


if __name__ == "__main__":
    try:
        asyncio.run(_main(sys.argv[1]))
    except WrongSite as wrong:
        sys.exit(str(wrong))
