"""A real portal on the practice cloud, and people who come in with a real browser.

Playwright's own loop would be in the way of tests that are coroutines, so the
browser lives for one module at a time. An error in a page fails its test.
"""

import asyncio
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cloud_app import routes
from cloud_app.bootstrap import build
from cloud_app.i18n.catalog import say
from cloud_app.settings import Settings
from cloud_app.site import PRACTICE_SITE, Site, apply
from tests.make import PASSWORD, cheap_passwords
from tests.running import free_port, until
from tools import browser as browsers
from tools.serve import environment

ROOT = Path(__file__).parents[2]
PEOPLE = ("minji", "junho", "seoyeon", "jiwoo")
SPEED = "12"
START_SECONDS = 60
PATIENCE_MS = 20_000

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine needs longer than a unit test."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(240))


def ko(key: str, **values: str | int) -> str:
    """What a Korean page says."""
    return say("ko", key, **values)


def en(key: str, **values: str | int) -> str:
    """What an English page says."""
    return say("en", key, **values)


async def _found(env: dict[str, str]) -> None:
    portal = build(Settings.from_env(env), passwords=cheap_passwords())
    await apply(Site.read(PRACTICE_SITE), portal)
    for handle in PEOPLE:
        await portal.accounts.open_account(handle, handle.title(), PASSWORD)
    await portal.db.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ping", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def portal_var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where that portal keeps what it writes, its practice cloud too."""
    return tmp_path_factory.mktemp("portal")


@pytest.fixture(scope="session")
def portal_url(portal_var: Path) -> Generator[str]:
    """The address of a portal of its own, without the demo campus."""
    var, port = portal_var, free_port()
    web = Path(os.environ.get("MADANG_WEB") or ROOT / ".web" / "current").resolve()
    env = environment(port=port, var=var, web=web)
    env |= {"MADANG_PRACTICE_SPEED": SPEED, "MADANG_LOOPS": "1"}
    subprocess.run([sys.executable, "-m", "tools.migrate"], check=True, env=env, cwd=ROOT)
    asyncio.run(_found(env))
    argv = ["-m", "tools.serve", "--no-demo", "--stop-with-stdin", "--port", str(port)]
    argv += ["--var", str(var), "--web", str(web)]
    log, url = var / "portal.log", f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *argv], env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=out,
            stderr=out, start_new_session=True,
        )  # fmt: skip

    async def answers() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        return await asyncio.to_thread(_answers, url)

    asyncio.run(until(answers, START_SECONDS, what=str(log)))
    yield url
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def chromium(portal_url: str) -> Generator[Browser]:
    """The browser that is on this machine."""
    expect.set_options(timeout=PATIENCE_MS)
    found = browsers.find()
    if found is None:
        pytest.fail("no browser: set MADANG_BROWSER")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


@pytest.fixture
def visit(chromium: Browser, portal_url: str) -> Generator[Visit]:
    """Opens pages: `visit(path)` as a stranger, `visit(path, handle)` logged in."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(
        path: str = routes.HOME, handle: str = "", *, language: str = "ko", **look: Any
    ) -> Page:
        context = chromium.new_context(
            base_url=portal_url, locale={"ko": "ko-KR", "en": "en-US"}[language],
            timezone_id="Asia/Seoul", **look,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if handle:
            form: dict[str, str | float | bool] = {"handle": handle, "password": PASSWORD}
            headers = {"Origin": portal_url}
            answer = context.request.post(routes.LOG_IN_FORM, form=form, headers=headers)
            assert answer.ok, answer.status
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
