"""What goes over the wire, and what never does: asked through requests' own transport seam."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from keystoneauth1.adapter import Adapter
from keystoneauth1.noauth import NoAuth
from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, ReadTimeout, Response
from requests.adapters import BaseAdapter

from cloud_app.domain.errors import Unavailable
from cloud_app.gateways.openstack import CloudAccess, Password
from cloud_app.gateways.openstack.connect import PacedSession, Sessions
from cloud_app.gateways.openstack.groups import (
    Rule,
    base_rules,
    ensured_group,
    group_name,
    open_rules,
)
from cloud_app.gateways.openstack.kept import kept_one
from cloud_app.gateways.openstack.rest import Api
from cloud_app.gateways.protocols import Scope
from cloud_app.gateways.threads import Threads

CLOUD = "http://cloud"
ACCESS = CloudAccess(
    auth_url="http://keystone:5000",
    manager=Password(username="manager", password="secret", project_name="portal"),
)

Answer = tuple[int, object] | Exception


class Wire(BaseAdapter):
    """Answers every request from a script, and remembers them."""

    def __init__(self, answer: Callable[[str, str, Any], Answer]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[tuple[str, str, Any]] = []
        self.timeouts: list[Any] = []

    def send(self, request: PreparedRequest, *_: Any, **settings: Any) -> Response:
        method, url = str(request.method), str(request.url).removeprefix(CLOUD)
        body = json.loads(request.body) if isinstance(request.body, str | bytes) else None
        self.asked.append((method, url, body))
        self.timeouts.append(settings["timeout"])
        answer = self.answer(method, url, body)
        if isinstance(answer, Exception):
            raise answer
        response = Response()
        response.status_code, content = answer
        text = content if isinstance(content, str) else json.dumps(content)
        response._content = text.encode()
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]


def api_on(wire: Wire) -> Api:
    session = PacedSession(ACCESS, auth=NoAuth(endpoint=CLOUD))
    session.session.mount("http://", wire)
    return Api(Adapter(session, service_type="network", endpoint_override=CLOUD))


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

    (connect, read), longest = wire.timeouts
    assert 0 < connect <= 2
    assert 0 < read <= 2
    assert longest == (ACCESS.connect_seconds, ACCESS.read_seconds)


def test_sessions_are_kept_per_scope_and_not_without_end() -> None:
    sessions = Sessions(ACCESS, most=2)
    scopes = [Scope(project_id=str(n), user_id="u", secret="s") for n in range(3)]
    kept = sessions._projects

    first = [sessions._session_of(scope) for scope in scopes[:2]]
    again = sessions._session_of(scopes[0])
    sessions._session_of(scopes[2])

    assert again is first[0]
    assert list(kept) == [scopes[0], scopes[2]]


class Neutron:
    """As much of Neutron as making things by name needs; allows any number of one name."""

    def __init__(self) -> None:
        self.things: list[dict[str, Any]] = []
        self.rules: list[dict[str, Any]] = []

    def __call__(self, method: str, url: str, body: Any) -> Answer:
        path = urlsplit(url).path
        match method, path.strip("/").split("/"):
            case "GET", [_]:
                return 200, {self._plural(path): self.things}
            case "POST", ["security-group-rules"]:
                self.rules += [
                    {**self._blank(), **rule, "id": f"rule-{len(self.rules) + n}"}
                    for n, rule in enumerate(body["security_group_rules"])
                ]
                return 201, {"security_group_rules": []}
            case "POST", [_]:
                ((noun, fields),) = body.items()
                made = {**fields, "id": f"{len(self.things)}", "created_at": "2026"}
                made["security_group_rules"] = self.rules
                self.things.append(made)
                return 201, {noun: made}
            case "DELETE", ["security-group-rules", gone]:
                self.rules[:] = [rule for rule in self.rules if rule["id"] != gone]
                return 204, ""
            case "DELETE", [_, gone]:
                self.things[:] = [one for one in self.things if one["id"] != gone]
                return 204, ""
            case _:
                raise AssertionError(f"{method} {path}")

    def _plural(self, path: str) -> str:
        return path.strip("/").replace("-", "_")

    def _blank(self) -> dict[str, Any]:
        names = ("protocol", "port_range_min", "port_range_max")
        return dict.fromkeys((*names, "remote_ip_prefix", "remote_group_id"))

    def open_wide(self) -> None:
        """The rules that Neutron fills every new group with."""
        self.rules += [
            {**self._blank(), "id": family, "direction": "egress", "ethertype": family}
            for family in ("IPv4", "IPv6")
        ]


def test_what_is_there_is_not_made_again() -> None:
    wire = Wire(Neutron())
    api = api_on(wire)

    first = kept_one(api, "network", "p", {"name": "madang-k"})
    second = kept_one(api, "network", "p", {"name": "madang-k"})

    assert first["id"] == second["id"]
    assert wire.methods().count("POST") == 1


def test_things_of_other_projects_and_longer_names_are_not_taken_for_ours() -> None:
    neutron = Neutron()
    api = api_on(Wire(neutron))
    kept_one(api, "network", "stranger", {"name": "madang-k"})
    kept_one(api, "network", "p", {"name": "madang-k2"})

    kept_one(api, "network", "p", {"name": "madang-k"})

    assert len(neutron.things) == 3


def test_of_two_made_at_once_the_older_is_kept_and_ours_taken_back() -> None:
    neutron, others = Neutron(), [{"id": "9", "name": "n", "project_id": "p", "created_at": "2025"}]

    def meanwhile(method: str, url: str, body: Any) -> Answer:
        answer = neutron(method, url, body)
        if method == "POST":
            neutron.things += others
        return answer

    kept = kept_one(api_on(Wire(meanwhile)), "network", "p", {"name": "n"})

    assert kept["id"] == "9"
    assert neutron.things == others


def test_one_that_is_in_use_is_kept_before_an_older_one() -> None:
    neutron = Neutron()
    common = {"name": "n", "project_id": "p"}
    neutron.things = [
        {**common, "id": "1", "created_at": "2025", "subnets": []},
        {**common, "id": "2", "created_at": "2026", "subnets": ["s"]},
    ]

    assert kept_one(api_on(Wire(neutron)), "network", "p", {"name": "n"})["id"] == "2"


def test_a_new_group_loses_neutrons_own_rules_and_gets_ours_in_one_call() -> None:
    neutron = Neutron()
    neutron.open_wide()
    wire = Wire(neutron)

    ensured_group(api_on(wire), "p", "madang", base_rules(("0.0.0.0/0", "::/0")))

    assert {rule["id"] for rule in neutron.rules}.isdisjoint({"IPv4", "IPv6"})
    assert len(neutron.rules) == 12
    assert [path for method, path, _ in wire.asked if method == "POST"] == [
        "/security-groups",
        "/security-group-rules",
    ]


def test_a_half_made_group_is_mended_and_a_whole_one_left_alone() -> None:
    neutron = Neutron()
    wire = Wire(neutron)
    api, rules = api_on(wire), open_rules([80, 443])
    ensured_group(api, "p", "madang-tcp-80-443", rules)
    del neutron.rules[1:]

    ensured_group(api, "p", "madang-tcp-80-443", rules)
    mended = len(wire.asked)
    ensured_group(api, "p", "madang-tcp-80-443", rules)

    assert len(neutron.rules) == 4
    assert wire.methods()[mended:] == ["GET"]


def allows(rules: Iterable[Rule], direction: str, port: int) -> bool:
    return any(
        rule.protocol in ("tcp", None)
        and rule.direction == direction
        and (rule.port_range_min or 0) <= port <= (rule.port_range_max or 65535)
        for rule in rules
    )


def test_everything_goes_out_but_mail_and_only_ssh_and_ping_come_in() -> None:
    rules = base_rules(("10.0.0.0/8", "2001:db8::/32"))

    assert allows(rules, "egress", 24)
    assert not allows(rules, "egress", 25)
    assert allows(rules, "egress", 26)
    assert allows(rules, "egress", 443)
    assert {rule.port_range_min for rule in rules if rule.direction == "ingress"} == {22, 8, 128}
    assert {rule.remote_ip_prefix for rule in rules if rule.direction == "ingress"} == {
        "10.0.0.0/8",
        "2001:db8::/32",
    }


def test_open_ports_open_nothing_else_and_name_their_group_in_any_order() -> None:
    rules = open_rules([80])

    assert {rule.direction for rule in rules} == {"ingress"}
    assert {rule.ethertype for rule in rules} == {"IPv4", "IPv6"}
    assert group_name("madang-", (443, 80, 80)) == "madang-tcp-80-443"
