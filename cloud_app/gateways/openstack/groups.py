"""Security groups: what may come in and go out, the same for every machine of a kind.

The groups of a project are kept exactly as described here; rules that are missing
are added and all others removed. That matters most for a new group, which Neutron
fills with "everything may go out". The project's `default` group is not used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from cloud_app.domain.errors import Conflict, NotFound
from cloud_app.gateways.openstack.errors import readable, reads
from cloud_app.gateways.openstack.kept import kept_one
from cloud_app.gateways.openstack.rest import Api, Json

ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
PING = {"IPv4": ("icmp", 8, 0), "IPv6": ("ipv6-icmp", 128, 0)}
"""Protocol, and the ICMP type and code of an echo request."""

SSH = 22
SMTP = 25
LAST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One permission, in the fields of Neutron's API."""

    direction: str
    ethertype: str
    protocol: str | None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    """None for anywhere."""
    remote_group_id: str | None = None
    """Never set by us; tells a foreign rule from ours."""


def base_rules(admin_ranges: Iterable[str]) -> frozenset[Rule]:
    """SSH and ping from `admin_ranges`; everything out but mail (TCP 25)."""
    rules: set[Rule] = set()
    for prefix in admin_ranges:
        family = "IPv6" if ":" in prefix else "IPv4"
        protocol, kind, code = PING[family]
        rules |= {
            _into(family, "tcp", SSH, SSH, prefix),
            _into(family, protocol, kind, code, prefix),
        }
    for family, (ping, _, _) in PING.items():
        rules |= {
            _out(family, "tcp", 1, SMTP - 1),
            _out(family, "tcp", SMTP + 1, LAST_PORT),
            _out(family, "udp"),
            _out(family, ping),
        }
    return frozenset(rules)


def open_rules(ports: Iterable[int]) -> frozenset[Rule]:
    """These TCP ports from anywhere."""
    return frozenset(
        _into(family, "tcp", port, port, prefix)
        for family, prefix in ANYWHERE.items()
        for port in ports
    )


def group_name(prefix: str, open_ports: Sequence[int]) -> str:
    """Name the group of a set of ports, such as `madang-tcp-80-443`."""
    return "-".join([f"{prefix}tcp", *map(str, sorted(set(open_ports)))])


def ensured_group(api: Api, project_id: str, name: str, rules: frozenset[Rule]) -> str:
    """Answer the id of the project's group `name`, made or mended to have exactly `rules`."""
    body = {"name": name, "description": "Kept by the portal; changes are undone."}
    group = kept_one(api, "security_group", project_id, body)
    try:
        _mend(api, group, rules)
    except Conflict:  # somebody else is mending it: whatever is still missing now is our part
        _mend(api, api.get(f"/security-groups/{group['id']}", "security_group"), rules)
    return str(group["id"])


def _mend(api: Api, group: Json, wanted: frozenset[Rule]) -> None:
    present = _present(group)
    if missing := wanted - present.keys():
        bodies = [_body(rule, group["id"]) for rule in missing]
        api.act("/security-group-rules", {"security_group_rules": bodies})
    for rule in present.keys() - wanted:
        try:
            api.delete(f"/security-group-rules/{present[rule]}")
        except NotFound:
            continue


def _into(family: str, protocol: str, first: int, last: int, prefix: str) -> Rule:
    return Rule(
        direction="ingress",
        ethertype=family,
        protocol=protocol,
        port_range_min=first,
        port_range_max=last,
        remote_ip_prefix=_range(prefix),
    )


def _out(family: str, protocol: str, first: int | None = None, last: int | None = None) -> Rule:
    return Rule(
        direction="egress",
        ethertype=family,
        protocol=protocol,
        port_range_min=first,
        port_range_max=last,
    )


@readable()
def _present(group: Json) -> dict[Rule, str]:
    return {_rule(raw): str(raw["id"]) for raw in group["security_group_rules"]}


@reads
def _rule(raw: Json) -> Rule:
    return Rule(
        direction=raw["direction"],
        ethertype=raw["ethertype"],
        protocol=raw["protocol"],
        port_range_min=raw["port_range_min"],
        port_range_max=raw["port_range_max"],
        remote_ip_prefix=_range(raw["remote_ip_prefix"]),
        remote_group_id=raw["remote_group_id"],
    )


def _body(rule: Rule, group_id: str) -> Json:
    fields = {name: value for name, value in asdict(rule).items() if value is not None}
    return {"security_group_id": group_id, **fields}


def _range(prefix: str | None) -> str | None:
    """Neutron keeps "anywhere" as it was written or as nothing at all."""
    return None if prefix in ANYWHERE.values() else prefix
