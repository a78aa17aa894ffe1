"""One portal on one port and one data folder, from the built frontend, without Node.

    .venv/bin/python -m tools.serve --port 8123 --var FOLDER [--no-demo]

It takes the folder's lock, migrates, writes the demo campus (its log-ins to `demo.txt` there)
and serves until SIGTERM or SIGINT. With `--stop-with-stdin` it also ends when its standard
input closes, so that it cannot outlive whoever started it. `./madang up` and the browser tests
both start the portal this way. Names of Reflex's environment: reflex is pinned for them.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

from tools import locks, places
from tools.words import Refusal, say

DEMO = "demo.txt"
LOOK_SECONDS = 1.0
APP = "cloud_app.cloud_app"


def environment(*, port: int, var: Path, web: Path) -> dict[str, str]:
    """Return what the app reads: our settings, and Reflex told to serve what is built."""
    return places.with_tools() | {
        "MADANG_PORT": str(port),
        "MADANG_VAR": str(var),
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_WEB_WORKDIR": str(web),
        "REFLEX_STATES_WORKDIR": str(var / "states"),
        "REFLEX_UPLOADED_FILES_DIR": str(var / "uploads"),
        "REFLEX_DIR": str(places.WEB / "work" / "reflex"),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }


def portal_lock(port: int) -> str:
    """Return the lock to take: portals that speak with each other over Redis may share a folder."""
    return f"portal-{port}.lock" if os.environ.get("MADANG_REDIS_URL") else locks.PORTAL


def prepare(var: Path, env: dict[str, str], *, demo: bool) -> None:
    """Migrate, then write the demo campus; both may run again and again."""
    if (places.ROOT / "alembic.ini").exists():
        _python("tools.migrate", env, "The database could not be migrated")
    if demo and (places.ROOT / "cloud_app" / "demo.py").exists():
        told = _python("cloud_app.demo", env, "The demo campus could not be written")
        (var / DEMO).write_text(told, "utf-8")


def _python(module: str, env: dict[str, str], failure: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        cwd=places.ROOT,
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise Refusal(f"{failure}; the reason is in the log above.", "데이터베이스 준비 실패")
    return done.stdout


def serve(host: str, port: int) -> None:
    """Serve until told to stop. One worker: states live in its memory."""
    granian = import_module("granian")
    constants = import_module("granian.constants")
    server = granian.Granian(
        "tools.serve:worker_app",
        address=host,
        port=port,
        interface=constants.Interfaces.ASGI,
        http=constants.HTTPModes.http1,  # what browsers and proxies speak to us; half the surface
        workers=1,
        factory=True,
        workers_kill_timeout=5,
    )
    server.serve()


def stop_with_stdin() -> None:
    """End this process like SIGTERM would, when whoever holds our standard input is gone."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def worker_app() -> object:
    """Return the app, inside the worker; end it when its parent was killed and cannot stop it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)  # it would keep the port

    threading.Thread(target=watch, daemon=True).start()
    return import_module(APP).app()


def main(argv: list[str] | None = None) -> int:
    """Take the data folder, prepare it, serve."""
    parser = argparse.ArgumentParser(prog="python -m tools.serve")
    parser.add_argument("--host", default=os.environ.get("MADANG_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--var", type=Path, default=places.var())
    parser.add_argument("--web", type=Path, default=places.WEB / "current")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--stop-with-stdin", action="store_true")
    given = parser.parse_args(argv)
    os.umask(places.OWN_FILES)
    var, web = given.var.resolve(), given.web.resolve()
    if given.stop_with_stdin:
        stop_with_stdin()
    name = portal_lock(given.port)
    lock = locks.take(var / name, port=given.port)
    try:
        if lock is None:
            raise locks.in_use(var, locks.holder(var / name) or locks.Holder(0))
        env = environment(port=given.port, var=var, web=web)
        prepare(var, env, demo=not given.no_demo)
    except Refusal as refusal:
        say(str(refusal))
        return 1
    os.environ.update(env)
    os.chdir(places.ROOT)
    with lock, locks.share(web / "in-use.lock"):
        serve(given.host, given.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
