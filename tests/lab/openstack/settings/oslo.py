"""What the configuration files have in common.

Secrets are the same word everywhere, on purpose: the lab is reachable from this machine
only, and lives in a folder that is thrown away.
"""

import shutil
import textwrap
from pathlib import Path

from tests.lab.openstack.places import (
    AUTH_URL,
    DATA,
    ETC,
    HOST,
    MEMCACHED,
    PASSWORD,
    PORTS,
    RABBIT,
    REGION,
    RUN,
    VENV,
    database,
)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write one file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    path.chmod(mode)


def credentials(user: str) -> str:
    """Return the lines with which one service signs in at Keystone."""
    return f"""\
auth_type = password
auth_url = {AUTH_URL}
username = {user}
password = {PASSWORD}
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = {REGION}
"""


def token_check(user: str) -> str:
    """Return the sections with which a service checks its callers' tokens."""
    return f"""\
[keystone_authtoken]
www_authenticate_uri = {AUTH_URL}
memcached_servers = {MEMCACHED}
service_token_roles = service
service_token_roles_required = true
{credentials(user)}
[service_user]
send_service_user_token = true
{credentials(user)}
"""


def common(name: str) -> str:
    """Return what every service says about the bus, the database and itself."""
    return f"""\
[DEFAULT]
debug = false
use_stderr = true
transport_url = {RABBIT}
state_path = {DATA}/{name}
host = {HOST}

[oslo_concurrency]
lock_path = {RUN}/lock-{name}

[oslo_messaging_notifications]
driver = noop

[oslo_messaging_rabbit]
rabbit_quorum_queue = false
heartbeat_in_pthread = false

[database]
connection = {database(name)}
max_pool_size = 10
max_overflow = 50
"""


def privileged(*sections: str) -> str:
    """Return how a service reaches its privileged half; everything is root already."""
    return "".join(f"[{name}]\nhelper_command = {VENV}/bin/privsep-helper\n" for name in sections)


def shipped(name: str) -> Path:
    """Copy the files that a service's package ships and return their folder."""
    shutil.copytree(VENV / "etc" / name, ETC / name, dirs_exist_ok=True)
    return ETC / name


def uwsgi(name: str, module: str, threads: int, arguments: str = "", **env: object) -> None:
    """Write how one API is served: one worker, several threads."""
    lines = [
        "[uwsgi]",
        f"http-socket = 127.0.0.1:{PORTS[name]}",
        f"module = {module}",
        "processes = 1",
        f"threads = {threads}",
        "enable-threads = true",
        "master = true",
        "lazy-apps = true",
        "need-app = true",
        "die-on-term = true",
        "buffer-size = 65535",
        "add-header = Connection: close",
        "socket-timeout = 60",
        "worker-reload-mercy = 5",
        f"procname-prefix = lab-{name}-",
        'logformat = %(addr) "%(method) %(uri)" %(status) %(rsize)b %(msecs)ms',
        "start-time = %t",
        f"virtualenv = {VENV}",
        *([f"pyargv = {arguments}"] if arguments else []),
        *(f"env = {key}={value}" for key, value in env.items()),
    ]
    write(ETC / f"uwsgi-{name}.ini", "\n".join(lines) + "\n")
