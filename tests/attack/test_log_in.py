"""Guessing at the log-in doors of the running portal."""

import asyncio
import unicodedata

import httpx
import pytest
from sqlmodel import select

from cloud_app import demo
from cloud_app.bootstrap import Portal
from cloud_app.models.accounts import LoginFailureRecord
from tests.attack.conftest import THIEF, VICTIM, Target
from tests.make import PASSWORD, a_person

LONG = "x" * 900_000


async def try_from(target: Target, source: str, handle: str, password: str) -> httpx.Response:
    transport = httpx.AsyncHTTPTransport(local_address=source)
    async with httpx.AsyncClient(base_url=target.url, transport=transport, timeout=30) as client:
        wish = {"handle": handle, "password": password}
        return await client.post("/api/v1/auth/login", json=wish)


async def test_guesses_from_many_addresses_count_against_the_account(
    target: Target, inside: Portal
):
    await a_person(inside, "guessed-at")
    answers = await asyncio.gather(
        *(try_from(target, target.source(), "guessed-at", f"guess {n}") for n in range(20))
    )

    assert sorted({answer.status_code for answer in answers}) == [401, 429]
    assert sum(answer.status_code == 401 for answer in answers) <= 6
    assert all(int(a.headers["retry-after"]) >= 1 for a in answers if a.status_code == 429)


async def test_all_ways_to_type_a_name_are_one_account(target: Target, inside: Portal):
    await a_person(inside, "kimminji")
    fullwidth = "".join(chr(ord(letter) + 0xFEE0) for letter in "kimminji")
    ways = ("kimminji", "KIMMINJI", " KimMinJi ", fullwidth, "ﬀ", "kımminji")
    source = target.source()

    for way in ways * 3:
        await try_from(target, source, way, "wrong")

    async with inside.db.read() as session:
        rows = (await session.exec(select(LoginFailureRecord))).all()
    counted = {row.subject for row in rows if "kimminji" in row.subject}
    assert counted == {"handle:kimminji"}
    assert (await try_from(target, source, fullwidth, PASSWORD)).status_code == 429


async def test_composed_and_decomposed_hangul_are_one_name(target: Target, inside: Portal):
    await a_person(inside, "민지")

    answer = await try_from(target, target.source(), unicodedata.normalize("NFD", "민지"), PASSWORD)

    assert answer.status_code == 200


async def test_guesses_at_an_account_do_not_lock_its_owner_out_of_a_known_address(
    target: Target, inside: Portal
):
    await a_person(inside, "locked-out")
    home, away = target.source(), target.source()
    assert (await try_from(target, home, "locked-out", PASSWORD)).status_code == 200
    for _ in range(8):
        await try_from(target, away, "locked-out", "wrong")

    assert (await try_from(target, away, "locked-out", PASSWORD)).status_code == 429
    assert (await try_from(target, home, "locked-out", PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    "password", ["", "wrong", LONG, "\0", "틀린 비밀번호"], ids=lambda p: p[:9]
)
async def test_an_unknown_name_and_a_wrong_password_are_answered_alike(
    target: Target, password: str
):
    known = await try_from(target, target.source(), VICTIM, password)
    unknown = await try_from(target, target.source(), "nobody-at-all", password)

    assert known.status_code == unknown.status_code
    assert known.json()["type"] == unknown.json()["type"]
    assert set(known.headers) == set(unknown.headers)


@pytest.mark.parametrize("handle", [handle for handle, _, _ in demo.PEOPLE] + ["admin", "root"])
async def test_there_are_no_accounts_that_nobody_opened(target: Target, handle: str):
    answer = await try_from(target, target.source(), handle, demo.PASSWORD)

    assert answer.status_code == 401


async def test_parallel_log_ins_are_each_their_own(target: Target, inside: Portal):
    await a_person(inside, "everywhere")
    sources = [target.source() for _ in range(6)]
    answers = await asyncio.gather(*(try_from(target, s, "everywhere", PASSWORD) for s in sources))

    tokens = {answer.json()["token"] for answer in answers if answer.status_code == 200}
    assert len(tokens) == sum(answer.status_code == 200 for answer in answers) >= 1


WANTED = (
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "\t//evil",
    "/%2fevil.example", "/machines%0d%0aSet-Cookie:x=y", "/machines\r\nX: y", "/login",
    "/machines?q=\r\nX:y", "javascript:alert(1)", "/machines/../../evil", "/api/v1/servers",
    "http://127.0.0.1@evil.example",
)  # fmt: skip


@pytest.mark.parametrize("wanted", WANTED, ids=repr)
@pytest.mark.parametrize("password", [PASSWORD, "wrong"], ids=["right", "wrong"])
async def test_a_log_in_leads_to_pages_of_ours_only(target: Target, wanted: str, password: str):
    form = {"handle": THIEF, "password": password, "next": wanted}
    transport = httpx.AsyncHTTPTransport(local_address=target.source())
    async with httpx.AsyncClient(
        base_url=target.url, transport=transport, headers={"Origin": target.url}
    ) as browser:
        answer = await browser.post("/auth/login", data=form)

    where = answer.headers["location"]
    assert answer.status_code == 303
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "evil" not in where
    assert "x" not in answer.headers


async def test_what_visitors_type_stays_on_one_line_of_the_log(target: Target):
    before = len(target.log)
    async with target.client(Origin=target.url) as browser:
        await browser.post(
            "/auth/login",
            data={"handle": "a\r\n2026-01-01T00:00:00Z ERROR forged", "password": "planted-in-log"},
        )
        await browser.get("/api/v1/servers/a%0d%0a2026-01-01T00:00:00Z%20ERROR%20forged")

    new = target.log[before:]
    assert not [line for line in new.splitlines() if line.startswith("2026-01-01")]
    assert "planted-in-log" not in new
