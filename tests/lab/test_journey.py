"""The main job on a real cloud: a student rents a mini-PC in the browser and logs in to it."""

import asyncio
import re
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import asyncssh
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from cloud_app import routes
from cloud_app.i18n.catalog import say
from tests.make import PASSWORD
from tests.running import RunningPortal
from tools import browser as browsers

pytestmark = [pytest.mark.lab_only, pytest.mark.timeout(1200)]
BOOT_MS = 400_000
NAME = "lab-pc"
OWN = """#cloud-config
write_files:
  - {path: /etc/mine, content: "from my own cloud-init"}
"""


@pytest.fixture
def portal(tmp_path: Path, site: Path) -> Generator[RunningPortal]:
    """The portal on the lab, running; its own coroutines end before the browser begins."""
    running = RunningPortal(tmp_path)
    asyncio.run(running.found(site))
    asyncio.run(running.start())
    yield running
    asyncio.run(running.kill())


@pytest.fixture
def page(portal: RunningPortal) -> Generator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browsers.find(), args=["--no-sandbox"]
        )
        context = chromium.new_context(
            base_url=portal.url, locale="ko-KR", timezone_id="Asia/Seoul"
        )
        context.request.post(
            routes.LOG_IN_FORM,
            form={"handle": "minji", "password": PASSWORD},
            headers={"Origin": portal.url},
        )
        yield context.new_page()
        chromium.close()


def ko(key: str, **values: str | int) -> str:
    return say("ko", key, **values)


def rent(page: Page) -> Path:
    """Order with a generated key and an own cloud-init; return the key's file."""
    page.goto(routes.ORDER_MACHINE)
    field = page.get_by_label(ko("machines.name"))
    expect(field).to_have_value(re.compile(r".+"))
    field.fill(NAME)
    page.locator("label", has_text="실습용 리눅스").click()
    page.get_by_text(ko("order.advanced"), exact=True).click()
    page.get_by_label(ko("order.cloud_init")).fill(OWN)
    page.get_by_role("button", name=ko("order.submit"), exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=ko("order.secret.download")).click()
    key = download.value.path()
    page.get_by_role("button", name=ko("order.secret.done")).click()
    return key


def tell(login: tuple[str, str], key: Path, command: str) -> str:
    """Run a command in the guest over SSH with the key that the portal gave.

    In a thread: the browser's own loop runs in this one.
    """

    async def run() -> str:
        user, address = login
        async with asyncssh.connect(
            address, username=user, client_keys=[str(key)], known_hosts=None, config=None,
            agent_path=None, login_timeout=120,
        ) as guest:  # fmt: skip
            return str((await guest.run(command, check=True)).stdout).strip()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


def ready(page: Page) -> tuple[str, str]:
    """Wait, without a reload, until the page shows how to get in: (user, address)."""
    stop = page.get_by_role("button", name=ko("machine.stop"))
    expect(stop).to_be_visible(timeout=BOOT_MS)
    command = page.get_by_text(re.compile(rf"^ssh -i {NAME}\.pem \w+@[\d.]+$"))
    expect(command).to_be_visible()
    user, address = command.inner_text().rsplit(" ", 1)[1].split("@")
    return user, address


def test_a_student_rents_a_real_mini_pc_logs_in_and_gives_it_back(page: Page) -> None:
    began = monotonic()
    key = rent(page)
    login = ready(page)
    print(f"from the order to ready on the page: {monotonic() - began:.1f} s")

    said = tell(login, key, "cloud-init status --wait >/dev/null; cat /etc/madang /etc/mine")
    assert said == f"hostname={NAME}\nfrom my own cloud-init"
    tell(login, key, "echo kept > kept && sync")

    page.get_by_role("button", name=ko("machine.stop")).click()
    expect(page.get_by_text(ko("machine.connect.stopped"))).to_be_visible(timeout=BOOT_MS)
    page.get_by_role("button", name=ko("machine.start")).click()
    assert tell(ready(page), key, "cat kept") == "kept"

    page.get_by_role("button", name=ko("machine.give_back")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=ko("machine.give_back")).click()
    gone = page.get_by_text(ko("machine.gone", name=NAME))
    expect(gone).to_be_visible(timeout=BOOT_MS)
