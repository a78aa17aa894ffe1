"""Swift: one node, one disk, one copy, with everything a client can ask for."""

from tests.lab.openstack.places import AUTH_URL, DATA, ETC, MEMCACHED, PASSWORD, PORTS, VENV
from tests.lab.openstack.processes import run
from tests.lab.openstack.settings.oslo import write

HOME = ETC / "swift"
PIPELINE = (
    "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl"
    " ratelimit authtoken keystoneauth copy container-quotas account-quotas slo dlo"
    " versioned_writes symlink proxy-logging proxy-server"
)
CONFIGURED = {"cache", "authtoken", "keystoneauth", "versioned_writes", "proxy-server"}


def swift() -> None:
    write(HOME / "swift.conf", SWIFT)
    for kind in ("account", "container", "object"):
        write(HOME / f"{kind}-server.conf", storage(kind))
        ring(kind)
    write(HOME / "proxy-server.conf", PROXY + plain_filters())


def plain_filters() -> str:
    """Return the sections of the filters that need no settings."""
    names = dict.fromkeys(name for name in PIPELINE.split() if name not in CONFIGURED)
    return "".join(f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n" for name in names)


def ring(kind: str) -> None:
    """Build the map from names to disks; there is one disk."""
    if (HOME / f"{kind}.ring.gz").exists():
        return
    builder = (VENV / "bin/swift-ring-builder", HOME / f"{kind}.builder")
    builder[1].unlink(missing_ok=True)
    run(*builder, "create", 6, 1, 1)
    run(*builder, "add", f"r1z1-127.0.0.1:{PORTS[f'swift-{kind}']}/d1", 1)
    run(*builder, "rebalance")


def storage(kind: str) -> str:
    """Return the settings of the account, container or object server."""
    return f"""\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {PORTS[f"swift-{kind}"]}
workers = 0
user = root
swift_dir = {HOME}
devices = {DATA}/swift
mount_check = false
fallocate_reserve = 0
log_name = {kind}
log_level = WARNING
[pipeline:main]
pipeline = healthcheck {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
[filter:healthcheck]
use = egg:swift#healthcheck
[{kind}-replicator]
[{kind}-auditor]
[container-updater]
interval = 5
[object-updater]
interval = 5
[container-sync]
"""


SWIFT = """\
[swift-hash]
swift_hash_path_suffix = lab
swift_hash_path_prefix = lab
[storage-policy:0]
name = Policy-0
default = yes
[swift-constraints]
max_file_size = 5368709122
"""

PROXY = f"""\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {PORTS["swift"]}
workers = 0
user = root
swift_dir = {HOME}
log_name = proxy
log_level = INFO
[pipeline:main]
pipeline = {PIPELINE}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {AUTH_URL}
auth_url = {AUTH_URL}
auth_type = password
username = swift
password = {PASSWORD}
project_name = service
user_domain_name = Default
project_domain_name = Default
delay_auth_decision = true
cache = swift.cache
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
reseller_admin_role = ResellerAdmin
[filter:cache]
use = egg:swift#memcache
memcache_servers = {MEMCACHED}
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""
