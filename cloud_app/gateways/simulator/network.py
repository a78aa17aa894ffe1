"""NetworkGateway on the practice cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_app.domain.machines import SeenAddress, SeenPort
from cloud_app.gateways.protocols import Ground, Scope, Sweep
from cloud_app.gateways.simulator import networks, sweeps
from cloud_app.gateways.simulator.store import Tx
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeNetwork:
    world: World

    async def ensure_ground(self, scope: Scope, key: str) -> Ground:
        return await self.world.call(
            "network.ensure_ground", lambda tx: networks.ensure_ground(tx, scope, key)
        )

    async def ensure_port(
        self, scope: Scope, key: str, ground: Ground, open_ports: Sequence[int]
    ) -> SeenPort:
        return await self.world.call(
            "network.ensure_port",
            lambda tx: networks.ensure_port(tx, scope, key, ground, open_ports),
        )

    async def delete_ports(self, scope: Scope, key: str) -> None:
        await self.world.call(
            "network.delete_ports", lambda tx: networks.delete_ports(tx, scope, key)
        )

    async def ensure_address(self, scope: Scope, key: str, port_id: str) -> SeenAddress:
        return await self.world.call(
            "network.ensure_address",
            lambda tx: networks.ensure_address(tx, scope, key, port_id),
        )

    async def release_addresses(self, scope: Scope, key: str) -> None:
        await self.world.call(
            "network.release_addresses", lambda tx: networks.release_addresses(tx, scope, key)
        )

    async def ports(self) -> Sweep[SeenPort]:
        return await self.world.call(
            "network.ports", lambda tx: sweeps.as_told(tx, networks.all_ports(tx))
        )

    async def addresses(self) -> Sweep[SeenAddress]:
        return await self.world.call(
            "network.addresses", lambda tx: sweeps.as_told(tx, networks.all_addresses(tx))
        )

    async def port(self, port_id: str) -> SeenPort | None:
        def call(tx: Tx) -> SeenPort | None:
            return next(
                (one for one in networks.all_ports(tx).items if one.cloud_id == port_id), None
            )

        return await self.world.call("network.port", call)

    async def address(self, address_id: str) -> SeenAddress | None:
        def call(tx: Tx) -> SeenAddress | None:
            found = networks.all_addresses(tx).items
            return next((one for one in found if one.cloud_id == address_id), None)

        return await self.world.call("network.address", call)
