"""ReachGateway on the practice cloud: its guests answer once they have booted."""

from dataclasses import dataclass

from cloud_app.domain.errors import PortalError
from cloud_app.gateways.simulator import guests
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeReach:
    world: World

    async def answers(self, address: str, port: int) -> bool:
        try:
            return await self.world.call(
                "reach.answers", lambda tx: guests.answers(tx, address, port)
            )
        except PortalError:
            return False
