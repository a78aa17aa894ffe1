"""The configuration files of the services: the least that makes each of them true to life."""

from tests.lab.openstack.places import AUTH_URL, BIN, CLOUDS, PASSWORD, REGION
from tests.lab.openstack.settings.cinder import cinder
from tests.lab.openstack.settings.control import glance, keystone, placement
from tests.lab.openstack.settings.neutron import neutron
from tests.lab.openstack.settings.nova import nova
from tests.lab.openstack.settings.oslo import write
from tests.lab.openstack.settings.swift import swift


def configure() -> None:
    """Write every configuration file of the OpenStack services and the clouds file."""
    # Services that insist on "sudo" get this one: everything runs as root already.
    write(
        BIN / "sudo",
        """
        #!/bin/sh
        while [ $# -gt 0 ]; do
          case "$1" in -*) shift ;; *=*) export "$1"; shift ;; *) break ;; esac
        done
        exec "$@"
        """,
        0o755,
    )
    for part in (keystone, glance, placement, nova, cinder, neutron, swift):
        part()
    write(CLOUDS, clouds(), 0o600)


def clouds() -> str:
    """Return the clouds file: the operator's account and an ordinary member's."""
    lines = ["clouds:"]
    for name, user in (("lab-admin", "admin"), ("lab-demo", "demo")):
        lines += [
            f"  {name}:",
            f"    region_name: {REGION}",
            "    identity_api_version: 3",
            "    auth:",
            f"      auth_url: {AUTH_URL}",
            f"      username: {user}",
            f"      password: {PASSWORD}",
            f"      project_name: {user}",
            "      user_domain_name: Default",
            "      project_domain_name: Default",
        ]
    return "\n".join(lines) + "\n"
