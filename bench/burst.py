"""Fifty students order six machines each, all at once, while a lecture watches its list.

    .venv/bin/python -m bench.burst [--students 50] [--orders 6]

A portal runs as a process of its own; the practice cloud builds quickly. Each
student has a page open and orders through the API, one order after the other;
all students begin together. Meanwhile a foreign hand switches machines of
another project off, and the delay until its open tab shows it is counted; and
tabs of that project send events that do nothing, before the burst and during
it. At the end every order is either ready or was plainly refused.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter

import httpx

from bench import crowds, tables
from bench.clicks import empty
from bench.crowds import Visitor
from bench.page_delay import MOST, Class, a_class, delays
from bench.tables import Line, quantile
from bench.visitors import Crowded, OpenTab, crowded, row_in_state
from cloud_app import routes
from cloud_app.bootstrap import Portal
from cloud_app.gateways.protocols import Cloud

QUICK = "20"
"""The practice cloud builds in about a second: the line moves fast."""
LONGEST = 300.0
LISTED = 200
ENDED = frozenset({"ready", "failed"})


async def prepared(portal: Portal, cloud: Cloud, students: int) -> tuple[Class, list[Visitor]]:
    lecture = await a_class(portal, cloud)
    return lecture, [await crowds.a_visitor(portal, f"student{n}") for n in range(students)]


class Student:
    """Somebody who orders as fast as answers come."""

    def __init__(self, here: Crowded, visitor: Visitor) -> None:
        self.refused: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.took: list[float] = []
        self.api = httpx.AsyncClient(
            base_url=f"{here.portal.url}{routes.API_V1}",
            headers={"Authorization": f"Bearer {visitor.token}"},
            timeout=120,
        )

    async def order(self, many: int) -> None:
        return_on = str((datetime.now(UTC) + timedelta(days=7)).date())
        for number in range(many):
            wish = {
                "name": f"pc-{number}", "size": "light", "template": "ubuntu",
                "return_on": return_on,
            }  # fmt: skip
            began = perf_counter()
            answer = await self.api.post("/servers", json=wish)
            self.took.append(perf_counter() - began)
            if not answer.is_success:
                self.refused[str(answer.json()["type"])] += 1

    async def states(self) -> Counter[str]:
        answer = (await self.api.get("/servers", params={"limit": LISTED})).raise_for_status()
        items = answer.json()["items"]
        self.failed = Counter(str(item["fault"]) for item in items if item["fault"])
        return Counter(str(item["status"]) for item in items)


async def watched(here: Crowded, lecture: Class, tab: OpenTab, over: asyncio.Event) -> list[float]:
    """Have others change the lecture's machines until the burst is over."""
    outside = crowds.world_of(here.cloud).outside
    seconds: list[float] = []
    for row in lecture.rows:
        if over.is_set():
            break
        start, began = len(tab.frames), perf_counter()
        await asyncio.to_thread(outside.shut_down_inside, row.server_id or "")
        delay = await delays([tab], [start], began, row_in_state(row.id, "stopped"))
        if not over.is_set():  # Afterwards the portal looks less often.
            seconds += delay
        await asyncio.sleep(0.5)
    return seconds


async def clicked(tab: OpenTab, over: asyncio.Event, most: int = 200) -> list[float]:
    """Events that do nothing, one after the other."""
    seconds: list[float] = []
    while not over.is_set() and len(seconds) < most:
        seconds.append(await (await empty(tab)).seconds())
        await asyncio.sleep(0.05)
    return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What was seen of it; delays in seconds."""

    answers: Sequence[float]
    ordered_after: float
    ended_after: float
    seen: Sequence[float]
    calm: Sequence[float]
    busy: Sequence[float]
    states: Counter[str]
    refused: Counter[str]
    failed: Counter[str]


async def burst(here: Crowded, lecture: Class, visitors: Sequence[Visitor], orders: int) -> Burst:
    """Let everybody order, with the lecture's tabs open beside the students' own."""
    pages = await here.tabs(visitors, [routes.MACHINES], len(visitors))
    (watching,) = await here.tabs([lecture.visitor], [routes.MACHINES], 1)
    (clicking,) = await here.tabs([lecture.visitor], [routes.machine(lecture.rows[-1].id)], 1)
    calm = await clicked(clicking, asyncio.Event(), most=60)
    students = [Student(here, visitor) for visitor in visitors]
    over, began = asyncio.Event(), perf_counter()
    beside = asyncio.gather(
        watched(here, lecture, watching, over), clicked(clicking, over, most=5_000)
    )
    await asyncio.gather(*(student.order(orders) for student in students))
    ordered = perf_counter() - began
    states = await _ended(students)
    ended = perf_counter() - began
    over.set()
    seen, busy = await beside
    for open_one in (*pages, watching, clicking):
        await open_one.close()
    for student in students:
        await student.api.aclose()
    return Burst(
        answers=[took for student in students for took in student.took],
        ordered_after=ordered,
        ended_after=ended,
        seen=seen,
        calm=calm,
        busy=busy,
        states=states,
        refused=sum((student.refused for student in students), Counter[str]()),
        failed=sum((student.failed for student in students), Counter[str]()),
    )


def lines(seen: Burst) -> list[Line]:
    orders, gone = len(seen.answers), seen.refused.total()
    return [
        *tables.spread("answer to an order", seen.answers, {}),
        Line(what="all were answered after", value=seen.ordered_after, unit="s"),
        *tables.spread("change in the cloud to a watching page meanwhile", seen.seen, MOST),
        *tables.spread("empty handler before", seen.calm, {}),
        *tables.spread("empty handler meanwhile", seen.busy, {}),
        Line(what="p99 of an empty handler meanwhile over before",
             value=quantile(seen.busy, 0.99) / quantile(seen.calm, 0.99), unit="×"),
        Line(what="ready in the end", value=seen.states["ready"], note=f"of {orders}"),
        Line(what="plainly refused or failed", value=gone + seen.states["failed"],
             note=_names(seen.refused + seen.failed)),
        Line(what="lost", value=orders - gone - seen.states.total(), most=0),
        Line(what="all were ready after", value=seen.ended_after, unit="s"),
    ]  # fmt: skip


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.burst")
    parser.add_argument("--students", type=int, default=50)
    parser.add_argument("--orders", type=int, default=6)
    given = parser.parse_args(argv)
    async with crowded(
        lambda portal, cloud: prepared(portal, cloud, given.students), PRACTICE_SPEED=QUICK
    ) as (here, (lecture, visitors)):
        seen = await burst(here, lecture, visitors, given.orders)
    title = f"{given.students * given.orders} orders of {given.students} students at once"
    tables.show(title, lines(seen))


async def _ended(students: Sequence[Student]) -> Counter[str]:
    """What became of everybody's orders, once nothing is under way."""
    async with asyncio.timeout(LONGEST):
        while True:
            states = sum([await student.states() for student in students], Counter[str]())
            if not set(states) - ENDED:
                return states
            await asyncio.sleep(2)


def _names(refused: Counter[str]) -> str:
    return ", ".join(f"{many} {key}" for key, many in refused.items())


if __name__ == "__main__":
    asyncio.run(main())
