"""The sockets of open tabs: what may come in through them, and when they end.

Events that no page of ours sends are dropped here, before they are queued, and
counted; who sends what no script of ours could is hung up on. The other half is
a register of which tab hangs on which log-in, so that logging out closes them
all, and nobody opens more than a machine can bear.
"""

import asyncio
import logging
import re
import time
from asyncio import Task
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import reflex as rx
from reflex.app import EventNamespace
from reflex.state import StateUpdate
from reflex_base.event import Event
from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError as Refused

from cloud_app import routes
from cloud_app.bootstrap import portal
from cloud_app.domain.errors import Unauthenticated
from cloud_app.domain.logins import hash_of, token_in
from cloud_app.hub import LOG_IN_ENDED, Hub
from cloud_app.i18n.catalog import say
from cloud_app.state.locale import spoken
from cloud_app.state.packets import MALFORMED, kind_of, why_not
from cloud_app.web.sockets import Frames

log = logging.getLogger(__name__)

BURST = 120
"""So many events may come at once from one tab; more are dropped."""
PER_SECOND = 20
MOST_DROPPED = 2_000
"""Whoever sends so many in vain is hung up on."""
MOST_TABS = 50
"""So many tabs stay open per log-in; the oldest ones rest until somebody comes back to them."""
MOST_STRANGERS = 1_000
"""So many sockets may be open without a log-in."""
_A_DAY = 24 * 60 * 60 * 1000
_TAB = re.compile(r"[A-Za-z0-9-]{8,64}")

_open: defaultdict[str, dict[str, EventNamespace]] = defaultdict(dict)
"""The sockets of each log-in, oldest first; those of strangers stand under the empty one."""


async def close(login: str) -> None:
    """Send every tab of a log-in that has ended to the log-in page, and hang up."""
    # Taken off the list first: the same end may be told twice.
    for sid, namespace in _open.pop(login, {}).items():
        await _part(namespace, sid, rx.redirect(routes.log_in(why="out")))


async def _part(namespace: EventNamespace, sid: str, last: Any) -> None:
    """Tell a tab one last thing and hang up; it does not call again by itself."""
    token = namespace.sid_to_token.get(sid)
    if token is not None:
        await namespace.emit_update(StateUpdate(events=Event.from_event_type([last])), token)
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
    """How much a tab may still send; fills up with time."""

    left: float = BURST
    at: float = field(default_factory=time.monotonic)

    def spend(self) -> bool:
        """Take one; no when there is none left."""
        now = time.monotonic()
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Caller:
    """One socket: what it may still send, and how much it sent in vain."""

    events: Budget = field(default_factory=Budget)
    others: Budget = field(default_factory=Budget)
    """For what is no event: connecting, pings, reports of errors."""
    dropped: int = 0


class Doors(EventNamespace):
    """Reflex's socket namespace with a doorkeeper."""

    def __init__(self, namespace: str, app: rx.App, sio: AsyncServer) -> None:
        super().__init__(namespace, app)
        self._sio = sio
        self._logins: dict[str, str] = {}
        self._callers: defaultdict[str, Caller] = defaultdict(Caller)

    async def hear(self, socket: str, packet: Any) -> None:
        """Take one packet off a socket, before socketio reads it."""
        if socket not in self._sio.eio.sockets:
            return  # Hung up on; what was on its way still comes.
        kind, said = kind_of(packet, self.namespace)
        wrong = self._wrong(socket, kind, said)
        if not wrong:
            await self._sio._handle_eio_message(socket, packet)  # noqa: SLF001 - what we stand before
            return
        caller = self._callers[socket]
        caller.dropped += 1
        if caller.dropped & (caller.dropped - 1) == 0:
            # The 1st, 2nd, 4th, 8th …: seen, but not a flood.
            log.warning("event dropped", extra={"why": wrong, "dropped": caller.dropped})
        if kind == MALFORMED or caller.dropped >= MOST_DROPPED:
            await self._hang_up(socket)

    async def hung_up(self, socket: str, reason: Any = None) -> None:
        """A socket is gone, whether it ever was a tab or not."""
        await self._sio._handle_eio_disconnect(socket, reason)  # noqa: SLF001 - likewise
        self._callers.pop(socket, None)

    def _wrong(self, socket: str, kind: str, said: Any) -> str:
        if kind == MALFORMED:
            return MALFORMED
        caller = self._callers[socket]
        if not (caller.events if kind == "event" else caller.others).spend():
            return "too many"
        connected = self._sio.manager.sid_from_eio_sid(socket, self.namespace) is not None
        if connected is (kind == "connect"):
            return "connected twice" if connected else "not connected"
        return why_not(said) if kind == "event" else ""

    async def _hang_up(self, socket: str) -> None:
        """End a socket without waiting for its other side to agree."""
        frames = self._sio.environ[socket]["asgi.receive"]
        await self._sio.eio.disconnect(socket)
        if isinstance(frames, Frames):
            frames.stop()

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if not _TAB.fullmatch(query.get("token", [""])[0]):
            raise Refused("no such tab")
        first = auth.get("event") if isinstance(auth, dict) else None
        if first is not None and why_not(first):
            raise Refused("no such event")
        await self._register(sid, await _login_in(environ))
        try:
            await super().on_connect(sid, environ, auth)
        except BaseException:
            # A refused socket is never reported as disconnected.
            self._forget(sid)
            raise

    def on_disconnect(self, sid: str) -> Task[Any] | None:
        self._forget(sid)
        return super().on_disconnect(sid)

    async def _register(self, sid: str, login: str) -> None:
        tabs = _open[login]
        if not login and len(tabs) >= MOST_STRANGERS:
            raise Refused("too many visitors")
        tabs[sid], self._logins[sid] = self, login
        for oldest in list(tabs)[: max(0, len(tabs) - MOST_TABS)] if login else ():
            await _part(tabs[oldest], oldest, self._farewell(oldest))

    def _forget(self, sid: str) -> None:
        login = self._logins.pop(sid, None)
        if login is not None:
            _open[login].pop(sid, None)
            if not _open[login]:
                del _open[login]

    def _farewell(self, sid: str) -> Any:
        environ = self._sio.get_environ(sid, self.namespace) or {}
        locale = spoken(environ.get("HTTP_COOKIE", ""), environ.get("HTTP_ACCEPT_LANGUAGE"))
        words = say(locale, "session.tabs", most=MOST_TABS)
        return rx.toast.info(words, id="session.tabs", duration=_A_DAY)


async def _login_in(environ: Mapping[str, Any]) -> str:
    """The hash of the log-in that a socket came with; empty when it is none that holds."""
    here = portal()
    token = token_in(environ.get("HTTP_COOKIE", ""), secure=here.settings.secure_cookies)
    try:
        await here.accounts.actor_for(token, active=False)
    except Unauthenticated:
        return ""
    return hash_of(token)


def install(app: rx.App) -> None:
    """Put the doorkeeper in the place of Reflex's own namespace, and before socketio."""
    plain = app.event_namespace
    if plain is None or app.sio is None:
        raise RuntimeError("the app has no sockets")
    doors = Doors(plain.namespace, app, app.sio)
    app.sio.register_namespace(doors)
    app.sio.eio.on("message", doors.hear)
    app.sio.eio.on("disconnect", doors.hung_up)
    app._event_namespace = doors  # noqa: SLF001 - Reflex offers no other way
