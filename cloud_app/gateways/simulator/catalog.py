"""CatalogGateway on the practice cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_app.gateways.protocols import Flavor, Image
from cloud_app.gateways.simulator import sweeps
from cloud_app.gateways.simulator.store import Tx
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeCatalog:
    world: World

    async def flavors(self) -> Sequence[Flavor]:
        return await self.world.call(
            "catalog.flavors", lambda tx: sweeps.thinned(tx, tx.site.flavors)
        )

    async def images(self) -> Sequence[Image]:
        return await self.world.call(
            "catalog.images",
            lambda tx: sweeps.thinned(tx, [guest.image for guest in tx.site.images]),
        )

    async def flavor(self, flavor_id: str) -> Flavor | None:
        def find(tx: Tx) -> Flavor | None:
            return next((one for one in tx.site.flavors if one.id == flavor_id), None)

        return await self.world.call("catalog.flavor", find)

    async def image(self, image_id: str) -> Image | None:
        def find(tx: Tx) -> Image | None:
            return next((one.image for one in tx.site.images if one.image.id == image_id), None)

        return await self.world.call("catalog.image", find)
