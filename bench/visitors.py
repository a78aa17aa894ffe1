"""A running portal with a crowd of open tabs, spoken to over real websockets.

A tab sends what a page's script would send and keeps every frame it receives
with the moment of its arrival; looking into the frames comes later, so that
reading them does not delay the next one. The tabs share one process with the
measuring script and the machine with the portal: what is measured includes
what they cost.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp

from bench import crowds
from bench.crowds import Visitor
from cloud_app import bootstrap
from cloud_app.bootstrap import Portal
from cloud_app.gateways.protocols import Cloud
from cloud_app.site import PRACTICE_SITE
from cloud_app.state.tabs import MOST_TABS
from tests.make import a_token
from tests.running import RunningPortal
from tests.tab import HYDRATE, NAMESPACE

AT_ONCE = 20
"""Tabs opened side by side."""
LONGEST = 60.0
LOADED = '"loaded_rx_state_":true'
STATE = "reflex___state____state"


@dataclass
class Frame:
    at: float
    text: str


@dataclass
class OpenTab:
    """One tab of one visitor, on one page."""

    socket: aiohttp.ClientWebSocketResponse
    page: str
    frames: list[Frame] = field(default_factory=list[Frame])
    _task: "asyncio.Task[None] | None" = None

    async def load(self) -> None:
        """Connect and load the page, as a browser does."""
        self._task = asyncio.create_task(self._listen())
        await self.socket.send_str("40" + NAMESPACE + ",")
        await self.heard(lambda text: text.startswith("40"))
        await self.send(HYDRATE)
        await self.heard(lambda text: LOADED in text)

    async def send(self, name: str, **payload: Any) -> float:
        """Send an event; return the moment before."""
        place = {"pathname": self.page, "asPath": self.page, "query": {}}
        event = {"name": name, "payload": payload, "router_data": place}
        began = perf_counter()
        await self.socket.send_str(f"42{NAMESPACE}," + json.dumps(["event", event]))
        return began

    async def heard(self, wanted: Callable[[str], Any], start: int = 0) -> Frame:
        """The first frame of this kind from number `start` on, when it has come."""
        async with asyncio.timeout(LONGEST):
            while True:
                while start < len(self.frames):
                    if wanted(self.frames[start].text):
                        return self.frames[start]
                    start += 1
                assert not self.socket.closed, self.frames[-1:]
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.socket.close()
        if self._task is not None:
            await self._task

    async def _listen(self) -> None:
        async for message in self.socket:
            text = str(message.data)
            if text == "2":
                await self.socket.send_str("3")
            else:
                self.frames.append(Frame(perf_counter(), text))


def row_in_state(machine_id: str, state: str) -> Callable[[str], Any]:
    """Whether a frame brings the row of this machine with this state's word."""
    row = re.compile(rf'"id":"{machine_id}"[^}}]*?"state":"{state}"')
    return row.search


@dataclass
class Crowded:
    """A portal that runs as a process, its practice cloud as others see it, and its tabs."""

    portal: RunningPortal
    inside: Portal
    """Our own way to the same database, to prepare and to look things up."""
    cloud: Cloud
    session: aiohttp.ClientSession

    async def tabs(
        self, visitors: Sequence[Visitor], pages: Sequence[str], most: int
    ) -> list[OpenTab]:
        """Open so many tabs; the visitors take turns, and so do the pages.

        Nobody keeps more tabs open than one log-in may: each visitor logs in as often as needed.
        """
        log_ins = list(visitors)
        while len(log_ins) * MOST_TABS < most:
            log_ins += [await self._again(one) for one in visitors]
        opened: list[OpenTab] = []
        while len(opened) < most:
            numbers = range(len(opened), min(most, len(opened) + AT_ONCE))
            opened += await asyncio.gather(
                *(
                    self._open(log_ins[number % len(log_ins)], pages[number % len(pages)])
                    for number in numbers
                )
            )
        return opened

    async def _again(self, visitor: Visitor) -> Visitor:
        return replace(visitor, token=await a_token(self.inside, visitor.actor.handle))

    async def _open(self, visitor: Visitor, page: str) -> OpenTab:
        port = self.portal.port
        socket = await self.session.ws_connect(
            f"ws://127.0.0.1:{port}{NAMESPACE}/?token={uuid4()}&EIO=4&transport=websocket",
            headers={"Cookie": f"madang={visitor.token}", "Origin": f"http://127.0.0.1:{port}"},
            max_msg_size=0,
        )
        tab = OpenTab(socket, page)
        await tab.load()
        return tab


Prepare = Callable[[Portal, Cloud], Awaitable[Any]]


@asynccontextmanager
async def crowded(prepare: Prepare, **settings: str) -> AsyncGenerator[tuple[Crowded, Any]]:
    """Found a site, let `prepare` write people and machines into it, and start the portal."""
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        portal = RunningPortal(Path(folder), {"LOG_LEVEL": "WARNING", **settings})
        await portal.found(PRACTICE_SITE)
        inside = crowds.a_portal(Path(folder), **settings)
        bootstrap.use(inside)
        cloud = await crowds.the_cloud(inside)
        prepared = await prepare(inside, cloud)
        await portal.start()
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                yield Crowded(portal, inside, cloud, session), prepared
        finally:
            await portal.kill()
            await inside.db.close()
            crowds.world_of(cloud).close()


def event_of(module: str, state: str, handler: str) -> str:
    """How the page's script names an event of ours."""
    return f"{STATE}.cloud_app___state___{module}____{state}.{handler}"
