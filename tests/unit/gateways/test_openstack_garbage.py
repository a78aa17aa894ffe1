"""Whatever a service answers, nothing but a PortalError leaves a gateway, and no lie.

Each question of each gateway is answered with things that no service should say:
they reach us through proxies, half-started services, upgrades and bugs.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from cloud_app.domain.errors import PortalError, Unavailable
from cloud_app.gateways.protocols import Cloud, Ground, Limits, Scope, ServerOrder
from tests.unit.gateways.wire import Answer, Wire, cloud_on, token

ID = "0a0a0a0a"
SCOPE = Scope(project_id="p", user_id="u", secret="s")
GROUND = Ground(network_id="n", subnet_id="s", router_id="r")
LIMITS = Limits(machines=1, vcpus=1, ram_mib=1, addresses=1)
ORDER = ServerOrder(
    key="k", name="pc", flavor_id="f", image_id="i", port_id="port", user_data="#cloud-config"
)

Question = Callable[[Cloud], Awaitable[object]]

LISTS: dict[str, Question] = {
    "servers": lambda cloud: cloud.compute.servers(None),
    "find_servers": lambda cloud: cloud.compute.find_servers(SCOPE, "k"),
    "ports": lambda cloud: cloud.network.ports(),
    "addresses": lambda cloud: cloud.network.addresses(),
    "flavors": lambda cloud: cloud.catalog.flavors(),
    "images": lambda cloud: cloud.catalog.images(),
}
OTHERS: dict[str, Question] = {
    "server": lambda cloud: cloud.compute.server(ID),
    "flavor": lambda cloud: cloud.catalog.flavor(ID),
    "image": lambda cloud: cloud.catalog.image(ID),
    "create_server": lambda cloud: cloud.compute.create_server(SCOPE, ORDER),
    "ensure_project": lambda cloud: cloud.identity.ensure_project("k", "name"),
    "ensure_user": lambda cloud: cloud.identity.ensure_user("k", "p", "secret"),
    "ensure_ground": lambda cloud: cloud.network.ensure_ground(SCOPE, "k"),
    "ensure_port": lambda cloud: cloud.network.ensure_port(SCOPE, "k", GROUND, [80]),
    "ensure_address": lambda cloud: cloud.network.ensure_address(SCOPE, "k", "port"),
    "last_action": lambda cloud: cloud.compute.last_action(SCOPE, ID),
    "boot_log": lambda cloud: cloud.compute.boot_log(SCOPE, ID),
}
"""Everything that makes something of what it is told; the rest reads no answer."""

HTML = "<html><body>It works!</body></html>"
DEEP = "[" * 100_000
LONG_NUMBER = f'{{"servers": {"9" * 5000}}}'
BODIES: dict[str, object] = {
    "nothing": "",
    "html": HTML,
    "null": "null",
    "a list": [],
    "a word": '"servers"',
    "a number": "7",
    "an empty object": {},
    "cut off": '{"servers": [{"id": "a", "na',
    "too deep": DEEP,
    "a number without end": LONG_NUMBER,
    "not utf-8 as it says": "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
}
NOUNS = (
    "servers", "server", "ports", "port", "floatingips", "floatingip", "flavors", "images",
    "networks", "network", "subnets", "subnet", "routers", "router", "security_groups",
    "security_group", "projects", "project", "users", "user", "roles", "instanceActions", "output",
)  # fmt: skip
ITEMS: dict[str, object] = {
    "null": None,
    "a word": "x",
    "a list": [],
    "an empty one": {},
    "one without an id": {"name": "madang-k", "description": "madang-k"},
    "an id that is null": {"id": None},
    "an id that is a number": {"id": 7},
    "an id that is a path": {"id": "../flavors"},
    "an id without end": {"id": "a" * 10_000},
}
"""Nothing but an id is missing here: so Nova tells of a server whose cell is down."""


def every(value: object) -> dict[str, object]:
    """The same under each name that any service uses."""
    return dict.fromkeys(NOUNS, value)


def field(**wrong: object) -> dict[str, Any]:
    """One thing that would do for each list, but for one field."""
    good = {
        "id": ID, "name": "madang-k", "description": "madang-k", "project_id": "p",
        "tenant_id": "p", "status": "ACTIVE", "metadata": {"madang:key": "k"},
        "updated": "2026-01-01T00:00:00Z", "fixed_ips": [{"ip_address": "10.0.0.1"}],
        "device_id": "", "floating_ip_address": "192.0.2.1", "port_id": None, "vcpus": 1, "ram": 1,
        "disk": 1, "min_disk": 0, "min_ram": 0, "security_groups": ["g"],
    }  # fmt: skip
    return good | wrong


def with_token(answer: Callable[[str, str], Answer]) -> Wire:
    """A Keystone that gives tokens, and answers to all else."""

    def reply(method: str, url: str, _: Any) -> Answer:
        return (201, {"token": token()}) if url.endswith("/auth/tokens") else answer(method, url)

    wire = Wire(reply)
    wire.headers["X-Subject-Token"] = "t"
    return wire


async def answers(question: Question, body: object, status: int = 200) -> object:
    return await question(cloud_on(with_token(lambda *_: (status, body))))


@pytest.mark.parametrize("question", (LISTS | OTHERS).values(), ids=(LISTS | OTHERS).keys())
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_another_shape_is_no_answer(question: Question, body: object) -> None:
    with pytest.raises(Unavailable):
        await answers(question, body)


@pytest.mark.parametrize("question", LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize("items", [None, "x", 7, {"a": 1}, True])
async def test_a_list_that_is_none_is_no_empty_list(question: Question, items: object) -> None:
    with pytest.raises(Unavailable):
        await answers(question, every(items))


@pytest.mark.parametrize("question", LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
async def test_a_list_with_one_unreadable_thing_is_no_list(question: Question, item: Any) -> None:
    with pytest.raises(Unavailable):
        await answers(question, every([item]))


@pytest.mark.parametrize("question", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("status", [200, 404, 409])
async def test_nothing_but_a_portal_error_leaves(
    question: Question, item: Any, status: int
) -> None:
    nouns = {noun: [item] if noun.endswith("s") else item for noun in NOUNS}
    with suppress(PortalError):
        await answers(question, nouns, status)


SERVER_FIELDS = ("name", "status", "metadata", "updated", "tenant_id")


@pytest.mark.parametrize(
    ("question", "name", "wrong"),
    [
        *(("servers", name, wrong) for name in SERVER_FIELDS for wrong in (None, 7, ["x"], {"a": 1})
          if (name, wrong) != ("metadata", {"a": 1})),
        ("servers", "updated", "yesterday"),
        ("servers", "updated", "9999-12-31T23:59:59-12:00"),
        ("servers", "metadata", {"madang:key": ["k"]}),
        ("servers", "name", "\ud800"),
        ("servers", "name", "a\x00b"),
        ("servers", "fault", "broken"),
        ("servers", "fault", {"code": "many"}),
        ("servers", "fault", {"code": 10**30}),
        ("servers", "flavor", None),
        ("servers", "OS-EXT-STS:task_state", 7),
        ("ports", "fixed_ips", None),
        ("ports", "fixed_ips", ["10.0.0.1"]),
        ("ports", "device_id", ["x"]),
        ("ports", "project_id", None),
        ("ports", "security_groups", [7]),
        ("addresses", "floating_ip_address", None),
        ("addresses", "port_id", 7),
        ("flavors", "vcpus", "many"),
        ("flavors", "ram", 10**30),
        ("flavors", "disk", float("inf")),
        ("images", "min_disk", None),
        ("images", "name", 7),
        ("images", "os_admin_user", {"a": 1}),
    ],
)  # fmt: skip
async def test_a_field_of_another_kind_is_no_answer(
    question: str, name: str, wrong: object
) -> None:
    assert await answers(LISTS[question], every([field()]))

    with pytest.raises(Unavailable):
        await answers(LISTS[question], every([field(**{name: wrong})]))


@pytest.mark.parametrize("question", (LISTS | OTHERS).values(), ids=(LISTS | OTHERS).keys())
@pytest.mark.parametrize(
    "given",
    [
        *BODIES.values(),
        {"token": None},
        {"token": "x"},
        {"token": {}},
        {"token": token() | {"catalog": None}},
        {"token": token() | {"catalog": ["x"]}},
        {"token": token() | {"catalog": [{"type": "compute"}]}},
        {"token": token() | {"expires_at": "soon"}},
        {"token": token() | {"roles": "admin"}},
    ],
)
async def test_a_token_that_is_none_is_asked_for_again(question: Question, given: object) -> None:
    tokens: list[Answer] = [(201, given), (201, {"token": token()})]

    def reply(method: str, url: str, _: Any) -> Answer:
        return tokens.pop(0) if url.endswith("/auth/tokens") else (500, "reached")

    wire = Wire(reply)
    wire.headers["X-Subject-Token"] = "t"
    cloud = cloud_on(wire)

    with pytest.raises(Unavailable):
        await question(cloud)

    with pytest.raises(Unavailable, match="reached"):
        await question(cloud)


async def test_a_404_that_does_not_name_the_server_is_no_proof() -> None:
    nova = {"itemNotFound": {"code": 404, "message": f"Instance {ID} could not be found."}}

    for body in (HTML, "", {}, {"message": "no route"}):
        with pytest.raises(Unavailable):
            await answers(OTHERS["server"], body, 404)

    assert await answers(OTHERS["server"], nova, 404) is None


async def test_a_list_that_names_itself_as_its_next_page_is_left() -> None:
    body = every([field()]) | {
        "servers_links": [{"rel": "next", "href": "/servers/detail?marker=a"}]
    }
    wire = with_token(lambda *_: (200, body))

    with pytest.raises(Unavailable):
        await cloud_on(wire).compute.servers(None)

    assert len(wire.asked) <= 4


async def test_a_list_of_ten_thousand_broken_things_is_told_in_a_few_words() -> None:
    items = [field(name=json.dumps("x" * 100)) for _ in range(10_000)] + [None]

    with pytest.raises(Unavailable) as error:
        await answers(LISTS["servers"], {"servers": items})

    assert len(error.value.detail) <= 500


async def test_quotas_are_set_whatever_is_answered_to_it() -> None:
    await answers(lambda cloud: cloud.identity.set_limits("p", LIMITS), HTML)
