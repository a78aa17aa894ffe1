"""Networks, ports and external addresses on Neutron.

Everything of ours is named, or for floating IPs described, by the prefix and a
key. Neutron has no unique names, so making things for one project goes one after
the other in this process, and what two processes made is settled by `kept_one`.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakValueDictionary

from cloud_app.domain.errors import Conflict, NotFound, Refused
from cloud_app.domain.machines import SeenAddress, SeenPort
from cloud_app.gateways.openstack.connect import Sessions
from cloud_app.gateways.openstack.errors import (
    nothing_missing,
    pool_exhausted,
    readable,
    reads,
)
from cloud_app.gateways.openstack.groups import (
    base_rules,
    ensured_group,
    group_name,
    open_rules,
)
from cloud_app.gateways.openstack.kept import kept_one, path_of, same
from cloud_app.gateways.openstack.rest import Api, Json
from cloud_app.gateways.protocols import Ground, Scope, Sweep
from cloud_app.gateways.threads import Threads

T = TypeVar("T")

PORT_FIELDS = ("id", "project_id", "name", "fixed_ips", "device_id", "security_groups")
ADDRESS_FIELDS = ("id", "project_id", "description", "floating_ip_address", "port_id")
"""All that a sweep asks for; a whole port is twenty times as long."""


@dataclass(frozen=True, slots=True)
class OpenStackNetwork:
    sessions: Sessions
    threads: Threads
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=WeakValueDictionary[str, asyncio.Lock], init=False, repr=False
    )

    async def ensure_ground(self, scope: Scope, key: str) -> Ground:
        def call(api: Api) -> Ground:
            name = self._name(key)
            network = kept_one(api, "network", scope.project_id, {"name": name})
            subnet = self._subnet(api, scope.project_id, name, str(network["id"]))
            router_id = self._router(api, scope.project_id, name, str(subnet["id"]))
            return Ground(network_id=network["id"], subnet_id=subnet["id"], router_id=router_id)

        return await self._in_turn(scope, call)

    async def ensure_port(
        self, scope: Scope, key: str, ground: Ground, open_ports: Sequence[int]
    ) -> SeenPort:
        def call(api: Api) -> SeenPort:
            body = {
                "name": self._name(key),
                "network_id": ground.network_id,
                "fixed_ips": [{"subnet_id": ground.subnet_id}],
                "security_groups": self._groups(api, scope.project_id, open_ports),
            }
            return _seen_port(kept_one(api, "port", scope.project_id, body), key)

        return await self._in_turn(scope, call)

    async def delete_ports(self, scope: Scope, key: str) -> None:
        await self._delete_all(scope, "port", "name", self._name(key))

    async def ensure_address(self, scope: Scope, key: str, port_id: str) -> SeenAddress:
        def call(api: Api) -> SeenAddress:
            body = {
                "description": self._name(key),
                "floating_network_id": self._external_network(api),
                "port_id": port_id,
            }
            with pool_exhausted():
                address = kept_one(api, "floatingip", scope.project_id, body, by="description")
            if address["port_id"] != port_id:
                api.put(f"/floatingips/{address['id']}", {"floatingip": {"port_id": port_id}})
            return _seen_address({**address, "port_id": port_id}, key)

        return await self._in_turn(scope, call)

    async def release_addresses(self, scope: Scope, key: str) -> None:
        await self._delete_all(scope, "floatingip", "description", self._name(key))

    async def ports(self) -> Sweep[SeenPort]:
        def ours(raw: Json) -> SeenPort | None:
            key = self._key(raw["name"])
            return None if key is None else _seen_port(raw, key)

        return await self._sweep("port", PORT_FIELDS, ours)

    async def addresses(self) -> Sweep[SeenAddress]:
        def ours(raw: Json) -> SeenAddress | None:
            key = self._key(raw["description"])
            return _seen_address(raw, key) if key is not None or raw["port_id"] else None

        return await self._sweep("floatingip", ADDRESS_FIELDS, ours)

    async def port(self, port_id: str) -> SeenPort | None:
        def call() -> SeenPort | None:
            raw = self.sessions.manager("network").find(path_of("port"), "port", port_id)
            with readable():
                return None if raw is None else _seen_port(raw, self._key(raw["name"]) or "")

        return await self.threads.run(call)

    async def address(self, address_id: str) -> SeenAddress | None:
        def call() -> SeenAddress | None:
            api = self.sessions.manager("network")
            raw = api.find(path_of("floatingip"), "floatingip", address_id)
            with readable():
                return None if raw is None else _seen_address(raw, self._key(raw["description"]))

        return await self.threads.run(call)

    async def _sweep(
        self, noun: str, fields: Sequence[str], seen: Callable[[Json], T | None]
    ) -> Sweep[T]:
        """List all projects' things; `complete` only where the manager sees all projects.

        Neutron knows no "all projects, or refuse": without the role it shows fewer.
        """

        def call() -> Sweep[T]:
            found = self.sessions.manager("network").all(path_of(noun), f"{noun}s", fields=fields)
            with readable():
                items = [one for one in map(seen, found) if one is not None]
            return Sweep(items=items, complete=self.sessions.sees_all())

        return await self.threads.run(call)

    async def _delete_all(self, scope: Scope, noun: str, by: str, value: str) -> None:
        def call(api: Api) -> None:
            for one in same(api, noun, scope.project_id, by, value):
                with suppress(NotFound):
                    api.delete(f"{path_of(noun)}/{one['id']}")

        await self._in_turn(scope, call)

    async def _in_turn(self, scope: Scope, call: Callable[[Api], T]) -> T:
        """Run `call` when no other of this project runs; what vanished meanwhile is Conflict."""

        def checked() -> T:
            with nothing_missing():
                return call(self.sessions.of(scope, "network"))

        turn = self._turns.setdefault(scope.project_id, asyncio.Lock())
        async with turn:
            return await self.threads.run(checked)

    def _name(self, key: str) -> str:
        return self.sessions.access.prefix + key

    def _key(self, name: str | None) -> str | None:
        """The key in a name of ours; None for a name that is not."""
        prefix = self.sessions.access.prefix
        return name.removeprefix(prefix) if name and name.startswith(prefix) else None

    def _subnet(self, api: Api, project_id: str, name: str, network_id: str) -> Json:
        access = self.sessions.access
        body = {
            "name": name,
            "network_id": network_id,
            "ip_version": 4,
            "cidr": access.subnet_cidr,
            "dns_nameservers": list(access.dns_servers),
        }
        try:
            return kept_one(api, "subnet", project_id, body)
        except Refused:
            # Two subnets of one network may not overlap: another process was faster.
            found = same(api, "subnet", project_id, "network_id", network_id)
            if not found:
                raise
            return found[0]

    def _router(self, api: Api, project_id: str, name: str, subnet_id: str) -> str | None:
        """Make the way out and join it to the subnet, whichever part is missing."""
        if self.sessions.access.external_network is None:
            return None
        gateway = {"external_gateway_info": {"network_id": self._external_network(api)}}
        router = kept_one(api, "router", project_id, {"name": name, **gateway})
        path = f"/routers/{router['id']}"
        if not router["external_gateway_info"]:
            api.put(path, {"router": gateway})
        if not _joined(api, router, subnet_id):
            try:
                api.put(f"{path}/add_router_interface", {"subnet_id": subnet_id})
            except (Refused, Conflict):  # joined by somebody else since
                if not _joined(api, router, subnet_id):
                    raise
        return str(router["id"])

    def _groups(self, api: Api, project_id: str, open_ports: Sequence[int]) -> list[str]:
        access = self.sessions.access
        wanted = {access.prefix.rstrip("-"): base_rules(access.admin_ranges)}
        if open_ports:
            wanted[group_name(access.prefix, open_ports)] = open_rules(open_ports)
        return [ensured_group(api, project_id, name, rules) for name, rules in wanted.items()]

    def _external_network(self, api: Api) -> str:
        name = self.sessions.access.external_network
        if name is not None:
            for network in api.all("/networks", "networks", name=name, **{"router:external": True}):
                return str(network["id"])
        raise Refused("error.no_address", detail=f"no external network {name}")


@readable()
def _joined(api: Api, router: Json, subnet_id: str) -> bool:
    ports = api.all("/ports", "ports", device_id=router["id"], fields=["fixed_ips"])
    return any(ip["subnet_id"] == subnet_id for port in ports for ip in port["fixed_ips"])


@reads
def _seen_port(raw: Json, key: str) -> SeenPort:
    fixed_ips = [ip["ip_address"] for ip in raw["fixed_ips"]]
    return SeenPort(
        cloud_id=raw["id"],
        project_id=raw["project_id"],
        key=key,
        fixed_ip=next(iter(fixed_ips), None),
        server_id=raw["device_id"] or None,
        groups=tuple(sorted(raw["security_groups"])),
    )


@reads
def _seen_address(raw: Json, key: str | None) -> SeenAddress:
    return SeenAddress(
        cloud_id=raw["id"],
        project_id=raw["project_id"],
        key=key,
        address=raw["floating_ip_address"],
        port_id=raw["port_id"],
    )
