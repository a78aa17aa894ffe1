"""The list of mini-PCs: what is on the screen, and what its buttons do."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from cloud_app import routes
from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import Command, Machine, State
from cloud_app.state.live import FollowsProject, Known, freshness, in_line, machines_and_places
from cloud_app.state.marks import member
from cloud_app.state.session import actor_of
from cloud_app.state.views import OFF, ON, PROBLEM, SETTLED, MachineView

ROWS_PER_PAGE = 25

_KEEPS: dict[str, Callable[[State], bool]] = {
    "on": lambda state: state in ON,
    "off": lambda state: state in OFF,
    "busy": lambda state: state not in SETTLED,
    "problem": lambda state: state in PROBLEM,
}
_ORDERS: dict[str, Callable[[Machine], Any]] = {
    "name": lambda machine: machine.name.casefold(),
    "return_on": lambda machine: (machine.return_on, machine.name.casefold()),
}


def chosen(machines: Sequence[Machine], find: str, keep: str, sort: str) -> Sequence[Machine]:
    """The machines a visitor asked for, in the order they asked for; newest first else."""
    wish, keeps = find.casefold().strip(), _KEEPS.get(keep)
    found = [
        machine
        for machine in machines
        if (not wish or wish in f"{machine.name} {machine.address or ''}".casefold())
        and (keeps is None or keeps(machine.state))
    ]
    return sorted(found, key=_ORDERS[sort]) if sort in _ORDERS else found


class MachinesState(FollowsProject, rx.State):
    """One page of rows; what is searched, kept and sorted is in the address."""

    rows: list[MachineView] = []
    count: int = 0
    any: bool = False
    find: str = ""
    keep: str = ""
    sort: str = ""
    page: int = 1
    pages: int = 1

    @rx.event
    @member
    async def load(self):
        """Show what is known, at once."""
        query = self.router.url.query_parameters
        self.find = query.get("q", "")[:100]
        self.keep = query.get("state", "") if query.get("state") in _KEEPS else ""
        self.sort = query.get("sort", "") if query.get("sort") in _ORDERS else ""
        wanted = query.get("page", "1")
        self.page = int(wanted) if wanted.isdecimal() else 1
        return await self._begin()

    @rx.event
    @member
    async def look_for(self, find: str):
        """Search by name or address."""
        return self._address(q=find[:100])

    @rx.event
    @member
    async def keep_only(self, keep: str):
        """Show only machines in this kind of state."""
        return self._address(state=keep)

    @rx.event
    @member
    async def sort_by(self, sort: str):
        """Show the machines in another order."""
        return self._address(sort=sort)

    @rx.event
    @member
    async def turn(self, pages: int):
        """Go `pages` pages on, or back."""
        return self._address(page=str(max(1, self.page + int(pages))))

    @rx.event
    @member
    async def show_all(self):
        """Take every filter away."""
        return rx.redirect(routes.MACHINES)

    @rx.event
    @member
    async def start(self, machine_id: str):
        """Switch a machine on."""
        actor = await actor_of(self)
        await portal().machines.command(actor, machine_id, Command.START)

    @rx.event
    @member
    async def stop(self, machine_id: str):
        """Stop a machine."""
        actor = await actor_of(self)
        await portal().machines.command(actor, machine_id, Command.STOP)

    @rx.event
    @member
    async def give_back(self, machine_id: str):
        """Return a machine for good."""
        await portal().machines.give_back(await actor_of(self), machine_id)

    def _address(self, **changed: str):
        query = {"q": self.find, "state": self.keep, "sort": self.sort, "page": "1"} | changed
        if query["page"] == "1":
            del query["page"]
        said = urlencode({name: value for name, value in query.items() if value})
        return rx.redirect(f"{routes.MACHINES}?{said}" if said else routes.MACHINES, replace=True)

    async def _look(self, actor: Actor, project_id: str) -> Known:
        return await machines_and_places(actor, project_id)

    def _waits(self, known: Known) -> bool:
        return in_line(known[0])

    def _show(self, actor: Actor, known: Known) -> None:
        machines, places = known
        found = chosen(machines, self.find, self.keep, self.sort)
        pages = max(1, -(-len(found) // ROWS_PER_PAGE))
        page = min(max(1, self.page), pages)
        part = found[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
        today = portal().orders.today()
        rows = [MachineView.of(machine, actor, today, places.get(machine.id)) for machine in part]
        self._take({
            "rows": rows, "count": len(found), "any": bool(machines), "page": page,
            "pages": pages, "loaded": True, **freshness(machines),
        })  # fmt: skip
