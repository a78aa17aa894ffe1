"""Fifty orders at once with room for five: five machines, and forty-five plain refusals."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cloud_app.domain.machines import Power
from cloud_app.models.projects import ProjectRecord
from tests.databases import PostgresDatabases
from tests.make import PASSWORD, own_project
from tests.running import until
from tests.twins.conftest import PATIENCE, Twins, all_in, an_order, twins_on

pytestmark = pytest.mark.timeout(240)

REFUSAL = "할당된 리소스를 초과하여 미니 PC 대여가 불가능합니다."
CROWD, ROOM = 50, 5


@pytest.fixture(params=["sqlite", "postgres"])
async def crowded(
    request: pytest.FixtureRequest, databases: PostgresDatabases, redis_url: str, tmp_path: Path
) -> AsyncGenerator[Twins]:
    async with (
        site_of(request.param, databases, tmp_path) as given,
        twins_on({**given, "REDIS_URL": redis_url}, tmp_path) as made,
    ):
        yield made


@asynccontextmanager
async def site_of(
    kind: str, databases: PostgresDatabases, var: Path
) -> AsyncGenerator[Mapping[str, str]]:
    if kind == "sqlite":
        yield {}
    else:
        async with databases.empty(var) as given:
            yield given


async def leave_room(twins: Twins) -> None:
    minji = await twins.inside.accounts.actor_for(
        (await twins.inside.accounts.sign_in("minji", PASSWORD)).token
    )
    async with twins.inside.db.begin() as session:
        project = await session.get_one(ProjectRecord, own_project(minji))
        project.machines_allowed = ROOM


async def test_fifty_orders_through_two_portals_are_five_machines(crowded: Twins):
    await leave_room(crowded)
    clients = [await crowded.log_in(await crowded.portal()) for _ in range(2)]
    await crowded.worker("north")

    async def order(number: int) -> httpx.Response:
        client = clients[number % len(clients)]
        return await client.post(
            "/servers", json=an_order(f"pc-{number}"), headers={"Accept-Language": "ko"}
        )

    answers = await asyncio.gather(*(order(number) for number in range(CROWD)))

    assert Counter(answer.status_code for answer in answers) == {202: ROOM, 409: CROWD - ROOM}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(one["type"], one["title"]) for one in refused} == {("error.quota_exceeded", REFUSAL)}
    keys = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    await until(lambda: all_in(clients[0], keys, "ready"), PATIENCE, what="all ready")
    in_cloud = (await crowded.cloud.compute.servers(None)).items
    assert sorted(server.key or "" for server in in_cloud) == sorted(keys)
    assert {server.power for server in in_cloud} == {Power.ON}
