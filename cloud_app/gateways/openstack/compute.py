"""Servers on Nova.

One sweep of all projects as the manager; everything a person asks for runs as the
project's own user. Its list of methods is longer than ten because the protocol's is.
"""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from cloud_app.domain.errors import Conflict, NotFound, Unavailable
from cloud_app.domain.machines import Power, SeenServer
from cloud_app.gateways.openstack.connect import Sessions
from cloud_app.gateways.openstack.errors import nothing_missing
from cloud_app.gateways.openstack.rest import Api, Json
from cloud_app.gateways.openstack.servers import KEY, is_partial, newest, seen_server
from cloud_app.gateways.protocols import Scope, ServerOrder, Sweep
from cloud_app.gateways.threads import Threads

BOOT_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class OpenStackCompute:
    sessions: Sessions
    threads: Threads

    async def servers(self, since: datetime | None) -> Sweep[SeenServer]:
        def call() -> Sweep[SeenServer]:
            query = {"changes-since": since.astimezone(UTC).isoformat()} if since else {}
            raw = self.sessions.manager("compute").all(
                "/servers/detail", "servers", all_tenants=1, **query
            )
            return _sweep(list(raw), since)

        return await self.threads.run(call)

    async def server(self, server_id: str) -> SeenServer | None:
        return await self.threads.run(lambda: _one(self.sessions.manager("compute"), server_id))

    async def find_servers(self, scope: Scope, key: str) -> Sequence[SeenServer]:
        return await self.threads.run(lambda: _with_key(self._as(scope), scope, key))

    async def create_server(self, scope: Scope, order: ServerOrder) -> str:
        return await self.threads.run(lambda: _create(self.sessions, scope, order))

    async def start_server(self, scope: Scope, server_id: str) -> None:
        await self._act(scope, server_id, {"os-start": None}, (Power.ON, Power.STARTING))

    async def stop_server(self, scope: Scope, server_id: str) -> None:
        await self._act(scope, server_id, {"os-stop": None}, (Power.OFF, Power.STOPPING))

    async def restart_server(self, scope: Scope, server_id: str) -> None:
        # A guest that does not listen is reset by Nova after 120 s (its default).
        await self._act(scope, server_id, {"reboot": {"type": "SOFT"}}, ())

    async def last_action(self, scope: Scope, server_id: str) -> str:
        def call() -> str:
            path = f"/servers/{server_id}/os-instance-actions"
            actions = self._as(scope).all(path, "instanceActions", limit=1)
            newest = next((action["request_id"] for action in actions), None)
            return str(newest or "")

        return await self.threads.run(call)

    async def rename_server(self, scope: Scope, server_id: str, name: str) -> None:
        body = {"server": {"name": name}}
        await self.threads.run(lambda: self._as(scope).put(f"/servers/{server_id}", body))

    async def delete_server(self, scope: Scope, server_id: str) -> None:
        def call() -> None:
            with suppress(NotFound):
                self._as(scope).delete(f"/servers/{server_id}")

        await self.threads.run(call)

    async def boot_log(self, scope: Scope, server_id: str) -> str:
        def call() -> str:
            body = {"os-getConsoleOutput": {"length": BOOT_LOG_LINES}}
            try:
                answer = self._as(scope).tell(f"/servers/{server_id}/action", body)
            except (NotFound, Conflict):  # stopped; not on a host yet
                return ""
            return str(answer["output"] or "")

        return await self.threads.run(call)

    def _as(self, scope: Scope) -> Api:
        return self.sessions.of(scope, "compute")

    async def _act(self, scope: Scope, server_id: str, body: Json, done: Sequence[Power]) -> None:
        """Ask once; a refusal counts as done where the server is on its way there already."""

        def call() -> None:
            api = self._as(scope)
            try:
                api.act(f"/servers/{server_id}/action", body)
            except Conflict:
                if seen_server(api.get(f"/servers/{server_id}", "server")).power not in done:
                    raise

        await self.threads.run(call)


def _sweep(raw: Sequence[Json], since: datetime | None) -> Sweep[SeenServer]:
    seen = [seen_server(one) for one in raw if not is_partial(one)]
    whole = since is None and len(seen) == len(raw)
    return Sweep(items=seen, complete=whole, cursor=newest(seen) or since)


def _one(api: Api, server_id: str) -> SeenServer | None:
    raw = api.find("/servers", "server", server_id)
    if raw is not None and is_partial(raw):
        raise Unavailable("error.cloud_silent", detail="a part of the cloud does not answer")
    return None if raw is None else seen_server(raw)


def _with_key(api: Api, scope: Scope, key: str) -> list[SeenServer]:
    # Nova lets only administrators filter by metadata, so the project's list is read.
    query = {"all_tenants": 1, "project_id": scope.project_id} if scope.as_manager else {}
    raw = list(api.all("/servers/detail", "servers", **query))
    whole = [one for one in raw if not is_partial(one)]
    found = [server for server in map(seen_server, whole) if server.key == key]
    if not found and len(whole) < len(raw):
        raise Unavailable("error.cloud_silent", detail="a part of the cloud does not answer")
    return found


def _create(sessions: Sessions, scope: Scope, order: ServerOrder) -> str:
    """Look in both places where an earlier try left its mark, then order.

    A POST whose answer is lost raises Unavailable: it is for the caller to look
    again later, never for us to order again now.
    """
    api = sessions.of(scope, "compute")
    if existing := _with_key(api, scope, order.key):
        return _one_to_keep(existing)
    if holder := _holder(sessions.of(scope, "network"), api, order.port_id):
        return holder
    body = {
        "name": order.name,
        "flavorRef": order.flavor_id,
        "imageRef": order.image_id,
        "networks": [{"port": order.port_id}],
        "config_drive": True,
        "user_data": b64encode(order.user_data.encode()).decode(),
        "metadata": {KEY: order.key},
    }
    return str(api.post("/servers", {"server": body}, "server")["id"])


def _one_to_keep(servers: Sequence[SeenServer]) -> str:
    staying = [one for one in servers if one.power not in (Power.DELETING, Power.DELETED)]
    if not staying:
        raise Conflict(detail="the earlier server is still being deleted")
    return min(staying, key=lambda one: (one.power is Power.FAILED, one.cloud_id)).cloud_id


def _holder(network: Api, compute: Api, port_id: str) -> str | None:
    """Find the server that has the port: ours, should somebody have removed its metadata."""
    with nothing_missing():
        holder = str(network.get(f"/ports/{port_id}", "port")["device_id"] or "")
    if not holder:
        return None
    if _one(compute, holder) is not None:
        return holder
    # Nova frees a port that it did not make; here it did not get to that.
    network.put(f"/ports/{port_id}", {"port": {"device_id": "", "device_owner": ""}})
    return None
