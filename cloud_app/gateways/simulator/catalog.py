"""CatalogGateway on the practice cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_app.gateways.protocols import Flavor, Image
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeCatalog:
    world: World

    async def flavors(self) -> Sequence[Flavor]:
        return await self.world.call("catalog.flavors", lambda tx: tx.site.flavors)

    async def images(self) -> Sequence[Image]:
        return await self.world.call(
            "catalog.images", lambda tx: [guest.image for guest in tx.site.images]
        )
