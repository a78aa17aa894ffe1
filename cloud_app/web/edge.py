"""The outermost layer: what no request gets around, whatever answers it.

It names the request, refuses foreign sockets, oversized bodies and Reflex's
own upload door, and puts the headers on every answer. Whatever fails
unforeseen ends here as a problem document with a reference number.
"""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cloud_app import logs
from cloud_app.settings import Settings
from cloud_app.web import headers

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
_CLOSED = ("/_upload", "/_all_routes")
"""Reflex's doors that the portal does not use: files go through our own routes."""
_TOLD = ("/api/", "/auth/")
"""What is written into the log, one line per request."""


class TooLarge(Exception):
    """The body is longer than anything we ask for."""


class Body:
    """What a request sends, counted on the way in."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        length = _header(scope, b"content-length")
        self.over = length.isdigit() and int(length) > LARGEST_BODY
        self._receive = receive
        self._taken = 0

    async def __call__(self) -> Message:
        message = await self._receive()
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
        if self._body.over and not self.status:
            return  # Frameworks call a body they could not read malformed; it was too large.
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._dress(list(message.get("headers", ())))
        await self._send(message)


class Edge:
    def __init__(self, app: App, settings: Settings, page_policy: str, problem: Problem) -> None:
        self._app = app
        self._origins = frozenset(settings.public_urls)
        self._secure = settings.secure_cookies
        self._page_policy = page_policy
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "websocket" if self._foreign(scope):
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            case _:
                await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        logs.request_id.set(logs.new_request_id())
        path, started = scope["path"], time.monotonic()
        body = Body(scope, receive)
        answer = Answer(send, body, lambda given: self._dress(path, given))
        try:
            if path.startswith(_CLOSED):
                await self._refuse(scope, answer, 404, "http.no_such_address")
            elif not body.over:
                await self._app(scope, body, answer)
        except Exception:
            if not body.over:
                log.exception("request failed", extra={"path": path})
        if not answer.status:
            why = (413, "http.too_large") if body.over else (500, "error.unexpected")
            body.over = False
            await self._refuse(scope, answer, *why)
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

    def _foreign(self, scope: Scope) -> bool:
        """Only browsers send an Origin, and they always do."""
        origin = _header(scope, b"origin")
        return bool(origin) and origin not in self._origins

    def _dress(self, path: str, given: Pairs) -> Pairs:
        names = {name.lower() for name, _ in given}
        kind = next((value for name, value in given if name.lower() == b"content-type"), b"")
        html = kind.startswith(b"text/html")
        wanted = dict(headers.COMMON)
        wanted["x-request-id"] = logs.request_id.get()
        wanted["content-security-policy"] = self._page_policy if html else headers.NOTHING
        if self._secure:
            wanted["strict-transport-security"] = headers.HSTS
        if html or path.startswith(("/api", "/auth")):
            wanted["cache-control"] = "no-store"
        elif path.startswith("/assets/"):
            wanted["cache-control"] = headers.FOR_GOOD
        kept = [(name, value) for name, value in given if name.lower() != b"server"]
        return kept + [
            (name.encode(), value.encode())
            for name, value in wanted.items()
            if name.encode() not in names
        ]


def _header(scope: Scope, wanted: bytes) -> str:
    for name, value in scope.get("headers", ()):
        if name == wanted:
            return value.decode("latin-1")
    return ""
