"""The real OpenStack of `tests/lab` as the place of the contract suite."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cloud_app.domain.errors import Conflict, NotFound, Refused
from cloud_app.domain.machines import SeenAddress, SeenPort
from cloud_app.gateways.openstack import openstack_cloud
from cloud_app.gateways.openstack.access import access_of, read_clouds_yaml
from cloud_app.gateways.openstack.connect import Sessions
from cloud_app.gateways.protocols import Flavor, Image, Scope
from cloud_app.gateways.reach import TcpReach
from cloud_app.gateways.threads import Threads

from .proving import Proving, proving_on

MANAGER = "lab-admin"
LONGEST_REMOVAL = 90
"""Seconds; a lab that takes longer is broken."""


@dataclass(frozen=True, slots=True)
class LabPlace:
    """Looks at the lab with the manager's sessions, past the gateways."""

    sessions: Sessions
    threads: Threads
    image_names: Sequence[str] = ("lab-tiny", "lab-guest")

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def foreign_server(self, scope: Scope, name: str, image: Image, flavor: Flavor) -> str:
        body = {
            "name": name,
            "imageRef": image.id,
            "flavorRef": flavor.id,
            "networks": "none",
        }

        def call() -> str:
            api = self.sessions.of(scope, "compute")
            return str(api.post("/servers", {"server": body}, "server")["id"])

        return await self.threads.run(call)

    async def delete_project(self, scope: Scope) -> None:
        path = f"/projects/{scope.project_id}"
        await self.threads.run(lambda: self.sessions.manager("identity").delete(path))

    async def bind_address(self, scope: Scope, port: SeenPort) -> str:
        def call() -> str:
            api = self.sessions.manager("network")
            query = {"name": self.sessions.access.external_network}
            pool = next(iter(api.all("/networks", "networks", **query)))["id"]
            body = {
                "floating_network_id": pool,
                "port_id": port.cloud_id,
                "project_id": scope.project_id,
            }
            made = api.post("/floatingips", {"floatingip": body}, "floatingip")
            return str(made["floating_ip_address"])

        return await self.threads.run(call)

    async def unbind(self, address: SeenAddress) -> None:
        await self._put(f"/floatingips/{address.cloud_id}", {"floatingip": {"port_id": None}})

    async def change_groups(self, port: SeenPort) -> None:
        body = {"port": {"security_groups": list(port.groups[:1])}}
        await self._put(f"/ports/{port.cloud_id}", body)

    async def delete_port(self, port: SeenPort) -> None:
        path = f"/ports/{port.cloud_id}"
        await self.threads.run(lambda: self.sessions.manager("network").delete(path))

    async def _put(self, path: str, body: Mapping[str, Any]) -> None:
        await self.threads.run(lambda: self.sessions.manager("network").put(path, body))

    def race(self, orders: int) -> None:
        """Nova checks the quota again after it accepted an order, so orders at once do race."""

    async def remove(self, scope: Scope) -> None:
        """Keystone deletes a project and nothing in it, so it is emptied first."""
        await self._remove_servers(scope.project_id)
        await self.threads.run(lambda: self._remove_networks(scope.project_id))
        for path in (f"/users/{scope.user_id}", f"/projects/{scope.project_id}"):
            with suppress(NotFound):
                await self.threads.run(partial(self.sessions.manager("identity").delete, path))

    async def _remove_servers(self, project_id: str) -> None:
        def remaining() -> int:
            api = self.sessions.manager("compute")
            query = {"all_tenants": 1, "project_id": project_id}
            servers = list(api.all("/servers/detail", "servers", **query))
            for server in servers:
                if server["OS-EXT-STS:task_state"] != "deleting":
                    with suppress(NotFound):
                        api.delete(f"/servers/{server['id']}")
            return len(servers)

        for _ in range(LONGEST_REMOVAL):
            if not await self.threads.run(remaining):
                return
            await self.wait(1)
        raise TimeoutError(f"servers of {project_id} are left in the lab")

    def _remove_networks(self, project_id: str) -> None:
        api = self.sessions.manager("network")

        def of(noun: str) -> list[Mapping[str, Any]]:
            path = f"/{noun.replace('_', '-')}s"
            return list(api.all(path, f"{noun}s", project_id=project_id))

        for address in of("floatingip"):
            api.delete(f"/floatingips/{address['id']}")
        for router in of("router"):
            for port in api.all("/ports", "ports", device_id=router["id"]):
                for ip in port["fixed_ips"]:
                    with suppress(NotFound, Refused, Conflict):
                        body = {"subnet_id": ip["subnet_id"]}
                        api.put(f"/routers/{router['id']}/remove_router_interface", body)
            api.delete(f"/routers/{router['id']}")
        for port in of("port"):
            if not port["device_owner"].startswith("network:"):
                api.delete(f"/ports/{port['id']}")
        for network in of("network"):
            api.delete(f"/networks/{network['id']}")
        for group in of("security_group"):
            with suppress(NotFound, Conflict):
                api.delete(f"/security-groups/{group['id']}")


@asynccontextmanager
async def on_lab(clouds_file: Path) -> AsyncGenerator[Proving]:
    access = access_of(*read_clouds_yaml(clouds_file, MANAGER))
    threads = Threads()
    cloud = openstack_cloud("lab", access, threads, TcpReach())
    try:
        async with proving_on(cloud, LabPlace(Sessions(access), threads)) as proving:
            yield proving
    finally:
        threads.close()
