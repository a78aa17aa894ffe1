"""Ordering: nothing is sent when something is missing, no secret ever enters a state."""

import json
from typing import Any

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.gateways.simulator.catalog import PracticeCatalog
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.state.live import moment
from cloud_app.state.order import OrderState
from cloud_app.state.order_view import NOT_WITH_TEMPLATE, amounts, best_size, size_choices
from tests.make import Clock, a_spec, own_project
from tests.unit.state.visitor import Visitor

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ" + "q" * 42 + " me"


@pytest.fixture
async def state(portal: Portal, student: Actor) -> OrderState:
    visitor = await Visitor.log_in(portal)
    state = await visitor.at(OrderState, "/machines/new")
    await OrderState.load.fn(state)
    return state


def a_form(state: OrderState, **changes: Any) -> dict[str, Any]:
    form = {
        "name": "web-1",
        "size": state.size,
        "template": state.template,
        "return_on": state.return_on,
        "access": "generated",
        "wants_address": "yes",
    }
    return form | changes


async def sent(state: OrderState, **changes: Any) -> str:
    """What the page is told to do; empty when nothing."""
    event = await OrderState.submit.fn(state, a_form(state, **changes))
    return str(event.args) if event else ""


@pytest.mark.parametrize(
    ("changes", "field", "key"),
    [
        ({"name": "  "}, "name", "machines.name.missing"),
        ({"name": "x" * 61}, "name", "machines.name.too_long"),
        ({"name": ["web"]}, "name", "machines.name.missing"),
        ({"size": ""}, "size", "machines.size.missing"),
        ({"size": "huge"}, "size", "machines.size.unknown"),
        ({"template": ""}, "template", "machines.template.missing"),
        ({"return_on": ""}, "return_on", "machines.return_on.missing"),
        ({"return_on": "soon"}, "return_on", "machines.return_on.missing"),
        ({"return_on": "2020-01-01"}, "return_on", "machines.return_on.past"),
        ({"return_on": "2099-01-01"}, "return_on", "machines.return_on.too_late"),
        ({"access": "own_key"}, "public_key", "machines.public_key.missing"),
    ],
)
async def test_what_is_missing_or_wrong_is_said_at_its_field_and_nothing_is_sent(
    state: OrderState, changes: dict[str, Any], field: str, key: str
):
    told = await sent(state, **changes)

    assert state.errors[field] == key
    assert not state.sending
    assert "madang.order" not in told


async def test_everything_that_is_wrong_is_said_at_once(state: OrderState):
    await sent(state, name="", return_on="", size="")

    assert state.errors.keys() == {"name", "return_on", "size"}


async def test_a_double_press_orders_once(state: OrderState):
    first = await sent(state)
    second = await sent(state)

    assert "madang.order" in first
    assert second == ""


async def test_the_page_is_told_the_order_without_any_secret(state: OrderState):
    told = await sent(state, access="password", password="hunter2 hunter2")

    assert "hunter2" not in told
    assert "hunter2" not in json.dumps(state.dict(), default=str)


async def test_a_public_key_is_left_out_when_another_way_in_was_chosen(state: OrderState):
    assert "ssh-ed25519" not in await sent(state, public_key=KEY)


async def test_more_than_the_limit_is_refused_in_words(
    portal: Portal, student: Actor, clock: Clock, state: OrderState
):
    for n in range(state._offers.usage.allowed.machines if state._offers else 0):
        await portal.machines.order(student, a_spec(student, clock, name=f"pc-{n}"))

    told = await sent(state)

    assert state.refusal == "error.quota_exceeded"
    assert told == ""


async def test_a_refused_order_can_be_sent_again_as_a_new_one(state: OrderState):
    key = state._key
    await sent(state)

    refused = {"refused": "error.invalid", "fields": {"name": {"type": "machines.name.taken"}}}
    await OrderState.answered.fn(state, refused)

    assert state.errors == {"name": "machines.name.taken"}
    assert not state.sending
    assert state._key != key


async def test_an_order_whose_answer_was_lost_is_sent_again_under_its_own_key(state: OrderState):
    key = state._key
    await sent(state)

    await OrderState.answered.fn(state, {"refused": "error.network", "again": True})

    assert state.refusal == "error.network"
    assert state._key == key


async def test_an_accepted_order_leads_to_its_page_unless_a_key_must_be_saved_first(
    state: OrderState,
):
    stays = await OrderState.answered.fn(state, {"id": "a" * 32, "holds_key": True})
    goes = await OrderState.answered.fn(state, {"id": "a" * 32, "holds_key": False})

    assert stays is None
    assert goes is not None
    assert (await OrderState.go_on.fn(state)) is not None


async def test_a_size_that_does_not_go_with_the_template_says_so(
    portal: Portal, student: Actor, state: OrderState
):
    offers = await portal.orders.offers(student, own_project(student))

    choices = {choice.key: choice for choice in size_choices(offers, "python-lab")}

    assert choices["light"].blocked
    assert choices["light"].reason == NOT_WITH_TEMPLATE
    assert not choices[best_size(offers, "python-lab")].blocked


async def test_choosing_a_template_takes_a_size_along_that_goes_with_it(state: OrderState):
    await OrderState.choose_size.fn(state, "light")

    await OrderState.choose_template.fn(state, "python-lab")

    assert state.size not in ("", "light")


@pytest.mark.parametrize("key", ["", "nope", "__class__"])
async def test_what_is_not_on_offer_cannot_be_chosen(state: OrderState, key: str):
    before = (state.size, state.template)

    await OrderState.choose_size.fn(state, key)
    await OrderState.choose_template.fn(state, key)

    assert (state.size, state.template) == before


async def test_the_limit_shows_used_and_added(portal: Portal, student: Actor, clock: Clock):
    await portal.machines.order(student, a_spec(student, clock))
    offers = await portal.orders.offers(student, own_project(student))

    study = next(offer.size for offer in offers.sizes if offer.size.key == "study")

    machines, _, memory = amounts(offers.usage, study)

    assert machines.used == "2"
    assert memory.used == "3"
    assert memory.allowed.endswith(" GiB")
    assert not machines.over


async def test_a_lost_connection_does_not_take_away_what_was_chosen(state: OrderState):
    name, key = state.name, state._key
    await OrderState.choose_template.fn(state, "python-lab")

    await OrderState.load.fn(state)

    assert (state.name, state._key, state.template) == (name, key, "python-lab")


async def test_after_an_order_the_next_one_begins_afresh(state: OrderState):
    key = state._key
    await OrderState.answered.fn(state, {"id": "a" * 32, "holds_key": False})

    await OrderState.load.fn(state)

    assert state._key != key
    assert state.ordered == ""


async def test_without_glance_the_page_offers_what_was_known_last_and_says_how_old_it_is(
    portal: Portal, state: OrderState, clock: Clock
):
    known = list(state.templates)
    assert state.old_since == ""
    cloud = (await portal.catalog_loop.clouds.all())[0]
    assert isinstance(cloud.catalog, PracticeCatalog)
    cloud.catalog.world.befall(Misfortune(woe=Woe.SILENT, calls="catalog.images"))
    told_at = moment(clock())

    clock.advance(600)
    await portal.catalog_loop.once()
    await OrderState.load.fn(state)

    assert (state.templates, state.old_since) == (known, told_at)
