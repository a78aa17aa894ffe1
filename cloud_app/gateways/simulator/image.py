"""ImageGateway on the practice cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_app.gateways.protocols import Image
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeImages:
    world: World

    async def images(self) -> Sequence[Image]:
        return await self.world.call(
            "image.images", lambda tx: [guest.image for guest in tx.site.images]
        )
