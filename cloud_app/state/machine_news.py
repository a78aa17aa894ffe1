"""What is worth knowing about one mini-PC before reading on."""

from dataclasses import dataclass, field
from typing import Self

from cloud_app.domain.machines import Machine, State

IN_LINE = frozenset({State.ORDERED, State.BUILDING})


@dataclass(frozen=True)
class MachineNewsView:
    """Keys of sentences for the top of the page; empty where there is nothing to say."""

    notice: str = ""
    trouble: str = ""
    """What holds the work on it up."""
    removing: bool = False
    """Whether the trouble is with taking away what is left of it."""
    name_in_cloud: str = ""
    """What others called it there."""
    outside: list[str] = field(default_factory=list[str])
    """What else others did to it."""
    silent: str = ""
    """What its cloud's silence means for it."""

    @classmethod
    def of(cls, machine: Machine) -> Self:
        going = machine.state in (State.RETURNING, State.GONE)
        silent = machine.cloud_silent_since is not None
        return cls(
            notice=machine.notice or "",
            trouble=machine.trouble or "" if not silent else "",
            removing=going or machine.failure is not None,
            name_in_cloud=machine.name_in_cloud,
            outside=_outside(machine),
            silent=_silence(machine.state) if silent else "",
        )


def _outside(machine: Machine) -> list[str]:
    facts = {
        "machine.outside.verify_resize": machine.raw_status.startswith("VERIFY_RESIZE"),
        "machine.outside.resized": machine.resized,
        "machine.outside.doors_changed": machine.doors_changed,
        "machine.outside.port_lost": machine.port_lost,
    }
    over = machine.state in (State.RETURNING, State.GONE, State.LOST)
    return [] if over else [key for key, holds in facts.items() if holds]


def _silence(state: State) -> str:
    return "machine.silent.in_line" if state in IN_LINE else "machine.silent.seen"
