"""The OpenStack services: their schemas, their processes, and whether they answer."""

import concurrent.futures
import time
from collections.abc import Callable

from tests.lab.openstack.places import (
    AUTH_URL,
    CLOUDS,
    DATA,
    ETC,
    HERE,
    HOST,
    LAB,
    PASSWORD,
    PORTS,
    PYTHON,
    REGION,
    VENV,
    database,
)
from tests.lab.openstack.processes import (
    LabError,
    answers,
    environment,
    output,
    run,
    say,
    start,
    stop,
    wait_for,
)

PROGRAMS = VENV / "bin"
HEALTH = {
    "keystone": "/v3",
    "placement": "/",
    "nova": "/",
    "neutron": "/",
    "glance": "/",
    "cinder": "/",
    "swift": "/healthcheck",
}


def once(name: str, step: Callable[[], object]) -> None:
    """Do what needs doing only once per lab; a step that was killed is done again."""
    stamp = DATA / f".done-{name}"
    if stamp.exists():
        return
    began = time.monotonic()
    step()
    stamp.touch()
    say(f"  {name}: {time.monotonic() - began:.1f} s")


def make_schemas() -> None:
    """Create the tables of every service."""
    steps = {
        "keystone": sync_keystone,
        "neutron": sync_neutron,
        "nova": sync_nova,
        "cinder": lambda: manage("cinder", "cinder.conf", "db", "sync"),
        "glance": lambda: manage("glance", "glance-api.conf", "db_sync"),
        "placement": lambda: manage("placement", "placement.conf", "db", "sync"),
    }
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(once, name, step) for name, step in steps.items()]:
            done.result()


def manage(service: str, settings: str, *words: str) -> None:
    """Run a service's own maintenance command."""
    program = PROGRAMS / f"{service}-manage"
    run(program, "--config-file", ETC / service / settings, *words, log=f"sync-{service}")


def sync_keystone() -> None:
    for folder in ("fernet", "credential"):
        (DATA / "keystone" / folder).mkdir(parents=True, exist_ok=True)
    root = ("--keystone-user", "root", "--keystone-group", "root")
    kinds = ("public", "internal", "admin")
    urls = [word for kind in kinds for word in (f"--bootstrap-{kind}-url", AUTH_URL)]
    account = ("--bootstrap-password", PASSWORD, "--bootstrap-region-id", REGION)
    manage("keystone", "keystone.conf", "db_sync")
    manage("keystone", "keystone.conf", "fernet_setup", *root)
    manage("keystone", "keystone.conf", "credential_setup", *root)
    manage("keystone", "keystone.conf", "bootstrap", *account, *urls)


def sync_nova() -> None:
    manage("nova", "nova.conf", "api_db", "sync")
    cell0 = ("--database_connection", database("nova_cell0"))
    manage("nova", "nova.conf", "cell_v2", "map_cell0", *cell0)
    manage("nova", "nova.conf", "db", "sync")
    cells = output(PROGRAMS / "nova-manage", *NOVA, "cell_v2", "list_cells")
    if "cell1" not in cells:
        manage("nova", "nova.conf", "cell_v2", "create_cell", "--name", "cell1")


def sync_neutron() -> None:
    home = ETC / "neutron"
    files = ("--config-file", home / "neutron.conf", "--config-file", home / "ml2.ini")
    run(PROGRAMS / "neutron-db-manage", *files, "upgrade", "heads", log="sync-neutron")


NOVA = ("--config-file", ETC / "nova/nova.conf")
CINDER = ("--config-file", ETC / "cinder/cinder.conf")


def start_keystone() -> None:
    start_api("keystone")
    wait_for("Keystone", lambda: answers(AUTH_URL), process="keystone")


def start_api(name: str) -> None:
    start(name, PROGRAMS / "uwsgi", "--ini", ETC / f"uwsgi-{name}.ini")


def start_services() -> None:
    """Start everything but Keystone and the compute service, and wait for their answers."""
    for name in ("placement", "nova", "neutron", "cinder"):
        start_api(name)
    start_glance()
    start("nova-conductor", PROGRAMS / "nova-conductor", *NOVA)
    start("nova-scheduler", PROGRAMS / "nova-scheduler", *NOVA)
    start("cinder-scheduler", PROGRAMS / "cinder-scheduler", *CINDER)
    start("cinder-volume", PROGRAMS / "cinder-volume", *CINDER)
    start_swift()
    for name, path in HEALTH.items():
        url = f"http://127.0.0.1:{PORTS[name]}{path}"
        wait_for(f"{name}'s API", lambda url=url: answers(url), process=name)


def start_glance() -> None:
    """Start Glance in gunicorn: uwsgi fails on the chunked uploads of Nova and Cinder."""
    where = ("--bind", f"127.0.0.1:{PORTS['glance']}", "--name", "lab-glance")
    how = ("--worker-class", "gthread", "--workers", 1, "--threads", 8, "--timeout", 300)
    module = "glance.wsgi.api:application"
    env = {"OS_GLANCE_CONFIG_DIR": ETC / "glance"}
    start("glance", PROGRAMS / "gunicorn", *where, *how, module, env=env)


def start_swift() -> None:
    """Start Swift, with the two daemons that bring its totals up to date."""
    home = ETC / "swift"
    for kind in ("account", "container", "object"):
        server = PROGRAMS / f"swift-{kind}-server"
        start(f"swift-{kind}", server, home / f"{kind}-server.conf")
    start("swift", PROGRAMS / "swift-proxy-server", home / "proxy-server.conf")
    for kind, module in (("container", "swift.container.updater"), ("object", "swift.obj.updater")):
        # The daemons read /etc/swift/swift.conf unless told otherwise first.
        code = (
            f"import sys; from swift.common import utils; utils.set_swift_dir({str(home)!r});"
            f"from {module} import main; sys.exit(main())"
        )
        start(f"swift-{kind}-updater", PYTHON, "-c", code, home / f"{kind}-server.conf")


def start_compute() -> None:
    """Start the service that runs virtual machines, and wait until the others know it."""
    start("nova-compute", PROGRAMS / "nova-compute", "--config-file", ETC / "nova-cpu.conf")
    console = PROGRAMS / "nova-novncproxy"
    start("nova-novncproxy", console, *NOVA, "--web", "/usr/share/novnc")

    def known() -> bool:
        manage("nova", "nova.conf", "cell_v2", "discover_hosts")
        return HOST in output(PROGRAMS / "nova-manage", *NOVA, "cell_v2", "list_hosts")

    try:
        once("hosts", lambda: wait_for("nova-compute", known, process="nova-compute"))
    except LabError:
        stop(["nova-compute"])  # it can refuse to work without ending
        raise


def in_environment(script: str, *words: str) -> None:
    """Run one of the lab's parts that need OpenStack's libraries."""
    path = f"{LAB}/plugins:{HERE.parents[2]}"
    env = environment(OS_CLIENT_CONFIG_FILE=CLOUDS, PYTHONPATH=path)
    run(PYTHON, "-m", f"tests.lab.openstack.{script}", *words, log=script, env=env)
