"""Neutron on OVN: networks, routers, floating addresses."""

from tests.lab.openstack.places import PORTS
from tests.lab.openstack.settings.oslo import (
    common,
    credentials,
    privileged,
    shipped,
    token_check,
    uwsgi,
    write,
)

ML2 = f"""\
[ml2]
mechanism_drivers = ovn
type_drivers = local,flat,vlan,geneve
tenant_network_types = geneve
extension_drivers = port_security
overlay_ip_version = 4
[ml2_type_flat]
flat_networks = public
[ml2_type_geneve]
vni_ranges = 1:4096
max_header_size = 38
[securitygroup]
enable_security_group = true
[ovn]
ovn_nb_connection = tcp:127.0.0.1:{PORTS["ovn-nb"]}
ovn_sb_connection = tcp:127.0.0.1:{PORTS["ovn-sb"]}
ovn_l3_scheduler = leastloaded
enable_distributed_floating_ip = true
ovn_metadata_enabled = false
dns_servers = 127.0.0.1
"""


def neutron() -> None:
    home = shipped("neutron")
    text = f"""
[DEFAULT]
core_plugin = ml2
service_plugins = ovn-router
auth_strategy = keystone
bind_host = 127.0.0.1
bind_port = {PORTS["neutron"]}
api_paste_config = {home}/api-paste.ini
notify_nova_on_port_status_changes = true
notify_nova_on_port_data_changes = true
global_physnet_mtu = 1500
api_workers = 1
rpc_workers = 0
dns_domain = lab.local.
[nova]
{credentials("nova")}
[placement]
{credentials("placement")}
[agent]
root_helper =
{privileged("privsep")}
"""
    write(home / "neutron.conf", common("neutron") + token_check("neutron") + text)
    write(home / "ml2.ini", ML2)
    uwsgi(
        "neutron",
        "neutron.wsgi.api:application",
        8,
        OS_NEUTRON_CONFIG_DIR=home,
        OS_NEUTRON_CONFIG_FILES="neutron.conf;ml2.ini",
    )
