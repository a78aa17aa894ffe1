"""PostgreSQL and Redis for the tests: Debian's own programs, installed where we are root."""

import os
import shutil
from pathlib import Path

from tools import places
from tools.steps import Failed, run, step
from tools.words import Refusal

POSTGRES = Path("/usr/lib/postgresql")
MISSING = (
    "These tests need Debian's PostgreSQL and Redis, which root can install: apt-get install"
    " postgresql redis-server",
    "이 시험에는 PostgreSQL과 Redis가 필요합니다: apt-get install postgresql redis-server",
)


def find() -> tuple[Path, Path] | None:
    """Return the folder of PostgreSQL's newest programs and the Redis server."""
    folders = [path.parent for path in POSTGRES.glob("*/bin/postgres")]
    redis = shutil.which("redis-server")
    if not folders or redis is None:
        return None
    return max(folders, key=lambda folder: int(folder.parent.name)), Path(redis)


def ensure() -> tuple[Path, Path]:
    """Return the same, installing first where we are root; Refusal where that is not possible."""
    if found := find():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            _with_apt()
        except Failed as failed:
            raise Refusal(*MISSING) from failed
    if found := find():
        return found
    raise Refusal(*MISSING)


def _with_apt() -> None:
    """Install without starting what is installed."""
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-y"]
    install = [*apt, "--no-install-recommends", "install", "postgresql", "redis-server"]
    log = places.LOGS / "servers.log"
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    with step("Servers for the tests / 시험용 서버"):
        if ours:
            policy.write_text("#!/bin/sh\nexit 101\n", "utf-8")
            policy.chmod(0o755)
        try:
            run("package lists", [*apt, "update"], log=log, env=env)
            run("PostgreSQL and Redis", install, log=log, env=env)
        finally:
            if ours:
                policy.unlink()
