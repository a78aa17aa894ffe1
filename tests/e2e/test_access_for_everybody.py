"""Every page, light and dark, Korean and English, without findings of axe; narrow and zoomed."""

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from cloud_app import routes
from tests.e2e.conftest import Visit, en, ko

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
SAY = {"ko": ko, "en": en}
PHONE: ViewportSize = {"width": 390, "height": 844}
ZOOMED: ViewportSize = {"width": 640, "height": 410}
"""A window of 1280 × 820 at 200 %."""

STILL: dict[str, Any] = {"reduced_motion": "reduce"}
"""A colour that is still on its way to another would be judged for what it is not."""

Scheme = Literal["light", "dark"]


def findings(page: Page) -> list[str]:
    """What axe finds on the page, one line each."""
    # Run in the tools' own world: the page's policy would refuse a foreign script.
    page.evaluate(AXE)
    answer: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
        for found in answer["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Visit, scheme: Scheme, language: str):
    say = SAY[language]
    look = {"language": language, "color_scheme": scheme, **STILL}
    door = visit(f"{routes.LOG_IN}?why=wrong", **look)
    expect(door.get_by_role("alert")).to_be_visible()
    assert findings(door) == []

    page = visit(routes.HOME, "minji", **look)
    expect(page.get_by_role("heading", name=say("home.first"))).to_be_visible()
    assert findings(page) == []

    page.goto(routes.MACHINES)
    expect(page.get_by_role("heading", name=say("machines.empty"))).to_be_visible()
    page.get_by_label(say("nav.account")).click()
    assert findings(page) == []

    page.goto(routes.ORDER_MACHINE)
    expect(page.get_by_label(say("machines.name"))).to_have_value(re.compile(r".+"))
    page.get_by_text(say("order.advanced"), exact=True).click()
    page.get_by_label(say("machines.name")).fill("")
    page.get_by_role("button", name=say("order.submit"), exact=True).click()
    expect(page.get_by_text(say("machines.name.missing"))).to_be_visible()
    assert findings(page) == []

    page.goto(routes.machine("0" * 32))
    expect(page.get_by_role("heading", name=say("machine.missing"))).to_be_visible()
    assert findings(page) == []


@pytest.mark.timeout(120)
def test_axe_finds_nothing_where_there_are_machines(visit: Visit):
    page = visit(routes.ORDER_MACHINE, "seoyeon", **STILL)
    name = "아주 긴 이름을 가진 미니 PC " * 3 + "끝"
    expect(page.get_by_label(ko("machines.name"))).to_have_value(re.compile(r".+"))
    page.get_by_label(ko("machines.name")).fill(name)
    page.get_by_role("button", name=ko("order.submit"), exact=True).click()
    dialog = page.get_by_role("dialog", name=ko("order.secret.title"))
    expect(dialog).to_be_visible()
    assert findings(page) == []
    dialog.get_by_role("button", name=ko("order.secret.done")).click()
    expect(page.get_by_role("heading", name=ko("machine.connect"))).to_be_visible()
    assert findings(page) == []
    machine = page.url

    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        for place in (routes.HOME, routes.MACHINES, machine):
            page.goto(place)
            expect(page.get_by_text(name).first).to_be_visible()
            assert findings(page) == []
            for size in (PHONE, ZOOMED):
                page.set_viewport_size(size)
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            page.set_viewport_size({"width": 1280, "height": 820})


def test_a_machine_can_be_ordered_by_keyboard_alone(visit: Visit):
    page = visit(routes.MACHINES, "minji")
    expect(page.get_by_role("heading", name=ko("machines.empty"))).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=ko("portal.skip"))).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=ko("machines.order"))).to_be_focused()
    page.keyboard.press("Enter")
    name = page.get_by_label(ko("machines.name"))
    expect(name).to_have_value(re.compile(r".+"))
    name.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="웹 서버").first).to_be_checked()
    name.focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.get_by_text(ko("machines.name.missing"))).to_be_visible()
