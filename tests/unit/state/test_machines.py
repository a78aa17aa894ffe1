"""The list of mini-PCs: strangers see nothing, filters live in the address."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_app.api.schemas import LineOut
from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import NotFound, Unauthenticated
from cloud_app.domain.line import Place
from cloud_app.domain.machines import Machine, State
from cloud_app.hub import LINE
from cloud_app.state.live import freshness, moment
from cloud_app.state.machines import ROWS_PER_PAGE, MachinesState, chosen
from cloud_app.state.views import NO_TURN, MachineView, TurnView, specs
from tests.make import Clock, a_spec
from tests.unit.state.visitor import Visitor


async def ordered(portal: Portal, actor: Actor, clock: Clock, name: str = "web-1") -> Machine:
    return (await portal.machines.order(actor, a_spec(actor, clock, name=name))).machine


async def test_nobody_without_a_log_in_sees_rows(portal: Portal, student: Actor, clock: Clock):
    await ordered(portal, student, clock)
    visitor = await Visitor.log_in(portal)
    state = await visitor.at(MachinesState, "/machines")
    visitor.log_out()

    with pytest.raises(Unauthenticated):
        await MachinesState.load.fn(state)

    assert state.rows == []


async def test_a_foreign_machine_cannot_be_given_back_by_its_id(
    portal: Portal, student: Actor, other: Actor, clock: Clock
):
    machine = await ordered(portal, other, clock)
    state = await (await Visitor.log_in(portal)).at(MachinesState, "/machines")

    with pytest.raises(NotFound):
        await MachinesState.give_back.fn(state, machine.id)

    assert (await portal.machines.one(other, machine.id)).state is not State.RETURNING


async def test_the_list_shows_what_is_known_and_starts_to_watch(
    portal: Portal, student: Actor, clock: Clock
):
    await ordered(portal, student, clock)
    state = await (await Visitor.log_in(portal)).at(MachinesState, "/machines")

    followed_by = await MachinesState.load.fn(state)

    assert [(row.name, row.state, row.tone) for row in state.rows] == [("web-1", "ordered", "busy")]
    assert state.loaded
    assert followed_by is MachinesState.watch


async def test_searching_is_done_by_the_address(portal: Portal, student: Actor, clock: Clock):
    await ordered(portal, student, clock, "web-1")
    await ordered(portal, student, clock, "data")
    state = await (await Visitor.log_in(portal)).at(MachinesState, "/machines?q=DAT&state=busy")

    await MachinesState.load.fn(state)

    assert [row.name for row in state.rows] == ["data"]
    assert state.any


async def test_nonsense_in_the_address_is_ignored(portal: Portal, student: Actor, clock: Clock):
    await ordered(portal, student, clock)
    visitor = await Visitor.log_in(portal)
    state = await visitor.at(MachinesState, "/machines?state=x&sort=__class__&page=-7")

    await MachinesState.load.fn(state)

    assert (state.keep, state.sort, state.page) == ("", "", 1)
    assert len(state.rows) == 1


async def test_a_row_says_what_may_be_done(portal: Portal, student: Actor, clock: Clock):
    machine = await ordered(portal, student, clock)
    stopped = replace(machine, state=State.STOPPED, address="203.0.113.9")

    view = MachineView.of(stopped, student, portal.orders.today())

    assert (view.can_start, view.can_stop, view.can_give_back) == (True, False, True)
    assert (view.address, view.specs) == ("203.0.113.9", specs(machine.size))


async def test_a_lost_machine_and_one_that_ends_soon_need_attention(
    portal: Portal, student: Actor, clock: Clock
):
    machine = await ordered(portal, student, clock)
    today = portal.orders.today()

    def worry(**changes: object) -> str:
        return MachineView.of(replace(machine, **changes), student, today).worry

    assert worry() == ""
    assert worry(state=State.LOST) == "lost"
    assert worry(return_on=today) == "ending"
    assert worry(return_on=today, state=State.RETURNING) == ""


async def test_what_a_silent_cloud_said_last_is_never_green(
    portal: Portal, student: Actor, clock: Clock
):
    machine = replace(await ordered(portal, student, clock), state=State.READY)
    silent = replace(machine, cloud_silent_since=clock())
    today = portal.orders.today()

    assert MachineView.of(machine, student, today).tone == "good"
    shown = MachineView.of(silent, student, today)
    assert (shown.tone, shown.old_since, shown.address_old_since) == ("off", moment(clock()), "")


async def test_without_addresses_alone_the_state_is_still_told(
    portal: Portal, student: Actor, clock: Clock
):
    machine = replace(
        await ordered(portal, student, clock), state=State.READY, addresses_seen_at=clock(),
        cloud_silent_since=clock(), silent_service="network",
    )  # fmt: skip

    shown = MachineView.of(machine, student, portal.orders.today())

    assert (shown.tone, shown.old_since, shown.address_old_since) == ("good", "", moment(clock()))


async def test_a_page_names_the_silence_that_hides_most(
    portal: Portal, student: Actor, clock: Clock
):
    machine = await ordered(portal, student, clock)
    addresses = replace(machine, cloud_silent_since=clock(), silent_service="network")
    clock.advance(60)
    states = replace(machine, cloud_silent_since=clock(), silent_service="identity")

    assert freshness([machine])["silent_service"] == ""
    assert freshness([machine, addresses])["silent_service"] == "network"
    told = freshness([machine, addresses, states])
    assert (told["silent_service"], told["silent_since"]) == ("identity", moment(clock()))


async def test_a_long_list_comes_in_pages(portal: Portal, student: Actor, clock: Clock):
    machine = await ordered(portal, student, clock)
    many = [replace(machine, id=f"{n:032x}", name=f"pc-{n:03}") for n in range(300)]
    state = await (await Visitor.log_in(portal)).at(MachinesState, "/machines")
    state.page = 99

    state._show(student, (many, {}))

    assert (state.count, state.pages, state.page) == (300, 12, 12)
    assert len(state.rows) == ROWS_PER_PAGE


def test_sorting_by_name_knows_no_case(machine_names: list[Machine]):
    assert [m.name for m in chosen(machine_names, "", "", "name")] == ["Apple", "banana", "Cherry"]


@pytest.fixture
async def machine_names(portal: Portal, student: Actor, clock: Clock) -> list[Machine]:
    machine = await ordered(portal, student, clock)
    return [replace(machine, name=name) for name in ("banana", "Cherry", "Apple")]


def test_a_place_in_line_is_said_with_about_how_long_it_takes():
    half = Place(ahead=3, wait=timedelta(seconds=90))

    assert TurnView.of(None) == NO_TURN
    assert TurnView.of(Place(ahead=0, wait=None)).kind == "next"
    assert TurnView.of(Place(ahead=2, wait=None)) == TurnView("later", 2)
    assert TurnView.of(half) == TurnView("about", 3, 2)
    assert LineOut.of(half) == LineOut(ahead=3, about_seconds=90)


async def test_the_list_follows_the_line_only_while_something_waits(
    portal: Portal, student: Actor, clock: Clock
):
    portal.following.most = 1
    for name in ("web-1", "web-2"):
        clock.advance(1)
        await ordered(portal, student, clock, name)
        clock.advance(1)
    state = await (await Visitor.log_in(portal)).at(MachinesState, "/machines?sort=name")

    await MachinesState.load.fn(state)

    assert [row.turn.kind for row in state.rows] == ["", "next"]
    assert LINE in state._seen

    for row in state.rows:
        await portal.machines.give_back(student, row.id)
    await MachinesState.load.fn(state)

    assert [row.turn.kind for row in state.rows] == ["", ""]
    assert LINE not in state._seen
