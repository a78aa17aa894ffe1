"""What goes over the wire to OpenStack, and what never does."""

import asyncio
from collections.abc import Iterable
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests import ConnectionError as RequestsConnectionError
from requests import ReadTimeout

from cloud_app.domain.errors import Unavailable
from cloud_app.gateways.openstack.connect import Sessions
from cloud_app.gateways.protocols import Scope
from cloud_app.gateways.threads import Threads
from tests.unit.gateways.wire import ACCESS, Answer, Wire, api_on, cloud_on, token


def saying(*answers: Answer) -> Wire:
    script = iter(answers)
    return Wire(lambda *_: next(script))


def page(ids: Iterable[str], following: str | None = None) -> Answer:
    links = [{"rel": "next", "href": f"http://inside{following}"}] if following else []
    return 200, {"things": [{"id": one} for one in ids], "things_links": links}


def test_a_list_is_read_to_its_last_page() -> None:
    wire = saying(page("ab", "/things?marker=b&limit=2"), page("cd", "/things?marker=d"), page(""))

    found = [one["id"] for one in api_on(wire).all("/things", "things", fields=["id", "name"])]

    assert found == list("abcd")
    assert [url for _, url, _ in wire.asked] == [
        "/things?fields=id&fields=name",
        "/things?marker=b&limit=2",
        "/things?marker=d",
    ]


@pytest.mark.parametrize(
    "following",
    [
        {"next": "/v2/things?marker=a"},
        {"links": {"next": "http://inside/v3/things?marker=a", "self": "", "previous": None}},
    ],
)
def test_glances_and_keystones_pages_are_followed_too(following: dict[str, Any]) -> None:
    first = (200, {"things": [{"id": "a"}], **following})
    wire = saying(first, (200, {"things": [{"id": "b"}], "links": {"next": None}}))

    assert [one["id"] for one in api_on(wire).all("/things", "things")] == ["a", "b"]
    assert parse_qs(urlsplit(wire.asked[1][1]).query) == {"marker": ["a"]}


@pytest.mark.parametrize(
    "body",
    ["<html>Welcome</html>", "", {}, [], {"things": None}, {"things": {"id": 1}}, {"error": "no"}],
)
def test_a_cheerful_answer_of_another_shape_is_not_an_empty_list(body: object) -> None:
    with pytest.raises(Unavailable):
        list(api_on(saying((200, body))).all("/things", "things"))


def test_a_list_cut_short_by_an_error_is_no_list() -> None:
    wire = saying(page("ab", "/things?marker=b"), (500, "broken"))

    with pytest.raises(Unavailable):
        list(api_on(wire).all("/things", "things"))


def test_a_post_is_never_repeated() -> None:
    for failure in (RequestsConnectionError("reset"), ReadTimeout("late"), (503, "busy")):
        wire = Wire(lambda *_, answer=failure: answer)

        with pytest.raises(Unavailable):
            api_on(wire).post("/things", {}, "thing")

        assert wire.methods() == ["POST"]


def test_a_get_is_repeated_once_after_a_dropped_connection_and_never_after_a_late_answer() -> None:
    dropped = saying(RequestsConnectionError("reset"), (200, {"thing": {"id": "a"}}))
    late = Wire(lambda *_: ReadTimeout("late"))

    assert api_on(dropped).get("/things/a", "thing") == {"id": "a"}
    with pytest.raises(Unavailable):
        api_on(late).get("/things/a", "thing")

    assert dropped.methods() == ["GET", "GET"]
    assert late.methods() == ["GET"]


async def test_a_token_that_ends_in_mid_pass_is_renewed_once_for_all() -> None:
    wire = Wire(lambda *_: (500, ""))
    given = iter(range(100))
    together = Barrier(8)

    def reply(_: str, url: str, __: Any) -> Answer:
        if url.endswith("/auth/tokens"):
            wire.headers["X-Subject-Token"] = f"t{next(given)}"
            return 201, {"token": token()}
        if wire.local.token == "t0":
            together.wait(timeout=10)
            return 401, ""
        return 200, {"servers": []}

    wire.answer = reply
    cloud = cloud_on(wire, seats=8)

    sweeps = await asyncio.gather(*(cloud.compute.servers(None) for _ in range(8)))

    assert all(sweep.complete for sweep in sweeps)
    assert sum(url.endswith("/auth/tokens") for _, url, _ in wire.asked) == 2


async def test_nothing_is_sent_once_nobody_waits() -> None:
    wire = saying((200, {"thing": {}}))
    api = api_on(wire)

    with pytest.raises(Unavailable) as error:
        await Threads(deadline=0).run(lambda: api.get("/things/a", "thing"))

    assert error.value.key == "error.cloud_silent"
    assert wire.asked == []


async def test_no_request_may_take_longer_than_its_caller_waits() -> None:
    wire = Wire(lambda *_: (200, {"thing": {}}))
    api = api_on(wire)

    await Threads(deadline=2).run(lambda: api.get("/things/a", "thing"))
    api.get("/things/a", "thing")
    api.delete("/things/a")

    (connect, read), of_get, of_delete = wire.timeouts
    assert 0 < connect <= 2
    assert 0 < read <= 2
    assert of_get == (ACCESS.connect_seconds, ACCESS.read_seconds)
    assert of_delete == (ACCESS.connect_seconds, ACCESS.write_seconds)


def test_sessions_are_kept_per_scope_and_not_without_end() -> None:
    sessions = Sessions(ACCESS, most=2)
    scopes = [Scope(project_id=str(n), user_id="u", secret="s") for n in range(3)]
    kept = sessions._projects

    first = [sessions._session_of(scope) for scope in scopes[:2]]
    again = sessions._session_of(scopes[0])
    sessions._session_of(scopes[2])

    assert again is first[0]
    assert list(kept) == [scopes[0], scopes[2]]
