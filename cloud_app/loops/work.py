"""What a step is given and what it gives back."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cloud_app.domain.machines import Template
from cloud_app.gateways.protocols import Cloud, Scope
from cloud_app.loops.projects import Standing
from cloud_app.models.machines import MachineRecord

LONGEST_PAUSE = 60.0
"""Seconds between two tries."""
Change = Callable[[MachineRecord], None]


def back_off(tries: int) -> float:
    """Seconds until the next try: twice as long each time, and never the same for two."""
    pause = min(2.0 ** min(tries, 10) / 2, LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.25)  # noqa: S311 - jitter


class Later(Exception):
    """Nothing to do right now; look again after `seconds`."""

    def __init__(self, seconds: float = 1.0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Overtaken(Exception):
    """Another worker has taken over; whatever this one found out is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a step may know: a copy of the row as it was, and where it stands."""

    row: MachineRecord
    cloud: Cloud
    standing: Standing | None
    template: Template
    flavor_id: str
    image_id: str
    write: Callable[[Change], Awaitable[None]]
    """Writes a change down before the step goes on, under the same claim."""

    @property
    def uprooted(self) -> bool:
        """Whether the project it stands in was deleted in the cloud by others."""
        return self.standing is not None and self.standing.scope.as_manager

    @property
    def scope(self) -> Scope:
        if self.standing is None:
            raise Later()
        return self.standing.scope
