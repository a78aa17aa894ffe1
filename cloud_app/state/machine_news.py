"""What is worth knowing about one mini-PC before reading on."""

from dataclasses import dataclass
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
            silent=_silence(machine.state) if silent else "",
        )


def _silence(state: State) -> str:
    return "machine.silent.in_line" if state in IN_LINE else "machine.silent.seen"
