"""A browser for the journeys: one that is there, else one that can be installed, else advice."""

import os
import shutil
import subprocess
from pathlib import Path

from tools import places
from tools.steps import Failed, run, step
from tools.words import Refusal

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
APPS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"),
)
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as p\n"
    "with p() as b: print(b.chromium.executable_path)"
)


def find() -> Path | None:
    """Return a browser that is already on this machine."""
    if chosen := os.environ.get("MADANG_BROWSER"):
        return Path(chosen)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    for app in APPS:
        if app.exists():
            return app
    return _of_playwright()


def ensure() -> Path:
    """Return a browser, installing one where that needs no question."""
    if found := find():
        return found
    for install in (_with_apt, _with_playwright):
        try:
            install()
        except Failed:
            continue
        if found := find():
            return found
    raise Refusal(
        "No browser for the browser tests: install Chromium, Chrome or Edge, or set"
        " MADANG_BROWSER to the program.",
        "브라우저가 없습니다. Chromium이나 Chrome을 설치하거나 MADANG_BROWSER를 지정하세요.",
    )


def _of_playwright() -> Path | None:
    asked = subprocess.run(
        [places.PYTHON, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False
    )
    path = Path(asked.stdout.strip())
    return path if asked.returncode == 0 and path.is_file() else None


def _with_apt() -> None:
    """Debian only: Ubuntu's package is a stub that asks for a snap."""
    if not shutil.which("apt-get") or _system() != "debian":
        return
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if before and not shutil.which("sudo"):
        return
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    log = places.LOGS / "browser.log"
    apt = [*before, "apt-get", "-y", "--no-install-recommends"]
    with step("Browser for the tests / 시험용 브라우저"):
        run("package lists", [*before, "apt-get", "update"], log=log, env=env)
        run("chromium", [*apt, "install", "chromium"], log=log, env=env)
        try:
            run("Korean letters", [*apt, "install", "fonts-noto-cjk"], log=log, env=env)
        except Failed:
            return  # screenshots show boxes instead of letters; the tests do not look


def _with_playwright() -> None:
    with step("Browser for the tests / 시험용 브라우저"):
        install = [places.PYTHON, "-m", "playwright", "install", "chromium"]
        run("playwright", install, log=places.LOGS / "browser.log")


def _system() -> str:
    try:
        lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line[3:].strip('"') for line in lines if line.startswith("ID=")), "")
