"""What one look at a cloud changes in what is known of a machine.

Absence must be proven: by the cloud's own word that a server is deleted, or by
two whole lists in a row begun after our last write, confirmed by asking for that
very server.
"""

from collections.abc import Collection, Mapping, Sequence
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
    ports: Mapping[str, SeenPort]
    """By the cloud's id."""
    addresses: Mapping[str, SeenAddress]
    """By the cloud's id."""
    proven: Collection[str] = ()
    """Keys of machines whose server was asked for by its id and is not there."""


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
    looks: int
    fixed_ip: str | None
    address: str | None
    answers: bool | None
    detail: str
    spoiled: bool
    built_at: datetime | None
    ready_at: datetime | None
    touched_at: datetime
    command: Command | None
    command_at: datetime | None
    command_sent_at: datetime | None
    released: bool
    """What it had in the cloud was removed; what appears since came late."""


def see(known: Known, look: Look) -> Known:
    """Return what is known after `look`; the same value where it changes nothing."""
    server = _server_of(known, look.servers.get(known.id, ()), look.began)
    if server is None:
        known = _unseen(known, look)
    elif server.power is Power.DELETED:
        known = replace(
            known,
            presence=Presence.ABSENT,
            power=Power.DELETED,
            raw_status=server.raw_status,
        )
    else:
        known = _seen(known, server, look.began)
    port = look.ports.get(known.port_id or "")
    if port is not None and port.fixed_ip != known.fixed_ip:
        known = replace(known, fixed_ip=port.fixed_ip)
    address = look.addresses.get(known.address_id or "")
    if address is not None and address.address != known.address:
        known = replace(known, address=address.address)
    return known


def in_doubt(known: Known, look: Look) -> bool:
    """Whether lists alone would make it absent now: ask for the very server first."""
    return (
        _is_missed(known, look)
        and known.looks == LOOKS_THAT_PROVE_ABSENCE - 1
        and known.id not in look.proven
    )


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
    alive = [server for server in mine if server.power is not Power.DELETED]
    return min(alive, key=lambda server: server.updated_at, default=None)


def _unseen(known: Known, look: Look) -> Known:
    if not _is_missed(known, look) or in_doubt(known, look):
        return known
    looks = min(known.looks + 1, LOOKS_THAT_PROVE_ABSENCE)
    if looks == LOOKS_THAT_PROVE_ABSENCE and known.presence is Presence.SEEN:
        return replace(known, looks=looks, presence=Presence.ABSENT, power=None)
    return replace(known, looks=looks)


def _seen(known: Known, server: SeenServer, began: datetime) -> Known:
    on = server.power is Power.ON
    known = replace(
        known,
        presence=Presence.SEEN,
        looks=0,
        server_id=known.server_id or server.cloud_id,
        power=server.power,
        raw_status=server.raw_status,
        detail=server.fault if server.power is Power.FAILED else known.detail,
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
