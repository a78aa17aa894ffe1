"""What the services stand on: MariaDB, RabbitMQ, memcached, OVN and libvirt.

All of them may have been killed at any moment: sockets left behind are removed before
their owner starts, databases recover by themselves.
"""

import shutil
from pathlib import Path

from tests.lab.openstack.places import (
    DATA,
    ETC,
    EXTERNAL_GATEWAY,
    HERE,
    HOST,
    LOG,
    PASSWORD,
    PORTS,
    RUN,
)
from tests.lab.openstack.processes import alive, listening, output, run, start, wait_for
from tests.lab.openstack.settings.oslo import write

OVS = RUN / "ovs"
VIRSH = ("virsh", "-c", "qemu:///system")
VSCTL = ("ovs-vsctl", f"--db=unix:{OVS}/db.sock", "--timeout=30")
DATABASES = (
    *("keystone", "glance", "placement", "nova", "nova_api", "nova_cell0"),
    *("neutron", "cinder"),
)


def start_memcached() -> None:
    memory = ("-U", 0, "-m", 128)
    where = ("-l", "127.0.0.1", "-p", PORTS["memcached"])
    start("memcached", "memcached", "-u", "root", *where, *memory)


def start_mariadb() -> None:
    """Start the database, made durable enough for a killed process, not for a power cut."""
    data, socket = DATA / "mysql", RUN / "mysql.sock"
    if not (DATA / "mysql-made").exists() and not (DATA / "mysql-users").exists():
        run("rm", "-rf", data)
        options = ("--auth-root-authentication-method=normal", "--skip-test-db")
        where = (f"--datadir={data}", "--user=root", "--skip-name-resolve")
        run("mariadb-install-db", "--no-defaults", *where, *options, log="mysql")
        (DATA / "mysql-made").touch()
    if not alive("mysql"):
        socket.unlink(missing_ok=True)
    start(
        "mysql",
        *("mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={socket}"),
        *(f"--pid-file={RUN}/mysqld.pid", "--bind-address=127.0.0.1", f"--port={PORTS['mysql']}"),
        *("--skip-name-resolve", "--max-connections=1000", "--innodb-buffer-pool-size=256M"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin"),
        *("--performance-schema=0", "--character-set-server=utf8mb3"),
        "--innodb-flush-method=nosync",
    )
    wait_for("MariaDB", socket.exists, process="mysql")
    wait_for("MariaDB", lambda: listening(PORTS["mysql"]), process="mysql")
    if not (DATA / "mysql-users").exists():
        sql = "".join(f"CREATE DATABASE IF NOT EXISTS {name};" for name in DATABASES) + (
            f"CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';"
            "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;"
        )
        run("mariadb", "--no-defaults", "-uroot", f"--socket={socket}", "-e", sql, log="mysql")
        (DATA / "mysql-users").touch()


def start_rabbit() -> None:
    """Start the message bus. Its queues are made anew: nothing in them outlives the lab."""
    start("epmd", "epmd", "-address", "127.0.0.1", "-port", PORTS["epmd"])
    wait_for("epmd", lambda: listening(PORTS["epmd"]), process="epmd")
    home, settings = DATA / "rabbit", ETC / "rabbitmq.conf"
    if not alive("rabbit"):
        shutil.rmtree(home / "mnesia", ignore_errors=True)
    write(
        settings,
        f"""
        listeners.tcp.1 = 127.0.0.1:{PORTS["rabbit"]}
        log.console = true
        log.file = false
        disk_free_limit.absolute = 50MB
        vm_memory_high_watermark.relative = 0.3
        """,
    )
    env = {
        "HOME": home,
        "RABBITMQ_NODENAME": "lab@localhost",
        "RABBITMQ_BASE": home,
        "RABBITMQ_MNESIA_BASE": home / "mnesia",
        "RABBITMQ_LOG_BASE": LOG,
        "RABBITMQ_CONFIG_FILE": settings,
        "RABBITMQ_ENABLED_PLUGINS_FILE": ETC / "rabbit-plugins",
        "RABBITMQ_PID_FILE": RUN / "rabbitmq-server.pid",
        "RABBITMQ_DIST_PORT": PORTS["rabbit-dist"],
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "ERL_EPMD_PORT": PORTS["epmd"],
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +S 2:2"
        ),
    }
    start("rabbit", "/usr/lib/rabbitmq/bin/rabbitmq-server", env=env)
    wait_for("RabbitMQ", lambda: listening(PORTS["rabbit"]), process="rabbit")


def start_ovn() -> None:
    """Start the switch and its control plane, all in user space, and the outside bridge."""
    start_ovs_database("conf", "/usr/share/openvswitch/vswitch.ovsschema", "ovs", "db")
    start_ovs_database("nb", "/usr/share/ovn/ovn-nb.ovsschema", "ovn-nb", "ovnnb_db")
    start_ovs_database("sb", "/usr/share/ovn/ovn-sb.ovsschema", "ovn-sb", "ovnsb_db")
    run(*VSCTL, "--no-wait", "init", log="ovs")
    run(*VSCTL, "--no-wait", "set", "open", ".", *CHASSIS, log="ovs")
    start_ovs("ovs-vswitchd", f"unix:{OVS}/db.sock", "--disable-system", after=OUTSIDE)
    for bridge in ("br-int", "br-ex"):
        add = ("--may-exist", "add-br", bridge)
        run(*VSCTL, *add, "--", "set", "bridge", bridge, "datapath_type=netdev", log="ovs")
    run("sh", "-c", OUTSIDE, log="ovs")
    north, south = f"--ovnnb-db=unix:{OVS}/ovnnb_db.sock", f"unix:{OVS}/ovnsb_db.sock"
    start_ovs("ovn-northd", north, f"--ovnsb-db={south}")
    start_ovs("ovn-controller", f"unix:{OVS}/db.sock", after="true")
    wait_for("OVN", ovn_is_ready, process="ovn-controller")


def ovn_is_ready() -> bool:
    """Say whether this machine is known as a host, and does what the databases say."""
    south, north = f"--db=unix:{OVS}/ovnsb_db.sock", f"--db=unix:{OVS}/ovnnb_db.sock"
    hosts = output("ovn-sbctl", south, "--timeout=5", "--columns=hostname", "list", "chassis")
    sync = ("ovn-nbctl", north, "--timeout=5", "--wait=hv", "sync")
    return HOST in hosts and not run(*sync, log="ovs", check=False)


# The outside bridge gets its address as soon as the switch has made it.
OUTSIDE = f"""
for _ in $(seq 50); do [ -e /sys/class/net/br-ex ] && break; sleep 0.1; done
ip addr replace {EXTERNAL_GATEWAY}/24 dev br-ex && ip link set br-ex up
"""
CHASSIS = (
    "external-ids:system-id=lab-chassis",
    f"external-ids:hostname={HOST}",
    f"external-ids:ovn-remote=tcp:127.0.0.1:{PORTS['ovn-sb']}",
    "external-ids:ovn-encap-type=geneve",
    "external-ids:ovn-encap-ip=127.0.0.1",
    "external-ids:ovn-bridge-datapath-type=netdev",
    "external-ids:ovn-bridge-mappings=public:br-ex",
    "external-ids:ovn-cms-options=enable-chassis-as-gw",
    "other-config:userspace-tso-enable=true",
)


def start_ovs(name: str, *arguments: str, after: str = "") -> None:
    """Start one of the switch's programs, without the files that a killed one left.

    With `after`, it is kept running, and that is done after each of its starts.
    """
    files = [OVS / f"{name}.pid"]
    options = [f"--pidfile={files[0]}", "--no-chdir"]
    if name != "ovn-controller":  # it alone cannot be told where its control socket goes
        files.append(OVS / f"{name}.ctl")
        options.append(f"--unixctl={files[1]}")
    if not alive(name):
        for file in files:
            file.unlink(missing_ok=True)
    program = "ovsdb-server" if name.startswith("ovsdb-") else name
    keeper = ("sh", HERE / "keep.sh", after) if after else ()
    start(name, *keeper, program, *arguments, *options)


def start_ovs_database(name: str, schema: str, port: str, socket: str) -> None:
    path, listener = DATA / f"ovs/{name}.db", OVS / f"{socket}.sock"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        run("ovsdb-tool", "create", fresh, schema, log="ovs")
        fresh.rename(path)
    process = f"ovsdb-{name}"
    if not alive(process):
        listener.unlink(missing_ok=True)
        path.with_name(f".{path.name}.~lock~").unlink(missing_ok=True)
    remotes = (f"--remote=punix:{listener}", f"--remote=ptcp:{PORTS[port]}:127.0.0.1")
    start_ovs(process, str(path), *remotes)
    wait_for(process, listener.exists, process=process)
    wait_for(process, lambda: listening(PORTS[port]), process=process)


def start_libvirt() -> None:
    write(
        Path("/etc/libvirt/qemu.conf"),
        """
        # Written by the OpenStack lab of the tests
        user = "root"
        group = "root"
        dynamic_ownership = 0
        remember_owner = 0
        security_driver = "none"
        namespaces = []
        cgroup_controllers = []
        stdio_handler = "file"
        max_core = 0
        vnc_listen = "127.0.0.1"
        """,
    )
    write(
        ETC / "libvirtd.conf",
        """
        auth_unix_rw = "none"
        auth_unix_ro = "none"
        log_outputs = "3:stderr"
        """,
    )
    start("libvirtd", "libvirtd", "-f", ETC / "libvirtd.conf")
    wait_for("libvirt", lambda: output(*VIRSH, "version"), process="libvirtd", seconds=40)
    if not (DATA / ".done-hosts").exists():
        forget_machines()  # of an earlier lab whose folder is gone: Nova refuses to start with them


def forget_machines() -> None:
    """Take every virtual machine of Nova's away from libvirt."""
    for machine in output(*VIRSH, "list", "--all", "--name").split():
        if machine.startswith("instance-"):
            run(*VIRSH, "destroy", machine, log="libvirtd", check=False)
            run(*VIRSH, "undefine", machine, log="libvirtd", check=False)
