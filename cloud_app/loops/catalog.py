"""Binds the portal's sizes and templates to what each cloud offers right now."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import PortalError
from cloud_app.gateways.protocols import Cloud, Flavor, Image
from cloud_app.hub import CLOUDS, Hub
from cloud_app.loops.clouds import Clouds
from cloud_app.models.clouds import CloudRecord, SizeBinding, TemplateBinding, bindings

log = logging.getLogger(__name__)


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
        flavors = {flavor.name: flavor.id for flavor in await cloud.catalog.flavors()}
        listed = await cloud.catalog.images()
        images = {image.name: image.id for image in listed if image.usable}
        async with self.db.read() as session:
            sizes, templates = await bindings(session, cloud.id)
        flavors |= await _still_there(sizes, flavors.values(), cloud.catalog.flavor)
        images |= await _still_there(templates, [image.id for image in listed], cloud.catalog.image)
        async with self.db.begin() as session:
            sizes, templates = await bindings(session, cloud.id)
            (await session.get_one(CloudRecord, cloud.id)).offers_at = self.now()
            changed = _bind(sizes, flavors) | _bind(templates, images)
            if changed:
                after_commit(session, lambda: self.hub.publish(CLOUDS))


async def _still_there(
    rows: Iterable[SizeBinding | TemplateBinding],
    listed: Collection[str],
    ask: Callable[[str], Awaitable[Flavor | Image | None]],
) -> Mapping[str, str]:
    """Ask for each bound one that a list lacks: the list may be cut. Name to id."""
    found: dict[str, str] = {}
    for row in rows:
        if not row.cloud_ref or row.cloud_ref in listed:
            continue
        one = await ask(row.cloud_ref)
        usable = not isinstance(one, Image) or one.usable
        if one is not None and usable and one.name == row.wanted_name:
            found[one.name] = one.id
    return found


def _bind(rows: Iterable[SizeBinding | TemplateBinding], offered: Mapping[str, str]) -> bool:
    changed = False
    for row in rows:
        found = offered.get(row.wanted_name, "")
        if row.cloud_ref != found:
            row.cloud_ref, changed = found, True
    return changed
