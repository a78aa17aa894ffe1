"""The guest can be believed: cloud-init, SSH by key and by password, a disk that persists.

What other tests say about log-ins and data rests on this one.
"""

import asyncio
import base64
import os
import secrets
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncssh
import openstack
import pytest
from openstack.connection import Connection

pytestmark = [
    pytest.mark.lab_only,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),  # openstacksdk's own
    pytest.mark.filterwarnings("ignore::DeprecationWarning:openstack"),
    pytest.mark.skipif("MADANG_LAB_CLOUDS" not in os.environ, reason="runs in the lab only"),
]


@dataclass(frozen=True, slots=True)
class Room:
    """A network of its own behind a router, open for SSH."""

    name: str
    network_id: str
    security_group_id: str


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Generator[Connection]:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", os.environ["MADANG_LAB_CLOUDS"])
    with openstack.connect(cloud="lab-demo") as connection:
        yield connection


@pytest.fixture
def room(cloud: Connection) -> Generator[Room]:
    name = f"guest-{secrets.token_hex(3)}"
    network = cloud.network.create_network(name=name)
    subnet = cloud.network.create_subnet(
        name=name, network_id=network.id, ip_version=4, cidr="10.99.0.0/24"
    )
    outside = cloud.network.find_network("public", ignore_missing=False)
    router = cloud.network.create_router(
        name=name, external_gateway_info={"network_id": outside.id}
    )
    cloud.network.add_interface_to_router(router, subnet=subnet.id)
    group = cloud.network.create_security_group(name=name)
    cloud.network.create_security_group_rule(
        security_group_id=group.id,
        direction="ingress",
        protocol="tcp",
        port_range_min=22,
        port_range_max=22,
    )

    yield Room(name, network.id, group.id)

    for server in cloud.compute.servers(name=name):
        cloud.compute.delete_server(server, force=True)
        cloud.compute.wait_for_delete(server, interval=0.5)
    for address in cloud.network.ips(description=name):
        cloud.network.delete_ip(address)
    cloud.network.remove_interface_from_router(router, subnet=subnet.id)
    cloud.network.delete_router(router)
    cloud.network.delete_network(network)
    cloud.network.delete_security_group(group)


def order(cloud: Connection, room: Room, user_data: str) -> tuple[str, str]:
    """Boot a guest with a floating address; return the server's id and the address."""
    flavor = cloud.compute.find_flavor("m1.micro", ignore_missing=False)
    image = cloud.image.find_image("lab-guest", ignore_missing=False)
    server = cloud.compute.create_server(
        name=room.name,
        flavor_id=flavor.id,
        image_id=image.id,
        networks=[{"uuid": room.network_id}],
        security_groups=[{"name": room.security_group_id}],
        user_data=base64.b64encode(user_data.encode()).decode(),
        config_drive=True,
    )
    cloud.compute.wait_for_server(server, wait=120, interval=0.5)
    (port,) = cloud.network.ports(device_id=server.id)
    outside = cloud.network.find_network("public", ignore_missing=False)
    address = cloud.network.create_ip(
        floating_network_id=outside.id, port_id=port.id, description=room.name
    )
    return server.id, address.floating_ip_address


async def say(address: str, command: str, login: Mapping[str, Any], *, seconds: float = 240) -> str:
    """Run a command over SSH, as soon as somebody answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            async with asyncssh.connect(
                address, known_hosts=None, config=None, login_timeout=60, **login
            ) as session:
                done = await session.run(command, check=True)
                return str(done.stdout).strip()
        except (OSError, asyncssh.ConnectionLost, asyncssh.DisconnectError) as error:
            refused = isinstance(error, asyncssh.PermissionDenied)
            if refused or time.monotonic() > end:
                raise
        await asyncio.sleep(0.5)


async def test_a_user_a_key_and_a_file_arrive_and_what_is_written_stays(
    cloud: Connection, room: Room
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    public = key.export_public_key().decode().strip()
    user_data = f"""#cloud-config
users:
  - default
  - name: ada
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    ssh_authorized_keys: ["{public}"]
write_files:
  - {{path: /etc/greeting, content: "{base64.b64encode(b"hello").decode()}", encoding: b64}}
runcmd:
  - [sh, -c, "echo done > /etc/finished"]
"""
    began = time.monotonic()
    server_id, address = order(cloud, room, user_data)
    ada = {"username": "ada", "client_keys": [key], "agent_path": None}

    assert await say(address, "cat /etc/greeting", ada) == "hello"
    print(f"from the order to a log-in: {time.monotonic() - began:.1f} s")
    assert await say(address, "hostname", ada) == room.name
    assert await say(address, "cloud-init status --wait >/dev/null; cat /etc/finished", ada)

    first = await say(
        address,
        "echo mine | sudo tee /root/kept >/dev/null; cat /proc/sys/kernel/random/boot_id",
        ada,
    )
    began = time.monotonic()
    cloud.compute.reboot_server(server_id, "SOFT")
    cloud.compute.wait_for_server(cloud.compute.get_server(server_id), interval=0.5)
    kept, second = (
        await say(address, "sudo cat /root/kept; cat /proc/sys/kernel/random/boot_id", ada)
    ).split()
    print(f"from the reboot to a log-in: {time.monotonic() - began:.1f} s")
    assert kept == "mine"
    assert second != first


async def test_a_password_opens_the_default_user_when_the_order_says_so(
    cloud: Connection, room: Room
) -> None:
    user_data = """#cloud-config
ssh_pwauth: true
chpasswd:
  expire: false
  users: [{name: student, password: four-kites-fly, type: text}]
"""
    _server_id, address = order(cloud, room, user_data)
    student = {
        "username": "student",
        "password": "four-kites-fly",
        "client_keys": None,
        "agent_path": None,
    }

    assert await say(address, "sudo id -un", student) == "root"
    with pytest.raises(asyncssh.PermissionDenied):
        await say(address, "true", student | {"password": "five-kites-fly"})
