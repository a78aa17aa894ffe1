"""The page of one mini-PC: what is on the screen, and what its buttons do."""

from collections.abc import Mapping

import reflex as rx

from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import Invalid, NotFound
from cloud_app.domain.line import Place
from cloud_app.domain.machines import Command, Machine, State
from cloud_app.hub import CLOUDS, LINE, project_topic
from cloud_app.state.form import FormErrors, plain
from cloud_app.state.live import LOOK_AGAIN_SECONDS, LiveRows, freshness, numbers_of
from cloud_app.state.machine_view import NOBODY, MachinePageView
from cloud_app.state.marks import member
from cloud_app.state.session import actor_of


class MachineState(LiveRows, FormErrors, rx.State):
    """One machine, followed until the visitor leaves."""

    machine: MachinePageView = NOBODY
    missing: bool = False
    renaming: bool = False
    _id: str = ""
    _project: str = ""
    _seen: Mapping[str, int] = {}

    @rx.event
    @member
    async def load(self):
        """Show what is known, at once."""
        asked = self.router.url.path.rstrip("/").rpartition("/")[2]
        if asked != self._id:
            self.machine, self.loaded, self.missing = NOBODY, False, False
            self.renaming, self.errors = False, {}
        self._id = asked
        actor = await actor_of(self)
        try:
            self._project = (await portal().machines.one(actor, asked)).project_id
        except NotFound:
            self.missing, self.loaded = True, True
            return None
        machine, place, self._seen = await _look(actor, asked, self._project)
        self._show(machine, actor, place)
        return MachineState.watch

    @rx.event(background=True, supersedes=True)
    @member
    async def watch(self):
        """Follow the machine, asking anew who is looking."""
        async with self:
            asked, project, seen = self._id, self._project, dict(self._seen)
        while seen:
            await portal().hub.wait(seen, timeout=LOOK_AGAIN_SECONDS)
            actor = await actor_of(self, active=False)
            machine, place, seen = await _look(actor, asked, project)
            async with self:
                if self._id != asked:
                    return
                self._show(machine, actor, place)

    @rx.event
    @member
    async def start(self):
        """Switch the machine on."""
        await self._command(Command.START)

    @rx.event
    @member
    async def stop(self):
        """Stop the machine."""
        await self._command(Command.STOP)

    @rx.event
    @member
    async def restart(self):
        """Start the machine anew."""
        await self._command(Command.RESTART)

    @rx.event
    @member
    async def begin_rename(self):
        """Show the field for a new name."""
        self.renaming, self.errors = True, {}

    @rx.event
    @member
    async def leave_rename(self):
        """Keep the old name."""
        self.renaming, self.errors = False, {}

    @rx.event
    @member
    async def rename(self, form: dict[str, str]):
        """Give the machine another name."""
        actor = await actor_of(self)
        try:
            machine = await portal().machines.rename(actor, self._id, plain(form, "new_name"))
        except Invalid as error:
            self.errors = error.fields
            self.values = {name: str(value) for name, value in error.values.items()}
            return
        self.renaming, self.errors = False, {}
        self._show(machine, actor)

    @rx.event
    @member
    async def give_back(self):
        """Return the machine for good."""
        actor = await actor_of(self)
        self._show(await portal().machines.give_back(actor, self._id), actor)

    @rx.event
    @member
    async def retry(self):
        """Have a failed machine built again."""
        actor = await actor_of(self)
        self._show(await portal().machines.retry(actor, self._id), actor)

    async def _command(self, command: Command) -> None:
        actor = await actor_of(self)
        self._show(await portal().machines.command(actor, self._id, command), actor)

    def _show(self, machine: Machine, actor: Actor, place: Place | None = None) -> None:
        view = MachinePageView.of(machine, actor, portal().machines.now(), place)
        self._take({
            "machine": view, "loaded": True, "missing": False,
            **freshness([machine]),
        })  # fmt: skip


async def _look(
    actor: Actor, machine_id: str, project_id: str
) -> tuple[Machine, Place | None, Mapping[str, int]]:
    """The machine, its place in line, and the hub's numbers, which are read first."""
    numbers = numbers_of(project_topic(project_id), CLOUDS, LINE)
    machine = await portal().machines.one(actor, machine_id)
    if machine.state is not State.ORDERED:
        del numbers[LINE]
        return machine, None, numbers
    places = await portal().following.places(actor, project_id)
    return machine, places.get(machine_id), numbers
