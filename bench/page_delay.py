"""How long a change takes to the pages that are open.

    .venv/bin/python -m bench.page_delay [--tabs 1 50 200] [--changes 15] [--orders 5]

A portal runs as a process of its own on the practice cloud. One project has 24
machines at rest and one that is being built all the time, so the portal looks
at the cloud every 1.5 s; all tabs show that project's list, which is the
hardest case: every change is sent to every tab. At a random moment a foreign
hand switches a machine off or suspends it in the cloud's file; the delay counts
from before that deed until each tab's frame with the new word arrives. Then a
few machines are ordered through the API; that delay counts from before the
request until each tab's frame with the new row. The tabs and this script share
the machine with the portal.
"""

import argparse
import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import httpx

from bench import crowds, tables
from bench.crowds import Visitor
from bench.processes import processor_seconds
from bench.tables import Line
from bench.visitors import Crowded, OpenTab, crowded, row_in_state
from cloud_app import routes
from cloud_app.bootstrap import Portal
from cloud_app.gateways.protocols import Cloud
from cloud_app.models.machines import MachineRecord

MOST = {"p50": 1.5, "p99": 3.0}
"""Seconds, with 200 tabs open while something is building."""
ROWS = 24
"""With the one being built they fill the first page of the list."""
SLOW = "0.02"
"""The practice cloud builds for five minutes: longer than a run."""
PAUSE_SECONDS = 2.0
"""Longer than the time between two looks, so that changes fall anywhere between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """Somebody's project with its machines."""

    visitor: Visitor
    rows: Sequence[MachineRecord]


async def a_class(portal: Portal, cloud: Cloud) -> Class:
    visitor = await crowds.a_visitor(portal, "teacher")
    on = await crowds.ground(portal, cloud, visitor.actor)
    rows = await crowds.machines_at_rest(portal, on, [visitor.project_id], ROWS)
    await crowds.into_world(portal, cloud, rows)
    return Class(visitor=visitor, rows=rows)


async def order(api: httpx.AsyncClient, name: str) -> float:
    """Order a machine; return the moment before."""
    return_on = (datetime.now(UTC) + timedelta(days=7)).date()
    wish = {"name": name, "size": "light", "template": "ubuntu", "return_on": str(return_on)}
    began = perf_counter()
    (await api.post("/servers", json=wish)).raise_for_status()
    return began


async def delays(
    tabs: Sequence[OpenTab], starts: Sequence[int], began: float, wanted: Callable[[str], Any]
) -> list[float]:
    """Seconds from `began` until each tab has heard what is wanted."""
    frames = [await tab.heard(wanted, start) for tab, start in zip(tabs, starts, strict=True)]
    return [frame.at - began for frame in frames]


async def changes(here: Crowded, given: Class, tabs: Sequence[OpenTab], many: int) -> list[float]:
    """Have others change machines in the cloud, one after another."""
    outside = crowds.world_of(here.cloud).outside
    deeds = [(outside.shut_down_inside, row, "stopped") for row in given.rows]
    deeds += [(outside.suspend, row, "paused") for row in given.rows]
    seconds: list[float] = []
    for deed, row, word in deeds[:many]:
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))
        starts = [len(tab.frames) for tab in tabs]
        began = perf_counter()
        await asyncio.to_thread(deed, row.server_id or "")
        seconds += await delays(tabs, starts, began, row_in_state(row.id, word))
    return seconds


async def orders(api: httpx.AsyncClient, tabs: Sequence[OpenTab], many: int) -> list[float]:
    seconds: list[float] = []
    for number in range(many):
        await asyncio.sleep(random.uniform(0, 1))
        starts = [len(tab.frames) for tab in tabs]
        name = f"order-{number}"
        began = await order(api, name)
        seconds += await delays(tabs, starts, began, lambda text, name=name: f'"{name}"' in text)
    return seconds


async def measured(many_tabs: int, many_changes: int, many_orders: int) -> list[Line]:
    """One portal with so many tabs."""
    async with crowded(a_class, PRACTICE_SPEED=SLOW) as (here, given):
        token = given.visitor.token
        async with httpx.AsyncClient(
            base_url=f"{here.portal.url}{routes.API_V1}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ) as api:
            await order(api, "being-built")
            tabs = await here.tabs([given.visitor], [routes.MACHINES], many_tabs)
            await tabs[0].heard(lambda text: '"being-built"' in text)
            assert here.portal.process is not None
            process = here.portal.process.pid
            before = processor_seconds(process)
            changed = await changes(here, given, tabs, many_changes)
            used = processor_seconds(process) - before
            ordered = await orders(api, tabs, many_orders)
        for tab in tabs:
            await tab.close()
    named = f"{many_tabs} tab{'s' if many_tabs > 1 else ''}"
    return [
        *tables.spread(f"{named}: change in the cloud to the page", changed, MOST),
        Line(
            what=f"{named}: the portal's processor time per change",
            value=1000 * used / many_changes,
            unit="ms",
            note="looks in between included",
        ),
        *tables.spread(f"{named}: order to its row", ordered, {}),
    ]


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page_delay")
    parser.add_argument("--tabs", type=int, nargs="+", default=[1, 50, 200])
    parser.add_argument("--changes", type=int, default=15)
    parser.add_argument("--orders", type=int, default=5)
    given = parser.parse_args(argv)
    lines: list[Line] = []
    for many in given.tabs:
        lines += await measured(many, given.changes, given.orders)
    tables.show("From a change to the open page, while something is building", lines)


if __name__ == "__main__":
    asyncio.run(main())
