"""Counts what pages and passes ask: calls to a cloud, and SQL statements.

    .venv/bin/python -m bench.calls [--machines 10 100 1000]

The real app runs in this process without a server. A logged-in tab opens each
page while the visitor's machines are at rest; the practice cloud counts every
gateway call. Statements are counted where SQLAlchemy hands them to the driver:
a page that asks per row needs more of them with more machines. Then one pass of
the machine loop looks at 10, 100 and 1,000 machines at rest, once with what
changed since the last pass and once with everything (every five minutes).
Last, the write transactions behind one click: each is a wait for the disk, and
on SQLite they queue behind one another.
"""

import argparse
import asyncio
import contextvars
import os
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from reflex_base.registry import RegistrationContext
from sqlalchemy import event

from bench import crowds, tables
from bench.tables import Line
from cloud_app import bootstrap, routes
from cloud_app.bootstrap import Portal
from cloud_app.domain.machines import Command
from cloud_app.gateways.protocols import Cloud
from cloud_app.models.clouds import CloudRecord
from cloud_app.models.machines import MachineRecord
from tests.running import until
from tests.tab import Tab
from tools import places, serve

CALLS_PER_VIEW = 0
CALLS_PER_PASS = 4
AT_REST_SECONDS = 1.0
LONGEST_VIEW = 30
FEW, MANY = 10, 100
"""Machines in the visitor's project: what grows from one to the other is asked per row."""


def listen(portal: Portal) -> Sequence[str]:
    """Every SQL statement from now on; of the brackets of transactions only BEGIN IMMEDIATE."""
    seen: list[str] = []

    @event.listens_for(portal.db.engine.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "BEGIN":
            seen.append(statement)

    return seen


@contextmanager
def app_below(var: Path) -> Generator[None]:
    """Let the app find this folder, and the built frontend's files, when it is imported."""
    kept = dict(os.environ)
    os.environ.update(serve.environment(port=8000, var=var, web=places.WEB / "current"))
    os.environ.update({"MADANG_LOOPS": "0", "MADANG_LOG_LEVEL": "ERROR"})
    os.environ.pop("__REFLEX_MOUNT_FRONTEND_COMPILED_APP")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


class Browser:
    """Tabs of the real app in this process."""

    def __init__(self) -> None:
        self._app = import_module("cloud_app.cloud_app").app
        self._asgi = self._app()
        self._context = contextvars.copy_context()
        self._context.run(RegistrationContext.set, self._app._registration_context)  # noqa: SLF001 - events are looked up in it
        self._stop = asyncio.Event()

    async def __aenter__(self) -> "Browser":
        ready = asyncio.Event()
        self._server = asyncio.create_task(self._serve(ready), context=self._context)
        await ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._server

    async def view(self, token: str, page: str, asked: Sequence[str]) -> int:
        """Open a page in a new tab; return how many statements that took until it was at rest."""
        before = len(asked)
        tab = await Tab(self._asgi, self._context, _no_rest, cookie=f"madang={token}").open(page)
        await until(lambda: _is_loaded(tab), LONGEST_VIEW, what=page)
        # The page follows its project from now on, and asks nothing until something happens.
        seen = -1
        while seen != len(asked):
            seen = len(asked)
            await asyncio.sleep(AT_REST_SECONDS)
        await tab.close()
        assert not tab.sent_to, tab.sent_to
        return seen - before

    async def _serve(self, ready: asyncio.Event) -> None:
        async with self._asgi.router.lifespan_context(self._asgi):
            ready.set()
            await self._stop.wait()


async def _is_loaded(tab: Tab) -> bool:
    return '"loaded_rx_state_": true' in tab.said


async def _no_rest() -> None:
    """A page that follows its project is never done."""


async def views(portal: Portal, world_calls: Counter[str], on: crowds.Ground) -> list[Line]:
    """Open every page with few and with many machines."""
    lines: list[Line] = []
    statements = listen(portal)
    people = {
        number: await crowds.a_visitor(portal, f"person{number}", room=1000)
        for number in (FEW, MANY)
    }
    some = {
        number: await crowds.machines_at_rest(portal, on, [person.project_id], number)
        for number, person in people.items()
    }
    async with Browser() as browser:
        for page in (routes.HOME, routes.MACHINES, routes.ORDER_MACHINE, routes.MACHINE):
            asked: dict[int, int] = {}
            world_calls.clear()
            for number, person in people.items():
                path = routes.machine(some[number][0].id) if page == routes.MACHINE else page
                asked[number] = await browser.view(person.token, path, statements)
            lines += [
                Line(
                    what=f"{page}: calls to a cloud",
                    value=world_calls.total() / len(people),
                    most=CALLS_PER_VIEW,
                    note=_names(world_calls),
                ),
                Line(what=f"{page}: SQL statements, {FEW} machines", value=asked[FEW]),
                Line(
                    what=f"{page}: SQL statements, {MANY} machines",
                    value=asked[MANY],
                    most=asked[FEW],
                    note="none per row" if asked[MANY] <= asked[FEW] else "asked per row",
                ),
            ]
    return lines


async def passes(portal: Portal, cloud: Cloud, counts: Sequence[int]) -> list[Line]:
    """Let the machine loop look at more and more machines at rest."""
    person = await crowds.a_visitor(portal, "owner")
    on = await crowds.ground(portal, cloud, person.actor)
    world = crowds.world_of(cloud)
    lines: list[Line] = []
    there = 0
    for count in counts:
        rows = await crowds.machines_at_rest(portal, on, [person.project_id], count - there)
        await crowds.into_world(portal, cloud, rows)
        there = count
        for kind, whole in (("everything", True), ("what changed", False)):
            await _next_look_is(portal, cloud, whole=whole)
            world.calls.clear()
            await portal.machine_loop.once()
            await portal.machine_loop.jobs.idle()
            lines.append(
                Line(
                    what=f"{count:,} machines at rest, {kind}",
                    value=world.calls.total(),
                    unit="calls",
                    most=CALLS_PER_PASS,
                    note=_names(world.calls),
                )
            )
    return lines


async def _next_look_is(portal: Portal, cloud: Cloud, *, whole: bool) -> None:
    """Make the next look due, and of this kind."""
    portal.machine_loop._looked.clear()  # noqa: SLF001 - otherwise it rests for 15 s
    async with portal.db.begin() as session:
        row = await session.get_one(CloudRecord, cloud.id)
        row.swept_at = None if whole else datetime.now(UTC)


def _names(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items()))


async def deeds(portal: Portal, cloud: Cloud) -> list[Line]:
    """Rename a machine at rest, then stop it; let the loop carry that out."""
    person = await crowds.a_visitor(portal, "owner")
    on = await crowds.ground(portal, cloud, person.actor)
    (row,) = await crowds.machines_at_rest(portal, on, [person.project_id], 1)
    await crowds.into_world(portal, cloud, [row])
    machines, asked = portal.machines, listen(portal)
    lines: list[Line] = []
    for what, click in (
        ("rename", lambda: machines.rename(person.actor, row.id, "another")),
        ("stop", lambda: machines.command(person.actor, row.id, Command.STOP)),
    ):
        before = len(asked)
        await click()
        lines.append(_writes(f"{what}: the click", asked[before:]))
        before = len(asked)
        await until(lambda: _carried_out(portal, row.id), LONGEST_VIEW, what=what)
        lines.append(_writes(f"{what}: the loop until it rests", asked[before:]))
    return lines


async def _carried_out(portal: Portal, machine_id: str) -> bool:
    await portal.machine_loop.once()
    await portal.machine_loop.jobs.idle()
    async with portal.db.read() as session:
        return (await session.get_one(MachineRecord, machine_id)).settled


def _writes(what: str, asked: Sequence[str]) -> Line:
    many = sum(statement == "BEGIN IMMEDIATE" for statement in asked)
    return Line(what=what, value=many, unit="write transactions", note=f"{len(asked)} statements")


async def _in_folder(
    work: Callable[[Portal, Cloud], Awaitable[list[Line]]],
) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder, app_below(Path(folder)):
        portal = crowds.a_portal(Path(folder))
        bootstrap.use(portal)
        lines = await work(portal, await crowds.open_campus(portal))
        await portal.machine_loop.close()
        await portal.db.close()
        return lines


async def _views(portal: Portal, cloud: Cloud) -> list[Line]:
    first = await crowds.a_visitor(portal, "first")
    on = await crowds.ground(portal, cloud, first.actor)
    return await views(portal, crowds.world_of(cloud).calls, on)


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.calls")
    parser.add_argument("--machines", type=int, nargs="+", default=[10, 100, 1000])
    given = parser.parse_args(argv)
    counts = sorted(given.machines)
    tables.show(
        "One pass of the machine loop, per cloud",
        await _in_folder(lambda portal, cloud: passes(portal, cloud, counts)),
    )
    tables.show("One page view", await _in_folder(_views))
    tables.show("One click", await _in_folder(deeds))


if __name__ == "__main__":
    asyncio.run(main())
