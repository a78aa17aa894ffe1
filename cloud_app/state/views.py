"""One mini-PC as the screen shows it: exactly what the browser may know, ready to show."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from cloud_app import routes
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.line import Place
from cloud_app.domain.machines import Machine, Size, State
from cloud_app.state.live import moment

TONES = {
    State.READY: "good",
    State.FAILED: "bad",
    State.LOST: "bad",
    State.STOPPED: "off",
    State.PAUSED: "off",
    State.GONE: "off",
    State.UNKNOWN: "off",
}  # everything else is under way

ON = frozenset({State.READY})
OFF = frozenset({State.STOPPED, State.PAUSED})
PROBLEM = frozenset({State.FAILED, State.LOST, State.UNKNOWN})
SETTLED = ON | OFF | PROBLEM | {State.GONE}
SOON = timedelta(days=3)


def tone(machine: Machine) -> str:
    """The tone of a machine's state; what cannot be known now is never green."""
    return TONES.get(machine.state, "busy") if machine.is_known_now else "off"


def specs(size: Size) -> str:
    """How big a size is, in the units both languages share."""
    ram = size.ram_mib / 1024
    memory = f"{ram:g} GiB" if ram >= 1 else f"{size.ram_mib} MiB"
    return f"{size.vcpus} vCPU · {memory} · {size.disk_gib} GiB"


@dataclass(frozen=True)
class TurnView:
    """Where a machine stands in line. `kind`: next, later, about (a time is known), or empty."""

    kind: str = ""
    ahead: int = 0
    minutes: int = 0

    @classmethod
    def of(cls, place: Place | None) -> Self:
        if place is None:
            return cls()
        if place.ahead == 0:
            return cls("next")
        if place.wait is None:
            return cls("later", place.ahead)
        return cls("about", place.ahead, -(-place.wait // timedelta(minutes=1)))


NO_TURN = TurnView()
"""Of a machine that does not wait."""


@dataclass(frozen=True)
class MachineView:
    """One row of the list, one card of the first page."""

    id: str
    href: str
    name: str
    state: str
    tone: str
    address: str
    specs: str
    size: dict[str, str]
    template: dict[str, str]
    return_on: str
    created_at: str
    can_start: bool
    can_stop: bool
    can_give_back: bool
    disk: str
    worry: str
    """Why it needs attention: failed, lost or ending; empty when it does not."""
    turn: TurnView
    failure: str = ""
    """Catalogue key of why it could not be built."""
    old_since: str = ""
    """As of when all of it is, while its cloud does not tell how it is now."""
    address_old_since: str = ""
    """As of when its address is, while its cloud does not tell addresses."""

    @classmethod
    def of(cls, machine: Machine, actor: Actor, today: date, place: Place | None = None) -> Self:
        mine = actor.may(Action.CHANGE_MACHINES, machine.project_id)
        steady = machine.command is None
        return cls(
            id=machine.id,
            href=routes.machine(machine.id),
            name=machine.name,
            state=machine.state.value,
            tone=tone(machine),
            address=machine.address or machine.fixed_ip or "",
            specs=specs(machine.size),
            size=dict(machine.size.name),
            template=dict(machine.template.name),
            return_on=machine.return_on.isoformat(),
            created_at=moment(machine.created_at),
            can_start=mine and steady and machine.state is State.STOPPED,
            can_stop=mine and steady and machine.state is State.READY,
            can_give_back=mine and machine.state not in (State.RETURNING, State.GONE),
            disk=f"{machine.size.disk_gib} GiB",
            worry=_worry(machine, today),
            turn=TurnView.of(place),
            old_since="" if machine.is_known_now else moment(machine.cloud_silent_since),
            address_old_since=_address_old_since(machine),
            failure=machine.failure or "",
        )


def _address_old_since(machine: Machine) -> str:
    """The address's own age, where the rest of the machine is known."""
    hidden = machine.cloud_silent_since is not None and machine.is_known_now
    return moment(machine.addresses_seen_at) if hidden else ""


def _worry(machine: Machine, today: date) -> str:
    if machine.state in (State.FAILED, State.LOST):
        return machine.state.value
    going = machine.state in (State.RETURNING, State.GONE)
    return "ending" if machine.return_on - today <= SOON and not going else ""
