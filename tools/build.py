"""The frontend, built once and served as files; built again only when its sources changed.

The build is done in a copy, so that nothing in the versioned tree is written, and is published
as `.web/<stamp>/` by one rename: a folder with that name is complete. The stamp is a hash of
everything that can change what the browser gets; `CANNOT_MATTER` names the layers that cannot,
and a new layer counts until it is named there.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import places
from tools.steps import Failed, run, step
from tools.words import Refusal, say

APP = "cloud_app"
JS_LOCK = "reflex.lock"
COPIED = (APP, "assets", "rxconfig.py", JS_LOCK, ".npmrc", "requirements.txt")
CANNOT_MATTER = frozenset({"api", "gateways", "loops", "models", "services"})
CANNOT_MATTER_FILES = frozenset({"db.py", "demo.py", "worker.py", "logs.py", "site.py"})
RECIPE = "1"
"""Raised when this file builds differently from the same sources."""
KEPT = 3
NOWHERE = "http://portal.invalid"
"""Baked in as the portal's address, then replaced by the address the page came from."""
USED = "in-use.lock"


def ensure() -> Path:
    """Return the folder of a build that fits the sources, building it when there is none."""
    built = places.WEB / stamp()
    if not built.is_dir():
        with step("Frontend / 화면 만들기"):
            _build(built)
        _forget_old(built)
        _hint_at_lock()
    _point_current_to(built)
    return built


def stamp() -> str:
    """Return the hash of all inputs of the build."""
    digest = hashlib.sha256(RECIPE.encode())
    for path in _inputs():
        digest.update(str(path.relative_to(places.ROOT)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _inputs() -> Iterator[Path]:
    for name in COPIED:
        top = places.ROOT / name
        if top.is_file():
            yield top
        for folder, folders, files in os.walk(top):
            here = Path(folder)
            hidden = {"__pycache__", "external"}
            if here == top and name == APP:
                hidden |= CANNOT_MATTER
                files = sorted(set(files) - CANNOT_MATTER_FILES)
            folders[:] = sorted(set(folders) - hidden)
            yield from (here / file for file in sorted(files) if not file.endswith(".pyc"))


def _build(built: Path) -> None:
    work = places.WEB / "work"
    log = places.LOGS / "build.log"
    log.unlink(missing_ok=True)
    copy = work / "source"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for name in COPIED:
        source = places.ROOT / name
        if source.is_dir():
            leave = shutil.ignore_patterns("__pycache__", "external")
            shutil.copytree(source, copy / name, ignore=leave)
        elif source.exists():
            shutil.copy2(source, copy / name)
    export = ["-m", "reflex", "export", "--frontend-only", "--no-zip"]
    try:
        run("build", [places.PYTHON, *export], log=log, env=_environment(work), cwd=copy)
    except Failed as failed:
        raise _why(failed) from failed
    _publish(work / "web", built)


def _why(failed: Failed) -> Refusal:
    return failed.known() or Refusal(
        f"The frontend could not be built; the reason is at the end of {failed.log}.",
        "화면을 만들지 못했습니다. 자세한 이유는 위 로그 파일의 끝에 있습니다.",
    )


def _environment(work: Path) -> dict[str, str]:
    """Return an environment in which no setting of the site can reach the build."""
    ours = ("MADANG_", "REFLEX_", "__REFLEX_")
    env = places.with_tools({k: v for k, v in os.environ.items() if not k.startswith(ours)})
    asked = subprocess.run(
        ["npm", "config", "get", "registry"], env=env, capture_output=True, text=True, check=False
    )
    return env | {
        "MADANG_VAR": str(work / "var"),
        "REFLEX_API_URL": NOWHERE,
        "REFLEX_WEB_WORKDIR": str(work / "web"),
        "REFLEX_STATES_WORKDIR": str(work / "states"),
        "REFLEX_DIR": str(work / "reflex"),
        "REFLEX_USE_NPM": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "NPM_CONFIG_REGISTRY": asked.stdout.strip(),
        "NODE_USE_SYSTEM_CA": "1",
        "CI": "1",
    }


def _publish(web: Path, built: Path) -> None:
    """Copy what serving needs beside the final name, then rename."""
    ready = web.parent / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    (ready / "build").mkdir(parents=True)
    shutil.copytree(web / "build" / "client", ready / "build" / "client")
    shutil.copytree(web / "backend", ready / "backend")
    for name in ("routes.json", "reflex.json"):
        if (web / name).exists():
            shutil.copy2(web / name, ready / name)
    free_from_address(ready / "build" / "client")
    (ready / USED).touch()
    ready.rename(built)


def free_from_address(client: Path) -> None:
    """Make the bundle ask the address it was loaded from, whatever host and port that is."""
    changed = 0
    for path in sorted((client / "assets").glob("*.js")):
        text = path.read_text("utf-8")
        if "portal.invalid" not in text:
            continue
        text = text.replace(f"`{NOWHERE}/", "location.origin+`/")
        text = text.replace("`ws://portal.invalid/", "location.origin.replace(/^http/,`ws`)+`/")
        if "portal.invalid" in text:
            raise _not_free(path)
        path.write_text(text, "utf-8")
        packed = path.with_name(path.name + ".gz")
        if packed.exists():
            packed.write_bytes(gzip.compress(text.encode(), mtime=0))
        changed += 1
    if not changed:
        raise _not_free(client)


def _not_free(path: Path) -> Refusal:
    return Refusal(
        f"This version of Reflex writes the address differently ({path.name}); tools/build.py"
        " has to follow.",
        "Reflex 버전이 달라 주소를 바꿀 수 없습니다. tools/build.py를 고쳐야 합니다.",
    )


def _point_current_to(built: Path) -> None:
    current = places.WEB / "current"
    if current.is_symlink() and str(current.readlink()) == built.name:
        return
    fresh = places.WEB / "current.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(built.name)
    fresh.rename(current)


def _forget_old(newest: Path) -> None:
    """Remove all but the newest builds, except those that a running portal serves."""
    builds = [path for path in places.WEB.iterdir() if (path / USED).exists()]
    builds = [path for path in builds if path != newest and not path.is_symlink()]
    builds.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in builds[KEPT - 1 :]:
        with (path / USED).open("a") as used:
            try:
                fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(path, ignore_errors=True)


def keep_lock() -> None:
    """Copy what npm resolved for the last build into the versioned lock."""
    kept = places.ROOT / JS_LOCK
    kept.mkdir(exist_ok=True)
    for name, content in _made_lock().items():
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        (kept / name).write_text(text, "utf-8")


def _made_lock() -> dict[str, dict[str, Any]]:
    """Return what npm wrote, without the addresses where packages ask for donations."""
    made = places.WEB / "work" / "source" / JS_LOCK
    found = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(made.glob("*.json"))}
    for package in found.get("package-lock.json", {}).get("packages", {}).values():
        package.pop("funding", None)
    return found


def _hint_at_lock() -> None:
    """Pages that came to need another script package work, but unpinned."""
    for name, content in _made_lock().items():
        kept = places.ROOT / JS_LOCK / name
        if not kept.exists() or json.loads(kept.read_text("utf-8")) != content:
            say(f"  Note: {JS_LOCK}/{name} is behind what the pages need; run ./madang lock.")
