"""Pages that follow a project: what they know about themselves, and how they are kept fresh."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import reflex as rx

from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.line import Place
from cloud_app.domain.machines import Machine, State
from cloud_app.hub import CLOUDS, LINE, project_topic
from cloud_app.state.marks import member
from cloud_app.state.session import SessionState, actor_of

Known = tuple[Sequence[Machine], Mapping[str, Place]]

LOOK_AGAIN_SECONDS = 15
"""A page that heard nothing looks again after this long in any case."""


class LiveRows(rx.State, mixin=True):
    """Facts about what is on the screen, set only when they are known."""

    loaded: bool = False
    as_of: str = ""
    """When the clouds last gave a full answer; the oldest one counts."""
    silent_since: str = ""
    """Since when a cloud behind this page has not answered; empty when all do."""
    silent_cloud: str = ""
    silent_service: str = ""
    """What of it does not answer: compute, network or identity."""

    def _take(self, news: Mapping[str, Any]) -> None:
        """Assign what differs: whatever is assigned is sent, the same value too."""
        for name, value in news.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


class FollowsProject(LiveRows, mixin=True):
    """A page about the chosen project, looked at again whenever something in it changed.

    The page says in `_look` what it reads, in `_show` what becomes of it, and in
    `_waits` whether places in line are on it: those move with every build that ends.
    """

    _project: str = ""
    _seen: Mapping[str, int] = {}

    @rx.event(background=True, supersedes=True)
    @member
    async def watch(self):
        """Follow the project until the visitor leaves, asking anew who is looking."""
        async with self:
            project, seen = self._project, dict(self._seen)
        while project:
            await portal().hub.wait(seen, timeout=LOOK_AGAIN_SECONDS)
            actor = await actor_of(self, active=False)
            known, seen = await self._known(actor, project)
            async with self:
                if self._project != project:
                    return
                self._show(actor, known)

    async def _begin(self):
        """Show what is known, at once; the watcher goes on from there."""
        project = (await self.get_state(SessionState)).project_id
        if self._project != project:
            self.loaded = False
        self._project = project
        actor = await actor_of(self)
        known, self._seen = await self._known(actor, project)
        self._show(actor, known)
        return type(self).watch

    async def _known(self, actor: Actor, project: str) -> tuple[Any, Mapping[str, int]]:
        """What is read, and the numbers it belongs to: read before the rows."""
        numbers = numbers_of(project_topic(project), CLOUDS, LINE)
        known = await self._look(actor, project)
        if not self._waits(known):
            del numbers[LINE]
        return known, numbers

    async def _look(self, actor: Actor, project_id: str) -> Any:
        raise NotImplementedError

    def _waits(self, known: Any) -> bool:
        raise NotImplementedError

    def _show(self, actor: Actor, known: Any) -> None:
        raise NotImplementedError


def numbers_of(*topics: str) -> dict[str, int]:
    """The hub's numbers as they stand."""
    return {topic: portal().hub.version(topic) for topic in topics}


async def machines_and_places(actor: Actor, project_id: str) -> Known:
    """A project's machines, with the places of those that wait to be built."""
    machines = await portal().following.machines(actor, project_id)
    waiting = in_line(machines)
    return machines, await portal().following.places(actor, project_id) if waiting else {}


def in_line(machines: Sequence[Machine]) -> bool:
    """Whether one of these may be waiting for its turn to be built."""
    return any(machine.state is State.ORDERED for machine in machines)


def freshness(machines: Sequence[Machine]) -> Mapping[str, str]:
    """As of when these machines are known, and what of which cloud is silent since when.

    A silence that hides states comes first, then the longest.
    """
    seen = [machine.seen_at for machine in machines if machine.seen_at]
    silent = [
        (machine.is_known_now, machine.cloud_silent_since, machine)
        for machine in machines
        if machine.cloud_silent_since
    ]
    worst = min(silent, key=lambda one: one[:2])[2] if silent else None
    return {
        "as_of": moment(min(seen, default=None)),
        "silent_since": moment(worst.cloud_silent_since) if worst else "",
        "silent_cloud": worst.cloud_name if worst else "",
        "silent_service": (worst.silent_service or "compute") if worst else "",
    }


def moment(at: datetime | None) -> str:
    """A moment as the browser reads it; empty for none."""
    return at.isoformat(timespec="seconds") if at else ""
