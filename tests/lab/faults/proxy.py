"""One listening port per OpenStack service; what goes through it can be made to go wrong.

The portal is told the proxy's Keystone. Keystone's answers name the other services
by the proxy's ports, so everything the portal asks passes here, is counted, and
suffers whatever `befall` says. Nothing is patched: the portal's own libraries meet
real sockets.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

HOST = "127.0.0.1"
HOP_BY_HOP = ("Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive", "Server")
TOKEN = "X-Auth-Token"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached the proxy."""

    service: str
    method: str
    path: str
    at: float
    """Monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the real service answered, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self, body: bytes | None = None) -> web.Response:
        return web.Response(
            status=self.status, headers=self.headers, body=self.body if body is None else body
        )


@dataclass(slots=True)
class Exchange:
    """One request under way, in the hands of a fault."""

    request: web.Request
    service: "Service"

    async def forward(self, query: Mapping[str, str] | None = None) -> Answer:
        """Have the real service do what was asked, with `query` besides its own."""
        return await self.service.ask(self.request, query or {})

    def cut(self) -> web.Response:
        """Close the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()
        return web.Response(status=502)

    async def until_relieved(self, most: float = 600.0) -> None:
        """Wait for as long as the fault lasts, or `most` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most):
                await self.service.relieved.wait()


Fault = Callable[[Exchange], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Service:
    """One service, its port here and its address there."""

    name: str
    there: str
    proxy: "FaultProxy"
    port: int = 0
    fault: Fault | None = None
    only: str | None = None
    """The one method that the fault strikes; None for all."""
    relieved: asyncio.Event = field(default_factory=asyncio.Event)
    tokens: set[str] = field(default_factory=set[str])
    """Every token that was shown here."""
    given: dict[str, Answer] = field(default_factory=dict[str, Answer])
    """The first answer to each question, for who wants to repeat it."""
    _runner: web.AppRunner | None = None
    _site: web.TCPSite | None = None

    @property
    def here(self) -> str:
        return f"{HOST}:{self.port}"

    async def start(self) -> None:
        server = web.Application(client_max_size=1 << 24)
        server.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.listen()

    async def listen(self) -> None:
        """Take connections, at the same port as before."""
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        await self._site.start()
        self.port = self.port or int(self._runner.addresses[0][1])

    async def refuse(self) -> None:
        """Take no more connections."""
        assert self._site is not None
        await self._site.stop()
        self._site = None

    async def stop(self) -> None:
        self.relieved.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def ask(self, request: web.Request, more: Mapping[str, str]) -> Answer:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in (*HOP_BY_HOP, "Host")
        }
        async with self.proxy.client.request(
            request.method,
            f"http://{self.there}{request.path}",
            params=[*request.query.items(), *more.items()],
            headers=headers,
            data=await request.read() or None,
            skip_auto_headers=["Content-Type", "User-Agent", "Accept", "Accept-Encoding"],
            allow_redirects=False,
        ) as answer:
            kept = {n: v for n, v in answer.headers.items() if n not in HOP_BY_HOP}
            body = self.proxy.renamed(await answer.read()) if self.name == "identity" else None
            return Answer(answer.status, kept, await answer.read() if body is None else body)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.proxy.asked.append(Asked(self.name, request.method, request.path, monotonic()))
        fault = self.fault if self.only in (None, request.method) else None
        exchange = Exchange(request, self)
        if fault is not None:
            return await fault(exchange)
        if token := request.headers.get(TOKEN):
            self.tokens.add(token)
        answer = await exchange.forward()
        if request.method == "GET":
            self.given.setdefault(request.path, answer)
        return answer.response()


class FaultProxy:
    """All services of one lab, as the portal reaches them."""

    def __init__(self, there: Mapping[str, str]) -> None:
        """`there` is service name to host:port of the real one."""
        self.services = {name: Service(name, where, self) for name, where in there.items()}
        self.asked: list[Asked] = []
        self._client: ClientSession | None = None

    @property
    def client(self) -> ClientSession:
        assert self._client is not None
        return self._client

    @property
    def auth_url(self) -> str:
        return f"http://{self.services['identity'].here}/v3"

    def renamed(self, body: bytes) -> bytes:
        """Name our own ports wherever Keystone names the services'."""
        for service in self.services.values():
            body = body.replace(service.there.encode(), service.here.encode())
        return body

    def befall(self, service: str, fault: Fault, *, only: str | None = None) -> None:
        """From now on `fault` answers for the service, for requests of the method `only`."""
        struck = self.services[service]
        struck.relieved.clear()
        struck.fault, struck.only = fault, only

    def relieve(self) -> None:
        """End every fault; what hangs is let go."""
        for service in self.services.values():
            service.fault = service.only = None
            service.relieved.set()

    def count(self, service: str, method: str | None = None, path: str = "") -> int:
        """How often a service was asked, for paths that end with `path`."""
        return sum(
            one.service == service and method in (None, one.method) and one.path.endswith(path)
            for one in self.asked
        )

    def most_per_second(self, service: str) -> int:
        """The most requests in any one second."""
        moments = [one.at for one in self.asked if one.service == service]
        return max((sum(at <= one < at + 1 for one in moments) for at in moments), default=0)

    async def start(self) -> None:
        settings: dict[str, Any] = {"timeout": ClientTimeout(total=120)}
        self._client = ClientSession(auto_decompress=False, **settings)
        for service in self.services.values():
            await service.start()

    async def stop(self) -> None:
        for service in self.services.values():
            await service.stop()
        await self.client.close()


@asynccontextmanager
async def faults_in_front_of(there: Mapping[str, str]) -> AsyncGenerator[FaultProxy]:
    proxy = FaultProxy(there)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
