"""The first page: what needs attention first, then one's machines and limit."""

import reflex as rx

from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.quotas import Usage
from cloud_app.state.live import FollowsProject, Known, freshness, in_line, machines_and_places
from cloud_app.state.marks import member
from cloud_app.state.order_view import AmountView, amounts
from cloud_app.state.views import MachineView

MOST_CARDS = 6


class OverviewState(FollowsProject, rx.State):
    """What stands on the first page."""

    rows: list[MachineView] = []
    attention: list[MachineView] = []
    amounts: list[AmountView] = []
    more: bool = False

    @rx.event
    @member
    async def load(self):
        """Show what is known, at once."""
        return await self._begin()

    async def _look(self, actor: Actor, project_id: str) -> tuple[Known, Usage | None]:
        known = await machines_and_places(actor, project_id)
        may_order = actor.may(Action.CHANGE_MACHINES, project_id)
        usage = await portal().following.usage(actor, project_id) if may_order else None
        return known, usage

    def _waits(self, known: tuple[Known, Usage | None]) -> bool:
        return in_line(known[0][0])

    def _show(self, actor: Actor, known: tuple[Known, Usage | None]) -> None:
        (machines, places), usage = known
        today = portal().orders.today()
        rows = [
            MachineView.of(machine, actor, today, places.get(machine.id)) for machine in machines
        ]
        self._take({
            "rows": rows[:MOST_CARDS], "more": len(rows) > MOST_CARDS,
            "attention": [row for row in rows if row.worry][:MOST_CARDS],
            "amounts": amounts(usage) if usage else [], "loaded": True,
            **freshness(machines),
        })  # fmt: skip
