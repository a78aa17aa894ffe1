"""`./madang test` and `./madang check`: every check in turn, none skipped, one table at the end."""

import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import browser, locks, packages, places, preflight, servers
from tools.steps import end
from tools.up import WORK_LOCK, prepare
from tools.words import Refusal, Stopped, say

QUICK = ("unit", "contract", "api", "migrations", "storm", "attack")
DATABASE = (
    "unit/loops", "unit/services", "unit/state", "api", "migrations", "twins",
)  # fmt: skip
"""Folders of tests whose portals keep rows, which hold on PostgreSQL too, or speak over Redis."""
LEFT_OUT = "left out: no PostgreSQL here"
PARTS = (*QUICK, "postgres", "browser", "checks")
CACHE = places.ROOT / "var" / "cache"
LINTED = ("bench", "cloud_app", "tests", "tools", "rxconfig.py")


@dataclass(frozen=True, slots=True)
class Check:
    """One program whose exit code is the verdict."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one check went."""

    name: str
    outcome: str
    seconds: float


def check() -> int:
    """Format, lint, types, secrets and arrows: what every commit keeps."""
    preflight.check_folders()
    prepare_tools()
    return report(run_all(checks()))


def test(only: Sequence[str], *pytest_args: str) -> int:
    """Run everything that needs no cloud."""
    parts = tuple(only) or PARTS
    preflight.check_folders()
    web = prepare(packages.TESTS)
    env = environment(web)
    todo = list(checks()) if "checks" in parts else []
    if quick := with_tests(places.ROOT / "tests" / part for part in QUICK if part in parts):
        todo.append(Check("tests", pytest(*quick, *pytest_args), env))
    left_out: list[Verdict] = []
    if "postgres" in parts and not (left_out := without_servers()):
        folders = with_tests(places.ROOT / "tests" / part for part in DATABASE)
        todo.append(Check("postgres", pytest("--database=postgres", *folders, *pytest_args), env))
    journeys = with_tests([places.ROOT / "tests" / "e2e"]) if "browser" in parts else []
    if not journeys:
        return report([*run_all(todo), *left_out])
    verdicts = [*run_all(todo), *left_out]
    try:
        env["MADANG_BROWSER"] = str(browser.ensure())
    except Refusal as refusal:
        say(str(refusal))
        return report([*verdicts, Verdict("browser", "no browser", 0.0)])
    return report(verdicts + run_all([Check("browser", pytest(*journeys, *pytest_args), env)]))


def without_servers() -> list[Verdict]:
    """Say why the tests on PostgreSQL are left out, where they cannot run; CI may not do that."""
    try:
        servers.ensure()
    except Refusal as refusal:
        say(f"\n== postgres\n{refusal}")
        return [Verdict("postgres", "no PostgreSQL" if os.environ.get("CI") else LEFT_OUT, 0.0)]
    return []


def prepare_tools() -> None:
    """Install the test tools; no frontend is needed for reading code."""
    places.WEB.mkdir(exist_ok=True)
    with locks.alone(places.WEB / WORK_LOCK):
        packages.ensure(packages.TESTS)


def environment(web: Path) -> dict[str, str]:
    """Return the environment of the tests: no setting of this machine's portal reaches them."""
    kept = ("MADANG_BROWSER", "MADANG_LAB", "MADANG_TEST")
    env = {
        name: value
        for name, value in places.with_tools().items()
        if not name.startswith("MADANG_") or name.startswith(kept)
    }
    return env | {
        "MADANG_WEB": str(web),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE / "hypothesis"),
    }


def checks() -> Iterable[Check]:
    """Return the checks that only read the code."""
    env = places.with_tools() | packages.PYRIGHT
    linted = [name for name in LINTED if (places.ROOT / name).exists()]
    yield Check("format", [places.BIN / "ruff", "format", "--check", *linted], env)
    yield Check("lint", [places.BIN / "ruff", "check", *linted], env)
    yield Check("types", [places.BIN / "pyright"], env)
    yield Check("secrets", [places.PYTHON, "-m", "tools.leaks"], env)
    yield Check("arrows", [places.BIN / "lint-imports", "--cache-dir", CACHE / "imports"], env)


def pytest(*args: str | Path) -> list[str | Path]:
    """Return the command that runs pytest from `.venv`."""
    return [places.PYTHON, "-m", "pytest", *args]


def with_tests(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that hold a test: pytest calls an empty one a failure."""
    return [folder for folder in folders if any(folder.rglob("test_*.py"))]


def run_all(todo: Iterable[Check]) -> list[Verdict]:
    """Run each check with its output on the screen, whatever the one before said."""
    return [_run(one) for one in todo]


def _run(one: Check) -> Verdict:
    say(f"\n== {one.name}")
    started = time.monotonic()
    process = subprocess.Popen(
        one.argv, stdin=subprocess.DEVNULL, env=one.env, cwd=places.ROOT, process_group=0
    )
    try:
        code = process.wait()
    except Stopped:
        end(process)
        raise
    outcome = "ok" if code == 0 else f"FAILED ({code})"
    return Verdict(one.name, outcome, time.monotonic() - started)


def report(verdicts: Sequence[Verdict]) -> int:
    """Print the table and return the exit code."""
    say("\n== summary / 결과")
    for verdict in verdicts:
        say(f"  {verdict.name:<12} {verdict.seconds:7.1f} s  {verdict.outcome}")
    say(f"  {'total':<12} {sum(v.seconds for v in verdicts):7.1f} s")
    return 0 if verdicts and all(v.outcome in ("ok", LEFT_OUT) for v in verdicts) else 1
