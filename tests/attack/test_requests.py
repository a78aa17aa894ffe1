"""Requests that no client of ours sends: ids of others, fields too many, bodies that are none."""

import asyncio
import json
from typing import Any

import pytest
from sqlmodel import select

from cloud_app.bootstrap import Portal
from cloud_app.models.accounts import AccountRecord
from cloud_app.models.machines import MachineRecord
from tests.attack.conftest import Target
from tests.attack.doors import BODIES, DOORS, UNSAFE, WITH_ID, WITHOUT_LOG_IN, Door
from tests.attack.wire import request, say, status_of

NOT_OURS = ("0" * 32, "x", "..%2f..%2fetc", "%00", "'%20or%201=1--", "F" * 32, "a" * 3000, "%ff")
PRIVILEGED: dict[str, Any] = {
    "id": "0" * 32, "role": "staff", "owner_id": "x", "account_id": "x", "is_staff": True,
    "state": "ready", "wanted": "gone", "settled": True, "fence": 9, "machines_allowed": 99,
    "created_at": "2000-01-01", "__class__": {}, "constructor": {"prototype": {}},
}  # fmt: skip
TAKES_BODY = tuple(door for door in UNSAFE if str(door) in BODIES or door.path.endswith("/servers"))


def without_its_number(answer: Any) -> dict[str, Any]:
    problem = dict(answer.json())
    problem.pop("request_id")
    return problem


async def rows(inside: Portal) -> list[tuple[Any, ...]]:
    async with inside.db.read() as session:
        machines = (await session.exec(select(MachineRecord))).all()
        people = (await session.exec(select(AccountRecord))).all()
    told = [(one.id, one.name, one.wanted, one.command, one.project_id) for one in machines]
    return sorted(told, key=str) + sorted((one.id, one.handle, one.role) for one in people)


@pytest.mark.parametrize("door", DOORS, ids=str)
async def test_whoever_is_not_logged_in_is_told_so_and_nothing_else(target: Target, door: Door):
    """A new route without `CurrentActor` answers something else here."""
    async with target.client() as stranger:
        answer = await stranger.request(
            door.method, door.at(target.machine), json=BODIES.get(str(door), {})
        )

    if door.path not in WITHOUT_LOG_IN:
        assert answer.status_code == 401
        assert set(answer.json()) == {"type", "title", "status", "request_id"}


@pytest.mark.parametrize("door", WITH_ID, ids=str)
async def test_the_id_of_another_is_answered_like_an_id_of_nothing(
    target: Target, inside: Portal, thief: str, door: Door
):
    before = await rows(inside)
    body = BODIES.get(str(door))
    async with target.client(bearer=thief) as client:
        answers = [
            await client.request(door.method, door.at(some_id), json=body)
            for some_id in (target.machine, *NOT_OURS)
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert all(
        without_its_number(answer) == without_its_number(answers[0]) for answer in answers[:2]
    )
    assert await rows(inside) == before


@pytest.mark.parametrize("path", ["/api/v1/servers", "/api/v1/servers/offers"])
async def test_a_project_of_another_is_answered_like_none(
    target: Target, inside: Portal, thief: str, path: str
):
    async with inside.db.read() as session:
        of_others = (await session.get_one(MachineRecord, target.machine)).project_id
    before = await rows(inside)
    async with target.client(bearer=thief) as client:
        for project in (of_others, "0" * 32, "x", "\0"):
            assert (await client.get(path, params={"project_id": project})).status_code == 404
        wish = target.order("stolen", project_id=of_others)
        assert (await client.post("/api/v1/servers", json=wish)).status_code == 404
        assert (
            await client.get("/api/v1/servers", params={"after": target.machine})
        ).status_code == 404

    assert await rows(inside) == before


@pytest.mark.parametrize("field", PRIVILEGED)
@pytest.mark.parametrize("door", TAKES_BODY, ids=str)
async def test_a_field_that_is_not_asked_for_is_refused(
    target: Target, inside: Portal, login: str, door: Door, field: str
):
    """Mass assignment: also the owner sets only what the schema names."""
    before = await rows(inside)
    body = dict(BODIES.get(str(door), target.order("assigned"))) | {field: PRIVILEGED[field]}
    async with target.client(bearer=login) as owner:
        answer = await owner.request(door.method, door.at(target.machine), json=body)

    assert answer.status_code == 422
    assert answer.json()["fields"][field]["type"] == "http.field.unknown"
    assert await rows(inside) == before


async def test_a_version_that_was_not_read_changes_nothing(
    target: Target, inside: Portal, login: str
):
    before = await rows(inside)
    async with target.client(bearer=login) as owner:
        for version in (0, -1, 10**9, 10**30):
            answer = await owner.put(
                f"/api/v1/servers/{target.machine}/info", json={"name": "x", "version": version}
            )
            assert answer.status_code in (409, 422)

    assert await rows(inside) == before


async def test_an_idempotency_key_of_another_is_ones_own(target: Target, login: str, thief: str):
    wish, key = target.order("twice"), {"Idempotency-Key": "everybody-uses-this"}
    async with target.client(bearer=login) as owner, target.client(bearer=thief) as client:
        first = await owner.post("/api/v1/servers", json=wish, headers=key)
        second = await client.post("/api/v1/servers", json=wish, headers=key)
        seen = await client.get(f"/api/v1/servers/{first.json()['id']}")

    assert first.status_code == second.status_code == 202
    assert first.json()["id"] != second.json()["id"]
    assert first.json()["project_id"] != second.json()["project_id"]
    assert seen.status_code == 404


BROKEN = {
    "nothing": b"",
    "half": b'{"name":',
    "no object": b"[]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "deep object": b'{"name":' * 50_000,
    "not utf-8": b'{"name": "\xff\xfe"}',
    "NUL": b'{"name": "a\x00b"}',
    "escaped NUL": b'{"name": "a\\u0000b", "handle": "a\\u0000", "password": "\\u0000"}',
    "lone surrogate": b'{"name": "\\ud800", "handle": "\\ud800", "password": "\\ud800"}',
    "NaN": b'{"name": NaN, "version": NaN, "handle": NaN}',
    "infinite": b'{"name": 1e999, "version": 1e999, "return_on": 1e999}',
    "huge number": b'{"version": 1' + b"0" * 5000 + b', "name": "x"}',
    "wrong types": b'{"name": {}, "size": [], "template": 7, "return_on": true, "status": {}}',
    "long string": json.dumps({"name": "x" * 400_000, "handle": "x" * 400_000}).encode(),
    "many fields": json.dumps({str(number): 1 for number in range(50_000)}).encode(),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("door", TAKES_BODY, ids=str)
async def test_a_body_that_is_none_is_refused(
    target: Target, inside: Portal, login: str, door: Door, kind: str
):
    before = await rows(inside)
    async with target.client(bearer=login) as owner:
        answer = await owner.request(
            door.method,
            door.at(target.machine),
            content=BROKEN[kind],
            headers={"Content-Type": "application/json"},
        )

    assert answer.status_code in (400, 401, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 100_000
    assert await rows(inside) == before


async def test_of_two_fields_with_one_name_only_one_is_looked_at(target: Target, login: str):
    """What is checked is what is used: nothing reads the body a second time."""
    body = b'{"name": "first", "name": ""}'
    async with target.client(bearer=login) as owner:
        answer = await owner.put(
            f"/api/v1/servers/{target.machine}/info",
            content=body,
            headers={"Content-Type": "application/json"},
        )

    assert answer.status_code == 422


@pytest.mark.parametrize("door", [*TAKES_BODY, Door("POST", "/auth/login")], ids=str)
async def test_an_oversized_body_is_not_read_to_its_end(target: Target, login: str, door: Door):
    form = "application/x-www-form-urlencoded"
    kind = "application/json" if door in TAKES_BODY else form
    headers = (
        f"Host: 127.0.0.1:{target.port}", f"Authorization: Bearer {login}",
        f"Content-Type: {kind}", f"Origin: {target.url}",
    )  # fmt: skip
    line = f"{door.method} {door.at(target.machine)}"

    told = await target.say(request(line, *headers, "Content-Length: 99999999999"))
    untold = await target.say(
        request(line, *headers, "Transfer-Encoding: chunked"),
        *[b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * 20,
    )

    assert status_of(told) == 413
    assert status_of(untold) in (413, 0), "0: hung up on while it was still sending"


@pytest.mark.parametrize(
    "rest",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        (" folded: header",),
        ("X-A: b\r\n\tfolded",),
        ("Bad\x01Name: x",),
        ("No colon",),
        ("X: " + "a" * 500_000,),
        tuple(f"X-{number}: y" for number in range(2000)),
    ],
    ids=lambda rest: rest[0][:30] if len(rest) < 9 else "2000 headers",
)
async def test_requests_that_two_servers_would_read_differently_are_not_answered_twice(
    target: Target, rest: tuple[str, ...]
):
    """Request smuggling: what follows such a head is never taken for a request of its own."""
    host = f"Host: 127.0.0.1:{target.port}"
    hidden = request("GET /api/v1/auth/me", host)
    head = "\r\n".join(["POST /api/v1/auth/login HTTP/1.1", host, *rest, "", ""]).encode()

    answer = await target.say(head + b"0\r\n\r\n" + hidden, within=3)

    assert status_of(answer) in (0, 400, 401, 403, 408, 413, 415, 422, 431)
    assert answer.count(b"HTTP/1.1") <= 1 or answer.count(b'"login.') == 0
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "line",
    ["GET", "GET / HTTP/9.9", "PRI * HTTP/2.0", "GET  / HTTP/1.1", "\x16\x03\x01", "CONNECT x:1"],
)
async def test_what_is_no_request_is_hung_up_on(target: Target, line: str):
    answer = await target.say(line.encode("latin-1") + b"\r\n\r\n", within=2)

    assert status_of(answer) in (0, 400, 404, 405, 421, 505)


async def test_a_crowd_that_never_finishes_its_requests_keeps_nobody_out(
    target: Target, login: str
):
    """Slow heads and slow bodies cost a connection each, and no work."""
    head = f"POST /api/v1/servers HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n".encode()
    body = head + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    slow = [asyncio.create_task(say(target.port, part, within=3)) for part in (head, body) * 100]
    async with target.client(bearer=login) as owner:
        answers = await asyncio.gather(*(owner.get("/api/v1/servers") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    await asyncio.gather(*slow)
