"""ComputeGateway on the practice cloud.

Its list of methods is longer than ten because the protocol's is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud_app.domain.machines import SeenServer
from cloud_app.gateways.protocols import Scope, ServerOrder, Sweep
from cloud_app.gateways.simulator import orders, servers, sweeps
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeCompute:
    world: World

    async def servers(self, since: datetime | None) -> Sweep[SeenServer]:
        return await self.world.call(
            "compute.servers", lambda tx: sweeps.as_told(tx, servers.sweep(tx, since))
        )

    async def server(self, server_id: str) -> SeenServer | None:
        return await self.world.call("compute.server", lambda tx: servers.one(tx, server_id))

    async def find_servers(self, scope: Scope, key: str) -> Sequence[SeenServer]:
        return await self.world.call(
            "compute.find_servers", lambda tx: sweeps.thinned(tx, servers.with_key(tx, scope, key))
        )

    async def create_server(self, scope: Scope, order: ServerOrder) -> str:
        """Look, then order: two steps, as with Nova, between which another may order."""
        existing = await self.world.call(
            "compute.find_servers", lambda tx: orders.existing(tx, scope, order)
        )
        if existing:
            return existing
        return await self.world.call(
            "compute.create_server", lambda tx: orders.place(tx, scope, order)
        )

    async def start_server(self, scope: Scope, server_id: str) -> None:
        await self.world.call(
            "compute.start_server", lambda tx: servers.start(tx, scope, server_id)
        )

    async def stop_server(self, scope: Scope, server_id: str) -> None:
        await self.world.call("compute.stop_server", lambda tx: servers.stop(tx, scope, server_id))

    async def restart_server(self, scope: Scope, server_id: str) -> None:
        await self.world.call(
            "compute.restart_server", lambda tx: servers.restart(tx, scope, server_id)
        )

    async def last_action(self, scope: Scope, server_id: str) -> str:
        return await self.world.call(
            "compute.last_action", lambda tx: servers.last_action(tx, scope, server_id)
        )

    async def rename_server(self, scope: Scope, server_id: str, name: str) -> None:
        await self.world.call(
            "compute.rename_server", lambda tx: servers.rename(tx, scope, server_id, name)
        )

    async def delete_server(self, scope: Scope, server_id: str) -> None:
        await self.world.call(
            "compute.delete_server", lambda tx: servers.delete(tx, scope, server_id)
        )

    async def boot_log(self, scope: Scope, server_id: str) -> str:
        return await self.world.call(
            "compute.boot_log", lambda tx: servers.boot_log(tx, scope, server_id)
        )
