"""Deny by default: which events a stranger, a member, an instructor or staff may send.

Reflex makes every public method of every state callable from any browser,
decorated or not. So the guard sees each event first, and lets through only
handlers that say who may send them:

    @rx.event
    @member
    async def start(self, machine_id: str): ...

It also binds a tab's state to the log-in it was filled under. A tab is named
by a token the browser chooses; without the binding, whoever knows that name
would be handed the previous visitor's state.
"""

import logging
from contextlib import suppress
from typing import Any

import reflex as rx
from reflex.state import (
    BaseState,
    FrontendEventExceptionState,
    OnLoadInternalState,
    State,
    StateUpdate,
    UpdateVarsInternalState,
)
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from cloud_app import logs, routes
from cloud_app.domain.actor import Actor, Role
from cloud_app.domain.errors import Unauthenticated
from cloud_app.state.marks import Access, instructor, mark_of, member, public, staff
from cloud_app.state.session import UNBOUND, SessionState, actor_of, login_of, place_of

__all__ = ["Access", "Guard", "access_to", "instructor", "member", "public", "staff"]

log = logging.getLogger(__name__)

_HYDRATE = frozenset(
    format_event_handler(State.event_handlers[name]) for name in ("hydrate", "hydrate_and_load")
)
_FRAMEWORK = _HYDRATE | {
    format_event_handler(State.event_handlers["set_is_hydrated"]),
    format_event_handler(OnLoadInternalState.event_handlers["on_load_internal"]),
    format_event_handler(OnLoadInternalState.event_handlers["set_is_hydrated"]),
    format_event_handler(UpdateVarsInternalState.event_handlers["update_vars_internal"]),
    format_event_handler(FrontendEventExceptionState.event_handlers["handle_frontend_exception"]),
}
"""What Reflex itself sends; none of it reaches a use case."""

_ROLES = {
    Access.MEMBER: frozenset(Role),
    Access.INSTRUCTOR: frozenset({Role.INSTRUCTOR, Role.STAFF}),
    Access.STAFF: frozenset({Role.STAFF}),
}


def access_to(event_name: str) -> Access | None:
    """Who may send this event; None for what nobody was let into."""
    if event_name in _FRAMEWORK:
        return Access.PUBLIC
    registered = RegistrationContext.get().event_handlers.get(event_name)
    return mark_of(registered.handler.fn) if registered else None


class Guard(rx.Middleware):
    """Sees every event before its handler does."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        logs.request_id.set(logs.new_request_id())
        root = state._get_root_state()  # noqa: SLF001 - what Reflex offers for this
        session = await root.get_state(SessionState)
        actor: Actor | None = None
        with suppress(Unauthenticated):
            actor = await actor_of(session, active=event.name not in _FRAMEWORK)
        foreign = not _bind(root, session, login_of(session) if actor else "")
        access = access_to(event.name)
        if event.name in _HYDRATE:
            return None
        if actor is None and access is not Access.PUBLIC:
            return _answer(rx.redirect(routes.log_in(after=place_of(session))))
        if foreign:
            return _answer(State.hydrate_and_load())
        return None if _let_in(actor, access, event) else _answer()


def _bind(root: BaseState, session: SessionState, login: str) -> bool:
    """Tie the tab to a log-in; empties it and answers no when it belonged to another."""
    # Private on purpose: a public method of a state would be an event.
    bound = session._bound  # noqa: SLF001
    mine = bound in (UNBOUND, login)
    if not mine:
        root.reset()
    if bound != login:
        session._bound = login  # noqa: SLF001
    return mine


def _let_in(actor: Actor | None, access: Access | None, event: Event) -> bool:
    if access is Access.PUBLIC:
        return True
    if actor and access and actor.role in _ROLES[access]:
        return True
    log.warning("event refused", extra={"event": event.name})
    return False


def _answer(*events: Any) -> StateUpdate:
    return StateUpdate(events=Event.from_event_type(list(events)))
