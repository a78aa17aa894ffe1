"""Things in Neutron are made once and mended, although it allows any number of one name."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from cloud_app.gateways.openstack.groups import (
    Rule,
    base_rules,
    ensured_group,
    group_name,
    open_rules,
)
from cloud_app.gateways.openstack.kept import kept_one
from tests.unit.gateways.wire import Answer, Wire, api_on


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
