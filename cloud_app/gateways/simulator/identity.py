"""IdentityGateway on the practice cloud."""

from dataclasses import dataclass

from cloud_app.gateways.protocols import Limits
from cloud_app.gateways.simulator import projects
from cloud_app.gateways.simulator.world import World


@dataclass(frozen=True, slots=True)
class PracticeIdentity:
    world: World

    async def ensure_project(self, key: str, name: str) -> str:
        return await self.world.call(
            "identity.ensure_project", lambda tx: projects.ensure_project(tx, key, name)
        )

    async def has_project(self, project_id: str) -> bool:
        return await self.world.call(
            "identity.has_project", lambda tx: projects.has_project(tx, project_id)
        )

    async def ensure_user(self, key: str, project_id: str, secret: str) -> str:
        return await self.world.call(
            "identity.ensure_user", lambda tx: projects.ensure_user(tx, key, project_id, secret)
        )

    async def set_limits(self, project_id: str, limits: Limits) -> None:
        await self.world.call(
            "identity.set_limits", lambda tx: projects.set_limits(tx, project_id, limits)
        )
