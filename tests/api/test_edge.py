"""What holds for every answer, whoever gives it."""

import asyncio
import logging

import httpx
import pytest
from starlette.responses import PlainTextResponse

from cloud_app import logs
from cloud_app.api import health
from cloud_app.bootstrap import Portal
from cloud_app.web import headers
from cloud_app.web.edge import Edge, Message, Receive, Send
from tests.api.conftest import Client
from tests.make import ORIGIN, some_settings


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v2/servers", "/api/v1/nope"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_unknown_addresses_of_the_api_are_problems(stranger: Client, method: str, path: str):
    answer = await stranger.request(method, path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "http.no_such_address"


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(stranger: Client):
    answer = await stranger.patch("/api/v1/servers")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_a_bug_is_a_reference_number_and_never_a_trace(
    stranger: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken() -> None:
        raise ValueError("password=hunter2")

    monkeypatch.setattr(health, "HealthOut", broken)

    answer = await stranger.get("/api/v1/health")

    assert answer.status_code == 500
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["request_id"] in problem["title"]
    assert "Traceback" not in answer.text
    assert "hunter2" not in answer.text
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == [
        "request failed"
    ]


async def test_refusals_leave_no_trace_in_the_log(
    stranger: Client, caplog: pytest.LogCaptureFixture
):
    await stranger.get("/api/v1/servers")

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "path", ["/api/v1/health", "/api/v1/servers", "/api/nope", "/_upload/secret.txt", "/nope"]
)
async def test_every_answer_carries_the_headers(stranger: Client, path: str):
    answer = await stranger.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]


async def test_answers_of_the_api_are_not_kept(stranger: Client):
    assert (await stranger.get("/api/v1/health")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("path", ["/_upload", "/_upload/", "/_upload/x.txt", "/_all_routes"])
async def test_reflexs_own_upload_door_is_closed(stranger: Client, method: str, path: str):
    assert (await stranger.request(method, path)).status_code == 404


async def test_https_is_asked_for_where_it_is_there(tmp_path, stranger: Client):
    settings = some_settings(tmp_path, PUBLIC_URL="https://madang.example")
    edge = Edge(PlainTextResponse("x"), settings, "", lambda *_: (b"", b""))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(edge),
        base_url="https://madang.example",
    ) as browser:
        answer = await browser.get("/")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await stranger.get("/api/v1/health")).headers


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path):
    async def reads(scope: object, receive: Receive, send: Send) -> None:
        await receive()

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    told: list[Message] = []

    async def hear(message: Message) -> None:
        told.append(message)

    edge = Edge(reads, some_settings(tmp_path), "", lambda *_: (b"x", b"late"), patience=0.01)
    scope = {
        "type": "http",
        "path": "/",
        "method": "POST",
        "headers": [(b"host", b"127.0.0.1:8000")],
    }

    await edge(scope, never, hear)

    assert told[0]["status"] == 408
    assert told[1]["body"] == b"late"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:8001", ""])
async def test_a_host_that_is_not_ours_is_refused(stranger: Client, host: str):
    answer = await stranger.get("/api/v1/servers", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.json()["type"] == "http.other_host"


@pytest.mark.parametrize("host", ["madang.example", "MADANG.example:443"])
async def test_the_usual_port_may_be_left_out(tmp_path, host: str):
    settings = some_settings(tmp_path, PUBLIC_URL="https://madang.example")
    edge = Edge(PlainTextResponse("x"), settings, "", lambda *_: (b"", b""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=ORIGIN) as browser:
        assert (await browser.get("/", headers={"Host": host})).text == "x"


async def test_load_balancers_ask_under_any_name(stranger: Client):
    assert (await stranger.get("/api/v1/health", headers={"Host": "10.0.0.7"})).is_success


def test_inline_scripts_of_built_pages_are_allowed_by_hash_only(tmp_path):
    (tmp_path / "index.html").write_text(
        '<script>alert(1)</script><script src="/x.js"></script><script type="module">a</script>'
    )

    hashes = headers.inline_hashes(tmp_path)
    policy = headers.page_policy((ORIGIN, "https://madang.example"), hashes)

    assert len(hashes) == 2
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert "ws://127.0.0.1:8000 wss://madang.example" in policy
    for rule in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy


async def test_the_description_of_the_api_is_there_and_needs_no_other_site(stranger: Client):
    described = (await stranger.get("/api/openapi.json")).json()

    assert "/api/v1/servers/{server_id}/status" in described["paths"]
    assert (await stranger.get("/docs")).status_code == 404


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("password=hunter2 next", "password=*** next"),
        ("{'password': 'hunter2'}", "{'password': '***'}"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("cookie madang=abc; a=b", "cookie madang=***; a=b"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----", "***"),
    ],
)
def test_secrets_do_not_reach_the_log(said: str, kept: str):
    assert logs.blot(said) == kept


def test_a_line_says_which_request_it_belongs_to_and_hides_secret_fields():
    record = logging.makeLogRecord(
        {"msg": "order\nplaced", "levelname": "INFO", "name": "x", "created": 0.0}
        | {"project": "bio lab", "private_key": "abc"}
    )
    current = logs.request_id.set("abc123")

    line = logs.Lines().format(record)
    logs.request_id.reset(current)

    assert line == (
        "1970-01-01T00:00:00.000Z INFO x request=abc123 order\\nplaced "
        'project="bio lab" private_key=***'
    )


async def test_the_health_door_needs_no_log_in_and_says_little(portal: Portal, stranger: Client):
    assert (await stranger.get("/api/v1/health")).json() == {"status": "ok"}
