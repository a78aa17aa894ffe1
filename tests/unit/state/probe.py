"""A small app with the portal's guard, doorkeeper and edge, and with handlers to attack.

It has a registry of its own, so that its careless handlers are in no other test's app.
"""

import os
from pathlib import Path
from typing import Any

import reflex as rx
from reflex_base.registry import RegistrationContext
from starlette.datastructures import Headers

os.environ["__REFLEX_SKIP_COMPILE"] = "true"

from cloud_app.api import problems
from cloud_app.api.app import build_api
from cloud_app.domain.errors import QuotaExceeded
from cloud_app.state import tabs
from cloud_app.state.guard import Guard, instructor, member, public, staff
from cloud_app.state.notice import present
from cloud_app.state.session import SessionState, actor_of
from cloud_app.web.edge import Edge
from tests.make import some_settings

_outer = RegistrationContext.set(RegistrationContext.ensure_context().fork())


class ProbeState(rx.State):
    """Handlers of every kind, each leaving its name in `done`."""

    done: list[str] = []  # noqa: RUF012 - Reflex copies it per visitor
    secret: str = ""
    looks: int = 0
    _told: bool = False

    def forgotten(self):
        self.done = [*self.done, "forgotten"]

    @rx.event
    async def unmarked(self):
        self.done = [*self.done, "unmarked"]

    @rx.event
    async def set_secret(self, value: str):
        self.secret = value

    @rx.event
    @public
    async def for_anybody(self):
        self.done = [*self.done, "for_anybody"]

    @rx.event
    @member
    async def for_members(self, note: str = ""):
        self.done = [*self.done, "for_members"]
        self.secret = note

    @rx.event
    @instructor
    async def for_instructors(self):
        self.done = [*self.done, "for_instructors"]

    @rx.event
    @staff
    async def for_staff(self):
        self.done = [*self.done, "for_staff"]

    @rx.event
    @member
    async def refused(self):
        raise QuotaExceeded()

    @rx.event
    @member
    async def chained(self):
        return ProbeState.for_staff

    @rx.event(background=True)
    @member
    async def in_background(self):
        async with self:
            self.done = [*self.done, "in_background"]

    @rx.event(background=True)
    @member
    async def look_again(self):
        await actor_of(self, active=False)
        async with self:
            self.looks += 1


def _edge(inner: Any) -> Edge:
    settings = some_settings(Path(os.environ["MADANG_VAR"]))
    return Edge(
        inner,
        settings,
        "",
        lambda scope, status, key: problems.raw(Headers(scope=scope), status, key),
    )


app = rx.App(
    api_transformer=[build_api(), _edge],
    backend_exception_handler=present,  # pyright: ignore[reportArgumentType] - as in the real app
)
app.add_middleware(Guard(), 0)
tabs.install(app)
app.add_page(lambda: rx.fragment(), route="/machines", on_load=[SessionState.load])
app.add_page(lambda: rx.fragment(), route="/login")
asgi = app()
RegistrationContext.reset(_outer)

PROBE = next(
    name.removesuffix(".for_staff")
    for name in app._registration_context.event_handlers
    if name.endswith(".for_staff")
)
