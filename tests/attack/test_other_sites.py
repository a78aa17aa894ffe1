"""What a page of another site can make a visitor's browser do: nothing."""

import json

import aiohttp
import pytest

from cloud_app import cloud_app
from cloud_app.bootstrap import Portal
from cloud_app.models.machines import MachineRecord
from tests.attack.conftest import OpenTab, Target
from tests.attack.doors import BODIES, DOORS, UNSAFE, Door
from tests.attack.wire import request, status_of

FOREIGN = {
    "another site": "https://evil.example",
    "a page without origin": "null",
    "another scheme": "https://127.0.0.1:{port}",
    "another port": "http://127.0.0.1:1{port}",
    "no port": "http://127.0.0.1",
    "a host that begins like ours": "http://127.0.0.1:{port}.evil.example",
    "ours as a user name": "http://127.0.0.1:{port}@evil.example",
    "ours as a part": "http://evil.example/http://127.0.0.1:{port}",
    "with a path": "http://127.0.0.1:{port}/",
    "in capitals": "HTTP://127.0.0.1:{port}",
    "a neighbour": "http://a.localhost:{port}",
    "two of them": "http://127.0.0.1:{port}, https://evil.example",
    "an empty one": "",
}
"""Origins that are not ours, however much they look like it."""
SCRIPTS_LOG_IN = "POST /api/v1/auth/login"
"""Rests on no cookie and sets none: whoever makes a browser send it learns nothing by it."""
SENT_BY_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")
"""What a page may send elsewhere without asking first."""


def foreign(target: Target, kind: str) -> str:
    return FOREIGN[kind].format(port=target.port)


@pytest.mark.parametrize("kind", [kind for kind in FOREIGN if kind != "an empty one"])
async def test_no_page_of_another_site_opens_our_socket(
    target: Target, open_tab: OpenTab, login: str, kind: str
):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await open_tab(login, origin=foreign(target, kind))

    assert refused.value.status == 403


@pytest.mark.parametrize("kind", [*FOREIGN, "no Origin at all"])
@pytest.mark.parametrize("door", [d for d in UNSAFE if str(d) != SCRIPTS_LOG_IN], ids=str)
async def test_no_page_of_another_site_changes_anything(
    target: Target, inside: Portal, login: str, door: Door, kind: str
):
    async with target.client(cookie=login) as browser:
        if kind in FOREIGN:
            browser.headers["Origin"] = foreign(target, kind)
        answer = await browser.request(
            door.method, door.at(target.machine), json=BODIES.get(str(door), target.order("csrf"))
        )

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert await inside.accounts.actor_for(login), "still logged in"
    assert (await as_it_was(inside, target)) == ("victims-pc", "here")


@pytest.mark.parametrize("kind", SENT_BY_FORMS)
@pytest.mark.parametrize("door", [d for d in UNSAFE if d.path.startswith("/api/")], ids=str)
async def test_what_a_form_can_send_is_no_order(
    target: Target, inside: Portal, login: str, door: Door, kind: str
):
    """Even from our own pages: JSON that is declared as something else is not read."""
    body = json.dumps(BODIES.get(str(door), target.order("csrf")))
    async with target.client(cookie=login, Origin=target.url) as browser:
        if kind:
            browser.headers["Content-Type"] = kind
        answer = await browser.request(door.method, door.at(target.machine), content=body)

    assert answer.status_code == 415
    assert await inside.accounts.actor_for(login)
    assert (await as_it_was(inside, target)) == ("victims-pc", "here")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "post", "X-Y"])
@pytest.mark.parametrize("door", UNSAFE, ids=str)
async def test_no_link_and_no_odd_method_does_what_an_unsafe_one_does(
    target: Target, inside: Portal, login: str, door: Door, method: str
):
    here = {one.method for one in DOORS if one.path == door.path}

    answer = await target.say(
        request(
            f"{method} {door.at(target.machine)}",
            f"Host: 127.0.0.1:{target.port}",
            f"Origin: {target.url}",
            f"Cookie: madang={login}",
        )
    )

    assert status_of(answer) in (400, 404, 405) or method in here
    assert await inside.accounts.actor_for(login)
    assert (await as_it_was(inside, target)) == ("victims-pc", "here")


@pytest.mark.parametrize("door", DOORS, ids=str)
async def test_no_other_site_reads_an_answer(target: Target, login: str, door: Door):
    """Without these headers a browser keeps the answer from the page that asked."""
    async with target.client(cookie=login, Origin="https://evil.example") as browser:
        answers = [
            await browser.request(door.method, door.at(target.machine)),
            await browser.options(
                door.at(target.machine),
                headers={
                    "Access-Control-Request-Method": door.method,
                    "Access-Control-Request-Headers": "content-type",
                },
            ),
        ]

    for answer in answers:
        assert "https://evil.example" not in answer.headers.get("access-control-allow-origin", "")
        assert answer.headers.get("access-control-allow-origin") != "*"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:{port}", "127.0.0.1", "localhost", "[::1]:{port}", ""],
)
@pytest.mark.parametrize("path", ["/", "/machines", "/api/v1/servers", "/auth/login"])
async def test_a_name_that_somebody_points_at_us_is_refused(target: Target, host: str, path: str):
    """DNS rebinding; and no redirect of ours can be made to lead to that host."""
    named = host.format(port=target.port)

    answer = await target.say(request(f"GET {path}", f"Host: {named}"))

    assert status_of(answer) == 421
    assert b"evil.example" not in answer


async def test_two_hosts_or_none_are_refused(target: Target):
    ours = f"Host: 127.0.0.1:{target.port}"

    both = await target.say(request("GET /", ours, "Host: evil.example"))
    none = await target.say(request("GET /"))
    whole = await target.say(request("GET http://evil.example/machines", ours))

    assert (status_of(both), status_of(none)) == (421, 421)
    assert b"evil.example" not in whole


async def test_a_socket_that_was_meant_for_another_host_is_refused(
    target: Target, open_tab: OpenTab, login: str
):
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await open_tab(login, Host="evil.example")


async def test_our_own_names_are_served(target: Target, open_tab: OpenTab, login: str):
    for host in (f"127.0.0.1:{target.port}", f"LOCALHOST:{target.port}"):
        assert status_of(await target.say(request("GET /login/", f"Host: {host}"))) == 200

    tab = await (await open_tab(login)).load()

    assert tab.var("loaded") is True


async def test_reflexs_own_doors_are_known_by_name():
    """A door that a new Reflex brings along is looked at before it is open."""
    inner = cloud_app.app._api
    assert inner is not None

    assert {getattr(route, "path", "") for route in inner.routes} == {
        "/ping",
        "/_health",
        "/_event",
    }


async def as_it_was(inside: Portal, target: Target) -> tuple[str, str]:
    async with inside.db.read() as session:
        row = await session.get_one(MachineRecord, target.machine)
        return row.name, str(row.wanted)
