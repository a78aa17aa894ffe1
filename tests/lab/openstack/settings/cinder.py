"""Cinder: volumes as sparse files on loop devices."""

from tests.lab.openstack.places import DATA, PORTS
from tests.lab.openstack.settings.oslo import (
    common,
    credentials,
    privileged,
    shipped,
    token_check,
    uwsgi,
    write,
)


def cinder() -> None:
    home = shipped("cinder")
    text = f"""
[DEFAULT]
my_ip = 127.0.0.1
auth_strategy = keystone
enabled_backends = loop
default_volume_type = loop
glance_api_servers = http://127.0.0.1:{PORTS["glance"]}
resource_query_filters_file = {home}/resource_filters.json
rootwrap_config = {home}/rootwrap.conf
api_paste_config = {home}/api-paste.ini
image_conversion_dir = {DATA}/cinder/conversion
osapi_volume_listen = 127.0.0.1
allowed_direct_url_schemes =
volume_clear = none
[loop]
volume_driver = openstack_lab.volume.LoopFileDriver
volume_backend_name = loop
loopfile_dir = {DATA}/cinder/volumes
[nova]
{credentials("nova")}
[coordination]
backend_url = file://{DATA}/cinder/coordination
{privileged("cinder_sys_admin", "privsep_osbrick")}
"""
    write(home / "cinder.conf", common("cinder") + token_check("cinder") + text)
    arguments = f"--config-file {home}/cinder.conf"
    uwsgi("cinder", "cinder.wsgi.api:application", 6, arguments)
