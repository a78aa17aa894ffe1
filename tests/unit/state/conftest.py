"""Tabs of the attacked app."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from reflex_base.registry import RegistrationContext

from cloud_app.bootstrap import Portal
from tests.make import ORIGIN
from tests.tab import Tab
from tests.unit.state.probe import app, asgi

OpenTab = Callable[..., Awaitable[Tab]]


async def _serve(ready: asyncio.Event, stop: asyncio.Event) -> None:
    async with asgi.router.lifespan_context(asgi):  # pyright: ignore[reportFunctionMemberAccess]
        ready.set()
        await stop.wait()


async def rest() -> None:
    """Wait until the app has nothing more to do for anybody."""
    processor = app.event_processor
    while under_way := [
        work
        for work in (*processor._futures.values(), *processor._tasks.values())
        if not work.done()
    ]:
        await asyncio.wait(under_way)


@pytest.fixture
async def open_tab(portal: Portal) -> AsyncGenerator[OpenTab]:
    """Opens tabs: `open_tab()` is a stranger's, `open_tab(login)` one with that log-in's cookie."""
    context = contextvars.copy_context()
    context.run(RegistrationContext.set, app._registration_context)
    ready, stop, opened = asyncio.Event(), asyncio.Event(), list[Tab]()
    server = asyncio.create_task(_serve(ready, stop), context=context)
    await ready.wait()

    async def opener(login: str = "", *, token: str = "", origin: str | None = ORIGIN) -> Tab:
        tab = Tab(
            asgi,
            context,
            rest,
            cookie=f"madang={login}" if login else "",
            token=token,
            origin=origin,
        )
        opened.append(tab)
        return await tab.open()

    yield opener
    for tab in opened:
        await tab.close()
    stop.set()
    await server
