"""A portal in this process, on the lab through the proxy, and time that can be hurried."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from cloud_app import bootstrap
from cloud_app.api.app import build_api
from cloud_app.bootstrap import Portal, build
from cloud_app.gateways.openstack.access import read_clouds_yaml
from cloud_app.loops.machines import RESTING_LOOK
from cloud_app.models.projects import ProjectRecord
from cloud_app.site import Site, apply
from tests.lab.conftest import in_a_week
from tests.lab.faults.proxy import HOST, FaultProxy, faults_in_front_of
from tests.make import ORIGIN, a_person, a_token, cheap_passwords, own_project, some_settings
from tests.running import ROOT, until

HERE = Path(__file__).parents[1]
PORTS = {"compute": 8774, "network": 9696, "image": 9292}
CHOICES = "choices = { connect_seconds = 0.5, read_seconds = 3.0, write_seconds = 20.0 }"
BUILT = ("starting", "ready")


@dataclass
class Hurried:
    """The real time and whatever was jumped over."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Day:
    """One day of one portal; the test has its loops do their passes."""

    portal: Portal
    proxy: FaultProxy
    clock: Hurried
    rest: httpx.AsyncClient

    async def one_pass(self, seconds: float = RESTING_LOOK.total_seconds() + 1) -> None:
        """Have everything done that is due so much later."""
        self.clock.ahead += timedelta(seconds=seconds)
        await self.portal.machine_loop.once()
        await self.portal.machine_loop.jobs.idle()

    async def order(self, name: str) -> str:
        wish = {
            "name": name, "size": "light", "template": "tiny", "return_on": in_a_week(),
            "access": "generated",
        }  # fmt: skip
        answer = await self.rest.post("/servers", json=wish)
        return str(answer.raise_for_status().json()["id"])

    async def look(self, machine_id: str) -> Mapping[str, Any]:
        """What REST says of a machine."""
        return (await self.rest.get(f"/servers/{machine_id}")).raise_for_status().json()

    async def until(self, machine_id: str, *states: str, within: float = 90) -> Mapping[str, Any]:
        """Go on pass by pass until it is in one of the states."""

        async def there() -> Mapping[str, Any] | None:
            await self.one_pass(2)
            seen = await self.look(machine_id)
            return seen if seen["status"] in states else None

        return await until(there, within, every=0.2, what=f"{states}")

    async def until_all_is_well(
        self, machine_id: str, service: str = "", within: float = 30
    ) -> int:
        """Go on until no service is silent; answer in how many looks `service` was asked for it.

        While its line rests, a look asks it nothing: only the clock of these looks is hurried.
        """
        looks = 0

        async def well() -> bool:
            nonlocal looks
            before = self.proxy.count(service)
            await self.one_pass()
            looks += self.proxy.count(service) > before
            return (await self.look(machine_id))["silent_service"] is None

        await until(well, within, every=0.3, what="nothing is silent")
        return looks

    async def give_all_back(self) -> None:
        for one in (await self.rest.get("/servers")).raise_for_status().json()["items"]:
            await self.rest.delete(f"/servers/{one['id']}")

        async def none_left() -> bool:
            await self.one_pass(2)
            return not (await self.rest.get("/servers")).json()["items"]

        await until(none_left, 120, every=0.2, what="everything given back")


def _site(folder: Path, clouds: Path, auth_url: str) -> Path:
    described = yaml.safe_load(clouds.read_text("utf-8"))
    described["clouds"]["lab-admin"]["auth"]["auth_url"] = auth_url
    (folder / "clouds.yaml").write_text(yaml.safe_dump(described), "utf-8")
    text = (HERE / "site.toml").read_text("utf-8")
    text = text.replace('cloud = "lab-admin"', f'cloud = "lab-admin"\n{CHOICES}')
    (folder / "site.toml").write_text(text, "utf-8")
    return folder / "site.toml"


async def _portal(folder: Path, site: Path, clock: Hurried) -> Portal:
    env = os.environ | {"MADANG_VAR": str(folder)}
    migrate = [sys.executable, "-m", "tools.migrate"]
    await asyncio.to_thread(subprocess.run, migrate, check=True, env=env, cwd=ROOT)
    settings = some_settings(folder, PRACTICE="0")
    portal = build(settings, now=clock, passwords=cheap_passwords())
    bootstrap.use(portal)
    await apply(Site.read(site), portal)
    student = await a_person(portal)
    async with portal.db.begin() as session:
        project = await session.get_one(ProjectRecord, own_project(student))
        project.machines_allowed = project.vcpus_allowed = 30
        project.ram_mib_allowed = 30 * 1024
    return portal


@asynccontextmanager
async def a_day_on_the_lab(folder: Path, clouds: Path) -> AsyncGenerator[Day]:
    """A portal with one student on the lab, every request of it through the proxy."""
    access, _ = read_clouds_yaml(clouds, "lab-admin")
    there = {"identity": urlsplit(access["auth_url"]).netloc}
    there |= {name: f"{HOST}:{port}" for name, port in PORTS.items()}
    clock = Hurried()
    async with faults_in_front_of(there) as proxy:
        portal = await _portal(folder, _site(folder, clouds, proxy.auth_url), clock)
        headers = {"Authorization": f"Bearer {await a_token(portal)}"}
        transport = httpx.ASGITransport(build_api())
        base = f"{ORIGIN}/api/v1"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as rest:
            day = Day(portal, proxy, clock, rest)
            yield day
            proxy.relieve()
            await day.give_all_back()
        await portal.machine_loop.close()
        await portal.db.close()
