"""How much memory the portal takes, at rest and per open tab.

    .venv/bin/python -m bench.memory [--tabs 1 50 200]

The portal runs as a process of its own with 25 machines at rest in one project;
every tab shows the list with all of them. Resident memory is read from /proc
for the serving process, its parent and the resource tracker together, once
nothing has been sent for some seconds. Linux only.
"""

import argparse
import asyncio
from collections.abc import Sequence

from bench import tables
from bench.page_delay import a_class
from bench.processes import resident_mb
from bench.tables import Line
from bench.visitors import OpenTab, crowded
from cloud_app import routes

AT_REST_MB = 250
PER_TAB_MB = 0.3
SETTLE_SECONDS = 4


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.memory")
    parser.add_argument("--tabs", type=int, nargs="+", default=[1, 50, 200])
    given = parser.parse_args(argv)
    lines: list[Line] = []
    async with crowded(a_class) as (here, found):
        assert here.portal.process is not None
        process = here.portal.process.pid
        first = await here.tabs([found.visitor], [routes.MACHINES], 1)
        await first[0].close()
        await asyncio.sleep(SETTLE_SECONDS)
        rest = resident_mb(process)
        lines.append(Line(what="no tab, after one visit", value=rest, unit="MB", most=AT_REST_MB))
        tabs: list[OpenTab] = []
        for many in sorted(given.tabs):
            tabs += await here.tabs([found.visitor], [routes.MACHINES], many - len(tabs))
            await asyncio.sleep(SETTLE_SECONDS)
            seen = resident_mb(process)
            lines.append(Line(what=f"{many} tabs", value=seen, unit="MB"))
            lines.append(
                Line(
                    what=f"{many} tabs, each",
                    value=(seen - rest) / many,
                    unit="MB",
                    most=PER_TAB_MB,
                )
            )
        for tab in tabs:
            await tab.close()
    tables.show("Resident memory of the portal's processes", lines)


if __name__ == "__main__":
    asyncio.run(main())
