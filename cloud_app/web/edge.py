"""The outermost layer: what no request gets around, whatever answers it.

It names the request, refuses hosts that are not ours, foreign sockets, oversized
and endless bodies and Reflex's own upload door, and puts the headers on every
answer. Whatever fails unforeseen ends here as a problem document with a
reference number.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from cloud_app import logs, routes
from cloud_app.settings import Settings
from cloud_app.web import headers
from cloud_app.web.sockets import Frames

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Pairs = list[tuple[bytes, bytes]]
Dress = Callable[[Pairs], Pairs]
Problem = Callable[[Scope, int, str], tuple[bytes, bytes]]
"""Status and catalogue key to content type and body, in the visitor's language."""

LARGEST_BODY = 1024 * 1024
SLOWEST_BODY_SECONDS = 20.0
"""A body that has not come after so long is not waited for any more."""
_CLOSED = ("/_upload", "/_all_routes")
"""Reflex's doors that the portal does not use: files go through our own routes."""
_TOLD = ("/api/", "/auth/")
"""What is written into the log, one line per request."""
_FOR_MACHINES = (routes.HEALTH, "/ping")
"""Asked by load balancers and launchers under any name; they say nothing."""
_PORTS = {"http": ":80", "https": ":443"}


class TooLarge(Exception):
    """The body is longer than anything we ask for."""


class TooSlow(Exception):
    """The body did not come."""


class Body:
    """What a request sends, counted and timed on the way in."""

    def __init__(self, scope: Scope, receive: Receive, seconds: float) -> None:
        length = _header(scope, b"content-length")
        self.over = length.isdigit() and int(length[:20]) > LARGEST_BODY
        self.late = False
        self._ends = asyncio.get_running_loop().time() + seconds
        self._whole = False
        self._receive = receive
        self._taken = 0

    @property
    def spoilt(self) -> bool:
        """Whether it never became whole."""
        return self.over or self.late

    def verdict(self) -> tuple[int, str]:
        """Status and catalogue key for a request that got no answer; asked once, at its end."""
        why = (500, "error.unexpected")
        if self.late:
            why = (408, "http.too_slow")
        if self.over:
            why = (413, "http.too_large")
        self.over = self.late = False
        return why

    async def __call__(self) -> Message:
        try:
            # Whoever has the whole body asks on, to learn when the client hangs up.
            async with asyncio.timeout_at(None if self._whole else self._ends):
                message = await self._receive()
        except TimeoutError as error:
            self.late = True
            raise TooSlow from error
        self._whole = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        self.over = self.over or self._taken > LARGEST_BODY
        if self.over:
            raise TooLarge
        return message


class Answer:
    """What is answered, with our headers on it."""

    def __init__(self, send: Send, body: Body, dress: Dress) -> None:
        self.status = 0
        self._send = send
        self._body = body
        self._dress = dress

    async def __call__(self, message: Message) -> None:
        if self._body.spoilt and not self.status:
            return  # Frameworks call a body they could not read malformed; we know better.
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._dress(list(message.get("headers", ())))
        await self._send(message)


class Edge:
    def __init__(
        self,
        app: App,
        settings: Settings,
        page_policy: str,
        problem: Problem,
        patience: float = SLOWEST_BODY_SECONDS,
    ) -> None:
        self._app = app
        self._patience = patience
        self._hosts = frozenset(_hosts(settings.public_urls))
        self._failed_sockets = 0
        self._origins = frozenset(settings.public_urls)
        self._secure = settings.secure_cookies
        self._page_policy = page_policy
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "websocket" if self._foreign(scope) or self._misdirected(scope):
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            case "websocket":
                await self._talk(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        logs.request_id.set(logs.new_request_id())
        path, started = scope["path"], time.monotonic()
        body = Body(scope, receive, self._patience)
        answer = Answer(send, body, lambda given: self._dress(path, given))
        try:
            if self._misdirected(scope):
                await self._refuse(scope, answer, 421, "http.other_host")
            elif path.startswith(_CLOSED):
                await self._refuse(scope, answer, 404, "http.no_such_address")
            elif not body.over:
                await self._app(scope, body, answer)
        except Exception:
            if not body.spoilt:
                log.exception("request failed", extra={"path": path})
        if not answer.status:
            await self._refuse(scope, answer, *body.verdict())
        if path.startswith(_TOLD):
            took = round((time.monotonic() - started) * 1000)
            extra = {"method": scope["method"], "path": path, "status": answer.status, "ms": took}
            log.info("request", extra=extra)

    async def _refuse(self, scope: Scope, send: Send, status: int, key: str) -> None:
        kind, body = self._problem(scope, status, key)
        length = str(len(body)).encode()
        named = [(b"content-type", kind), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": named})
        await send({"type": "http.response.body", "body": body})

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, Frames(receive), send)
        except Exception as error:  # noqa: BLE001 - anybody may open a socket and break it
            self._failed_sockets += 1
            if self._failed_sockets & (self._failed_sockets - 1) == 0:
                # The 1st, 2nd, 4th, 8th …: seen, but not a flood.
                told = {"why": repr(error)[:200], "failed": self._failed_sockets}
                log.warning("socket failed", extra=told)

    def _misdirected(self, scope: Scope) -> bool:
        """Whether this was meant for another host: a name that somebody else points at us."""
        if scope["path"] in _FOR_MACHINES:
            return False
        named = [value for name, value in scope.get("headers", ()) if name == b"host"]
        return len(named) != 1 or named[0].decode("latin-1").lower() not in self._hosts

    def _foreign(self, scope: Scope) -> bool:
        """Only browsers send an Origin, and they always do."""
        origin = _header(scope, b"origin")
        return bool(origin) and origin not in self._origins

    def _dress(self, path: str, given: Pairs) -> Pairs:
        names = {name.lower() for name, _ in given}
        kind = next((value for name, value in given if name.lower() == b"content-type"), b"")
        html = kind.startswith(b"text/html")
        wanted = dict(headers.COMMON)
        wanted["server"] = "madang"
        wanted["x-request-id"] = logs.request_id.get()
        wanted["content-security-policy"] = self._page_policy if html else headers.NOTHING
        if self._secure:
            wanted["strict-transport-security"] = headers.HSTS
        if html or path.startswith(("/api", "/auth")):
            wanted["cache-control"] = "no-store"
        elif path.startswith("/assets/"):
            wanted["cache-control"] = headers.FOR_GOOD
        names.discard(b"server")
        kept = [(name, value) for name, value in given if name.lower() != b"server"]
        return kept + [
            (name.encode(), value.encode())
            for name, value in wanted.items()
            if name.encode() not in names
        ]


def _hosts(origins: Iterable[str]) -> Iterable[str]:
    """What a browser calls us in its Host header; the usual port may be left out."""
    for origin in origins:
        parts = urlsplit(origin)
        host = parts.netloc.lower()
        usual = _PORTS[parts.scheme]
        yield host
        yield (
            host.removesuffix(usual)
            if host.endswith(usual)
            else host + ("" if parts.port else usual)
        )


def _header(scope: Scope, wanted: bytes) -> str:
    for name, value in scope.get("headers", ()):
        if name == wanted:
            return value.decode("latin-1")
    return ""
