"""One mini-PC on its own page: its stages, the next thing to do, and how to get in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.line import Place
from cloud_app.domain.machines import STAGES, Access, Machine, State
from cloud_app.state.live import moment
from cloud_app.state.machine_news import MachineNewsView
from cloud_app.state.views import NO_TURN, TurnView, specs, tone

FRESHLY_READY = timedelta(minutes=10)
"""How long the stages stay on the page after they are all done."""
_NOT_IN_A_FILE_NAME = re.compile(r"[^\w.-]+")
_NEXT = {
    State.READY: "connect",
    State.STOPPED: "start",
    State.FAILED: "failed",
    State.LOST: "lost",
    State.GONE: "gone",
    State.ORDERED: "wait",
    State.BUILDING: "wait",
    State.UNKNOWN: "connect",
}  # everything else is under way: words are enough


@dataclass(frozen=True)
class StageView:
    """One part of the stage bar. `phase`: done, now, next or bad."""

    state: str
    phase: str
    since: str
    until: str


@dataclass(frozen=True)
class MachinePageView:
    """Exactly what the page of one machine shows."""

    id: str = ""
    name: str = ""
    state: str = State.UNKNOWN.value
    tone: str = "off"
    state_since: str = ""
    next: str = ""
    stages: list[StageView] = field(default_factory=list[StageView])
    address: str = ""
    inner_address: str = ""
    pages: list[str] = field(default_factory=list[str])
    """What its open ports offer to a browser."""
    command: str = ""
    key_command: str = ""
    user: str = ""
    way_in: str = Access.GENERATED.value
    unanswered: bool = False
    specs: str = ""
    disk: str = ""
    size: dict[str, str] = field(default_factory=dict[str, str])
    template: dict[str, str] = field(default_factory=dict[str, str])
    cloud: str = ""
    return_on: str = ""
    created_at: str = ""
    failure: str = ""
    news: MachineNewsView = field(default_factory=MachineNewsView)
    detail: str = ""
    raw_status: str = ""
    server_id: str = ""
    silent: bool = False
    can_change: bool = False
    can_start: bool = False
    can_stop: bool = False
    can_retry: bool = False
    can_give_back: bool = False
    turn: TurnView = NO_TURN

    @classmethod
    def of(cls, machine: Machine, actor: Actor, now: datetime, place: Place | None = None) -> Self:
        mine = actor.may(Action.CHANGE_MACHINES, machine.project_id)
        going = machine.state in (State.RETURNING, State.GONE)
        steady = mine and machine.command is None
        return cls(
            id=machine.id,
            name=machine.name,
            state=machine.state.value,
            tone=tone(machine),
            state_since=moment(machine.state_since),
            next=_next(machine),
            stages=stages(machine, now),
            address=machine.address or "",
            inner_address=machine.fixed_ip or "",
            pages=_pages(machine),
            command=_command(machine),
            key_command=_key_command(machine),
            user=machine.template.login_user,
            way_in=machine.access.value,
            unanswered=machine.answers is False,
            specs=specs(machine.size),
            disk=f"{machine.size.disk_gib} GiB",
            size=dict(machine.size.name),
            template=dict(machine.template.name),
            cloud=machine.cloud_name,
            return_on=machine.return_on.isoformat(),
            created_at=moment(machine.created_at),
            failure=machine.failure or "",
            news=MachineNewsView.of(machine),
            detail=machine.detail,
            raw_status=machine.raw_status,
            server_id=machine.server_id or "",
            silent=machine.cloud_silent_since is not None,
            can_change=mine and not going,
            can_start=steady and machine.state is State.STOPPED,
            can_stop=steady and machine.state is State.READY,
            can_retry=mine and machine.can_retry,
            can_give_back=mine and not going,
            turn=TurnView.of(place),
        )


NOBODY = MachinePageView()
"""What stands on the page before anything is known."""


def stages(machine: Machine, now: datetime) -> list[StageView]:
    """The way from the order to ready, as far as it went; empty for what is long done."""
    times = machine.stage_times
    ready_at = times.get(State.READY)
    over = machine.state in (State.RETURNING, State.GONE, State.LOST)
    if over or (ready_at is not None and now - ready_at > FRESHLY_READY):
        return []
    reached = max((STAGES.index(stage) for stage in times), default=0)
    views: list[StageView] = []
    for place, stage in enumerate(STAGES):
        phase = _phase(place, reached, machine)
        later = [times[other] for other in STAGES[place + 1 :] if other in times]
        views.append(
            StageView(
                state=stage.value,
                phase=phase,
                since=moment(times.get(stage)),
                until=moment(machine.state_since if phase == "bad" else next(iter(later), None)),
            )
        )
    return views


def _phase(place: int, reached: int, machine: Machine) -> str:
    if place > reached:
        return "next"
    if place < reached or STAGES[place] is State.READY:
        return "done"
    return "bad" if machine.failure else "now"


def _next(machine: Machine) -> str:
    if machine.state is State.STARTING and State.READY not in machine.stage_times:
        return "wait"
    if machine.state is State.FAILED and not machine.failure:
        return "failed_outside"
    return _NEXT.get(machine.state, "busy")


def key_file(name: str) -> str:
    """What the downloaded key of a machine is called."""
    return f"{_NOT_IN_A_FILE_NAME.sub('-', name).strip('-.') or 'madang'}.pem"


def _command(machine: Machine) -> str:
    reach = machine.address or machine.fixed_ip
    if not reach:
        return ""
    key = f"-i {key_file(machine.name)} " if machine.access is Access.GENERATED else ""
    return f"ssh {key}{machine.template.login_user}@{reach}"


def _key_command(machine: Machine) -> str:
    if machine.access is not Access.GENERATED:
        return ""
    return f"chmod 600 {key_file(machine.name)}"


def _pages(machine: Machine) -> list[str]:
    ports: Sequence[int] = machine.template.open_ports
    if not machine.address:
        return []
    plain = [port for port in ports if port != 443 or 80 not in ports]
    return [_page(machine.address, port) for port in plain]


def _page(address: str, port: int) -> str:
    match port:
        case 80:
            return f"http://{address}"
        case 443:
            return f"https://{address}"
        case _:
            return f"http://{address}:{port}"
