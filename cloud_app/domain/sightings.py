"""What one look at a cloud changes in what is known of a machine.

Absence must be proven: by the cloud's own word that a server is deleted, or by
two whole lists in a row begun after our last write, confirmed by asking for that
very server.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud_app.domain.machine_rules import LOOKS_THAT_PROVE_ABSENCE
from cloud_app.domain.machines import (
    Command,
    Power,
    Presence,
    SeenAddress,
    SeenPort,
    SeenServer,
)

QUOTA_RACED = 413
"""Fault code of a server whose order was accepted and then lost a race for the quota."""
DONE: Mapping[Command, Power] = {
    Command.START: Power.ON,
    Command.STOP: Power.OFF,
    Command.RESTART: Power.ON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything one pass saw of one cloud, by the keys of ours that it carries."""

    began: datetime
    whole: bool
    """Whether the list of servers was complete, so that what is not in it may be gone."""
    cursor: datetime | None
    servers: Mapping[str, Sequence[SeenServer]]
    """By key."""
    deleted: Mapping[str, SeenServer]
    """By the cloud's id: servers that it says are deleted; Nova tells them without our key."""
    ports: Mapping[str, SeenPort]
    """By the cloud's id."""
    addresses: Mapping[str, SeenAddress]
    """By the cloud's id."""
    bound: Mapping[str, SeenAddress]
    """By the id of the port that it is bound to, one of ours if there is one."""
    network_whole: bool
    """Whether the lists of ports and addresses were complete."""
    proven: Collection[str] = ()
    """Keys of machines whose server was asked for by its id and is not there."""
    asked: Collection[str | None] = ()
    """Ids of ports and addresses that were asked for one by one, whatever the answer."""
    before: "Look | None" = None
    """The look before this one: what is missing from one list may be in the next."""

    def lacks_port(self, port_id: str, since: datetime) -> bool:
        """Whether two whole lists in a row, begun after `since`, are without the port."""
        return self._lacks(port_id, since, lambda look: look.ports)

    def lacks_address_on(self, port_id: str, since: datetime) -> bool:
        """Whether two whole lists in a row have no address bound to the port."""
        return self._lacks(port_id, since, lambda look: look.bound)

    def _lacks(
        self, name: str, since: datetime, told: "Callable[[Look], Mapping[str, object]]"
    ) -> bool:
        both = (self, self.before)
        return all(
            look is not None
            and look.network_whole
            and look.began > since
            and name not in told(look)
            for look in both
        )


@dataclass(frozen=True, slots=True)
class Known:
    """All of a machine that a look can change, or that decides what it changes."""

    id: str
    server_id: str | None
    port_id: str | None
    address_id: str | None
    presence: Presence
    power: Power | None
    raw_status: str
    server_name: str
    """What its server is called in the cloud."""
    vcpus: int | None
    ram_mib: int | None
    """What its server really has."""
    groups: str
    """The security groups that we gave its port: ids, sorted, with spaces between."""
    doors_changed: bool
    """The port has other security groups than those."""
    looks: int
    fixed_ip: str | None
    address: str | None
    answers: bool | None
    detail: str
    spoiled: bool
    built_at: datetime | None
    ready_at: datetime | None
    touched_at: datetime
    create_sent_at: datetime | None
    command: Command | None
    command_at: datetime | None
    command_sent_at: datetime | None
    released: bool
    """What it had in the cloud was removed; what appears since came late."""


def see(known: Known, look: Look) -> Known:
    """Return what is known after `look`; the same value where it changes nothing."""
    server = _server_of(known, look.servers.get(known.id, ()), look.began)
    deleted = look.deleted.get(known.server_id or "")
    if deleted is not None:
        known = replace(
            known,
            presence=Presence.ABSENT,
            power=Power.DELETED,
            raw_status=deleted.raw_status,
        )
    elif server is None:
        known = _unseen(known, look)
    else:
        known = _seen(known, server, look.began)
    if known.port_id is None or known.touched_at >= look.began:
        return known
    return _addressed(_connected(known, look, known.port_id), look, known.port_id)


def _connected(known: Known, look: Look, port_id: str) -> Known:
    """What the machine's port says: its inner address, and which groups guard it."""
    port = look.ports.get(port_id)
    if port is None:
        if port_id not in look.asked or not look.lacks_port(port_id, known.touched_at):
            return known
        asked = known.server_id is not None or known.create_sent_at is not None
        # Before a server was asked for, another port will do.
        return replace(
            known, fixed_ip=None, doors_changed=False, port_id=port_id if asked else None
        )
    groups = " ".join(port.groups)
    return _with(
        known,
        fixed_ip=port.fixed_ip,
        groups=known.groups or groups,
        doors_changed=groups != (known.groups or groups),
    )


def _addressed(known: Known, look: Look, port_id: str) -> Known:
    """Whatever address is bound to the port is the machine's; it is never bound again unasked."""
    bound = look.bound.get(port_id)
    if bound is not None:
        address = bound.address
    elif _is_elsewhere(known, look) or _is_unbound(known, look, port_id):
        address = None
    else:
        return known
    return known if address == known.address else replace(known, address=address, answers=None)


def _is_unbound(known: Known, look: Look, port_id: str) -> bool:
    """Whether nothing is bound to the port; where it was ours, that address was asked itself."""
    asked = known.address_id is None or known.address_id in look.asked
    return asked and look.lacks_address_on(port_id, known.touched_at)


def _is_elsewhere(known: Known, look: Look) -> bool:
    """Whether the address that we gave is there, but no longer on the machine's port."""
    given = look.addresses.get(known.address_id or "")
    return given is not None and given.port_id != known.port_id


def _with(known: Known, **news: object) -> Known:
    """Copy only where something differs: this is asked of every machine in every look."""
    if all(getattr(known, name) == value for name, value in news.items()):
        return known
    return replace(known, **news)


def in_doubt(known: Known, look: Look) -> bool:
    """Whether lists alone would make it absent now: ask for the very server first."""
    return (
        _is_missed(known, look)
        and known.looks == LOOKS_THAT_PROVE_ABSENCE - 1
        and known.id not in look.proven
    )


def network_in_doubt(known: Known, look: Look) -> bool:
    """Whether lists alone would take away its port or address now: ask for those first."""
    port_id = known.port_id
    if port_id is None:
        return False
    if port_id in look.ports and (known.address is None or port_id in look.bound):
        return False
    believed = replace(look, asked={port_id, known.address_id})
    return see(known, believed) != see(known, look)


def _is_missed(known: Known, look: Look) -> bool:
    if known.server_id is None or known.touched_at >= look.began:
        return False
    return look.whole and _server_of(known, look.servers.get(known.id, ()), look.began) is None


def _server_of(known: Known, mine: Sequence[SeenServer], began: datetime) -> SeenServer | None:
    """Of the servers that carry the machine's key the recorded one; while none is, the oldest.

    A look begun before our last write may still show what was cleared away since.
    """
    if known.server_id is not None:
        return next((server for server in mine if server.cloud_id == known.server_id), None)
    if known.touched_at >= began:
        return None
    return min(mine, key=lambda server: server.updated_at, default=None)


def _unseen(known: Known, look: Look) -> Known:
    if not _is_missed(known, look) or in_doubt(known, look):
        return known
    looks = min(known.looks + 1, LOOKS_THAT_PROVE_ABSENCE)
    if looks == LOOKS_THAT_PROVE_ABSENCE and known.presence is Presence.SEEN:
        return replace(known, looks=looks, presence=Presence.ABSENT, power=None)
    return replace(known, looks=looks)


def _seen(known: Known, server: SeenServer, began: datetime) -> Known:
    on = server.power is Power.ON
    if began > known.touched_at:
        # Begun earlier, a look may show the name from before we gave it another.
        known = _with(known, server_name=server.name)
    known = replace(
        known,
        presence=Presence.SEEN,
        looks=0,
        server_id=known.server_id or server.cloud_id,
        power=server.power,
        raw_status=server.raw_status,
        detail=server.fault if server.power is Power.FAILED else known.detail,
        vcpus=server.vcpus or known.vcpus,
        ram_mib=server.ram_mib or known.ram_mib,
        spoiled=known.spoiled or (known.built_at is None and server.fault_code == QUOTA_RACED),
        built_at=known.built_at or (began if on else None),
        ready_at=known.ready_at if on else None,
        answers=known.answers if on else None,
    )
    sent = known.command_sent_at
    asked_and_answered = sent is not None and sent <= known.touched_at < began
    if known.command and asked_and_answered and server.power is DONE[known.command]:
        return replace(known, command=None, command_at=None, command_sent_at=None)
    return known
