"""A portal as a process of its own, to be used over HTTP and killed without warning."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from cloud_app.bootstrap import build
from cloud_app.models.projects import ProjectRecord
from cloud_app.settings import Settings
from cloud_app.site import Site, apply
from tests.make import PASSWORD, UNHURRIED, cheap_passwords, own_project

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
ROOMY = 64


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def until(
    found: Callable[[], Awaitable[Any]], within: float, *, every: float = 0.1, what: str = ""
) -> Any:
    """Ask again and again until the answer is true; fail after `within` seconds."""
    ends = monotonic() + within
    while True:
        answer = await found()
        if answer:
            return answer
        assert monotonic() < ends, f"not within {within} s: {what or found}"
        await asyncio.sleep(every)


@dataclass
class RunningPortal:
    """`tools.serve` on a data folder; starts, dies and starts again."""

    var: Path
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """MADANG_ variables without the prefix."""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        given = {
            "VAR": str(self.var),
            "PORT": str(self.port),
            "LOOPS": "1",
            **UNHURRIED,
            **self.settings,
        }
        return os.environ | {f"MADANG_{name}": value for name, value in given.items()}

    async def found(self, site: Path, handle: str = "minji") -> None:
        """Write the site and one student with plenty of room; before the first start."""
        await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "tools.migrate"], check=True, env=self.env,
            cwd=ROOT,
        )  # fmt: skip
        portal = build(Settings.from_env(self.env), passwords=cheap_passwords())
        await apply(Site.read(site), portal)
        actor = await portal.accounts.open_account(handle, handle.title(), PASSWORD)
        async with portal.db.begin() as session:
            project = await session.get_one(ProjectRecord, own_project(actor))
            project.machines_allowed = project.vcpus_allowed = ROOMY
            project.ram_mib_allowed = ROOMY * 4096
        await portal.db.close()

    async def start(self) -> None:
        """Start and wait until it answers."""
        self.process = await asyncio.to_thread(self._spawn)
        await until(self._answers, START_SECONDS, what=str(self.var / "portal.log"))

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.var / "portal.log").open("ab") as log:
            return subprocess.Popen(
                [
                    sys.executable, "-m", "tools.serve", "--no-demo", "--stop-with-stdin",
                    "--port", str(self.port), "--var", str(self.var),
                ],
                env=self.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    async def kill(self) -> None:
        """End every process of the portal as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        await asyncio.to_thread(self.process.communicate)

    async def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.var / "portal.log").read_text()[-2000:]
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.url}/api/v1/health")).is_success
        except httpx.TransportError:
            return False

    async def log_in(self, handle: str = "minji") -> httpx.AsyncClient:
        """Return a client of the REST API with the student's token."""
        client = httpx.AsyncClient(base_url=f"{self.url}/api/v1", timeout=30)
        answer = await client.post("/auth/login", json={"handle": handle, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        return client


@dataclass
class RunningWorker:
    """`cloud_app.worker` beside a portal; can be killed, or stopped for a while."""

    portal: RunningPortal
    node: str
    """What the machine is called that it pretends to run on."""
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start and wait until it hears the others."""
        self.process = await asyncio.to_thread(self._spawn)
        await until(self._hears, START_SECONDS, what=str(self._log))

    @property
    def _log(self) -> Path:
        return self.portal.var / f"worker-{self.node}.log"

    async def _hears(self) -> bool:
        return "relay connected" in self._log.read_text()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                # It cannot be told by its input: it ends with the tests, however they end.
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "cloud_app.worker"],
                env=self.portal.env | {"MADANG_NODE": self.node}, cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def pause(self) -> None:
        """Stop it where it stands, as a machine does that has too much to do."""
        self._tell(signal.SIGSTOP)

    def resume(self) -> None:
        self._tell(signal.SIGCONT)

    async def kill(self) -> None:
        self._tell(signal.SIGKILL)
        if self.process is not None:
            await asyncio.to_thread(self.process.wait)

    def _tell(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)
