"""Tabs that are not one's own, log-ins that are over, and more tabs than anybody needs."""

import asyncio
from datetime import timedelta

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.logins import hash_of
from cloud_app.models.accounts import AccountRecord, LoginRecord, account_by_handle
from cloud_app.state import tabs
from tests.attack.conftest import THIEF, VICTIM, OpenTab, Target
from tests.attack.doors import HANDLERS
from tests.attack.wire import RawTab
from tests.make import PASSWORD, a_person, a_token
from tests.tab import NAMESPACE

CHOOSE = next(one.name for one in HANDLERS if one.name.endswith("session_state.choose"))
LOOK_FOR = next(one.name for one in HANDLERS if one.name.endswith("machines_state.look_for"))
ONLY_THE_VICTIMS = ("victims-pc", "own-steps", "Minji")


def shows_nothing(tab: RawTab) -> bool:
    return not any(word in tab.said for word in ONLY_THE_VICTIMS)


@pytest.mark.parametrize("who", ["a stranger", "another student", "one who has logged out"])
@pytest.mark.parametrize("owner_is_there", [True, False])
async def test_a_copied_tab_token_shows_nothing_of_its_owner(
    inside: Portal, open_tab: OpenTab, login: str, thief: str, who: str, owner_is_there: bool
):
    owner = await (await open_tab(login)).load()
    assert "victims-pc" in owner.said
    if not owner_is_there:
        await owner.close()
    comes_with = {"a stranger": "", "another student": thief}.get(who, login)
    if comes_with == login:
        await inside.accounts.sign_out(login)
        # The portal may believe for two seconds what it saw before; the tab is asked after them.
        await forgotten(open_tab, login)

    copy = await open_tab(comes_with, token=owner.token)
    await copy.load()
    await copy.send(LOOK_FOR, find="")
    await copy.load(f"/machines/{'0' * 32}")

    assert shows_nothing(copy)


async def test_two_log_ins_of_one_student_do_not_share_a_tab(
    inside: Portal, open_tab: OpenTab, login: str
):
    first = await (await open_tab(login)).load(q="only-in-this-tab")
    await first.close()

    second = await open_tab(await a_token(inside, VICTIM), token=first.token)
    await second.send(LOOK_FOR, find="x")

    assert "only-in-this-tab" not in second.said


async def test_a_project_of_others_cannot_be_chosen(inside: Portal, open_tab: OpenTab, thief: str):
    async with inside.db.read() as session:
        victim = await account_by_handle(session, VICTIM)
    assert victim is not None
    projects = await inside.accounts.projects(
        await inside.accounts.actor_for(await a_token(inside))
    )
    tab = await (await open_tab(thief)).load()

    for project in projects:
        await tab.send(CHOOSE, project_id=project.id)
        await tab.load()

    assert tab.var("project_id") != projects[0].id
    assert shows_nothing(tab)


@pytest.mark.parametrize("end", ["disabled", "ended", "expired", "idle"])
async def test_an_open_tab_of_somebody_who_may_not_any_more_shows_and_does_nothing(
    inside: Portal, open_tab: OpenTab, end: str
):
    """Also the page that only watches: its next look asks who is looking."""
    actor = await a_person(inside, f"gone-{end}")
    token = await a_token(inside, f"gone-{end}")
    tab = await (await open_tab(token)).load()
    assert tab.var("loaded") is True
    await end_it(inside, actor, token, end)
    await forgotten(open_tab, token)
    tab.forget()

    await tab.send(LOOK_FOR, find="x")

    assert tab.sent_to == ["/login?next=%2Fmachines"]
    assert tab.var("rows") is None


async def test_logging_out_in_one_browser_ends_its_tabs_and_its_scripts_at_once(
    target: Target, open_tab: OpenTab, login: str, thief: str
):
    mine, theirs = await (await open_tab(login)).load(), await (await open_tab(thief)).load()
    mine.forget()

    async with target.client(cookie=login, Origin=target.url) as browser:
        answer = await browser.post("/auth/logout")
    await mine.until(lambda: any(frame.startswith("41") for frame in mine.frames))
    async with target.client(bearer=login) as script:
        asked = await script.get("/api/v1/servers")

    assert answer.status_code == 303
    assert mine.sent_to == ["/login?why=out"]
    assert asked.status_code == 401
    await theirs.send(LOOK_FOR, find="x")
    assert theirs.sent_to == ["/machines?q=x"]


async def test_a_socket_that_was_hung_up_on_comes_back_as_a_stranger(
    target: Target, inside: Portal, open_tab: OpenTab, login: str
):
    tab = await (await open_tab(login)).load()
    async with target.client(cookie=login, Origin=target.url) as browser:
        await browser.post("/auth/logout")
    await tab.until(lambda: any(frame.startswith("41") for frame in tab.frames))
    tab.forget()

    await tab.emit("event", {"name": LOOK_FOR, "payload": {"find": "x"}})
    await tab.raw(f"40{NAMESPACE},")
    await tab.until(lambda: tab.frames)
    assert tab.frames[0].startswith("40"), "what was sent in between was not heard"
    await tab.load()

    assert shows_nothing(tab)
    assert set(tab.sent_to) == {"/login?next=%2Fmachines"}


async def test_logging_in_again_gives_another_cookie_and_ends_the_one_that_was_planted(
    target: Target, inside: Portal
):
    """Session fixation: a cookie that somebody else set is worth nothing afterwards."""
    planted = await a_token(inside, THIEF)
    form = {"handle": VICTIM, "password": PASSWORD}
    async with target.client(cookie=planted, Origin=target.url) as browser:
        answer = await browser.post("/auth/login", data=form)
    async with target.client(bearer=planted) as attacker:
        with_planted = await attacker.get("/api/v1/auth/me")

    assert answer.status_code == 303
    assert planted not in answer.headers["set-cookie"]
    assert with_planted.status_code == 401


async def test_a_cookie_of_ones_own_making_is_nobody(target: Target, open_tab: OpenTab):
    tab = await (await open_tab("A" * 43)).load()
    async with target.client(cookie="A" * 43) as browser:
        answer = await browser.get("/api/v1/auth/me")

    assert shows_nothing(tab)
    assert answer.status_code == 401


async def test_the_fifty_first_tab_lets_the_first_one_rest(
    inside: Portal, open_tab: OpenTab, login: str, thief: str
):
    other = await open_tab(thief)
    opened = [await open_tab(login) for _ in range(tabs.MOST_TABS + 1)]
    first, second, last = opened[0], opened[1], opened[-1]
    await first.until(lambda: any(frame.startswith("41") for frame in first.frames))

    told = [event for event in first.events if event["name"] == "_call_function"]
    assert len(told) == 1
    assert str(tabs.MOST_TABS) in str(told[0])
    for tab in (second, last, other):
        await tab.load()
        assert tab.var("loaded") is True


async def end_it(inside: Portal, actor: Actor, token: str, how: str) -> None:
    """End a log-in, each way that there is, behind the running portal's back."""
    if how == "disabled":
        async with inside.db.begin() as session:
            account = await session.get_one(AccountRecord, actor.account_id)
            account.disabled_at = inside.accounts.now()
        return
    if how == "ended":
        await inside.accounts.sign_out(token)
        return
    async with inside.db.begin() as session:
        login = await session.get_one(LoginRecord, hash_of(token))
        if how == "expired":
            login.expires_at = inside.accounts.now() - timedelta(seconds=1)
        else:
            login.seen_at = inside.accounts.now() - timedelta(hours=13)


async def forgotten(open_tab: OpenTab, login: str) -> None:
    """Until the portal has noticed that a log-in is over: two seconds at most."""
    async with asyncio.timeout(6):
        while True:
            tab = await (await open_tab(login)).load()
            if tab.sent_to:
                return
