"""kill -9 at thirty random moments while a real OpenStack works: fifteen for each way to run."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from cloud_app.domain.actor import Actor
from cloud_app.domain.machines import State, Wanted
from cloud_app.gateways.protocols import Cloud
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import CloudProjectRecord
from tests.make import a_portal, a_token
from tests.running import RunningPortal
from tests.storm.storm import Holdings, rows_of
from tests.storm.tale import Pace, Tale
from tests.storm.victims import Scene

pytestmark = [pytest.mark.lab_only, pytest.mark.timeout(900)]
SEED = int(os.environ.get("MADANG_TEST_SEED", "0"))
PACE = Pace(
    operations=15,
    most=4,
    killed_asking=0.0,
    killed_after=1.0,
    request=0.05,
    pause=6.0,
    patience=400.0,
)
BUSY = (State.ORDERED, State.BUILDING, State.STOPPING, State.RESTARTING, State.RETURNING)


async def lab_holdings(tale: Tale, lab: Cloud) -> Holdings:
    """What the lab itself lists in the student's project."""
    async with tale.db.read() as session:
        side = (await session.exec(select(CloudProjectRecord))).one()
    home = side.cloud_project_id
    return Holdings(
        servers=[one for one in (await lab.compute.servers(None)).items if one.project_id == home],
        ports=[one for one in (await lab.network.ports()).items if one.project_id == home],
        addresses=[one for one in (await lab.network.addresses()).items if one.project_id == home],
    )


def nothing_goes_on(rows: Sequence[MachineRecord]) -> bool:
    """A guest that cannot be logged in to stays `starting` for long; it runs by then."""
    return not any(row.state in BUSY or row.command for row in rows)


def all_are_gone(rows: Sequence[MachineRecord]) -> bool:
    return all(row.gone_at for row in rows)


@pytest.fixture
async def lab_student(lab_portal: RunningPortal) -> Actor:
    """The student that the portal was founded with."""
    portal = a_portal(lab_portal.var, lambda: datetime.now(UTC))
    student = await portal.accounts.actor_for(await a_token(portal))
    await portal.db.close()
    return student


@pytest.mark.parametrize("apart", [False, True], ids=["the whole portal", "worker and portal"])
async def test_fifteen_deaths_lose_nothing_and_leave_nothing(
    apart: bool, lab_portal: RunningPortal, lab_student: Actor, lab_cloud: Cloud
) -> None:
    scene = Scene(lab_portal.var, lab_student, time.time(), pause=0.5, template="tiny")
    tale = Tale(SEED * 2 + apart, scene, PACE, apart=apart)

    try:
        await tale.run()
        await tale.until(nothing_goes_on)
        rows, held = await rows_of(tale.db), await lab_holdings(tale, lab_cloud)
        here = {row.id for row in rows if row.wanted is Wanted.HERE and not row.failure}
        assert sorted(str(one.key) for one in held.servers) == sorted(here)
        assert sorted(one.key for one in held.ports) == sorted(here)
        assert {one.key for one in held.addresses} <= here
        assert len(held.addresses) == len({one.key for one in held.addresses})

        for row in rows:
            if row.wanted is Wanted.HERE:
                tale.ask("give_back", {"id": row.id})
        await tale.until(all_are_gone)
        await tale.check_answers(await rows_of(tale.db))
        assert await lab_holdings(tale, lab_cloud) == Holdings([], [], [])
        assert tale.deaths >= PACE.operations
    finally:
        print(f"MADANG_TEST_SEED={SEED}, {tale.deaths} deaths:", *tale.told, sep="\n  ")
        await tale.close()
