"""An open tab, spoken to in the websocket's own frames: no browser, no server, no port.

The app is driven through ASGI. What a page's script would send is sent here by
hand, and so is what only an attacker's script would.
"""

import asyncio
import contextvars
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.make import ORIGIN

STATE = "reflex___state____state"
HYDRATE = f"{STATE}.hydrate_and_load"
NAMESPACE = "/_event"


class Tab:
    """One tab of one browser. `cookie` is the Cookie header its socket came with."""

    def __init__(
        self,
        asgi: Any,
        context: contextvars.Context,
        rest: Callable[[], Awaitable[None]],
        *,
        cookie: str = "",
        token: str = "",
        origin: str | None = ORIGIN,
    ) -> None:
        self.token = token or str(uuid4())
        self.refused: str = ""
        self.closed = False
        self.deltas: list[Mapping[str, Any]] = []
        self.events: list[Mapping[str, Any]] = []
        self._accepted = self._connected = False
        self._pongs = 0
        self._rest = rest
        self._asgi = asgi
        self._context = context
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._news = asyncio.Event()
        self._scope = _scope(self.token, cookie, origin)

    async def open(self, page: str = "/machines") -> "Tab":
        """Connect and load `page`, as a browser does; see `refused` when that is not granted."""
        self._task = asyncio.create_task(self._run(), context=self._context.copy())
        await self._to_app.put({"type": "websocket.connect"})
        await self._until(lambda: self._accepted or self.refused)
        if not self.refused:
            self._send("40" + NAMESPACE + ",")
            await self._until(lambda: self._connected or self.refused or self.closed)
            await self.send(HYDRATE, page=page)
        return self

    async def send(self, name: str, page: str = "/machines", **payload: Any) -> None:
        """Send an event and wait until nothing more comes back."""
        place = {"pathname": page, "asPath": page, "query": {}}
        await self.send_raw({"name": name, "payload": payload, "router_data": place})

    async def send_raw(self, data: Any) -> None:
        self._send(f"42{NAMESPACE}," + json.dumps(["event", data]))
        await self.settle()

    async def settle(self) -> None:
        """Wait until the app has done what it was sent, and has said what it has to say."""
        await self._heard()
        async with asyncio.timeout(20):
            await self._rest()
        await self._heard()

    async def _heard(self) -> None:
        """Wait for the app to take everything sent so far: it answers a ping in its turn."""
        wanted = self._pongs + 1
        self._send(f'42{NAMESPACE},["ping"]')
        await self._until(lambda: self._pongs >= wanted or self.closed)

    async def close(self) -> None:
        await self._to_app.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([self._task], timeout=5)

    @property
    def sent_to(self) -> list[str]:
        """Where the tab was sent, in order."""
        return [event["payload"]["path"] for event in self.events if event["name"] == "_redirect"]

    @property
    def said(self) -> str:
        """Everything the app has told this tab, as text to search."""
        return json.dumps(self.deltas)

    def forget(self) -> None:
        self.deltas.clear()
        self.events.clear()

    def _send(self, text: str) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def _run(self) -> None:
        try:
            await self._asgi(self._scope, self._to_app.get, self._hear)
        finally:
            self.closed = True
            self._news.set()

    async def _hear(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                self._accepted = True
            case "websocket.close":
                self.closed = True
                if not self._accepted:
                    self.refused = str(message.get("code", "closed"))
                await self._to_app.put({"type": "websocket.disconnect", "code": 1000})
            case "websocket.send":
                self._take(message.get("text") or "")
            case _:
                self.refused = str(message.get("status", self.refused))
        self._news.set()

    def _take(self, text: str) -> None:
        if text == "2":
            self._send("3")
        elif text.startswith("40"):
            self._connected = True
        elif text.startswith("44"):
            self.refused = text
        elif text.startswith("41"):
            self.closed = True
        elif text.startswith("42"):
            name, *values = json.loads(text[text.index("[") :])
            if name == "event":
                self.deltas.append(values[0].get("delta") or {})
                self.events.extend(values[0].get("events") or [])
            elif name == "ping":
                self._pongs += 1

    async def _until(self, ready: Any) -> None:
        async with asyncio.timeout(10):
            while not ready():
                self._news.clear()
                if not ready():
                    await self._news.wait()


def _scope(token: str, cookie: str, origin: str | None) -> dict[str, Any]:
    """What a server says of a socket that a page opens."""
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"connection", b"upgrade"),
        (b"upgrade", b"websocket"),
    ]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": NAMESPACE + "/",
        "raw_path": (NAMESPACE + "/").encode(),
        "root_path": "",
        "query_string": f"token={token}&EIO=4&transport=websocket".encode(),
        "headers": headers,
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 8000),
        "subprotocols": [],
    }
