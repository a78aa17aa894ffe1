"""Deletes everything in the lab that the seed did not make, so that a run starts pristine.

By listing, in the order in which things let go of each other, and over and over until
nothing is left: a server takes a moment to go, and what hangs on it waits.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import openstack
from keystoneauth1 import exceptions as refused
from openstack import exceptions
from openstack.connection import Connection

from tests.lab.openstack import seed

GONE = (exceptions.NotFoundException, refused.NotFound)
NOT_YET = (exceptions.SDKException, refused.ClientException)
Leftover = tuple[str, Any, Callable[[], object]]


def leftovers(cloud: Connection) -> Iterator[Leftover]:
    """Yield what is left, each with what takes it away, the dependent before its support."""
    yield from machines(cloud)
    yield from volumes(cloud)
    yield from networks(cloud)
    yield from images_and_flavors(cloud)
    yield from objects(cloud)
    yield from accounts(cloud)


def machines(cloud: Connection) -> Iterator[Leftover]:
    nova = cloud.compute
    for server in nova.servers(all_projects=True):
        yield "server", server, lambda one=server: nova.delete_server(one, force=True)
    for group in nova.server_groups(all_projects=True):
        yield "server group", group, lambda one=group: nova.delete_server_group(one)
    for user in cloud.identity.users():
        for key in nova.keypairs(user_id=user.id):
            yield "key pair", key, lambda k=key, u=user: nova.delete_keypair(k, user_id=u.id)


def volumes(cloud: Connection) -> Iterator[Leftover]:
    cinder = cloud.block_storage
    for backup in cinder.snapshots(all_projects=True):
        yield "snapshot", backup, lambda one=backup: cinder.delete_snapshot(one, force=True)
    for volume in cinder.volumes(all_projects=True):
        yield "volume", volume, lambda one=volume: cinder.delete_volume(one, force=True)
    for kind in cinder.types():
        if kind.name not in seed.VOLUME_TYPES:
            yield "volume type", kind, lambda one=kind: cinder.delete_type(one)


def networks(cloud: Connection) -> Iterator[Leftover]:
    neutron = cloud.network
    for address in neutron.ips():
        yield "floating address", address, lambda one=address: neutron.delete_ip(one)
    for router in neutron.routers():
        yield "router", router, lambda one=router: delete_router(cloud, one)
    for port in neutron.ports():
        if not (port.device_owner or "").startswith("network:"):
            yield "port", port, lambda one=port: neutron.delete_port(one)
    for network in neutron.networks():
        if network.name != seed.NETWORK:
            yield "network", network, lambda one=network: neutron.delete_network(one)
    projects = {project.id for project in cloud.identity.projects()}
    for group in neutron.security_groups():
        if group.name != "default" or group.project_id not in projects:
            yield (
                "security group",
                group,
                lambda one=group: neutron.delete_security_group(one),
            )


def delete_router(cloud: Connection, router: Any) -> None:
    for port in cloud.network.ports(device_id=router.id):
        if port.device_owner == "network:router_interface":
            cloud.network.remove_interface_from_router(router, port=port.id)
    cloud.network.delete_router(router)


def images_and_flavors(cloud: Connection) -> Iterator[Leftover]:
    for image in cloud.image.images():
        if image.name not in seed.IMAGES:
            yield "image", image, lambda one=image: delete_image(cloud, one)
    for flavor in cloud.compute.flavors(is_public=None):
        if flavor.name not in seed.FLAVORS:
            yield "flavor", flavor, lambda one=flavor: cloud.compute.delete_flavor(one)


def delete_image(cloud: Connection, image: Any) -> None:
    if image.is_protected:
        cloud.image.update_image(image, is_protected=False)
    cloud.image.delete_image(image)


def objects(cloud: Connection) -> Iterator[Leftover]:
    """Yield the containers of every project; the operator may open them all."""
    swift = cloud.object_store
    base = swift.get_endpoint().rpartition("AUTH_")[0]
    for project in cloud.identity.projects():
        account = f"{base}AUTH_{project.id}"
        for container in listing(cloud, account):
            url = f"{account}/{container['name']}"
            yield "container", container, lambda one=url: delete_container(cloud, one)


def listing(cloud: Connection, url: str) -> list[dict[str, Any]]:
    answer = cloud.object_store.get(f"{url}?format=json")
    return answer.json() if answer.status_code == 200 else []


def delete_container(cloud: Connection, url: str) -> None:
    for item in listing(cloud, url):
        cloud.object_store.delete(f"{url}/{item['name']}")
    exceptions.raise_from_response(cloud.object_store.delete(url))


def accounts(cloud: Connection) -> Iterator[Leftover]:
    keystone = cloud.identity
    for user in keystone.users():
        if user.name not in seed.USERS:
            yield "user", user, lambda one=user: keystone.delete_user(one)
        for credential in keystone.application_credentials(user):
            yield (
                "application credential",
                credential,
                lambda c=credential, u=user: keystone.delete_application_credential(u, c),
            )
    for group in keystone.groups():
        yield "group", group, lambda one=group: keystone.delete_group(one)
    for project in keystone.projects():
        if project.name not in seed.PROJECTS:
            yield "project", project, lambda one=project: keystone.delete_project(one)
    for role in keystone.roles():
        if role.name not in seed.ROLES:
            yield "role", role, lambda one=role: keystone.delete_role(one)


def sweep(cloud: Connection, *, seconds: float = 120) -> None:
    """Delete until nothing is left; say what would not go."""
    end, told = time.monotonic() + seconds, set[str]()
    while left := list(leftovers(cloud)):
        for kind, thing, delete in left:
            name = f"{kind} {thing.get('name') or thing.get('id')}"
            if name not in told:
                print(name, flush=True)
                told.add(name)
            try:
                delete()
            except GONE:
                continue
            except NOT_YET as error:
                problem = f"{name}: {error}"
        if time.monotonic() > end:
            sys.exit(f"This would not go within {seconds} s: {stuck(left)}\n{problem}")
        time.sleep(0.5)


def stuck(left: Iterable[Leftover]) -> str:
    return ", ".join(f"{kind} {thing.get('id') or thing.get('name')}" for kind, thing, _ in left)


if __name__ == "__main__":
    with openstack.connect(cloud="lab-admin") as connection:
        if "--list" in sys.argv:
            for kind, thing, _delete in leftovers(connection):
                print(kind, thing.get("name") or thing.get("id"))
        else:
            sweep(connection)
