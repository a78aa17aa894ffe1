"""How long a click that writes takes, beside a click that does nothing.

    .venv/bin/python -m bench.clicks [--tabs 200] [--seconds 10]

A portal runs as a process of its own. Every tab belongs to another student and
shows one machine at rest. Twenty times a second one of the tabs renames its
machine: that locks the project, writes the row, the trail and the queue, and has
the machine loop ask the cloud for the new name. As often, another tab
sends an event whose handler only sets one variable. Both delays count from
before the event is sent until the frame that shows its effect; what is compared
is their ratio, in one run and in turns, so that a slow machine slows both.
The processor time of the portal's processes over the whole run, loops included,
tells whether it kept up at all.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from bench import crowds, tables
from bench.crowds import Visitor
from bench.processes import processor_seconds
from bench.tables import Line, quantile
from bench.visitors import OpenTab, crowded, event_of
from cloud_app import routes
from cloud_app.bootstrap import Portal
from cloud_app.gateways.protocols import Cloud
from cloud_app.models.machines import MachineRecord

RATIO = 3.0
PER_SECOND = 20
_BEGIN, _LEAVE, _RENAME = (
    event_of("machine", "machine_state", handler)
    for handler in ("begin_rename", "leave_rename", "rename")
)


@dataclass
class Click:
    """Something sent, and how its answer is known."""

    tab: OpenTab
    start: int
    began: float
    wanted: Callable[[str], Any]

    async def seconds(self) -> float:
        return (await self.tab.heard(self.wanted, self.start)).at - self.began


async def students(
    portal: Portal, cloud: Cloud, many: int
) -> tuple[list[Visitor], list[MachineRecord]]:
    """Everybody has one machine at rest."""
    people = [await crowds.a_visitor(portal, f"student{number}") for number in range(many)]
    on = await crowds.ground(portal, cloud, people[0].actor)
    rows = await crowds.machines_at_rest(portal, on, [one.project_id for one in people], many)
    await crowds.into_world(portal, cloud, rows)
    return people, rows


async def empty(tab: OpenTab) -> Click:
    """Open the field for a new name, or close it."""
    opened = [text.text for text in tab.frames if '"renaming_rx_state_":' in text.text]
    is_open = bool(opened) and '"renaming_rx_state_":true' in opened[-1]
    start, word = len(tab.frames), "false" if is_open else "true"
    began = await tab.send(_LEAVE if is_open else _BEGIN)
    return Click(tab, start, began, lambda text: f'"renaming_rx_state_":{word}' in text)


async def writing(tab: OpenTab, name: str) -> Click:
    start = len(tab.frames)
    began = await tab.send(_RENAME, form={"new_name": name})
    return Click(tab, start, began, lambda text: f'"name":"{name}"' in text)


async def clicked(tabs: Sequence[OpenTab], seconds: float) -> tuple[list[Click], list[Click]]:
    """Click at an even pace: a tab here writes, a tab half the crowd away does nothing."""
    empties: list[Click] = []
    writes: list[Click] = []
    began = perf_counter()
    for number in range(int(seconds * PER_SECOND)):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - perf_counter()))
        writes.append(await writing(tabs[number % len(tabs)], f"click-{number}"))
        await asyncio.sleep(0.5 / PER_SECOND)
        empties.append(await empty(tabs[(number + len(tabs) // 2) % len(tabs)]))
    return empties, writes


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.clicks")
    parser.add_argument("--tabs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args(argv)
    async with crowded(lambda portal, cloud: students(portal, cloud, given.tabs)) as (here, found):
        people, rows = found
        pages = [routes.machine(row.id) for row in rows]
        tabs = await here.tabs(people, pages, given.tabs)
        assert here.portal.process is not None
        process = here.portal.process.pid
        before, began = processor_seconds(process), perf_counter()
        empties, writes = await clicked(tabs, given.seconds)
        idle = [await click.seconds() for click in empties]
        busy = [await click.seconds() for click in writes]
        used = processor_seconds(process) - before
        share = used / (perf_counter() - began)
        for tab in tabs:
            await tab.close()
    ratio = quantile(busy, 0.99) / quantile(idle, 0.99)
    tables.show(
        f"{given.tabs} tabs, {PER_SECOND} writing clicks a second in all",
        [
            *tables.spread("empty handler", idle, {}),
            *tables.spread("rename", busy, {}),
            Line(what="p50 of a rename over that of an empty handler",
                 value=quantile(busy, 0.5) / quantile(idle, 0.5), unit="×"),
            Line(what="p99 of a rename over that of an empty handler",
                 value=ratio, unit="×", most=RATIO),
            Line(what="processor time per rename and empty click together",
                 value=1000 * used / len(writes), unit="ms"),
            Line(what="processors busy with the portal", value=share),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
