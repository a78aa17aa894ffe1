"""Locks between several `./madang` on one machine; the system frees them however a process ends."""

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools.words import Refusal, say

PORTAL = "portal.lock"
handed_on: list[int] = []
"""Locks that the programs we run keep holding, should we be killed before they end."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as far as it wrote that down."""

    pid: int
    port: int | None = None


def _try(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network folder without locks: better to run than to refuse
        return True
    return True


def take(path: Path, *, port: int | None = None) -> IO[str] | None:
    """Take the lock for as long as the returned file stays open; None when it is held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    if not _try(file, fcntl.LOCK_EX):
        file.close()
        return None
    file.truncate(0)
    json.dump({"pid": os.getpid(), "port": port}, file)
    file.flush()
    return file


def share(path: Path) -> IO[str]:
    """Mark a folder as in use; several may."""
    file = path.open("a+")
    _try(file, fcntl.LOCK_SH)
    return file


def holder(path: Path) -> Holder | None:
    """Return who holds the lock, or None when it is free."""
    if not path.exists():
        return None
    with path.open("r+") as file:
        if _try(file, fcntl.LOCK_EX):
            return None
        try:
            written = json.load(file)
            return Holder(int(written["pid"]), written.get("port"))
        except (ValueError, KeyError, TypeError):
            return Holder(0)


def refuse_if_running(var: Path) -> None:
    """Refuse to touch the data of a portal that is running."""
    if found := holder(var / PORTAL):
        raise in_use(var, found)


def in_use(var: Path, found: Holder) -> Refusal:
    """Return the sentence that says who uses the folder."""
    at = f"http://127.0.0.1:{found.port}, " if found.port else ""
    return Refusal(
        f"A portal already runs on {var} ({at}pid {found.pid}); stop it first,"
        " or set MADANG_VAR to another folder.",
        f"이 폴더에서 이미 포털이 실행 중입니다(pid {found.pid}). 먼저 종료하거나"
        " MADANG_VAR로 다른 폴더를 지정하세요.",
    )


@contextmanager
def alone(path: Path, *, wait_seconds: float = 600) -> Generator[None]:
    """Wait for another install or build to end, then be the only one."""
    deadline = time.monotonic() + wait_seconds
    told = False
    while (file := take(path)) is None:
        other = holder(path)
        if not told and other:
            say(f"  Waiting for another ./madang (pid {other.pid}) / 다른 실행을 기다립니다 …")
            told = True
        if time.monotonic() > deadline:
            raise Refusal(
                f"Another ./madang (pid {other.pid if other else '?'}) has been installing for"
                " too long; stop it and try again.",
                "다른 ./madang 설치가 끝나지 않습니다. 종료한 뒤 다시 시도하세요.",
            )
        time.sleep(0.2)
    with file:
        handed_on.append(file.fileno())
        try:
            yield
        finally:
            handed_on.remove(file.fileno())
