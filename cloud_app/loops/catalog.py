"""Binds the portal's sizes and templates to what each cloud offers right now."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import PortalError
from cloud_app.gateways.protocols import Cloud, Flavor, Image
from cloud_app.hub import CLOUDS, Hub
from cloud_app.loops.clouds import Clouds
from cloud_app.models.clouds import CloudRecord, SizeBinding, TemplateBinding, bindings

log = logging.getLogger(__name__)
Offered = TypeVar("Offered", Flavor, Image)


@dataclass(slots=True, kw_only=True)
class CatalogLoop:
    db: Database
    hub: Hub
    clouds: Clouds
    now: Callable[[], datetime]
    name: str = "catalog"
    every: float = 5.0

    async def lead(self) -> None:
        """Nothing is left over from another worker."""

    async def once(self) -> None:
        for cloud in await self.clouds.all():
            try:
                await self.bind(cloud)
            except PortalError as error:
                log.warning("catalogue skipped", extra={"cloud": cloud.id, "why": error.key})

    async def close(self) -> None:
        """Nothing is kept open."""

    async def bind(self, cloud: Cloud) -> None:
        """Look up what the bindings name; what the cloud no longer has is no longer offered."""
        flavors = {flavor.name: flavor for flavor in await cloud.catalog.flavors()}
        images = list(await cloud.catalog.images())
        async with self.db.read() as session:
            sizes, templates = await bindings(session, cloud.id)
        here = {flavor.id for flavor in flavors.values()}
        for flavor in await _still_there(sizes, here, cloud.catalog.flavor):
            flavors[flavor.name] = flavor
        here = {image.id for image in images}
        images += await _still_there(templates, here, cloud.catalog.image)
        by_name = _by_name(images)
        async with self.db.begin() as session:
            sizes, templates = await bindings(session, cloud.id)
            (await session.get_one(CloudRecord, cloud.id)).offers_at = self.now()
            changed = [_bind_size(row, flavors.get(row.wanted_name)) for row in sizes]
            changed += [_bind_template(row, by_name.get(row.wanted_name)) for row in templates]
            if any(changed):
                after_commit(session, lambda: self.hub.publish(CLOUDS))


async def _still_there(
    rows: Iterable[SizeBinding | TemplateBinding],
    listed: Collection[str],
    ask: Callable[[str], Awaitable[Offered | None]],
) -> list[Offered]:
    """Ask for each bound one that a list lacks: the list may be cut."""
    found: list[Offered] = []
    for row in rows:
        if not row.cloud_ref or row.cloud_ref in listed:
            continue
        one = await ask(row.cloud_ref)
        if one is not None and one.name == row.wanted_name:
            found.append(one)
    return found


def _by_name(images: Iterable[Image]) -> Mapping[str, Image]:
    """Of several images of one name one that can be used."""
    return {image.name: image for image in sorted(images, key=lambda one: (one.usable, one.id))}


def _bind_size(row: SizeBinding, flavor: Flavor | None) -> bool:
    before = (row.cloud_ref, row.disk_gib, row.ram_mib)
    if flavor is None:
        row.cloud_ref = ""
    else:
        row.cloud_ref, row.disk_gib, row.ram_mib = flavor.id, flavor.disk_gib, flavor.ram_mib
    return (row.cloud_ref, row.disk_gib, row.ram_mib) != before


def _bind_template(row: TemplateBinding, image: Image | None) -> bool:
    before = (row.cloud_ref, row.usable, row.min_disk_gib, row.min_ram_mib)
    if image is None:
        row.cloud_ref = ""
    else:
        row.cloud_ref, row.usable = image.id, image.usable
        row.min_disk_gib, row.min_ram_mib = image.min_disk_gib, image.min_ram_mib
    return (row.cloud_ref, row.usable, row.min_disk_gib, row.min_ram_mib) != before
