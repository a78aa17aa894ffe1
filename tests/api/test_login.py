"""The log-in and log-out doors, for browsers and for scripts."""

from collections.abc import Mapping

import pytest
from sqlmodel import select

from cloud_app import bootstrap
from cloud_app.bootstrap import Portal
from cloud_app.domain.errors import Unauthenticated
from cloud_app.models.accounts import LoginFailureRecord
from tests.api.conftest import Client, MakeClient
from tests.make import FOREIGN, ORIGIN, PASSWORD, Clock, a_person, a_portal, a_token

pytestmark = pytest.mark.usefixtures("student")


def form(**given: str) -> dict[str, str]:
    return {"handle": "minji", "password": PASSWORD} | given


async def test_a_wrong_password_leads_back_to_the_page(client: MakeClient):
    answer = await client(origin=ORIGIN).post("/auth/login", data=form(password="wrong"))

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?why=wrong&handle=minji"
    assert "set-cookie" not in answer.headers


async def test_too_many_tries_say_how_long_to_wait(client: MakeClient):
    browser = client(origin=ORIGIN)
    for _ in range(5):
        await browser.post("/auth/login", data=form(password="wrong"))

    answer = await browser.post("/auth/login", data=form(password="wrong"))

    assert answer.headers["location"] == "/login?why=wait&seconds=1&handle=minji"


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:8001", None])
async def test_a_form_of_another_site_cannot_log_in_or_out(
    portal: Portal, client: MakeClient, origin: str | None
):
    token = await a_token(portal)
    attacked = client(origin=origin)
    attacked.headers["Cookie"] = f"madang={token}"

    for door in ("/auth/login", "/auth/logout"):
        answer = await attacked.post(door, data=form())
        assert answer.status_code == 403
        assert answer.json()["type"] == "http.foreign_origin"
        assert "set-cookie" not in answer.headers
    assert await portal.accounts.actor_for(token)


async def test_a_referer_does_where_no_origin_is_sent(client: MakeClient):
    answer = await client().post(
        "/auth/login", data=form(), headers={"Referer": f"{ORIGIN}/login?next=%2Fmachines"}
    )

    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/machines",
        "/\\evil.example",
        "javascript:alert(1)",
        "/login",
        "/auth/logout",
        "/machines/../api",
        "/machines\r\nSet-Cookie: a=b",
    ],
)
async def test_nobody_is_sent_anywhere_else(client: MakeClient, wanted: str):
    answer = await client(origin=ORIGIN).post("/auth/login", data=form(next=wanted))

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: MakeClient):
    answer = await client(origin=ORIGIN).post("/auth/login", data=form(next="/machines?q=web"))

    assert answer.headers["location"] == "/machines?q=web"
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("madang=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)


async def test_over_https_the_cookie_belongs_to_this_host_alone(
    tmp_path, clock: Clock, database: Mapping[str, str], client: MakeClient
):
    secure = a_portal(tmp_path, clock, PUBLIC_URL="https://madang.example", **database)
    bootstrap.use(secure)
    await a_person(secure, "safe")

    answer = await client(origin="https://madang.example").post(
        "/auth/login", data=form(handle="safe")
    )

    assert answer.headers["set-cookie"].startswith("__Host-madang=")
    assert "Secure" in answer.headers["set-cookie"]
    await secure.db.close()


async def test_logging_in_again_ends_the_log_in_the_browser_came_with(
    portal: Portal, client: MakeClient
):
    before = await a_token(portal)

    await client(cookie=before).post("/auth/login", data=form())

    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(before)


async def test_logging_out_ends_the_log_in_and_drops_the_cookie(portal: Portal, client: MakeClient):
    token = await a_token(portal)

    answer = await client(cookie=token).post("/auth/logout")

    assert answer.headers["location"] == "/login?why=out"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(token)


async def test_a_link_cannot_log_out(portal: Portal, client: MakeClient):
    token = await a_token(portal)

    answer = await client(cookie=token).get("/auth/logout")

    assert answer.status_code == 405
    assert await portal.accounts.actor_for(token)


async def test_a_script_gets_a_token_that_works(client: MakeClient):
    login = {"handle": "minji", "password": PASSWORD}
    given = (await client().post("/api/v1/auth/login", json=login)).json()

    script = client(bearer=given["token"])
    me = await script.get("/api/v1/auth/me")

    assert given["token_type"] == "bearer"
    assert given["expires_at"].startswith("2026-11-21T15:00:00")
    assert me.json()["handle"] == "minji"
    assert me.json()["projects"][0]["own"] is True


async def test_a_script_with_a_wrong_password_is_refused_in_its_language(stranger: Client):
    answer = await stranger.post(
        "/api/v1/auth/login",
        json={"handle": "minji", "password": "wrong"},
        headers={"Accept-Language": "ko"},
    )

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "login.wrong"
    assert answer.json()["title"].startswith("아이디")


async def test_a_throttled_script_is_told_when_to_come_back(stranger: Client):
    wrong = {"handle": "minji", "password": "wrong"}
    for _ in range(5):
        await stranger.post("/api/v1/auth/login", json=wrong)

    answer = await stranger.post("/api/v1/auth/login", json=wrong)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


async def test_a_token_is_over_after_log_out(portal: Portal, script: Client):
    assert (await script.post("/api/v1/auth/logout")).status_code == 204

    answer = await script.get("/api/v1/auth/me")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("origin", [FOREIGN, "null", ""])
async def test_the_cookie_alone_changes_nothing_for_another_site(
    portal: Portal, client: MakeClient, origin: str
):
    token = await a_token(portal)

    answer = await client(cookie=token, origin=origin).post("/api/v1/auth/logout")

    assert answer.status_code == 403
    assert await portal.accounts.actor_for(token)


async def test_a_bad_bearer_is_not_helped_by_a_good_cookie(portal: Portal, client: MakeClient):
    browser = client(bearer="A" * 43, cookie=await a_token(portal))

    assert (await browser.get("/api/v1/auth/me")).status_code == 401


async def test_only_a_proxy_on_this_machine_is_believed_about_addresses(
    tmp_path, clock: Clock, database: Mapping[str, str], client: MakeClient
):
    secure = a_portal(tmp_path, clock, PUBLIC_URL="https://madang.example", **database)
    bootstrap.use(secure)
    forwarded = {"X-Forwarded-For": "6.6.6.6, 198.51.100.9"}
    for _ in range(2):
        await client(origin="https://madang.example").post(
            "/auth/login", data=form(password="wrong"), headers=forwarded
        )

    async with secure.db.read() as session:
        rows = (await session.exec(select(LoginFailureRecord))).all()

    assert "address:198.51.100.9" in {row.subject for row in rows}
    assert not any("6.6.6.6" in row.subject for row in rows)
    await secure.db.close()


async def test_without_a_proxy_the_header_is_not_believed(portal: Portal, client: MakeClient):
    await client(origin=ORIGIN).post(
        "/auth/login", data=form(password="wrong"), headers={"X-Forwarded-For": "6.6.6.6"}
    )

    async with portal.db.read() as session:
        rows = (await session.exec(select(LoginFailureRecord))).all()

    assert "address:127.0.0.1" in {row.subject for row in rows}
