"""Nova: virtual machines in QEMU without KVM, with a config drive each."""

import re

from tests.lab.openstack.places import DATA, ETC, MEMCACHED, PORTS, REGION, database
from tests.lab.openstack.settings.oslo import (
    common,
    credentials,
    privileged,
    shipped,
    token_check,
    uwsgi,
    write,
)

NOVA = f"""
[DEFAULT]
compute_driver = libvirt.LibvirtDriver
my_ip = 127.0.0.1
instances_path = {DATA}/nova/instances
allow_resize_to_same_host = true
force_config_drive = true
mkisofs_cmd = genisoimage
osapi_compute_listen = 127.0.0.1
vif_plugging_timeout = 60
resize_confirm_window = 0
shutdown_timeout = 10
sync_power_state_interval = 30
reserved_host_memory_mb = 512
update_resources_interval = 0
cpu_allocation_ratio = 16
ram_allocation_ratio = 4
initial_disk_allocation_ratio = 4
[api_database]
connection = {database("nova_api")}
[workarounds]
disable_rootwrap = true
[vnc]
enabled = true
server_listen = 127.0.0.1
server_proxyclient_address = 127.0.0.1
novncproxy_host = 127.0.0.1
novncproxy_port = {PORTS["novnc"]}
novncproxy_base_url = http://127.0.0.1:{PORTS["novnc"]}/vnc_lite.html
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 60
[conductor]
workers = 1
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = {MEMCACHED}
[glance]
region_name = {REGION}
[placement]
{credentials("placement")}
[neutron]
{credentials("neutron")}
[cinder]
os_region_name = {REGION}
catalog_info = volumev3::publicURL
{credentials("cinder")}
[barbican]
[libvirt]
virt_type = qemu
cpu_mode = none
connection_uri = qemu:///system
num_pcie_ports = 12
inject_partition = -2
wait_soft_reboot_seconds = 20
{
    privileged(
        "nova_sys_admin",
        "vif_plug_ovs_privileged",
        "vif_plug_linux_bridge_privileged",
        "privsep_osbrick",
    )
}
[os_vif_ovs]
ovsdb_connection = tcp:127.0.0.1:{PORTS["ovs"]}
ovsdb_interface = native
[upgrade_levels]
compute = auto
"""


def nova() -> None:
    home = shipped("nova")
    text = common("nova") + token_check("nova") + NOVA
    write(home / "nova.conf", text)
    # The compute service must not see database credentials.
    for section in ("database", "api_database"):
        text = re.sub(rf"^\[{section}\]\n(?:[^\[].*\n|\n)*", "", text, flags=re.MULTILINE)
    write(ETC / "nova-cpu.conf", text)
    uwsgi("nova", "nova.wsgi.osapi_compute:application", 8, OS_NOVA_CONFIG_DIR=home)
