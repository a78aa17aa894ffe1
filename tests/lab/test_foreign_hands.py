"""What an administrator does past the portal, and what the portal then says of it."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

import httpx
import pytest
from openstack import connection

from cloud_app.gateways.openstack.servers import KEY
from tests.lab.conftest import in_a_week
from tests.running import RunningPortal, until

pytestmark = [
    pytest.mark.lab_only,
    pytest.mark.timeout(500),
    pytest.mark.filterwarnings("ignore"),  # openstacksdk warns of itself with every request
]
PATIENCE = 120
T = TypeVar("T")


class Hands:
    """An administrator with openstacksdk."""

    def __init__(self, cloud: str) -> None:
        self.admin: Any = connection.from_config(cloud=cloud)

    def server_of(self, key: str) -> Any:
        found = self.admin.compute.servers(all_projects=True)
        return next(server for server in found if server.metadata.get(KEY) == key)

    def port_of(self, key: str) -> Any:
        return next(iter(self.admin.network.ports(device_id=self.server_of(key).id)))

    def unbind(self, key: str) -> None:
        for address in self.admin.network.ips(port_id=self.port_of(key).id):
            self.admin.network.update_ip(address, port_id=None)

    def change_groups(self, key: str) -> None:
        port = self.port_of(key)
        self.admin.network.update_port(port, security_groups=[])

    def build(self, project_id: str, like: str) -> str:
        """A server without a key in the project; the administrator lets themselves in first."""
        role = self.admin.identity.find_role("admin")
        me = self.admin.current_user_id
        self.admin.identity.assign_project_role_to_user(project_id, me, role)
        model = self.server_of(like)
        body = {
            "name": "byhand",
            "imageRef": model.image.id,
            "flavorRef": self.admin.compute.find_flavor("m1.tiny").id,
            "networks": "none",
        }
        project = self.admin.identity.get_project(project_id)
        there = self.admin.connect_as_project(project)
        answer = there.compute.post("/servers", json={"server": body}, microversion="2.37")
        return str(answer.json()["server"]["id"])


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", os.environ["MADANG_LAB_CLOUDS"])
    return Hands("lab-admin")


@pytest.fixture
async def client(lab_portal: RunningPortal) -> AsyncGenerator[httpx.AsyncClient]:
    await lab_portal.start()
    client = await lab_portal.log_in()
    yield client
    await client.aclose()


async def do(deed: Callable[[], T]) -> T:
    return await asyncio.to_thread(deed)


async def told(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    return (await client.get(path)).raise_for_status().json()


async def until_told(
    client: httpx.AsyncClient, path: str, so: Callable[[dict[str, Any]], bool], what: str
) -> None:
    async def is_so() -> bool:
        return so(await told(client, path))

    await until(is_so, PATIENCE, every=0.5, what=what)


async def three_that_run(client: httpx.AsyncClient) -> list[str]:
    """Order three machines and wait until they are on."""
    order = {"size": "light", "template": "tiny", "return_on": in_a_week(), "access": "generated"}
    keys: list[str] = []
    for name in ("changed", "stopped", "deleted"):
        answer = await client.post("/servers", json={**order, "name": name})
        keys.append(answer.raise_for_status().json()["id"])
    for key in keys:
        await until_told(
            client, f"/servers/{key}", lambda one: one["status"] in ("starting", "ready"), "on"
        )
    return keys


async def give_back(client: httpx.AsyncClient, keys: list[str]) -> None:
    for key in keys:
        (await client.delete(f"/servers/{key}")).raise_for_status()
    for key in keys:
        await until_told(client, f"/servers/{key}", lambda one: one["status"] == "gone", "gone")


async def test_what_others_did_to_machines_is_told_and_never_undone(
    client: httpx.AsyncClient, hands: Hands
) -> None:
    keys = changed, stopped, deleted = await three_that_run(client)
    usual = await told(client, f"/servers/{changed}")
    assert (usual["name_in_cloud"], usual["groups_changed"]) == ("", False)
    assert usual["addresses"]["floating"]

    await do(lambda: hands.admin.compute.delete_server(hands.server_of(deleted).id))
    await do(lambda: hands.admin.compute.stop_server(hands.server_of(stopped).id))
    await do(lambda: hands.admin.compute.update_server(hands.server_of(changed).id, name="theirs"))
    await do(lambda: hands.unbind(changed))
    await do(lambda: hands.change_groups(changed))

    for key, so, what in (
        (deleted, lambda one: one["status"] == "lost", "lost"),
        (stopped, lambda one: one["status"] == "stopped", "stopped"),
        (changed, lambda one: one["name_in_cloud"] == "theirs", "their name"),
        (changed, lambda one: one["addresses"]["floating"] is None, "no address"),
        (changed, lambda one: one["groups_changed"], "other groups"),
    ):
        await until_told(client, f"/servers/{key}", so, what)
    after = await told(client, f"/servers/{changed}")
    assert (after["name"], after["addresses"]["fixed"]) == ("changed", usual["addresses"]["fixed"])
    await give_back(client, list(keys))


async def test_a_server_made_past_the_portal_is_counted_and_left_alone(
    client: httpx.AsyncClient, hands: Hands
) -> None:
    keys = await three_that_run(client)
    project_id = (await do(lambda: hands.server_of(keys[0]))).project_id

    foreign = await do(lambda: hands.build(project_id, like=keys[0]))
    try:
        await until_told(
            client, "/servers/offers", lambda one: one["outside"]["machines"] == 1, "counted"
        )
        assert (await told(client, "/servers/offers"))["used"]["machines"] == len(keys) + 1
        await give_back(client, keys)
        assert (await do(lambda: hands.admin.compute.get_server(foreign))).name == "byhand"
    finally:
        await do(lambda: hands.admin.compute.delete_server(foreign))
    await until_told(
        client, "/servers/offers", lambda one: one["outside"]["machines"] == 0, "not counted"
    )
