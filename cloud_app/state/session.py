"""Who is looking at this tab.

The cookie is looked up anew for every event: what is kept here is for display
and never decides anything. Handlers ask `actor_of(self)`.
"""

from dataclasses import dataclass

import reflex as rx

from cloud_app import routes
from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Actor, Role
from cloud_app.domain.errors import Unauthenticated
from cloud_app.domain.logins import hash_of, token_in
from cloud_app.state.marks import member, public

UNBOUND = "-"
"""A tab that no log-in and no stranger has used yet."""


@dataclass(frozen=True)
class ProjectView:
    """One line of the project switcher."""

    id: str
    name: str
    own: bool


def token_of(state: rx.State) -> str:
    """The log-in token in the cookie this tab's socket came with; empty for strangers."""
    cookies: str = state.router.headers.cookie
    return token_in(cookies, secure=portal().settings.secure_cookies)


def login_of(state: rx.State) -> str:
    """The hash of the tab's log-in; empty for strangers."""
    token = token_of(state)
    return hash_of(token) if token else ""


def place_of(state: rx.State) -> str:
    """The page this tab is on, with what is asked of it."""
    url = state.router.url
    return f"{url.path}?{url.query}" if url.query else url.path


async def actor_of(state: rx.State, *, active: bool = True) -> Actor:
    """Who sends this event; Unauthenticated when nobody, any more.

    A page that watches passes `active=False` and asks at each wake-up: watching
    does not keep a log-in alive.
    """
    return await portal().accounts.actor_for(token_of(state), active=active)


class SessionState(rx.State):
    """What the frame shows about the visitor, and the chosen project."""

    name: str = ""
    handle: str = ""
    is_staff: bool = False
    is_instructor: bool = False
    project_id: str = ""
    projects: list[ProjectView] = []
    _bound: str = UNBOUND
    """The log-in this tab's state belongs to; the guard compares it at every event."""

    @rx.event
    @public
    async def load(self):
        """Every page behind the log-in begins here; strangers are shown the log-in page."""
        try:
            actor = await actor_of(self)
        except Unauthenticated:
            return rx.redirect(routes.log_in(after=place_of(self)))
        self.name = actor.name
        self.handle = actor.handle
        self.is_staff = actor.role is Role.STAFF
        self.is_instructor = actor.role is Role.INSTRUCTOR
        self.projects = [
            ProjectView(project.id, project.name, project.own)
            for project in await portal().accounts.projects(actor)
        ]
        if self.project_id not in actor.projects:
            self.project_id = self.projects[0].id if self.projects else ""
        return None

    @rx.event
    @member
    async def choose(self, project_id: str):
        """Switch to another of the visitor's projects."""
        actor = await actor_of(self)
        if project_id in actor.projects:
            self.project_id = project_id
