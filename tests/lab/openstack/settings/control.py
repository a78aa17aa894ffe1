"""Keystone, Glance and Placement: who may what, images, and what room there is."""

from tests.lab.openstack.places import DATA, ETC, MEMCACHED, PORTS, database
from tests.lab.openstack.settings.oslo import (
    common,
    credentials,
    shipped,
    token_check,
    uwsgi,
    write,
)


def keystone() -> None:
    home = ETC / "keystone"
    text = f"""
[token]
provider = fernet
expiration = 14400
[fernet_tokens]
key_repository = {DATA}/keystone/fernet
[credential]
key_repository = {DATA}/keystone/credential
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = {MEMCACHED}
"""
    write(home / "keystone.conf", common("keystone") + text)
    uwsgi("keystone", "keystone.wsgi.api:application", 6, OS_KEYSTONE_CONFIG_DIR=home)


def glance() -> None:
    text = f"""
[DEFAULT]
enabled_backends = file:file
show_multiple_locations = false
enabled_import_methods = [glance-direct,web-download]
worker_self_reference_url = http://127.0.0.1:{PORTS["glance"]}
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = {DATA}/glance/images
[os_glance_staging_store]
filesystem_store_datadir = {DATA}/glance/staging
[os_glance_tasks_store]
filesystem_store_datadir = {DATA}/glance/tasks
[paste_deploy]
flavor = keystone
[oslo_limit]
{credentials("glance")}
"""
    write(shipped("glance") / "glance-api.conf", common("glance") + token_check("glance") + text)


def placement() -> None:
    home = ETC / "placement"
    text = f"""\
[DEFAULT]
use_stderr = true
[api]
auth_strategy = keystone
[placement_database]
connection = {database("placement")}
"""
    write(home / "placement.conf", text + token_check("placement"))
    uwsgi("placement", "placement.wsgi.api:application", 4, OS_PLACEMENT_CONFIG_DIR=home)
