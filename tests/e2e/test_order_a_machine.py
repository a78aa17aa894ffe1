"""Renting a mini-PC: what is missing is said, what is ordered is seen coming up."""

import re
from pathlib import Path

from playwright.sync_api import Page, Request, WebSocket, expect

from cloud_app import routes
from tests.e2e.conftest import Visit, ko

READY = re.compile(ko("machines.state.ready"))


def order_page(visit: Visit, handle: str) -> tuple[Page, list[str]]:
    """The order page, and what its page sends to the API from now on."""
    page = visit(routes.ORDER_MACHINE, handle)
    expect(page.get_by_label(ko("machines.name"))).to_have_value(re.compile(r".+"))
    sent: list[str] = []

    def note(request: Request) -> None:
        if "/servers" in request.url:
            sent.append(request.url)

    page.on("request", note)
    return page, sent


def press_rent(page: Page) -> None:
    page.get_by_role("button", name=ko("order.submit"), exact=True).click()


def test_a_missing_name_is_said_at_its_field_and_nothing_is_sent(visit: Visit):
    page, sent = order_page(visit, "minji")

    page.get_by_label(ko("machines.name")).fill("")
    press_rent(page)

    expect(page.get_by_text("미니 PC 이름을 입력해주세요.")).to_be_visible()
    expect(page.get_by_label(ko("machines.name"))).to_be_focused()
    assert sent == []


def test_a_missing_password_is_said_at_its_field_and_nothing_is_sent(visit: Visit):
    page, sent = order_page(visit, "minji")

    page.get_by_text(ko("order.advanced"), exact=True).click()
    page.get_by_role("radio", name=ko("order.way_in.password.words")).check()
    press_rent(page)

    expect(page.get_by_text(ko("machines.password.missing"))).to_be_visible()
    assert sent == []


def test_a_size_that_does_not_fit_is_dimmed_with_the_reason(visit: Visit):
    page, _ = order_page(visit, "minji")

    page.get_by_role("radio", name="파이썬 실습실").check()

    too_small = page.get_by_role("radio", name=ko("machines.size.not_with_template"))
    expect(too_small.first).to_be_disabled()


def test_an_order_is_seen_coming_up_in_both_tabs_without_a_reload(visit: Visit):
    page, sent = order_page(visit, "junho")
    other_tab = page.context.new_page()
    other_tab.goto(routes.MACHINES)
    expect(other_tab.get_by_text(ko("machines.empty"))).to_be_visible()

    page.get_by_label(ko("machines.name")).fill("첫 번째")
    page.get_by_role("button", name=ko("order.submit"), exact=True).dblclick()
    dialog = page.get_by_role("dialog", name=ko("order.secret.title"))
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    with page.expect_download() as download:
        dialog.get_by_role("button", name=ko("order.secret.download")).click()
    dialog.get_by_role("button", name=ko("order.secret.done")).click()

    assert download.value.suggested_filename == "첫-번째.pem"
    assert "PRIVATE KEY" in Path(download.value.path()).read_text()
    expect(page.get_by_role("heading", name="첫 번째")).to_be_visible()
    expect(page.get_by_role("list", name=ko("machine.stages"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"^ssh -i 첫-번째\.pem \w+@[\d.]+$"))).to_be_visible()
    expect(other_tab.get_by_role("row", name=re.compile("첫 번째"))).to_contain_text(READY)
    assert len(sent) == 1


def test_neither_password_nor_key_ever_passes_through_the_websocket(visit: Visit):
    page, _ = order_page(visit, "seoyeon")
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: frames.append(str(frame)))
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    page.on("websocket", listen)
    page.reload()
    expect(page.get_by_label(ko("machines.name"))).to_have_value(re.compile(r".+"))

    page.get_by_text(ko("order.advanced"), exact=True).click()
    page.get_by_role("radio", name=ko("order.way_in.password.words")).check()
    page.get_by_label(ko("order.password"), exact=True).fill("correct-horse-9")
    press_rent(page)
    page.wait_for_url(re.compile(r"/machines/[0-9a-f]{32}"))

    page.goto(routes.ORDER_MACHINE)
    expect(page.get_by_label(ko("machines.name"))).to_have_value(re.compile(r".+"))
    press_rent(page)
    expect(page.get_by_role("dialog", name=ko("order.secret.title"))).to_be_visible()
    assert frames
    assert not [frame for frame in frames if "correct-horse-9" in frame or "PRIVATE" in frame]
