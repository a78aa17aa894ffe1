"""kill -9 at the worst moments, on any cloud: nothing lost, nothing twice, nothing left.

The portal is killed at the very moment the cloud shows what was asked for, that
is between the cloud's deed and our commit, and once in every later stage.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from cloud_app.gateways.protocols import Cloud
from tests.running import RunningPortal, until

ORDERS = 5
BOOTED = ("starting", "ready", "failed")


@dataclass
class Holdings:
    """What the cloud itself says it holds with these keys."""

    cloud: Cloud
    keys: Sequence[str]

    async def servers(self) -> list[str]:
        sweep = await self.cloud.compute.servers(None)
        return sorted(str(one.key) for one in sweep.items if one.key in self.keys)

    async def ports(self) -> list[str]:
        return sorted(
            one.key for one in (await self.cloud.network.ports()).items if one.key in self.keys
        )

    async def addresses(self) -> list[str]:
        found = (await self.cloud.network.addresses()).items
        return sorted(str(one.key) for one in found if one.key in self.keys)


@dataclass
class Killing:
    portal: RunningPortal
    cloud: Cloud
    order: dict[str, Any]
    """An order as the REST API takes it, without its name."""
    built: str
    """The state that a good order ends in: a guest without SSH stays `starting` for long."""
    patience: float
    """Seconds in which everything settles once nobody kills any more."""

    async def run(self) -> None:
        """Order, kill at each moment, restart; then the same while giving back."""
        await self.portal.start()
        client = await self.portal.log_in()
        keys = [await self._order(client, number) for number in range(ORDERS)]
        holdings = Holdings(self.cloud, keys)
        for moment in (holdings.ports, holdings.servers, holdings.addresses):
            client = await self._kill_when(moment, client)
        client = await self._kill_when(lambda: self._any(client, keys, BOOTED), client)
        await until(
            lambda: self._all(client, keys, (self.built, "failed")),
            self.patience,
            what="orders end",
        )
        await self._check_built(client, holdings)
        for key in keys:
            (await client.delete(f"/servers/{key}")).raise_for_status()
        client = await self._kill_when(lambda: self._fewer(holdings.servers), client)
        client = await self._kill_when(lambda: self._fewer(holdings.addresses), client)
        await until(lambda: self._all(client, keys, ("gone",)), self.patience, what="all gone")
        assert await holdings.servers() == []
        assert await holdings.ports() == []
        assert await holdings.addresses() == []
        await client.aclose()

    async def _order(self, client: httpx.AsyncClient, number: int) -> str:
        answer = await client.post("/servers", json={**self.order, "name": f"pc-{number}"})
        return str(answer.raise_for_status().json()["id"])

    async def _kill_when(
        self, moment: Callable[[], Awaitable[Any]], client: httpx.AsyncClient
    ) -> httpx.AsyncClient:
        await until(moment, self.patience, every=0.01, what=str(moment))
        await client.aclose()
        await self.portal.kill()
        await self.portal.start()
        return await self.portal.log_in()

    async def _states(self, client: httpx.AsyncClient, keys: Sequence[str]) -> list[str]:
        answers = await asyncio.gather(*(client.get(f"/servers/{key}") for key in keys))
        return [str(answer.raise_for_status().json()["status"]) for answer in answers]

    async def _any(
        self, client: httpx.AsyncClient, keys: Sequence[str], states: Sequence[str]
    ) -> bool:
        return any(state in states for state in await self._states(client, keys))

    async def _all(
        self, client: httpx.AsyncClient, keys: Sequence[str], states: Sequence[str]
    ) -> bool:
        return all(state in states for state in await self._states(client, keys))

    async def _fewer(self, of: Callable[[], Awaitable[list[str]]]) -> bool:
        return len(await of()) < ORDERS

    async def _check_built(self, client: httpx.AsyncClient, holdings: Holdings) -> None:
        states = await self._states(client, holdings.keys)
        ready = sorted(
            key for key, state in zip(holdings.keys, states, strict=True) if state == self.built
        )
        assert await holdings.servers() == ready
        assert await holdings.ports() == ready
        assert await holdings.addresses() == ready
