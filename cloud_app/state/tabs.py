"""The sockets of open tabs: what may come in through them, and when they end.

Reflex logs a whole traceback for an event it does not know or cannot call, so
anybody with a socket could fill the disk. Such events are dropped here, before
they are queued, and counted. The other half is a register of which tab hangs
on which log-in, so that logging out closes them all.
"""

import asyncio
import inspect
import logging
import re
import time
from asyncio import Task
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_origin
from urllib.parse import parse_qs

import reflex as rx
from reflex.app import EventNamespace
from reflex.state import StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext
from socketio.exceptions import ConnectionRefusedError as Refused

from cloud_app import routes
from cloud_app.bootstrap import portal
from cloud_app.domain.logins import hash_of, token_in
from cloud_app.hub import LOG_IN_ENDED, Hub

log = logging.getLogger(__name__)

BURST = 120
"""So many events may come at once from one tab; more are dropped."""
PER_SECOND = 20
_TAB = re.compile(r"[A-Za-z0-9-]{8,64}")
_SURE = (str, bool, dict, list)
"""Argument types that Reflex never makes out of something else."""

_open: defaultdict[str, set[tuple[EventNamespace, str]]] = defaultdict(set)


async def close(login: str) -> None:
    """Send every tab of a log-in that has ended to the log-in page, and hang up."""
    for namespace, sid in list(_open.get(login, ())):
        token = namespace.sid_to_token.get(sid)
        if token is not None:
            leave = Event.from_event_type([rx.redirect(routes.log_in(why="out"))])
            await namespace.emit_update(StateUpdate(events=leave), token)
        await namespace.disconnect(sid)


def follow(hub: Hub) -> None:
    """Close the tabs of every log-in that ends, also of one that ends in another process."""
    closing = set[Task[None]]()

    def close_soon(login: str) -> None:
        task = asyncio.create_task(close(login))
        closing.add(task)
        task.add_done_callback(closing.discard)

    hub.hear(LOG_IN_ENDED, close_soon)


@dataclass(slots=True)
class Budget:
    """How many events a tab may still send; fills up with time."""

    left: float = BURST
    at: float = field(default_factory=time.monotonic)
    dropped: int = 0

    def spend(self) -> bool:
        """Take one; no when there is none left."""
        now = time.monotonic()
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Doors(EventNamespace):
    """Reflex's socket namespace with a doorkeeper."""

    def __init__(self, namespace: str, app: rx.App) -> None:
        super().__init__(namespace, app)
        self._logins: dict[str, str] = {}
        self._budgets: defaultdict[str, Budget] = defaultdict(Budget)

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if not _TAB.fullmatch(query.get("token", [""])[0]):
            raise Refused("no such tab")
        first = auth.get("event") if isinstance(auth, dict) else None
        if first is not None and why_not(first):
            raise Refused("no such event")
        self._register(sid, environ.get("HTTP_COOKIE", ""))
        try:
            await super().on_connect(sid, environ, auth)
        except BaseException:
            # A refused socket is never reported as disconnected.
            self._forget(sid)
            raise

    async def on_event(self, sid: str, data: Any) -> None:
        budget = self._budgets[sid]
        wrong = "too many" if not budget.spend() else why_not(data)
        if not wrong:
            await super().on_event(sid, data)
            return
        budget.dropped += 1
        if budget.dropped & (budget.dropped - 1) == 0:
            # The 1st, 2nd, 4th, 8th …: seen, but not a flood.
            log.warning("event dropped", extra={"why": wrong, "dropped": budget.dropped})

    def on_disconnect(self, sid: str) -> Task[Any] | None:
        self._forget(sid)
        return super().on_disconnect(sid)

    def _forget(self, sid: str) -> None:
        self._budgets.pop(sid, None)
        login = self._logins.pop(sid, "")
        if login:
            _open[login].discard((self, sid))
            if not _open[login]:
                del _open[login]

    def _register(self, sid: str, cookies: str) -> None:
        token = token_in(cookies, secure=portal().settings.secure_cookies)
        if token:
            self._logins[sid] = hash_of(token)
            _open[self._logins[sid]].add((self, sid))


def why_not(data: Any) -> str:
    """Say why an event cannot be what one of our pages sends; empty when it can."""
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return "malformed"
    payload, place = data.get("payload", {}), data.get("router_data", {})
    if not isinstance(payload, dict) or not isinstance(place, dict):
        return "malformed"
    registered = RegistrationContext.get().event_handlers.get(data["name"])
    if registered is None:
        return "unknown"
    return "" if _callable_with(registered.handler.fn, payload) else "wrong arguments"


def _callable_with(handler: Any, payload: Mapping[str, Any]) -> bool:
    try:
        given = inspect.signature(handler).bind(None, **payload)
    except TypeError:
        return False
    for name, value in given.arguments.items():
        hint = handler.__annotations__.get(name)
        kind = get_origin(hint) or hint
        if kind in _SURE and not isinstance(value, kind):
            return False
    return True


def install(app: rx.App) -> None:
    """Put the doorkeeper in the place of Reflex's own namespace."""
    plain = app.event_namespace
    if plain is None or app.sio is None:
        raise RuntimeError("the app has no sockets")
    doors = Doors(plain.namespace, app)
    app.sio.register_namespace(doors)
    app._event_namespace = doors  # noqa: SLF001 - Reflex offers no other way
