"""The first page: what needs attention first, then one's machines and limit."""

from collections.abc import Sequence

import reflex as rx

from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.machines import Machine
from cloud_app.domain.offers import Offers
from cloud_app.hub import project_topic
from cloud_app.state.live import LOOK_AGAIN_SECONDS, LiveRows, freshness
from cloud_app.state.marks import member
from cloud_app.state.order_view import AmountView, amounts
from cloud_app.state.session import SessionState, actor_of
from cloud_app.state.views import MachineView

MOST_CARDS = 6


class OverviewState(LiveRows, rx.State):
    """What stands on the first page."""

    rows: list[MachineView] = []
    attention: list[MachineView] = []
    amounts: list[AmountView] = []
    more: bool = False
    _project: str = ""
    _version: int = 0

    @rx.event
    @member
    async def load(self):
        """Show what is known, at once."""
        session = await self.get_state(SessionState)
        if self._project != session.project_id:
            self.rows, self.attention, self.loaded = [], [], False
        self._project = session.project_id
        actor = await actor_of(self)
        self._version = portal().hub.version(project_topic(self._project))
        self._show(*await _look(actor, self._project), actor)
        return OverviewState.watch

    @rx.event(background=True, supersedes=True)
    @member
    async def watch(self):
        """Follow the project, asking anew who is looking."""
        async with self:
            project, version = self._project, self._version
        seen = {project_topic(project): version}
        while project:
            seen = await portal().hub.wait(seen, timeout=LOOK_AGAIN_SECONDS)
            actor = await actor_of(self, active=False)
            machines, offers = await _look(actor, project)
            async with self:
                if self._project != project:
                    return
                self._show(machines, offers, actor)

    def _show(self, machines: Sequence[Machine], offers: Offers | None, actor: Actor) -> None:
        today = portal().orders.today()
        rows = [MachineView.of(machine, actor, today) for machine in machines]
        as_of, silent_since, silent_cloud = freshness(machines)
        news = {
            "rows": rows[:MOST_CARDS], "more": len(rows) > MOST_CARDS,
            "attention": [row for row in rows if row.worry][:MOST_CARDS],
            "amounts": amounts(offers) if offers else [], "loaded": True, "as_of": as_of,
            "silent_since": silent_since, "silent_cloud": silent_cloud,
        }  # fmt: skip
        for name, value in news.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


async def _look(actor: Actor, project_id: str) -> tuple[Sequence[Machine], Offers | None]:
    machines = await portal().machines.in_project(actor, project_id)
    may_order = actor.may(Action.CHANGE_MACHINES, project_id)
    return machines, await portal().orders.offers(actor, project_id) if may_order else None
