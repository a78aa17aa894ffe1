"""Real OpenStack on this machine, for tests: `python3 -m tests.lab.openstack COMMAND`.

  up       install, configure and start everything, or whatever of it is missing
  status   tell which processes run, how much memory they take, which APIs answer
  sweep    delete whatever tests left behind in the cloud
  down     stop everything; with --purge, delete the lab's folder too

MADANG_LAB_DIR is the lab's folder (default /tmp/openstack-lab). The standard library is
enough: the parts that need OpenStack's libraries run in the lab's own environment.
"""

import argparse
import concurrent.futures
import contextlib
import fcntl
import re
import shutil
import sys
from collections.abc import Callable, Generator
from pathlib import Path

from tests.lab.openstack import guest, infrastructure, processes, services, settings
from tests.lab.openstack.install import install, refuse_what_cannot_work
from tests.lab.openstack.places import CLOUDS, DATA, LAB, PORTS, make_folders
from tests.lab.openstack.processes import LabError, alive, output, run, say


@contextlib.contextmanager
def alone() -> Generator[None]:
    """Keep a second `up` or `down` from meddling; the lock goes with its process."""
    LAB.mkdir(parents=True, exist_ok=True)
    with (LAB / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabError(f"Another command is at work in {LAB}; wait for its end.") from error
        yield


def up() -> None:
    """Bring everything up; whatever runs already is left alone."""
    refuse_what_cannot_work()
    with alone():
        make_folders()
        say("installing what is missing")
        install()
        processes.refuse_taken_ports()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            building = pool.submit(build_guests)
            start_everything()
            building.result()
        say("offering flavors, networks and images")
        processes.revive()
        services.in_environment("seed", "offers")
        processes.revive()
        say(f"The lab is up; its clouds are lab-admin and lab-demo in {CLOUDS}")


def start_everything() -> None:
    """Configure and start the services, from the ground up."""
    say("writing the settings")
    settings.configure()
    say("starting database, message bus, network and hypervisor")
    in_parallel(
        infrastructure.start_memcached,
        infrastructure.start_mariadb,
        infrastructure.start_rabbit,
        infrastructure.start_ovn,
        infrastructure.start_libvirt,
    )
    say("making the schemas")
    services.make_schemas()
    say("starting the services")
    services.start_keystone()
    services.once("catalog", lambda: services.in_environment("seed", "identity"))
    services.start_services()
    say("starting nova-compute")
    services.start_compute()


def in_parallel(*steps: Callable[[], object]) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(step) for step in steps]:
            done.result()


def build_guests() -> None:
    for name in guest.BUILDERS:
        guest.build(name)


def status() -> None:
    """Tell what runs and what answers; the exit code says whether all of it does."""
    total, well = 0, bool(processes.names())
    for name in processes.names():
        leader = alive(name)
        memory = sum(map(memory_kib, processes.session(leader))) if leader else 0
        total, well = total + memory, well and leader is not None
        print(f"{name:26} {leader or 'dead':>8} {memory >> 10:6} MiB")
    print(f"{'together':26} {'':8} {total >> 10:6} MiB")
    for name, path in services.HEALTH.items():
        answers = processes.answers(f"http://127.0.0.1:{PORTS[name]}{path}")
        well = well and answers
        print(f"{name:26} {PORTS[name]:8} {'answers' if answers else 'silent'}")
    if not well:
        sys.exit(1)


def memory_kib(pid: int) -> int:
    """Return a process's share of memory."""
    with contextlib.suppress(OSError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        if share := re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE):
            return int(share[1])
    return 0


def sweep() -> None:
    """Delete what tests left behind."""
    services.in_environment("sweep")
    print(processes.tail("sweep").rsplit("$", 1)[-1].partition("\n")[2], end="")


def down(*, purge: bool) -> None:
    """Stop what `up` started, and take the bridges and loop devices away."""
    if not LAB.exists():
        return
    with alone():
        if alive("libvirtd"):
            infrastructure.forget_machines()
        base = ("mysql", "rabbit", "epmd")
        processes.stop(name for name in processes.names() if name not in base)
        processes.stop(base)
        for pid in (LAB / "run").glob("*.pid"):
            pid.unlink()
        for bridge in ("br-int", "br-ex", "ovs-netdev"):
            if Path("/sys/class/net", bridge).exists():
                run("ip", "link", "del", bridge, check=False)
        for line in output("losetup", "-n", "-O", "NAME,BACK-FILE").splitlines():
            device, _space, file = line.partition(" ")
            if file.strip().startswith(str(DATA / "cinder/volumes")):
                run("losetup", "-d", device, check=False)
    if purge:
        shutil.rmtree(LAB)
    say("The lab is down")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.lab.openstack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("up", "status", "sweep", "down"))
    parser.add_argument("--purge", action="store_true", help="with down: delete the lab's folder")
    given = parser.parse_args()
    try:
        match given.command:
            case "up":
                up()
            case "status":
                status()
            case "sweep":
                sweep()
            case _:
                down(purge=given.purge)
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
