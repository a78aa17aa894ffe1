"""From the log-in to the first useful row, and what travels for it.

    .venv/bin/python -m bench.first_row [--machines 500] [--people 10] [--many 10000]

A portal runs as a process of its own; a teacher's project has 500 machines at
rest. A browser opens the log-in page with nothing cached: the bytes of that
visit, fonts apart. Then it logs in and waits for the first row of the list,
twice; the second time counts (warm), with all bytes, the websocket's included.
Then ten people with the same number of machines among them log in at the same
moment, without a browser: form, page, websocket, first row; the last one counts.
Last, the list of 10 machines and one page of the API's list are asked while the
portal knows 10, and then 10,000 machines of others.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
from playwright.async_api import Browser, async_playwright

from bench import crowds, tables
from bench.crowds import Visitor
from bench.tables import Line, quantile
from bench.visitors import Crowded, crowded
from cloud_app import routes
from cloud_app.bootstrap import Portal
from cloud_app.gateways.protocols import Cloud
from tests.make import PASSWORD
from tests.tab import HYDRATE, NAMESPACE
from tools import browser as browsers

FIRST_ROW_SECONDS = 0.5
CROWD_SECONDS = 1.0
LIST_KIB, LIST_GOAL_KIB = 400, 300
TRIES = 20
FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Campus:
    teacher: Visitor
    people: Sequence[Visitor]
    on: crowds.Ground


async def prepared(portal: Portal, cloud: Cloud, machines: int, people: int) -> Campus:
    teacher = await crowds.a_visitor(portal, "teacher")
    crowd = [await crowds.a_visitor(portal, f"person{number}") for number in range(people)]
    on = await crowds.ground(portal, cloud, teacher.actor)
    await crowds.machines_at_rest(portal, on, [teacher.project_id], machines)
    await crowds.machines_at_rest(portal, on, [one.project_id for one in crowd], people * FEW)
    return Campus(teacher=teacher, people=crowd, on=on)


class Wire:
    """What a page of the browser receives, by kind."""

    def __init__(self) -> None:
        self.fonts = self.files = self.frames = 0
        self._font_requests: set[str] = set()

    async def listen(self, page: Any) -> None:
        session = await page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._note_kind)
        session.on("Network.loadingFinished", self._note_bytes)
        session.on("Network.webSocketFrameReceived", self._note_frame)
        await session.send("Network.enable")

    def _note_kind(self, said: Any) -> None:
        if said["type"] == "Font":
            self._font_requests.add(said["requestId"])

    def _note_bytes(self, said: Any) -> None:
        if said["requestId"] in self._font_requests:
            self.fonts += said["encodedDataLength"]
        else:
            self.files += said["encodedDataLength"]

    def _note_frame(self, said: Any) -> None:
        self.frames += len(said["response"]["payloadData"].encode())

    @property
    def kib(self) -> float:
        """All but fonts."""
        return (self.files + self.frames) / 1024


async def visited(browser: Browser, url: str) -> tuple[Wire, Wire, float]:
    """Open the log-in page anew, log in, and wait for the first row of the list."""
    context = await browser.new_context(base_url=url, locale="ko-KR")
    page = await context.new_page()
    first, logged_in = Wire(), Wire()
    await first.listen(page)
    await page.goto(f"{routes.LOG_IN}?next={routes.MACHINES}")
    await page.wait_for_load_state("networkidle")
    await logged_in.listen(page)
    await page.fill("input[name=handle]", "teacher")
    await page.fill("input[name=password]", PASSWORD)
    before = Wire()
    before.files, before.frames, before.fonts = first.files, first.frames, first.fonts
    began = perf_counter()
    await page.click("button[type=submit]")
    await page.wait_for_selector("table tbody tr")
    took = perf_counter() - began
    await page.wait_for_load_state("networkidle")
    await context.close()
    return before, logged_in, took


async def by_browser(here: Crowded, machines: int) -> list[Line]:
    found = browsers.find()
    if found is None:
        return [Line(what="no browser on this machine", value=0)]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        await visited(browser, here.portal.url)
        first, then, took = await visited(browser, here.portal.url)
        await browser.close()
    return [
        Line(what="first visit, fonts apart", value=first.kib, unit="KiB",
             note=f"fonts {first.fonts / 1024:.0f} KiB"),
        Line(what=f"log-in to the first row of {machines}, browser, warm",
             value=took, unit="s", most=FIRST_ROW_SECONDS),
        Line(what="the list with its log-in after that visit, fonts apart", value=then.kib,
             unit="KiB", most=LIST_KIB, note=f"websocket {then.frames / 1024:.0f} KiB"),
        Line(what="both together, fonts apart", value=first.kib + then.kib, unit="KiB",
             most=LIST_KIB, note=f"goal {LIST_GOAL_KIB}"),
    ]  # fmt: skip


async def logged_in(here: Crowded, handle: str) -> float:
    """Log in as a browser's form would, open the list; seconds until its first row came."""
    began, url = perf_counter(), here.portal.url
    async with httpx.AsyncClient(base_url=url, timeout=60, headers={"Origin": url}) as browser:
        form = {"handle": handle, "password": PASSWORD, "next": routes.MACHINES}
        await browser.post(routes.LOG_IN_FORM, data=form)
        (await browser.get(f"{routes.MACHINES}/")).raise_for_status()
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with here.session.ws_connect(
        f"{url.replace('http', 'ws')}{NAMESPACE}/?token={uuid4()}&EIO=4&transport=websocket",
        headers={"Cookie": cookie, "Origin": url},
        max_msg_size=0,
    ) as socket:
        await socket.send_str(f"40{NAMESPACE},")
        await _heard(socket, "40")
        place = {"pathname": routes.MACHINES, "asPath": routes.MACHINES, "query": {}}
        event = {"name": HYDRATE, "payload": {}, "router_data": place}
        await socket.send_str(f"42{NAMESPACE}," + json.dumps(["event", event]))
        await _heard(socket, '"name":"rest-')
        return perf_counter() - began


async def _heard(socket: aiohttp.ClientWebSocketResponse, wanted: str) -> None:
    async with asyncio.timeout(60):
        while wanted not in await socket.receive_str():
            pass


async def at_once(here: Crowded, people: int) -> list[Line]:
    """Everybody logs in at the same moment; then once more, with everything warm."""
    took: Sequence[float] = ()
    for _ in range(2):
        took = await asyncio.gather(*(logged_in(here, f"person{n}") for n in range(people)))
    return [
        Line(what=f"{people} log in at once: first row of the last one", value=max(took),
             unit="s", most=CROWD_SECONDS),
    ]  # fmt: skip


async def answers(here: Crowded, visitor: Visitor) -> tuple[float, float]:
    """Seconds for the list's page and for the API's list, p50."""
    pages: list[float] = []
    asked: list[float] = []
    async with httpx.AsyncClient(
        base_url=f"{here.portal.url}{routes.API_V1}",
        headers={"Authorization": f"Bearer {visitor.token}"},
        timeout=60,
    ) as api:
        for _ in range(TRIES):
            began = perf_counter()
            (await api.get("/servers")).raise_for_status()
            asked.append(perf_counter() - began)
            began = perf_counter()
            (tab,) = await here.tabs([visitor], [routes.MACHINES], 1)
            pages.append(perf_counter() - began)
            await tab.close()
    return quantile(pages, 0.5), quantile(asked, 0.5)


async def among(here: Crowded, campus: Campus, many: int) -> list[Line]:
    """The same ten machines, alone and among many of others."""
    visitor = campus.people[0]
    page, asked = await answers(here, visitor)
    beside = await crowds.projects_beside(here.inside, many // FEW)
    await crowds.machines_at_rest(here.inside, campus.on, beside, many)
    page_then, asked_then = await answers(here, visitor)
    return [
        Line(what=f"{FEW} machines: page to its rows, p50", value=1000 * page, unit="ms"),
        Line(what=f"the same among {many:,}", value=1000 * page_then, unit="ms"),
        Line(what=f"{FEW} machines: the API's list, p50", value=1000 * asked, unit="ms"),
        Line(what=f"the same among {many:,}", value=1000 * asked_then, unit="ms"),
    ]


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.first_row")
    parser.add_argument("--machines", type=int, default=500)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--many", type=int, default=10_000)
    given = parser.parse_args(argv)
    async with crowded(
        lambda portal, cloud: prepared(portal, cloud, given.machines, given.people)
    ) as (here, campus):
        lines = await by_browser(here, given.machines)
        lines += await at_once(here, given.people)
        lines += await among(here, campus, given.many)
    tables.show("From the log-in to the first row", lines)


if __name__ == "__main__":
    asyncio.run(main())
