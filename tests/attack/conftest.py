"""One portal as a process of its own for the whole folder, with people who do not trust each other.

The practice cloud builds at once. What a test needs to know past the doors, it
reads from the database itself (`inside`). Whatever a test does, the portal
lives on and has no trace in its log.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import httpx
import pytest

from cloud_app.bootstrap import Portal, build
from cloud_app.domain.actor import Role
from cloud_app.settings import Settings
from cloud_app.site import PRACTICE_SITE
from tests.attack.wire import RawTab, say, socket_address
from tests.make import PASSWORD, a_person, a_token, cheap_passwords
from tests.running import RunningPortal

VICTIM, THIEF = "minji", "junho"
SPEED = "60"
TRACE = re.compile(r"Traceback|^\S+ (ERROR|CRITICAL) (?!engineio.server Invalid transport)", re.M)


@dataclass
class Target:
    """The attacked portal."""

    portal: RunningPortal
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    """What only its owner may know, by what it is; planted before the attack."""
    machine: str = ""
    """A mini-PC of the victim."""
    _sources: int = 1

    @property
    def url(self) -> str:
        return self.portal.url

    @property
    def port(self) -> int:
        return self.portal.port

    @property
    def log(self) -> str:
        return (self.portal.var / "portal.log").read_text("utf-8", "replace")

    def source(self) -> str:
        """An address nobody has come from yet: tries from it count against nobody else."""
        self._sources += 1
        return f"127.0.1.{self._sources}"

    def build(self) -> Portal:
        """Our own way to the same database."""
        return build(Settings.from_env(self.portal.env), passwords=cheap_passwords())

    async def say(self, *parts: bytes, **how: Any) -> bytes:
        return await say(self.port, *parts, **how)

    def client(self, bearer: str = "", cookie: str = "", **headers: str) -> httpx.AsyncClient:
        """Somebody who speaks HTTP; says only what it is told to say."""
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if cookie:
            headers["Cookie"] = f"madang={cookie}"
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    def order(self, name: str, **changes: Any) -> dict[str, Any]:
        """An order as the REST API takes it."""
        on = (datetime.now(UTC) + timedelta(days=7)).date()
        wish = {"name": name, "size": "light", "template": "ubuntu", "return_on": str(on)}
        return wish | changes


OpenTab = Callable[..., Awaitable[RawTab]]


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Generator[Target]:
    portal = RunningPortal(tmp_path_factory.mktemp("attacked"), {"PRACTICE_SPEED": SPEED})
    target = Target(portal)
    try:
        asyncio.run(_found(target))
        yield target
    finally:
        if portal.process is not None:
            asyncio.run(portal.kill())


async def _found(target: Target) -> None:
    await target.portal.found(PRACTICE_SITE, VICTIM)
    inside = target.build()
    for handle, role in ((THIEF, Role.STUDENT), ("prof", Role.INSTRUCTOR), ("staff", Role.STAFF)):
        await a_person(inside, handle, role)
    token = await a_token(inside, VICTIM)
    await inside.db.close()
    await target.portal.start()
    await _plant(target, token)


async def _plant(target: Target, token: str) -> None:
    """Have the victim order machines, with secrets in the orders and in the answers."""
    given = {"password": "planted-Pa55word", "marker": "planted-cloud-init-marker"}
    wishes = (
        target.order("victims-pc"),
        target.order("with-password", access="password", password=given["password"]),
        target.order("own-steps", cloud_init=f"#cloud-config\n# {given['marker']}\n"),
    )
    async with target.client(bearer=token) as victim:
        answers = [
            (await victim.post("/api/v1/servers", json=wish)).raise_for_status().json()
            for wish in wishes
        ]
    target.machine = answers[0]["id"]
    keys = [answer["private_key"] for answer in answers if answer["private_key"]]
    # The lines between the fences: what would be left if only the fences were blotted out.
    target.secrets |= {f"private key {i}": key.splitlines()[3] for i, key in enumerate(keys)}
    target.secrets |= given | {"log-in": token, "log-in password": PASSWORD}


@pytest.fixture
async def inside(target: Target) -> AsyncGenerator[Portal]:
    """The same database, past all doors."""
    portal = target.build()
    yield portal
    await portal.db.close()


@pytest.fixture
async def login(inside: Portal) -> str:
    """The victim's log-in."""
    return await a_token(inside, VICTIM)


@pytest.fixture
async def thief(inside: Portal) -> str:
    """The log-in of another student, who would like to be the victim."""
    return await a_token(inside, THIEF)


@pytest.fixture
async def open_tab(target: Target) -> AsyncGenerator[OpenTab]:
    """Opens tabs: `open_tab()` is a stranger's, `open_tab(login)` one with that log-in's cookie."""
    opened: list[RawTab] = []
    async with aiohttp.ClientSession() as session:

        async def opener(
            login: str = "", *, token: str = "", origin: str | None = "", **headers: str
        ) -> RawTab:
            sent = dict(headers)
            if origin is not None:
                sent["Origin"] = origin or target.url
            if login:
                sent["Cookie"] = f"madang={login}"
            address = socket_address(target.port, token)
            socket = await session.ws_connect(address, headers=sent, max_msg_size=0)
            tab = RawTab(socket=socket, token=address.split("token=")[1].split("&")[0])
            opened.append(tab)
            return await tab.connect()

        yield opener
        for tab in opened:
            await tab.close()


@pytest.fixture(autouse=True)
async def nothing_broke(target: Target) -> AsyncGenerator[None]:
    """Whatever was done: the portal answers, and its log tells of no bug."""
    before = len(target.log)
    yield
    async with target.client() as anybody:
        assert (await anybody.get("/api/v1/health")).is_success
    new = target.log[before:]
    assert [line for line in new.splitlines() if TRACE.search(line)] == []
