"""What a script in the browser can do to the portal through its websocket: refusals first."""

import logging

import httpx
import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from tests.make import FOREIGN, ORIGIN, a_token
from tests.tab import STATE, Tab
from tests.unit.state.conftest import OpenTab
from tests.unit.state.probe import PROBE, asgi

pytestmark = pytest.mark.usefixtures("student")

FORBIDDEN = ("forgotten", "unmarked", "setvar", "set_secret")


def done(tab: Tab) -> list[str]:
    """What the attacked handlers did, as the tab was told last."""
    found: list[str] = []
    for delta in tab.deltas:
        for values in delta.values():
            for name, value in values.items():
                if name.startswith("done"):
                    found = value
    return found


@pytest.mark.parametrize(
    "handler", [*FORBIDDEN, "for_members", "for_instructors", "for_staff", "in_background"]
)
async def test_a_stranger_may_send_nothing(open_tab: OpenTab, handler: str):
    tab = await open_tab()
    tab.forget()

    await tab.send(f"{PROBE}.{handler}", **arguments(handler))

    assert done(tab) == []
    assert tab.sent_to in ([], ["/login?next=%2Fmachines"])


async def test_a_stranger_is_shown_the_log_in_page_and_comes_back_after(open_tab: OpenTab):
    tab = await open_tab()

    assert tab.sent_to == ["/login?next=%2Fmachines"]


@pytest.mark.parametrize("handler", [*FORBIDDEN, "for_instructors", "for_staff"])
async def test_a_student_may_not_send_what_is_not_meant_for_students(
    portal: Portal, open_tab: OpenTab, handler: str
):
    tab = await open_tab(await a_token(portal))
    tab.forget()

    await tab.send(f"{PROBE}.{handler}", **arguments(handler))

    assert done(tab) == []
    assert "stolen" not in tab.said


async def test_staff_and_instructors_may(
    portal: Portal, open_tab: OpenTab, staff: Actor, instructor: Actor
):
    of_staff = await open_tab(await a_token(portal, "staff"))
    of_instructor = await open_tab(await a_token(portal, "hanprof"))

    for tab in (of_staff, of_instructor):
        for handler in ("for_members", "for_instructors", "for_staff"):
            await tab.send(f"{PROBE}.{handler}")

    assert done(of_staff) == ["for_members", "for_instructors", "for_staff"]
    assert done(of_instructor) == ["for_members", "for_instructors"]


async def test_an_event_sent_by_a_handler_is_checked_as_well(portal: Portal, open_tab: OpenTab):
    tab = await open_tab(await a_token(portal))

    await tab.send(f"{PROBE}.chained")

    assert done(tab) == []


async def test_members_may_send_what_is_meant_for_them(portal: Portal, open_tab: OpenTab):
    tab = await open_tab(await a_token(portal))

    for handler in ("for_anybody", "for_members", "in_background"):
        await tab.send(f"{PROBE}.{handler}")

    assert done(tab) == ["for_anybody", "for_members", "in_background"]


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:8001", ORIGIN + ".evil"])
async def test_a_socket_from_another_site_is_refused(
    portal: Portal, open_tab: OpenTab, origin: str
):
    tab = await open_tab(await a_token(portal), origin=origin)

    assert tab.refused
    assert tab.deltas == []


async def test_a_copied_tab_token_shows_nothing_of_its_owner(portal: Portal, open_tab: OpenTab):
    owner = await open_tab(await a_token(portal))
    await owner.send(f"{PROBE}.for_members", note="only for minji")
    await owner.close()

    thief = await open_tab(token=owner.token)
    await thief.send(f"{PROBE}.for_anybody")

    assert "only for minji" not in thief.said
    assert done(thief) == ["for_anybody"]


async def test_a_copied_tab_token_is_no_use_to_another_student(
    portal: Portal, open_tab: OpenTab, other: Actor
):
    owner = await open_tab(await a_token(portal))
    await owner.send(f"{PROBE}.for_members", note="only for minji")
    await owner.close()

    thief = await open_tab(await a_token(portal, "junho"), token=owner.token)
    await thief.send(f"{PROBE}.for_anybody")

    assert "only for minji" not in thief.said
    assert "Junho" in thief.said


async def test_the_binding_is_checked_at_every_event(portal: Portal, open_tab: OpenTab):
    login = await a_token(portal)
    tab = await open_tab(login)
    await tab.send(f"{PROBE}.for_members", note="only for minji")
    await portal.accounts.sign_out(login)
    tab.forget()

    await tab.send(f"{PROBE}.for_anybody")

    assert "only for minji" not in tab.said


async def test_after_logging_out_the_next_event_leads_to_the_log_in_page(
    portal: Portal, open_tab: OpenTab
):
    login = await a_token(portal)
    tab = await open_tab(login)
    await portal.accounts.sign_out(login)
    tab.forget()

    await tab.send(f"{PROBE}.for_members")

    assert done(tab) == []
    assert tab.sent_to == ["/login?next=%2Fmachines"]


async def test_a_disabled_account_is_out_at_its_next_event(
    portal: Portal, open_tab: OpenTab, student: Actor, staff: Actor
):
    tab = await open_tab(await a_token(portal))
    await portal.accounts.disable(staff, student.account_id)
    tab.forget()

    await tab.send(f"{PROBE}.for_members")

    assert done(tab) == []
    assert tab.sent_to == ["/login?next=%2Fmachines"]


async def test_a_page_that_watches_asks_again(portal: Portal, open_tab: OpenTab):
    login = await a_token(portal)
    tab = await open_tab(login)
    await tab.send(f"{PROBE}.look_again")
    await portal.accounts.sign_out(login)
    looked = tab.said.count("looks")

    await tab.send(f"{PROBE}.look_again")

    assert looked
    assert '"looks_rx_state_": 2' not in tab.said


async def test_logging_out_closes_every_tab_of_that_log_in_and_no_other(
    portal: Portal, open_tab: OpenTab, other: Actor
):
    login = await a_token(portal)
    mine = [await open_tab(login), await open_tab(login)]
    theirs = await open_tab(await a_token(portal, "junho"))

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi),
        base_url=ORIGIN,
        headers={"Origin": ORIGIN, "Cookie": f"madang={login}"},
    ) as browser:
        answer = await browser.post("/auth/logout")
    for tab in mine:
        await tab.settle()

    assert answer.status_code == 303
    assert [tab.closed for tab in mine] == [True, True]
    assert [tab.sent_to[-1] for tab in mine] == ["/login?why=out"] * 2
    assert not theirs.closed


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {"name": 3},
        {"name": f"{PROBE}.no_such_handler"},
        {"name": "os.system", "payload": {}},
        {"name": f"{PROBE}.for_members", "payload": []},
        {"name": f"{PROBE}.for_members", "payload": {"note": {"a": 1}}},
        {"name": f"{PROBE}.for_members", "payload": {"unheard_of": 1}},
        {"name": f"{PROBE}.for_members", "router_data": 7},
    ],
)
async def test_forged_events_are_dropped_without_a_trace_in_the_log(
    portal: Portal, open_tab: OpenTab, caplog: pytest.LogCaptureFixture, data: object
):
    tab = await open_tab(await a_token(portal))
    caplog.clear()

    await tab.send_raw(data)
    await tab.send(f"{PROBE}.for_anybody")

    assert done(tab) == ["for_anybody"], "the tab goes on"
    assert not [record for record in caplog.records if record.exc_info]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_flood_of_events_costs_a_few_lines_and_no_work(
    portal: Portal, open_tab: OpenTab, caplog: pytest.LogCaptureFixture
):
    tab = await open_tab(await a_token(portal))
    caplog.clear()

    for _ in range(1000):
        tab._send('42/_event,["event",{"name":"nonsense"}]')
    await tab.settle()

    assert 0 < len([r for r in caplog.records if r.message == "event dropped"]) <= 11


async def test_a_refusal_of_the_portal_leaves_no_trace_in_the_log(
    portal: Portal, open_tab: OpenTab, caplog: pytest.LogCaptureFixture
):
    tab = await open_tab(await a_token(portal))
    caplog.clear()

    await tab.send(f"{PROBE}.refused")

    assert not [record for record in caplog.records if record.exc_info]
    assert [event for event in tab.events if event["name"] == "_call_function"], "a toast"


async def test_the_cookie_is_not_told_to_the_page(portal: Portal, open_tab: OpenTab):
    login = await a_token(portal)
    tab = await open_tab(login)

    assert login not in tab.said
    assert "_bound" not in tab.said


@pytest.mark.parametrize("path", ["/_upload", "/_upload/x.txt"])
async def test_reflexs_upload_door_starts_no_handler(portal: Portal, path: str):
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi),
        base_url=ORIGIN,
        headers={"Origin": ORIGIN, "Cookie": f"madang={await a_token(portal)}"},
    ) as browser:
        answer = await browser.post(
            path,
            files={"files": b"x"},
            headers={"reflex-client-token": "x", "reflex-event-handler": f"{PROBE}.for_staff"},
        )

    assert answer.status_code == 404


async def test_framework_names_cannot_be_borrowed(portal: Portal, open_tab: OpenTab):
    tab = await open_tab(await a_token(portal))

    await tab.send(f"{STATE}.setvar", var_name="is_hydrated", value=False)
    await tab.send(
        f"{STATE}.reflex___state____update_vars_internal_state.update_vars_internal",
        vars={f"{PROBE}.secret_rx_state_": "stolen"},
    )

    assert "stolen" not in tab.said


def arguments(handler: str) -> dict[str, str]:
    if handler == "setvar":
        return {"var_name": "secret", "value": "stolen"}
    return {"value": "stolen"} if handler == "set_secret" else {}
