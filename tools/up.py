"""`./madang up`: install what is missing, build what changed, start, and stop cleanly."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tools import build, locks, packages, places, preflight
from tools.serve import DEMO
from tools.steps import FULL, Failed, disk_full, end, step
from tools.words import Refusal, Stopped, say

READY_SECONDS = 180.0
ANSWER_SECONDS = 2.0
WORK_LOCK = "work.lock"


def up(*, host: str, port: int, demo: bool = True) -> int:
    """Start the portal and stay until Ctrl-C or SIGTERM."""
    var = places.var()
    started = time.monotonic()
    preflight.check_system()
    preflight.check_folders(var)
    locks.refuse_if_running(var)
    preflight.check_port(host, port)
    say("Madang 마당")
    web = prepare()
    server = _start(host, port, var, web, demo=demo)
    try:
        with step("Start / 시작"):
            _wait_until_ready(server, host, port, var)
        _welcome(port, var, time.monotonic() - started)
        code = server.wait()
    except Stopped:
        say("\n  Stopping … / 종료합니다 …")
        end(server)
        say("  Stopped. / 종료했습니다.")
        return 0
    finally:
        end(server)
    raise _died(var, code)


def prepare(kind: str = packages.RUNTIME) -> Path:
    """Install and build, one `./madang` at a time; return the folder of the build."""
    places.WEB.mkdir(exist_ok=True)
    with locks.alone(places.WEB / WORK_LOCK):
        packages.ensure(kind)
        return build.ensure()


def _log(var: Path) -> Path:
    return var / "logs" / "portal.log"


def _start(host: str, port: int, var: Path, web: Path, *, demo: bool) -> "subprocess.Popen[bytes]":
    """Start tools.serve in its own group; it also ends when our end of its pipe closes."""
    log = _log(var)
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [places.PYTHON, "-m", "tools.serve", "--host", host, "--port", str(port)]
    argv += ["--var", var, "--web", web, "--stop-with-stdin"]
    with log.open("wb") as out:
        return subprocess.Popen(
            [*argv, *([] if demo else ["--no-demo"])],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=places.ROOT,
            env=places.with_tools(),
            process_group=0,
        )


def _wait_until_ready(server: "subprocess.Popen[bytes]", host: str, port: int, var: Path) -> None:
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise _died(var, server.returncode)
        try:
            with urllib.request.urlopen(f"http://{reached}:{port}/ping", timeout=ANSWER_SECONDS):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise Refusal(
        f"The portal did not answer within {READY_SECONDS:.0f} s; see {_log(var)}.",
        "포털이 응답하지 않습니다. 로그 파일을 확인하세요.",
    )


def _died(var: Path, code: int) -> Refusal:
    if Failed("start", _log(var)).says(FULL):
        return disk_full()
    return Refusal(
        f"The portal ended by itself (code {code}); the reason is at the end of {_log(var)}.",
        "포털이 스스로 종료되었습니다. 로그 파일의 끝을 확인하세요.",
    )


def _welcome(port: int, var: Path, seconds: float) -> None:
    public = os.environ.get("MADANG_PUBLIC_URL", "").split(",")[0]
    say(f"\n  Madang is ready after {seconds:.1f} s / 준비되었습니다")
    say(f"\n    {public or f'http://127.0.0.1:{port}'}\n")
    told = var / DEMO
    if told.exists():
        for line in told.read_text("utf-8").splitlines():
            say(f"    {line}")
        say()
    say("  Ctrl-C stops it. / 끝내려면 Ctrl-C를 누르세요.")
