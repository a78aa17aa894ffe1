"""`./madang lab`: the same tests against real OpenStack services on this machine."""

import os
import subprocess
import sys
from importlib import import_module

from tools import browser, packages, places, preflight, suite
from tools.steps import end
from tools.up import prepare
from tools.words import Refusal, Stopped

LAB = "tests.lab.openstack"
KILLS = places.ROOT / "tests" / "storm" / "test_kill.py"
ALL_SEEDS = "200"
"""Of the kill tests on the practice cloud; `./madang test` runs a tenth of them."""
VERBS = ("up", "test", "status", "sweep", "down")


def lab(verb: str, *pytest_args: str) -> int:
    """Start, test, ask or stop the lab."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Refusal(
            "The lab runs on Linux as root only; use a throw-away machine.",
            "실습용 클라우드는 Linux에서 root로만 실행됩니다.",
        )
    if not (places.ROOT / "tests" / "lab").is_dir():
        raise Refusal("There is no lab in this tree (tests/lab).", "tests/lab이 없습니다.")
    preflight.check_folders()
    if verb != "test":
        return call(verb)
    return _test(*pytest_args)


def call(verb: str) -> int:
    """Run one of the lab's own commands; it needs nothing but Python."""
    process = subprocess.Popen(
        [sys.executable, "-m", LAB, verb],
        stdin=subprocess.DEVNULL,
        cwd=places.ROOT,
        process_group=0,
    )
    try:
        return process.wait()
    except Stopped:
        end(process)
        raise


def _test(*pytest_args: str) -> int:
    web = prepare(packages.TESTS)
    for verb in ("up", "sweep"):
        if code := call(verb):
            return code
    clouds = import_module(f"{LAB}.places").CLOUDS
    env = suite.environment(web) | {"MADANG_LAB_CLOUDS": str(clouds)}
    todo: list[suite.Check] = []
    if contract := suite.with_tests([places.ROOT / "tests" / "contract"]):
        argv = suite.pytest(*contract, "--cloud=lab", *pytest_args)
        todo.append(suite.Check("contract", argv, env))
    if journeys := suite.with_tests([places.ROOT / "tests" / "lab"]):
        env = env | {"MADANG_BROWSER": str(browser.ensure())}
        todo.append(suite.Check("journeys", suite.pytest(*journeys, *pytest_args), env))
    env = {"MADANG_TEST_SEEDS": ALL_SEEDS} | env
    todo.append(suite.Check("kills", suite.pytest(KILLS, *pytest_args), env))
    return suite.report(suite.run_all(todo))
