"""What an attacker speaks with: raw bytes to a port, and a tab that keeps every frame.

Nothing here behaves as a browser does unless it is told to.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from tests.tab import HYDRATE, NAMESPACE

PATIENCE = 10.0
WHOLE = '"is_hydrated_rx_state_":true'
PING = f'42{NAMESPACE},["ping"]'


async def say(
    port: int,
    *parts: bytes,
    within: float = PATIENCE,
    source: str = "127.0.0.1",
    enough: bytes = b"",
) -> bytes:
    """Send these bytes as they are; return what comes back until the other side hangs up,
    until `enough` was in it, or for so many seconds.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    heard = b""
    try:
        async with asyncio.timeout(within):
            for part in parts:
                writer.write(part)
                await writer.drain()
            while not (enough and enough in heard) and (piece := await reader.read(65_536)):
                heard += piece
    except (TimeoutError, ConnectionError):
        pass  # What was heard until then is the answer.
    finally:
        writer.close()
    return heard


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request as it stands on the wire; it asks to be the only one on its connection."""
    head = "\r\n".join([f"{line} HTTP/1.1", *headers, "Connection: close", "", ""])
    return head.encode("latin-1") + body


def status_of(answer: bytes) -> int:
    """The status of the first answer; 0 when the other side only hung up."""
    first = answer.split(b"\r\n", 1)[0].split()
    return int(first[1]) if len(first) > 1 and first[0].startswith(b"HTTP/") else 0


@dataclass
class Heard:
    """Everything that a tab was told, frame by frame."""

    frames: list[str] = field(default_factory=list[str])

    @property
    def refused(self) -> bool:
        return any(frame.startswith("44") for frame in self.frames)

    @property
    def pongs(self) -> int:
        return sum(frame.endswith('["ping","pong"]') for frame in self.frames)

    @property
    def said(self) -> str:
        """Everything that was heard, as text to search."""
        return "\n".join(self.frames)

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """What the portal told the page to do."""
        return [event for update in self.updates for event in update.get("events") or []]

    @property
    def updates(self) -> list[Mapping[str, Any]]:
        found = [frame for frame in self.frames if frame.startswith(f'42{NAMESPACE},["event"')]
        return [json.loads(frame[frame.index("[") :])[1] for frame in found]

    @property
    def sent_to(self) -> list[str]:
        """Where the page was sent, in order."""
        return [event["payload"]["path"] for event in self.events if event["name"] == "_redirect"]

    def var(self, name: str) -> Any:
        """The last value that a var of this name was given; None when it was never told."""
        for update in reversed(self.updates):
            for values in (update.get("delta") or {}).values():
                if f"{name}_rx_state_" in values:
                    return values[f"{name}_rx_state_"]
        return None

    def forget(self) -> None:
        self.frames.clear()


@dataclass
class RawTab(Heard):
    """One websocket to the portal. It answers pings and keeps all it is told."""

    socket: aiohttp.ClientWebSocketResponse = field(kw_only=True)
    token: str = ""
    page: str = "/machines"
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def connect(self, auth: Any = None) -> "RawTab":
        """Enter the namespace of the pages' events."""
        self._task = asyncio.create_task(self._listen())
        said = "" if auth is None else json.dumps(auth)
        await self.raw(f"40{NAMESPACE},{said}")
        await self.until(lambda: self.refused or any(f.startswith("40") for f in self.frames))
        return self

    async def load(self, page: str = "/machines", **query: str) -> "RawTab":
        """Load a page, as its script does, and wait until all of it is there."""
        start = len(self.frames)
        await self.send(HYDRATE, page=page, query=query)
        await self.until(lambda: any(WHOLE in frame for frame in self.frames[start:]))
        await self.settle()
        return self

    async def send(
        self, name: str, page: str = "", query: Mapping[str, str] | None = None, **payload: Any
    ) -> None:
        """Send one event and wait until the portal has taken it and answered."""
        self.page = page or self.page
        asked = "&".join(f"{key}={value}" for key, value in (query or {}).items())
        place = {
            "pathname": self.page,
            "asPath": f"{self.page}?{asked}" if asked else self.page,
            "query": dict(query or {}),
        }
        await self.emit("event", {"name": name, "payload": payload, "router_data": place})
        await self.settle()

    async def emit(self, *values: Any) -> None:
        """Send any event of the namespace."""
        await self.raw(event_frame(*values))

    async def raw(self, frame: str | bytes) -> None:
        """Send one frame exactly so."""
        try:
            if isinstance(frame, bytes):
                await self.socket.send_bytes(frame)
            else:
                await self.socket.send_str(frame)
        except (ConnectionError, aiohttp.ClientError):
            self._news.set()

    async def settle(self, quiet: float = 0.15) -> None:
        """Wait until the portal has nothing more to say, or has hung up."""
        pongs = self.pongs
        await self.raw(PING)
        await self.until(lambda: self.pongs > pongs)
        while not self.closed:
            self._news.clear()
            try:
                async with asyncio.timeout(quiet):
                    await self._news.wait()
            except TimeoutError:
                return

    async def until(self, ready: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not ready() and not self.closed:
                self._news.clear()
                if not ready():
                    await self._news.wait()

    async def close(self) -> None:
        await self.socket.close()
        if self._task is not None:
            await self._task

    @property
    def closed(self) -> bool:
        return self._task is not None and self._task.done()

    async def _listen(self) -> None:
        try:
            async for message in self.socket:
                text = message.data if isinstance(message.data, str) else repr(message.data)
                if text == "2":
                    await self.raw("3")
                else:
                    self.frames.append(text)
                    self._news.set()
        finally:
            asyncio.get_running_loop().call_soon(self._news.set)


def event_frame(*values: Any) -> str:
    """The frame of any event in the namespace of the pages."""
    return f"42{NAMESPACE}," + json.dumps(values)


def socket_address(port: int, token: str = "") -> str:
    """Where a page opens its socket."""
    return f"ws://127.0.0.1:{port}{NAMESPACE}/?token={token or uuid4()}&EIO=4&transport=websocket"
