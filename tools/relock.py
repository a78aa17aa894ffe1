"""`./madang lock`: after a change of dependencies, pin everything they bring along again."""

import shutil

from tools import build, locks, packages, places
from tools.steps import Failed, run, step
from tools.up import WORK_LOCK, prepare
from tools.words import say

HEADER = "# Every package, exactly; made by `./madang lock` from the two files beside it.\n"


def relock() -> int:
    """Write requirements.lock and reflex.lock/ from what requirements and pages ask for."""
    log = places.LOGS / "lock.log"
    locked = places.ROOT / packages.LOCK
    fresh = places.WEB / "requirements.lock"
    places.WEB.mkdir(exist_ok=True)
    prepare(packages.TESTS)
    uv = [places.BIN / "uv", "pip", "compile", "--native-tls", "--universal", "--no-header"]
    files = [places.ROOT / packages.RUNTIME, places.ROOT / packages.TESTS]
    shutil.copy2(locked, fresh)
    try:
        with step(packages.LOCK):
            more = ["--no-annotate", "--python-version", "3.11", "-o", fresh]
            run("uv pip compile", [*uv, *more, *files], log=log, cwd=places.ROOT)
    except Failed as failed:
        raise failed.refusal() from failed
    locked.write_text(HEADER + fresh.read_text("utf-8").removeprefix(HEADER), "utf-8")
    prepare(packages.TESTS)
    with locks.alone(places.WEB / WORK_LOCK):
        build.keep_lock()
    say("Look at the difference, then commit it.")
    return 0
