"""Fills the lab: `identity` is the service catalog and the accounts, `offers` the rest.

Run in the lab's own environment; safe to run again. What is named here is what `sweep`
leaves alone.
"""

import sys

import openstack
from openstack.connection import Connection

from tests.lab.openstack import guest
from tests.lab.openstack.places import EXTERNAL_GATEWAY, PASSWORD, PORTS, REGION

SERVICES = {
    "glance": ("image", ""),
    "placement": ("placement", ""),
    "nova": ("compute", "/v2.1"),
    "neutron": ("network", ""),
    "cinder": ("volumev3", "/v3"),
    "swift": ("object-store", "/v1/AUTH_%(project_id)s"),
}
PROJECTS = ("admin", "service", "demo")
USERS = ("admin", "demo", *SERVICES)
ROLES = ("admin", "manager", "member", "reader", "service", "ResellerAdmin")
FLAVORS = {  # name: vCPUs, MiB of memory, GiB of disk
    "m1.nano": (1, 192, 1),
    "m1.micro": (1, 256, 1),
    "m1.tiny": (1, 512, 1),
    "m1.small": (1, 2048, 20),
}
NETWORK = "public"
VOLUME_TYPES = ("loop", "__DEFAULT__")
IMAGES = {
    "lab-guest": {
        "os_distro": "debian",
        "os_version": "13",
        "os_admin_user": "student",
        "hw_rng_model": "virtio",
    },
    "lab-tiny": {"hw_rng_model": "virtio"},
}
RECIPE = "lab_recipe"  # the image property that tells which build of a guest it holds


def identity(cloud: Connection) -> None:
    """Make roles, projects, users and the catalog."""
    keystone = cloud.identity
    roles = {role.name: role for role in keystone.roles()}
    projects = {project.name: project for project in keystone.projects()}
    users = {user.name: user for user in keystone.users()}
    for name in ROLES:
        if name not in roles:
            roles[name] = keystone.create_role(name=name)
    for name in PROJECTS:
        if name not in projects:
            projects[name] = keystone.create_project(name=name, domain_id="default")
    for name in USERS:
        if name not in users:
            users[name] = keystone.create_user(name=name, password=PASSWORD, domain_id="default")
    grants = [(name, "service", role) for name in SERVICES for role in ("service", "admin")]
    grants += [
        ("demo", "demo", "member"),
        ("admin", "demo", "admin"),
        ("admin", "demo", "member"),
        ("admin", "admin", "ResellerAdmin"),  # opens every project's buckets
    ]
    for user, project, role in grants:
        keystone.assign_project_role_to_user(projects[project], users[user], roles[role])
    catalog(cloud)


def catalog(cloud: Connection) -> None:
    """Write down where each service answers."""
    keystone = cloud.identity
    services = {service.type: service for service in keystone.services()}
    known = {(endpoint.service_id, endpoint.interface) for endpoint in keystone.endpoints()}
    for name, (kind, path) in SERVICES.items():
        service = services.get(kind) or keystone.create_service(name=name, type=kind)
        for interface in ("public", "internal", "admin"):
            if (service.id, interface) not in known:
                keystone.create_endpoint(
                    service_id=service.id,
                    interface=interface,
                    url=f"http://127.0.0.1:{PORTS[name]}{path}",
                    region_id=REGION,
                )


def offers(cloud: Connection) -> None:
    """Make what a cloud offers its users: flavors, the outside network, a volume type, images."""
    there = {flavor.name for flavor in cloud.compute.flavors()}
    for name, (vcpus, ram, disk) in FLAVORS.items():
        if name not in there:
            cloud.compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk)
    outside_network(cloud)
    if not any(kind.name == "loop" for kind in cloud.block_storage.types()):
        kind = cloud.block_storage.create_type(name="loop")
        cloud.block_storage.update_type_extra_specs(kind, volume_backend_name="loop")
    for name in IMAGES:
        offer_image(cloud, name)


def outside_network(cloud: Connection) -> None:
    network = cloud.network.find_network(NETWORK) or cloud.network.create_network(
        name=NETWORK,
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="public",
    )
    if not network.subnet_ids:
        cloud.network.create_subnet(
            name="public-subnet",
            network_id=network.id,
            ip_version=4,
            cidr="172.24.4.0/24",
            gateway_ip=EXTERNAL_GATEWAY,
            is_dhcp_enabled=False,
            allocation_pools=[{"start": "172.24.4.10", "end": "172.24.4.200"}],
        )


def offer_image(cloud: Connection, name: str) -> None:
    """Upload a guest unless this very build is there already."""
    recipe = guest.recipe(name)
    images = list(cloud.image.images(name=name))
    if any(one.status == "active" and one.properties.get(RECIPE) == recipe for one in images):
        return
    cloud.create_image(
        name,
        filename=str(guest.image(name)),
        disk_format="qcow2",
        container_format="bare",
        visibility="public",
        min_disk=1,
        wait=True,
        allow_duplicates=True,
        properties=IMAGES[name] | {RECIPE: recipe},
    )
    for old in images:
        cloud.image.delete_image(old)


if __name__ == "__main__":
    with openstack.connect(cloud="lab-admin") as connection:
        {"identity": identity, "offers": offers}[sys.argv[1]](connection)
