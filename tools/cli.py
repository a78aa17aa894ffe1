"""The commands of `./madang`. Every expected failure ends as one sentence and a code above 0."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tools import lab, packages, places, preflight, relock, suite, up
from tools.steps import disk_full
from tools.words import Refusal, Stopped, say

HELP = """\
Madang 마당, a campus cloud portal

  ./madang up [--port N] [--host H]   install what is missing, build, start; Ctrl-C stops it
  ./madang test [-k WORD] [--only …]  every test that needs no cloud; --only
                                      unit|contract|api|migrations|postgres|browser|
                                      checks
  ./madang check                      format, lint, types, secrets, arrows: before each commit
  ./madang lab up|test|status|down    real OpenStack services on this machine (Linux, root)
  ./madang site FILE                  apply a description of clouds, sizes and templates
  ./madang account HANDLE NAME ROLE   open an account (student, instructor or staff)
  ./madang lock                       pin again after dependencies changed

The first start takes about a minute and needs the network, later ones neither.
Everything made lies in .venv, .web and var; MADANG_VAR and MADANG_PORT move the data and the port.
"""


def main(argv: list[str]) -> int:
    """Run one command; say what went wrong in one sentence."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return _run(argv)
    except Refusal as refusal:
        sys.stdout.flush()
        say(str(refusal))
        return 1
    except Stopped as stopped:
        say("\n  Stopped. / 중단했습니다.")
        return 128 + stopped.number
    except OSError as error:
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            say(str(disk_full()))
        else:
            say(f"The system refused: {error}. / 시스템 오류: {error}")
        return 1


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not break the clean-up
    raise Stopped(number)


def _run(argv: list[str]) -> int:
    parser = _parser()
    if not argv or argv[0] in ("help", "-h", "--help"):
        say(HELP)
        return 0 if argv else 2
    given, rest = parser.parse_known_args(argv)
    if rest and given.command not in ("test", "lab"):
        parser.error(f"unknown: {' '.join(rest)}")
    if given.command == "up":
        port = preflight.chosen_port(given.port)
        return up.up(host=given.host, port=port, demo=not given.no_demo)
    if given.command == "test":
        return suite.test(given.only, *_words(given.k), *rest)
    if given.command == "lab":
        return lab.lab(given.verb, *_words(given.k), *rest)
    if given.command == "site":
        return _ask_app("cloud_app.site", str(Path(given.file).resolve()))
    if given.command == "account":
        return _ask_app("cloud_app.account", given.handle, given.name, given.role)
    return {"check": suite.check, "lock": relock.relock}[given.command]()


def _words(k: str | None) -> list[str]:
    return ["-k", k] if k else []


def _ask_app(module: str, *words: str) -> int:
    """Run one of the app's own commands on a database that has every table."""
    preflight.check_folders(places.var())
    up.prepare(packages.RUNTIME)
    env = places.with_tools()
    for command in (("tools.migrate",), (module, *words)):
        argv = [places.PYTHON, "-m", *command]
        if code := subprocess.run(argv, cwd=places.ROOT, env=env, check=False).returncode:
            return code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./madang", usage=HELP, add_help=False)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("up")
    one.add_argument("--port")
    one.add_argument("--host", default=os.environ.get("MADANG_HOST") or "127.0.0.1")
    one.add_argument("--no-demo", action="store_true")
    one = commands.add_parser("test")
    one.add_argument("-k")
    one.add_argument("--only", action="append", choices=suite.PARTS, default=[])
    one = commands.add_parser("lab")
    one.add_argument("verb", choices=lab.VERBS)
    one.add_argument("-k")
    one = commands.add_parser("site")
    one.add_argument("file")
    one = commands.add_parser("account")
    one.add_argument("handle")
    one.add_argument("name")
    one.add_argument("role", choices=("student", "instructor", "staff"))
    commands.add_parser("check")
    commands.add_parser("lock")
    return parser
