"""A cloud that does not answer greys what it told last; the rest of the page goes on."""

import re
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cloud_app import routes
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.gateways.simulator.world import World
from tests.e2e.conftest import Visit, ko
from tests.e2e.test_access_for_everybody import PHONE, STILL, findings

LOOK_MS = 40_000
"""A cloud at rest is asked every 15 s."""


@pytest.fixture
def cloud(portal_url: str, portal_var: Path) -> Generator[World]:
    """The portal's practice cloud, in the hands of fate."""
    world = World(portal_var / "practice.db", lambda: datetime.now(UTC))
    yield world
    world.relieve()
    world.close()


@pytest.fixture
def machine(visit: Visit) -> Callable[[str], Page]:
    """Has somebody rent a mini-PC, and shows it once it is ready."""

    def rented(handle: str) -> Page:
        page = visit(routes.ORDER_MACHINE, handle, **STILL)
        expect(page.get_by_label(ko("machines.name"))).to_have_value(re.compile(r".+"))
        page.get_by_role("button", name=ko("order.submit"), exact=True).click()
        page.get_by_role("button", name=ko("order.secret.done")).click()
        expect(page.get_by_text(ko("machines.state.ready")).first).to_be_visible(timeout=LOOK_MS)
        return page

    return rented


def told_nothing(page: Page, service: str) -> None:
    since, rest = ko(f"time.silent.{service}", ago="@").split("@")
    sentence = re.compile(f"{since}.+{rest}")
    expect(page.get_by_text(sentence)).to_be_visible(timeout=LOOK_MS)


def test_a_silent_nova_greys_the_card_and_says_how_old_it_is(
    cloud: World, machine: Callable[[str], Page]
):
    page = machine("jiwoo")
    cloud.befall(Misfortune(woe=Woe.SILENT, calls="compute.*"))

    page.goto(routes.HOME)
    card = page.get_by_role("article").first
    expect(card.get_by_text("정보를 불러올 수 없습니다.")).to_be_visible(timeout=LOOK_MS)
    expect(card.get_by_text(re.compile(r"기준$"))).to_be_visible()
    told_nothing(page, "compute")
    expect(page.get_by_role("heading", name=ko("home.limit"))).to_be_visible()

    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        for place in (routes.HOME, routes.MACHINES):
            page.goto(place)
            told_nothing(page, "compute")
            assert findings(page) == []
            page.set_viewport_size(PHONE)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            page.set_viewport_size({"width": 1280, "height": 820})
    cloud.relieve()

    page.goto(routes.HOME)
    expect(
        page.get_by_role("article").first.get_by_text("정보를 불러올 수 없습니다.")
    ).to_be_hidden(timeout=LOOK_MS)


def test_a_silent_neutron_greys_addresses_alone(cloud: World, machine: Callable[[str], Page]):
    page = machine("junho")
    cloud.befall(Misfortune(woe=Woe.SILENT, calls="network.*"))

    page.goto(routes.HOME)

    told_nothing(page, "network")
    card = page.get_by_role("article").first
    expect(card.get_by_text(ko("machines.state.ready"))).to_be_visible()
    expect(card.get_by_text("정보를 불러올 수 없습니다.")).to_be_hidden()
