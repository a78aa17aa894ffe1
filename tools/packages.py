"""The virtual environment: made, filled with the pinned packages, repaired when half-made.

A mark lies in it for as long as it is being filled and the stamp is written last, so a start
that was killed in the middle is seen by the next one. uv does the work when it can be had and
pip has no index of its own configured; otherwise pip does.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools import places
from tools.steps import Failed, run, step
from tools.words import Refusal

UV = "uv==0.13.8"
LOCK = "requirements.lock"
RUNTIME = "requirements.txt"
TESTS = "requirements-dev.txt"
TITLES = {RUNTIME: "Python packages / 패키지 설치", TESTS: "Test tools / 시험 도구 설치"}
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
PYRIGHT = {
    "PYRIGHT_PYTHON_CACHE_DIR": str(places.VENV / "pyright"),
    "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
}
"""Keeps the type checker's script part in `.venv`, and keeps it from looking for a newer one."""
PATIENCE = ("--retries", "2", "--timeout", "20")
ASK_VERSION = "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 1)"


def ensure(kind: str = RUNTIME) -> None:
    """Make sure that the packages of one requirements file are there, exactly as pinned."""
    if kind != RUNTIME:
        ensure(RUNTIME)
    if is_ready(kind):
        return
    mark = places.VENV / "madang-unfinished"
    if not _usable(mark):
        with step("Python environment / 파이썬 환경"):
            _create(mark)
    mark.touch()
    with step(TITLES[kind]):
        _install(kind)
        if kind == TESTS and (places.BIN / "pyright").exists():
            _fetch_pyright()
    _stamp_file(kind).write_text(_wanted(kind), "utf-8")
    mark.unlink()


def is_ready(kind: str) -> bool:
    """Tell whether the stamp says that these packages are complete."""
    stamp = _stamp_file(kind)
    return (
        places.PYTHON.exists()
        and not (places.VENV / "madang-unfinished").exists()
        and stamp.exists()
        and stamp.read_text("utf-8") == _wanted(kind)
    )


def _stamp_file(kind: str) -> Path:
    return places.VENV / f"madang-{Path(kind).stem}.json"


def _wanted(kind: str) -> str:
    digest = hashlib.sha256()
    for name in (kind, LOCK):
        digest.update((places.ROOT / name).read_bytes())
    return json.dumps({"place": str(places.VENV), "packages": digest.hexdigest()})


def _usable(mark: Path) -> bool:
    """Tell whether the folder is whole, at its own place, and has a Python that runs."""
    if mark.exists() or not places.PYTHON.exists():
        return False
    stamp = _stamp_file(RUNTIME)
    if stamp.exists() and json.loads(stamp.read_text("utf-8")).get("place") != str(places.VENV):
        return False  # the clone was moved: its scripts point elsewhere
    asked = subprocess.run([places.PYTHON, "-c", ASK_VERSION], capture_output=True, check=False)
    return asked.returncode == 0


def _create(mark: Path) -> None:
    if places.VENV.is_symlink() or places.VENV.is_file():
        raise Refusal(f"{places.VENV} is not a folder.", "이 이름의 폴더를 만들 수 없습니다.")
    shutil.rmtree(places.VENV, ignore_errors=True)
    places.VENV.mkdir()
    mark.touch()
    log = places.LOGS / "install.log"
    log.unlink(missing_ok=True)
    try:
        if _has("venv") and _has("ensurepip"):
            run("venv", [sys.executable, "-m", "venv", places.VENV], log=log)
        elif _has("venv") and _has("pip"):
            run("venv", [sys.executable, "-m", "venv", "--without-pip", places.VENV], log=log)
            over = [sys.executable, "-m", "pip", "--python", places.PYTHON, "install", "pip"]
            run("pip", over, log=log)
        elif _has("virtualenv"):
            run("virtualenv", [sys.executable, "-m", "virtualenv", places.VENV], log=log)
        else:
            raise _no_venv()
    except Failed as failed:
        if failed.says(("ensurepip is not available",)):
            raise _no_venv() from failed
        raise failed.refusal() from failed


def _no_venv() -> Refusal:
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    return Refusal(
        f"This Python cannot make virtual environments; install the package {package}"
        f" (Debian, Ubuntu: sudo apt install {package}) and try again.",
        f"가상 환경 모듈이 없습니다. {package} 패키지를 설치한 뒤 다시 실행하세요.",
    )


def _has(module: str) -> bool:
    """Ask in another process, and not be fooled by an empty folder of that name."""
    code = f"import sys, {module} as m; sys.exit(0 if m.__file__ else 1)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return asked.returncode == 0


def _install(kind: str) -> None:
    log = places.LOGS / "install.log"
    env = places.with_tools()
    pinned = ["install", "-r", places.ROOT / kind, "-c", places.ROOT / LOCK]
    try:
        if _pip_has_its_own_index() or not _with_uv(pinned, log=log, env=env):
            run("packages", [places.PYTHON, *PIP, *pinned, *PATIENCE], log=log, env=env)
    except Failed as failed:
        raise failed.refusal() from failed


def _fetch_pyright() -> None:
    """Its wheel fetches the checker at the first call; do that now, so that it works offline."""
    env = places.with_tools() | PYRIGHT
    try:
        run(
            "pyright",
            [places.BIN / "pyright", "--version"],
            log=places.LOGS / "install.log",
            env=env,
        )
    except Failed as failed:
        raise failed.refusal() from failed


def _with_uv(pinned: list[str | Path], *, log: Path, env: dict[str, str]) -> bool:
    """Install with uv, several times faster than pip; False means that pip should try.

    It is told to trust the system's certificates, as a campus may have its own.
    """
    uv = [places.BIN / "uv", "pip", *pinned, "--native-tls", "--python", places.PYTHON]
    try:
        if not (places.BIN / "uv").exists():
            run("uv", [places.PYTHON, *PIP, "install", *PATIENCE, UV], log=log, env=env)
        run("packages", uv, log=log, env=env)
    except Failed as failed:
        if failed.known():
            raise
        return False
    return True


def _pip_has_its_own_index() -> bool:
    """A site that points pip at its own mirror keeps pip, which knows how to reach it."""
    told = subprocess.run(
        [places.PYTHON, *PIP, "config", "list"], capture_output=True, text=True, check=False
    )
    return "index-url" in told.stdout
