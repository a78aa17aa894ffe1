"""Every event that a browser can name, sent by those who should not."""

import json
from typing import Any

import pytest
from sqlmodel import select

from cloud_app.bootstrap import Portal
from cloud_app.models.machines import MachineRecord
from cloud_app.state.marks import Access
from tests.attack.conftest import THIEF, VICTIM, OpenTab, Target
from tests.attack.doors import HANDLERS, Handler
from tests.attack.wire import RawTab
from tests.make import a_token
from tests.tab import STATE

OPEN_TO_STRANGERS = {
    "_state.hydrate", "_state.hydrate_and_load", "_state.set_is_hydrated",
    "on_load_internal_state.on_load_internal", "on_load_internal_state.set_is_hydrated",
    "update_vars_internal_state.update_vars_internal",
    "frontend_event_exception_state.handle_frontend_exception",
    "locale_state.load", "locale_state.speak", "session_state.load", "login_state.load",
    "notice_state.show", "notice_state.tell",
}  # fmt: skip
ANYTHING = (None, True, 7, -1.5, 10**400, "x", "\0", "x" * 100_000, [], [[]], {}, {"a": {"b": [1]}},
            {"id": {}, "fields": {"name": "x"}, "refused": []}, {"name": None, "": 1, "self": 2},
            {"locale": "x", "key": "y"})  # fmt: skip
TAKE_IDS = tuple(one for one in HANDLERS if {"machine_id", "project_id"} & set(one.arguments))


def named(end: str) -> str:
    """The full name of an event, from its end."""
    (found,) = [one.name for one in HANDLERS if one.name.endswith(end)]
    return found


async def machines(inside: Portal) -> list[tuple[Any, ...]]:
    """What every machine is called and meant to be."""
    async with inside.db.read() as session:
        rows = (await session.exec(select(MachineRecord).order_by(MachineRecord.id))).all()
        return [(row.id, row.name, row.wanted, row.command, row.project_id) for row in rows]


async def send_all(tab: RawTab, handlers: tuple[Handler, ...], value: Any) -> None:
    for handler in handlers:
        place = {"pathname": tab.page, "asPath": tab.page, "query": {}}
        event = {"name": handler.name, "payload": handler.filled(value), "router_data": place}
        await tab.emit("event", event)
    await tab.settle()


def test_what_strangers_may_send_is_known_by_name():
    found = {one.name for one in HANDLERS if one.access is Access.PUBLIC}

    assert {name for name in found if not any(name.endswith(end) for end in OPEN_TO_STRANGERS)} == (
        set()
    )


@pytest.mark.parametrize("value", ["", {}, 1], ids=repr)
async def test_a_stranger_who_sends_every_event_there_is_learns_and_changes_nothing(
    target: Target, inside: Portal, open_tab: OpenTab, value: Any
):
    before = await machines(inside)
    tab = await open_tab()
    await tab.load(f"/machines/{target.machine}")

    await send_all(tab, HANDLERS, value)

    assert await machines(inside) == before
    assert "victims-pc" not in tab.said
    assert tab.var("rows") in (None, [])
    assert {where.partition("?")[0] for where in tab.sent_to} <= {"/login"}


@pytest.mark.parametrize("value", ANYTHING, ids=lambda value: repr(value)[:30])
async def test_no_argument_of_any_event_breaks_anything(
    open_tab: OpenTab, thief: str, inside: Portal, value: Any
):
    tab = await (await open_tab(thief)).load("/machines/new")

    await send_all(tab, HANDLERS, value)
    await tab.load()

    assert tab.var("loaded") is True, "the tab goes on"


@pytest.mark.parametrize("count", [0, 2, 9])
async def test_a_wrong_number_of_arguments_reaches_no_handler(
    target: Target, open_tab: OpenTab, thief: str, count: int
):
    tab = await open_tab(thief)
    start = named("machines_state.start")

    given = {f"argument{number}": "x" for number in range(count)}
    await tab.emit("event", {"name": start, "payload": given})
    await tab.settle()

    assert tab.updates == []


@pytest.mark.parametrize("handler", TAKE_IDS, ids=lambda one: one.name.rpartition("___")[2])
async def test_an_event_with_the_id_of_another_is_answered_like_one_with_no_such_id(
    target: Target, inside: Portal, open_tab: OpenTab, thief: str, handler: Handler
):
    async with inside.db.read() as session:
        of_others = (await session.get_one(MachineRecord, target.machine)).project_id
    ids = {"machine_id": target.machine, "project_id": of_others}
    before = await machines(inside)
    tab = await (await open_tab(thief)).load()
    answers: list[str] = []

    for chosen in (lambda name: ids[name], lambda _: "0" * 32, lambda _: "../x", lambda _: "\0'--"):
        tab.forget()
        given = {name: chosen(name) for name in handler.arguments}
        await tab.emit("event", {"name": handler.name, "payload": given})
        await tab.settle()
        answers.append(json.dumps(tab.events))

    assert len(set(answers)) == 1
    assert "victims-pc" not in tab.said
    assert await machines(inside) == before


async def test_the_page_of_somebody_elses_machine_is_the_page_of_none(
    target: Target, inside: Portal, open_tab: OpenTab, thief: str
):
    before = await machines(inside)
    tab = await (await open_tab(thief)).load(f"/machines/{target.machine}")
    none = await (await open_tab(thief)).load(f"/machines/{'0' * 32}")
    handlers = tuple(one for one in HANDLERS if "machine____machine_state" in one.name)

    await send_all(tab, handlers, {"new_name": "stolen"})

    assert tab.var("missing") is none.var("missing") is True
    assert "victims-pc" not in tab.said
    assert await machines(inside) == before


async def test_vars_are_set_by_handlers_and_not_by_browsers(open_tab: OpenTab, thief: str):
    tab = await (await open_tab(thief)).load()
    session = named("session_state.load").rpartition(".")[0]
    stolen = {f"{session}.{name}_rx_state_": "stolen" for name in ("name", "project_id", "_bound")}

    await tab.send(f"{STATE}.setvar", var_name="is_hydrated", value="stolen")
    await tab.send(f"{session}.setvar", var_name="project_id", value="stolen")
    await tab.send(named("update_vars_internal"), vars=stolen)
    await tab.send(f"{STATE}.hydrate_and_load", vars=stolen, hashes={})
    await tab.send(f"{STATE}.hydrate_and_load", vars={"": {}}, hashes={"a": [1]})
    await tab.load()

    assert "stolen" not in tab.said
    assert tab.var("name") in (THIEF.title(), None)


@pytest.mark.parametrize(
    "name",
    ["_bind", "reset", "get_state", "__init__", "dict", "_update_router_vars", "order._begin", ""],
)
async def test_methods_that_are_no_events_have_no_name(open_tab: OpenTab, thief: str, name: str):
    tab = await open_tab(thief)

    for state in {one.name.rpartition(".")[0] for one in HANDLERS}:
        await tab.emit("event", {"name": f"{state}.{name}", "payload": {}})
    await tab.settle()

    assert tab.updates == []


async def test_the_log_in_is_read_off_the_socket_and_not_off_the_event(
    open_tab: OpenTab, login: str, thief: str
):
    """Whatever headers or cookies stand in an event, or beside it when connecting."""
    tab = await open_tab(thief)
    forged = {"headers": {"cookie": f"madang={login}"}, "client_token": "x", "session_id": "x"}
    place = {"pathname": "/machines", "asPath": "/machines", "query": {}}
    hydrate = f"{STATE}.hydrate_and_load"

    await tab.emit("event", {"name": hydrate, "payload": {}, "router_data": place | forged})
    await tab.emit(
        "event", {"name": hydrate, "payload": {}, "router_data": place, "token": "x", **forged}
    )
    await tab.settle()
    await tab.load()

    assert VICTIM.title() not in tab.said
    assert tab.var("name") == THIEF.title()


async def test_the_first_event_may_come_with_the_connection_but_is_checked_as_well(
    target: Target, open_tab: OpenTab, thief: str
):
    tab = await open_tab(thief)
    await tab.raw("41/_event,")
    tab.forget()

    await tab.raw('40/_event,{"event":{"name":"no.such","payload":{}}}')
    await tab.until(lambda: tab.frames)

    assert tab.refused


async def test_an_instructor_is_no_owner_of_what_students_rent(
    target: Target, inside: Portal, open_tab: OpenTab
):
    """Nobody looks into a student's machine because of a role alone; courses will say who may."""
    before = await machines(inside)
    tab = await (await open_tab(await a_token(inside, "prof"))).load()

    await tab.send(named("machines_state.give_back"), machine_id=target.machine)

    assert await machines(inside) == before
