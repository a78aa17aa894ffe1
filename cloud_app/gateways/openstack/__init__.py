"""The real cloud: Keystone, Nova, Neutron and Glance behind the portal's gateways."""

from cloud_app.gateways.openstack.catalog import OpenStackCatalog
from cloud_app.gateways.openstack.compute import OpenStackCompute
from cloud_app.gateways.openstack.connect import (
    ApplicationCredential,
    CloudAccess,
    Password,
    Sessions,
)
from cloud_app.gateways.openstack.identity import OpenStackIdentity
from cloud_app.gateways.openstack.network import OpenStackNetwork
from cloud_app.gateways.protocols import Cloud, ReachGateway
from cloud_app.gateways.threads import Threads

__all__ = ["ApplicationCredential", "CloudAccess", "Password", "openstack_cloud"]


def openstack_cloud(
    cloud_id: str, access: CloudAccess, threads: Threads, reach: ReachGateway
) -> Cloud:
    """Build one cloud's gateways. Asks nothing yet; give each cloud its own `threads`."""
    sessions = Sessions(access)
    return Cloud(
        id=cloud_id,
        identity=OpenStackIdentity(sessions, threads.apart()),
        network=OpenStackNetwork(sessions, threads.apart()),
        compute=OpenStackCompute(sessions, threads),
        catalog=OpenStackCatalog(sessions, threads.apart()),
        reach=reach,
    )
