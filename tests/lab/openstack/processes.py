"""Starting, finding and stopping the lab's processes, without a service manager.

A process is remembered by its id and its start tick, so a recycled id is never taken
for ours. Each is the leader of a session of its own: whatever is left of that session
after the leader died belongs to the lab too.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.lab.openstack.places import BIN, DATA, LAB, LOG, PORTS, RUN, VENV

BEGAN = time.monotonic()
STARTED: dict[str, tuple[list[str], dict[str, str]]] = {}


class LabError(Exception):
    """The lab cannot go on; the message says why in a sentence."""


def say(sentence: str) -> None:
    """Tell the person what happens, with the seconds since the start."""
    print(f"[{time.monotonic() - BEGAN:6.1f}s] {sentence}", flush=True)


def environment(**extra: object) -> dict[str, str]:
    """Return what every part is started with; nothing of the caller's Python leaks in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OS_", "PYTHON", "VIRTUAL_ENV"))
    }
    return kept | {
        "PATH": f"{BIN}:{VENV}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(LAB / "plugins"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "OVS_RUNDIR": str(RUN / "ovs"),
        "OVN_RUNDIR": str(RUN / "ovs"),
        "OVS_LOGDIR": str(LOG),
        "OVN_LOGDIR": str(LOG),
        "OVS_DBDIR": str(DATA / "ovs"),
        "OVN_DBDIR": str(DATA / "ovs"),
        "no_proxy": "127.0.0.1,localhost",
        "NO_PROXY": "127.0.0.1,localhost",
        **{name: str(value) for name, value in extra.items()},
    }


def run(
    *command: object,
    log: str = "commands",
    check: bool = True,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a command to its end, its output in a log; the log's end is in the error."""
    words = [str(word) for word in command]
    path = LOG / f"{log}.log"
    with path.open("a") as out:
        out.write(f"\n$ {' '.join(words)}\n")
        out.flush()
        code = subprocess.run(
            words,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=env or environment(),
            check=False,
        ).returncode
    if check and code:
        raise LabError(f"{' '.join(words)}: exit {code}; from {path}:\n{tail(log, 1200)}")
    return code


def output(*command: object) -> str:
    """Return what a command prints; nothing when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        env=environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return "" if done.returncode else done.stdout.strip()


def tail(log: str, characters: int = 2500) -> str:
    """Return the end of a log."""
    with contextlib.suppress(OSError):
        return (LOG / f"{log}.log").read_text(errors="replace")[-characters:]
    return ""


def start_tick(pid: int | str) -> str | None:
    """Return when a process began, in kernel ticks; None when it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] == "Z" else fields[19]


def session(leader: int) -> list[int]:
    """Return the processes of a session."""
    members: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text()
            if int(stat[stat.rindex(")") + 2 :].split()[3]) == leader:
                members.append(int(entry.name))
    return members


def names() -> list[str]:
    """Return every process that was started and not taken down."""
    foreign = ("mysqld", "rabbitmq-server")  # their own files, not ours
    return sorted(path.stem for path in RUN.glob("*.pid") if path.stem not in foreign)


def alive(name: str) -> int | None:
    """Return the id of a running process of ours."""
    try:
        pid, tick = (RUN / f"{name}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if start_tick(pid) == tick else None


def bury(name: str) -> None:
    """Kill what a dead leader left behind, so that its successor finds its port free."""
    with contextlib.suppress(OSError, ValueError):
        leader, _tick = (RUN / f"{name}.pid").read_text().split()
        if start_tick(leader) is None:
            kill(session(int(leader)))
        (RUN / f"{name}.pid").unlink()


def refuse_taken_ports() -> None:
    """Refuse to begin while a port belongs to somebody else, such as another lab."""
    owners = {"ovs": "ovsdb-conf", "ovn-nb": "ovsdb-nb", "ovn-sb": "ovsdb-sb"}
    owners |= {"novnc": "nova-novncproxy", "rabbit-dist": "rabbit"}
    for name, port in PORTS.items():
        owner = owners.get(name, name)
        if alive(owner):
            continue
        bury(owner)
        if listening(port):
            raise LabError(
                f"Port {port}, which {name} needs, is taken by a program that is not this lab's"
                f" ({holder(port)}). Stop it, or choose another port with"
                f" LAB_PORT_{name.upper().replace('-', '_')}."
            )


def start(name: str, *command: object, env: Mapping[str, object] | None = None) -> None:
    """Start a process unless it runs."""
    STARTED[name] = ([str(word) for word in command], environment(**(env or {})))
    if not alive(name):
        bury(name)
        _launch(name)


def _launch(name: str) -> None:
    words, env = STARTED[name]
    with (LOG / f"{name}.log").open("a") as out:
        process = subprocess.Popen(
            words,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=env,
            start_new_session=True,
        )
    (RUN / f"{name}.pid").write_text(f"{process.pid} {start_tick(process.pid)}\n")


def revive() -> None:
    """Start once more what died while coming up; say what does not stay."""
    for name in [name for name in STARTED if not alive(name)]:
        say(f"{name} died, starting it once more")
        bury(name)
        _launch(name)
    if dead := [name for name in STARTED if not alive(name)]:
        raise LabError("\n".join(f"{name} died:\n{tail(name)}" for name in dead))


def wait_for(
    what: str, probe: Callable[[], object], *, seconds: float = 240, process: str = ""
) -> None:
    """Wait until the probe says yes, as long as the process lives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if probe():
            return
        if process and not alive(process):
            raise LabError(f"{process} died:\n{tail(process)}")
        time.sleep(0.2)
    raise LabError(f"{what} did not answer within {seconds} s.\n{tail(process) if process else ''}")


def listening(port: int) -> bool:
    """Say whether somebody answers on a port of this machine."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def holder(port: int) -> str:
    """Name the process that listens on a port, as far as it can be told."""
    line = output("ss", "-Hltnp", f"sport = :{port}")
    found = re.search(r'\("([^"]+)",pid=(\d+)', line)
    return f"{found[1]}, process {found[2]}" if found else "unknown"


def answers(url: str) -> bool:
    """Say whether a service answers over HTTP; asking for a log-in is an answer."""
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.status < 500
    except urllib.error.HTTPError as error:
        return error.code in (300, 401)
    except OSError:
        return False


def kill(pids: Iterable[int], how: signal.Signals = signal.SIGKILL) -> None:
    """Signal processes; those that are gone already are no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)


def stop(group: Iterable[str]) -> None:
    """Ask processes to end, wait a little, end them and what they started."""
    leaders = {name: pid for name in group if (pid := alive(name))}
    kill(leaders.values(), signal.SIGTERM)
    end = time.monotonic() + 8
    while time.monotonic() < end and any(alive(name) for name in leaders):
        time.sleep(0.2)
    for name, leader in leaders.items():
        kill(session(leader))
        (RUN / f"{name}.pid").unlink(missing_ok=True)
