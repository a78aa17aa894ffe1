"""Coming in and going out: strangers first."""

from playwright.sync_api import Page, expect

from cloud_app import routes
from tests.e2e.conftest import Visit, ko
from tests.make import PASSWORD


def fill(page: Page, handle: str, password: str) -> None:
    page.get_by_label(ko("login.handle")).fill(handle)
    page.get_by_label(ko("login.password")).fill(password)
    page.get_by_role("button", name=ko("login.submit")).click()


def test_a_stranger_is_asked_to_log_in_and_comes_back_to_where_they_wanted(visit: Visit):
    page = visit(routes.MACHINES)
    page.wait_for_url(lambda url: routes.LOG_IN in url)

    fill(page, "minji", PASSWORD)

    expect(page.get_by_role("heading", name=ko("machines.title"), exact=True)).to_be_visible()


def test_a_wrong_password_is_said_beside_the_form_and_the_name_is_kept(visit: Visit):
    page = visit(routes.LOG_IN)

    fill(page, "minji", "not my password")

    expect(page.get_by_role("alert")).to_contain_text(ko("login.wrong"))
    expect(page.get_by_label(ko("login.handle"))).to_have_value("minji")


def test_logging_out_leads_to_the_door_and_locks_it(visit: Visit):
    page = visit(routes.HOME, "minji")

    page.get_by_label(ko("nav.account")).click()
    page.get_by_role("button", name=ko("nav.log_out")).click()

    expect(page.get_by_text(ko("login.out"))).to_be_visible()
    page.goto(routes.MACHINES)
    page.wait_for_url(lambda url: routes.LOG_IN in url)
