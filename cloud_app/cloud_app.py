"""The app: pages listed, HTTP doors mounted, guard set, loops started."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import reflex as rx
from reflex import constants
from reflex.utils import prerequisites
from starlette.datastructures import Headers

from cloud_app import logs, pages
from cloud_app.api import problems
from cloud_app.api.app import api
from cloud_app.bootstrap import portal
from cloud_app.components.shell import LOOK
from cloud_app.settings import Settings
from cloud_app.state import tabs
from cloud_app.state.guard import Guard
from cloud_app.state.notice import present
from cloud_app.web import headers
from cloud_app.web.edge import Edge

log = logging.getLogger(__name__)

__all__ = ["app", "pages"]


def edge(inner: Any) -> Edge:
    """Wrap everything that answers HTTP, when the server starts."""
    settings = Settings.from_env()
    built = prerequisites.get_web_dir() / constants.Dirs.STATIC
    policy = headers.page_policy(settings.public_urls, headers.inline_hashes(built))

    def problem(scope: Any, status: int, key: str) -> tuple[bytes, bytes]:
        return problems.raw(Headers(scope=scope), status, key)

    return Edge(inner, settings, policy, problem)


@asynccontextmanager
async def running() -> AsyncGenerator[None]:
    """What lives as long as the server: the log's form, the loops, the database."""
    here = portal()
    logs.setup(here.settings.log_level)
    tabs.follow(here.hub)
    work = asyncio.create_task(here.run(loops=here.settings.loops))
    yield
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    await here.db.close()


def page_failed(exception: Exception) -> None:
    """Note what a browser reports. Anybody can send such a report, so it is kept short."""
    log.warning("page failed", extra={"said": str(exception)[:300]})


app = rx.App(
    **LOOK,
    api_transformer=[api, edge],
    backend_exception_handler=present,  # pyright: ignore[reportArgumentType] - a called handler is a spec
    frontend_exception_handler=page_failed,
)
app.add_middleware(Guard(), 0)
tabs.install(app)
app.register_lifespan_task(running)
