"""Mini-PCs over HTTP: who may not, what is refused, and the seeds' paths and codes."""

from typing import Any

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from tests.api.conftest import Client, MakeClient
from tests.make import FOREIGN, a_token, own_project

SERVERS = "/api/v1/servers"
UNKNOWN = "0" * 32


def order(**changes: Any) -> dict[str, Any]:
    wish = {"name": "web-1", "size": "light", "template": "ubuntu", "return_on": "2026-12-20"}
    return wish | changes


async def ordered(script: Client, **changes: Any) -> dict[str, Any]:
    answer = await script.post(SERVERS, json=order(**changes))
    assert answer.status_code == 202, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SERVERS),
        ("POST", SERVERS),
        ("GET", f"{SERVERS}/offers"),
        ("GET", f"{SERVERS}/{UNKNOWN}"),
        ("DELETE", f"{SERVERS}/{UNKNOWN}"),
        ("PUT", f"{SERVERS}/{UNKNOWN}/info"),
        ("PUT", f"{SERVERS}/{UNKNOWN}/status"),
    ],
)
async def test_strangers_are_refused_before_anything_else(stranger: Client, method: str, path: str):
    answer = await stranger.request(method, path)

    assert answer.status_code == 401
    assert answer.json()["type"] == "error.unauthenticated"


async def test_somebody_elses_server_is_not_there(
    portal: Portal, script: Client, client: MakeClient, other: Actor
):
    server = await ordered(script)
    theirs = client(bearer=await a_token(portal, "junho"))
    path = f"{SERVERS}/{server['id']}"

    answers = [
        await theirs.get(path),
        await theirs.delete(path),
        await theirs.put(f"{path}/info", json={"name": "mine now"}),
        await theirs.put(f"{path}/status", json={"status": "stop"}),
        await theirs.get(f"{SERVERS}/{UNKNOWN}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert len({answer.json()["title"] for answer in answers}) == 1
    assert (await script.get(path)).json()["name"] == "web-1"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_somebody_elses_project_is_not_there(script: Client, other: Actor, method: str):
    project = own_project(other)

    if method == "GET":
        answer = await script.get(SERVERS, params={"project_id": project})
    else:
        answer = await script.post(SERVERS, json=order(project_id=project))

    assert answer.status_code == 404


@pytest.mark.parametrize("origin", [FOREIGN, "null"])
async def test_another_site_cannot_order_with_the_cookie(
    portal: Portal, student: Actor, client: MakeClient, origin: str
):
    attacked = client(cookie=await a_token(portal), origin=origin)

    answer = await attacked.post(SERVERS, json=order())

    assert answer.status_code == 403
    assert not await portal.machines.in_project(student, own_project(student))


async def test_a_page_of_ours_may_order_with_the_cookie(
    portal: Portal, student: Actor, client: MakeClient
):
    answer = await client(cookie=await a_token(portal)).post(SERVERS, json=order())

    assert answer.status_code == 202


async def test_a_body_that_is_not_declared_as_json_is_refused(script: Client):
    answer = await script.post(SERVERS, content=b"{}", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415
    assert answer.json()["type"] == "http.not_json"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'"', b""])
async def test_malformed_bodies_are_the_senders_mistake(script: Client, body: bytes):
    answer = await script.post(SERVERS, content=body, headers={"Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


async def test_an_oversized_body_is_refused(script: Client):
    answer = await script.post(SERVERS, json=order(cloud_init="x" * 2**21))

    assert answer.status_code == 413


async def test_an_oversized_body_of_unknown_length_is_refused(script: Client):
    async def endless():
        for _ in range(64):
            yield b" " * 2**16

    answer = await script.post(
        SERVERS, content=endless(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413


async def test_every_wrong_field_is_named(script: Client):
    answer = await script.post(
        SERVERS, json={"name": "x", "size": 3, "return_on": "soon", "colour": "red"}
    )

    assert answer.status_code == 422
    assert {name: wrong["type"] for name, wrong in answer.json()["fields"].items()} == {
        "size": "http.field.wrong",
        "template": "http.field.missing",
        "return_on": "http.field.wrong",
        "colour": "http.field.unknown",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"size": "nope"}, "size"),
        ({"template": "nope"}, "template"),
        ({"return_on": "2020-01-01"}, "return_on"),
        ({"access": "own_key", "public_key": "nonsense"}, "public_key"),
        ({"access": "password", "password": "short"}, "password"),
    ],
)
async def test_what_the_portal_refuses_is_said_at_the_field(
    script: Client, changes: dict[str, Any], field: str
):
    answer = await script.post(SERVERS, json=order(**changes))

    assert answer.status_code == 422, answer.text
    assert field in answer.json()["fields"]
    assert answer.json()["fields"][field]["title"]


async def test_more_than_the_limit_is_a_conflict(script: Client):
    for number in range(3):
        await ordered(script, name=f"web-{number}")

    answer = await script.post(SERVERS, json=order(name="one-more"))

    assert answer.status_code == 409
    assert answer.json()["type"] == "error.quota_exceeded"


async def test_an_order_is_accepted_and_its_key_is_given_once(script: Client):
    server = await ordered(script)

    again = (await script.get(f"{SERVERS}/{server['id']}")).json()

    assert server["status"] == "ordered"
    assert server["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert "private_key" not in again
    assert again["flavor"]["key"] == "light"
    assert again["addresses"] == {"floating": None, "fixed": None}


async def test_an_order_sent_twice_with_one_key_is_one_server(script: Client):
    twice = {"Idempotency-Key": "order-1"}
    first = await script.post(SERVERS, json=order(), headers=twice)

    second = await script.post(SERVERS, json=order(), headers=twice)

    assert second.status_code == 202
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["private_key"] is None
    assert len((await script.get(SERVERS)).json()["items"]) == 1


async def test_one_key_for_two_orders_is_refused(script: Client):
    twice = {"Idempotency-Key": "order-1"}
    await script.post(SERVERS, json=order(), headers=twice)

    answer = await script.post(SERVERS, json=order(name="web-2"), headers=twice)

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["fields"]


async def test_a_key_of_a_refused_order_may_be_used_again(script: Client):
    twice = {"Idempotency-Key": "order-1"}
    await script.post(SERVERS, json=order(size="nope"), headers=twice)

    assert (await script.post(SERVERS, json=order(), headers=twice)).status_code == 202


async def test_keys_of_two_people_do_not_meet(
    portal: Portal, script: Client, client: MakeClient, other: Actor
):
    theirs = client(bearer=await a_token(portal, "junho"))
    same = {"Idempotency-Key": "1"}
    first = await script.post(SERVERS, json=order(), headers=same)

    second = await theirs.post(SERVERS, json=order(), headers=same)

    assert second.json()["id"] != first.json()["id"]


async def test_a_long_list_comes_in_pages(script: Client):
    names = [(await ordered(script, name=f"web-{number}"))["name"] for number in range(3)]
    seen: list[str] = []
    after = None
    while True:
        asked = {"limit": 2} | ({"after": after} if after else {})
        page = (await script.get(SERVERS, params=asked)).json()
        seen += [server["name"] for server in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert sorted(seen) == names


async def test_renaming_needs_the_version_that_was_read(script: Client):
    server = await ordered(script)
    path = f"{SERVERS}/{server['id']}/info"
    renamed = await script.put(path, json={"name": "web-2", "version": server["version"]})

    stale = await script.put(path, json={"name": "web-3", "version": server["version"]})

    assert renamed.status_code == 200
    assert renamed.json()["name"] == "web-2"
    assert stale.status_code == 409


async def test_a_server_that_is_not_there_yet_cannot_be_stopped(script: Client):
    server = await ordered(script)

    answer = await script.put(f"{SERVERS}/{server['id']}/status", json={"status": "stop"})

    assert answer.status_code == 409
    assert answer.json()["title"]


async def test_an_unknown_command_is_refused(script: Client):
    server = await ordered(script)

    answer = await script.put(f"{SERVERS}/{server['id']}/status", json={"status": "explode"})

    assert answer.status_code == 422


async def test_giving_back_is_accepted(script: Client):
    server = await ordered(script)

    answer = await script.delete(f"{SERVERS}/{server['id']}")

    assert answer.status_code == 202
    assert answer.json()["status"] in ("returning", "gone")


async def test_offers_say_what_can_be_ordered(script: Client):
    offers = (await script.get(f"{SERVERS}/offers")).json()

    assert "light" in [size["key"] for size in offers["sizes"]]
    assert "ubuntu" in [template["key"] for template in offers["templates"]]
    assert offers["allowed"]["machines"] == 3
