"""The HTTP doors as a client sees them, edge included, without a server or a browser."""

from collections.abc import AsyncGenerator, Callable

import httpx
import pytest
from starlette.datastructures import Headers

from cloud_app.api import problems
from cloud_app.api.app import build_api
from cloud_app.bootstrap import Portal
from cloud_app.web import headers
from cloud_app.web.edge import Edge
from tests.make import ORIGIN, a_token

Client = httpx.AsyncClient
MakeClient = Callable[..., Client]


@pytest.fixture
async def client(portal: Portal) -> AsyncGenerator[MakeClient]:
    """Makes clients: `client()` is a stranger, `client(bearer=…)` a script, `client(cookie=…)`
    a browser, which sends its own page's Origin unless told otherwise.
    """
    opened: list[Client] = []

    def make(
        bearer: str = "", cookie: str = "", origin: str | None = None, base: str = ORIGIN
    ) -> Client:
        policy = headers.page_policy(portal.settings.public_urls, [])
        edge = Edge(
            build_api(),
            portal.settings,
            policy,
            lambda scope, status, key: problems.raw(Headers(scope=scope), status, key),
        )
        sent = {"Accept-Language": "en"}
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        if origin is not None:
            sent["Origin"] = origin
        elif cookie:
            sent["Origin"] = ORIGIN
        transport = httpx.ASGITransport(edge, raise_app_exceptions=False)
        made = Client(transport=transport, base_url=base, headers=sent)
        if cookie:
            name = "__Host-madang" if portal.settings.secure_cookies else "madang"
            made.headers["Cookie"] = f"{name}={cookie}"
        opened.append(made)
        return made

    yield make
    for made in opened:
        await made.aclose()


@pytest.fixture
async def script(portal: Portal, student: object, client: MakeClient) -> Client:
    """A script that runs as the student."""
    return client(bearer=await a_token(portal, "minji"))


@pytest.fixture
async def stranger(client: MakeClient) -> Client:
    return client()
