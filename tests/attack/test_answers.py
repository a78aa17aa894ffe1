"""What every answer of the running portal carries, and what none of them tells."""

import re

import pytest

from tests.attack.conftest import Target
from tests.attack.doors import DOORS, Door
from tests.attack.wire import request, status_of
from tests.make import PASSWORD
from tests.running import ROOT

PAGES = ("/", "/login/", "/machines/", "/machines/new/", "/nowhere", "/auth/login", "/ping")
LEAKS = re.compile(
    r"Traceback|site-packages|\.py\b|granian|starlette|uvicorn|reflex/\d|python/\d|/work/|/root/",
    re.I,
)
OUTSIDE = (
    "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../package.json",
    "/assets/..%2f..%2fpackage.json", "/assets/%2e%2e/%2e%2e/rxconfig.py", "//etc/passwd",
    "/..\\..\\etc\\passwd", "/.env", "/.git/config", "/.web/package.json", "/package.json",
    "/madang.db", "/secret.key", "/portal.log", "/practice.db", "/var/secret.key", "/env.json",
    "/reflex.lock/package.json", "/node_modules/react/package.json", "/cloud_app/settings.py",
    "/assets/%00", "/%00", "/%ff", "/index.html%00.js", "/docs", "/redoc", "/api/docs", "/metrics",
    "/debug", "/.well-known/../.env", "/_upload/x", "/_all_routes", "/states/x", "/uploads/x",
)  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, *sorted({door.path for door in DOORS})])
async def test_every_answer_carries_the_headers_and_no_name_of_a_server(target: Target, path: str):
    async with target.client() as stranger:
        answer = await stranger.get(path)

    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["server"] == "madang"
    assert "x-powered-by" not in headers
    assert not LEAKS.search(str(headers))


@pytest.mark.parametrize("door", DOORS, ids=str)
async def test_answers_with_anything_of_a_person_in_them_are_never_kept(
    target: Target,
    login: str,
    door: Door,
):
    async with target.client(bearer=login) as owner:
        answer = await owner.request("GET", door.at(target.machine))

    if door.path.startswith(("/api", "/auth")):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", OUTSIDE)
async def test_no_address_leads_out_of_the_built_pages(target: Target, path: str):
    answer = await target.say(request(f"GET {path}", f"Host: 127.0.0.1:{target.port}"))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) in (400, 404)
    assert b"root:" not in body
    assert b"dependencies" not in body
    assert not LEAKS.search(head.decode("latin-1"))


async def test_the_built_pages_hold_no_source_maps_and_no_secrets(target: Target):
    built = ROOT / ".web" / "current"
    files = [file for file in built.rglob("*") if file.is_file()]
    served = [file for file in files if "client" in file.parts or "static" in file.parts]

    assert not [file for file in served if file.suffix == ".map"]


async def test_the_cookie_is_for_this_portal_and_no_script(target: Target):
    form = {"handle": "minji", "password": PASSWORD, "next": "/machines"}
    async with target.client(Origin=target.url) as browser:
        answer = await browser.post("/auth/login", data=form)

    name, *flags = answer.headers["set-cookie"].split("; ")
    assert re.fullmatch(r"madang=[A-Za-z0-9_-]{43}", name)
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(flags)
    assert not any(flag.lower().startswith("domain") for flag in flags)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "QUERY"])
@pytest.mark.parametrize("path", ["/", "/api/v1/servers", "/nowhere"])
async def test_odd_methods_are_refused(target: Target, login: str, method: str, path: str):
    answer = await target.say(
        request(f"{method} {path}", f"Host: 127.0.0.1:{target.port}", f"Cookie: madang={login}"),
        within=3,
    )

    assert status_of(answer) in (0, 400, 404, 405)
    assert login.encode() not in answer


async def test_the_description_of_the_api_is_open_and_tells_no_inner_thing(target: Target):
    """It is the contract for scripts; the same for everybody, and with nobody's data in it."""
    async with target.client() as stranger:
        answer = await stranger.get("/api/openapi.json")

    assert answer.status_code == 200
    assert not LEAKS.search(answer.text)
