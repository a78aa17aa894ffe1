"""A mini-PC's life on its page: stop, start, rename, give back."""

import re

from playwright.sync_api import Page, expect

from cloud_app import routes
from tests.e2e.conftest import Visit, ko


def rented(visit: Visit, handle: str, name: str) -> Page:
    """The page of a machine of one's own that is ready."""
    page = visit(routes.ORDER_MACHINE, handle)
    field = page.get_by_label(ko("machines.name"))
    expect(field).to_have_value(re.compile(r".+"))
    field.fill(name)
    page.get_by_role("button", name=ko("order.submit"), exact=True).click()
    page.get_by_role("button", name=ko("order.secret.done")).click()
    expect(page.get_by_role("button", name=ko("machine.stop"))).to_be_visible()
    return page


def test_a_machine_is_stopped_started_renamed_and_given_back(visit: Visit):
    page = rented(visit, "jiwoo", "web-1")
    heading = page.get_by_role("heading", level=1)

    page.get_by_role("button", name=ko("machine.stop")).click()
    expect(page.get_by_text(ko("machine.connect.stopped"))).to_be_visible()
    page.get_by_role("button", name=ko("machine.start")).click()
    expect(page.get_by_role("button", name=ko("machine.stop"))).to_be_visible()

    page.get_by_role("button", name=ko("machine.rename")).click()
    page.get_by_label(ko("machines.name")).fill("")
    page.get_by_role("button", name=ko("machine.rename.submit"), exact=True).click()
    expect(page.get_by_text(ko("machines.name.missing"))).to_be_visible()
    page.get_by_label(ko("machines.name")).fill("데이터 분석")
    page.get_by_role("button", name=ko("machine.rename.submit"), exact=True).click()
    expect(heading).to_have_text("데이터 분석")

    page.get_by_role("button", name=ko("machine.give_back")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(ko("machine.give_back.question", name="데이터 분석"))
    expect(dialog.get_by_role("button", name=ko("action.cancel"))).to_be_focused()
    dialog.get_by_role("button", name=ko("machine.give_back")).click()
    expect(page.get_by_text(ko("machine.gone", name="데이터 분석"))).to_be_visible()


def test_a_foreign_machine_is_not_there(visit: Visit):
    page = visit(routes.machine("0" * 32), "minji")

    expect(page.get_by_role("heading", name=ko("machine.missing"))).to_be_visible()
