"""What a cloud offers: flavors of Nova, images of Glance."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_app.gateways.openstack.connect import Sessions
from cloud_app.gateways.openstack.errors import reads
from cloud_app.gateways.openstack.rest import Json
from cloud_app.gateways.protocols import Flavor, Image
from cloud_app.gateways.threads import Threads


@dataclass(frozen=True, slots=True)
class OpenStackCatalog:
    sessions: Sessions
    threads: Threads

    async def flavors(self) -> Sequence[Flavor]:
        def call() -> list[Flavor]:
            raw = self.sessions.manager("compute").all("/flavors/detail", "flavors")
            return [_flavor(one) for one in raw]

        return await self.threads.run(call)

    async def flavor(self, flavor_id: str) -> Flavor | None:
        def call() -> Flavor | None:
            raw = self.sessions.manager("compute").find("/flavors", "flavor", flavor_id)
            return None if raw is None else _flavor(raw)

        return await self.threads.run(call)

    async def image(self, image_id: str) -> Image | None:
        def call() -> Image | None:
            raw = self.sessions.manager("image").find("/images", "", image_id)
            if raw is None or raw["visibility"] != "public":
                return None
            return _image(raw)

        return await self.threads.run(call)

    async def images(self) -> Sequence[Image]:
        """The public ones: an administrator would be shown everybody's private ones too.

        Glance leaves hidden images out of its list and shows deactivated ones.
        """

        def call() -> list[Image]:
            raw = self.sessions.manager("image").all("/images", "images", visibility="public")
            return [_image(one) for one in raw]

        return await self.threads.run(call)


@reads
def _image(raw: Json) -> Image:
    return Image(
        id=raw["id"],
        name=raw["name"] or "",
        usable=raw["status"] == "active" and not raw.get("os_hidden"),
        min_disk_gib=int(raw["min_disk"]),
        min_ram_mib=int(raw["min_ram"]),
        login_user=raw.get("os_admin_user") or "",
    )


@reads
def _flavor(raw: Json) -> Flavor:
    return Flavor(
        id=raw["id"],
        name=raw["name"],
        vcpus=int(raw["vcpus"]),
        ram_mib=int(raw["ram"]),
        disk_gib=int(raw["disk"]),
    )
