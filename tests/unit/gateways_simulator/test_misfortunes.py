"""Misfortunes strike the calls they name, as often as they say, and compose."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from cloud_app.domain.errors import Unavailable
from cloud_app.domain.machines import Power
from cloud_app.gateways.protocols import Limits
from cloud_app.gateways.simulator.misfortunes import CRASH_EXIT_CODE, Crash, Misfortune, Woe
from cloud_app.gateways.simulator.world import World

from .campus import FOUNDED, SMALL, Campus

ROOT = Path(__file__).parents[3]


async def test_a_silent_cloud_does_nothing(campus: Campus) -> None:
    order = await campus.order("a")
    campus.world.befall(Misfortune(woe=Woe.SILENT))

    with pytest.raises(Unavailable) as silence:
        await campus.cloud.compute.create_server(campus.home, order)

    assert silence.value.key == "error.cloud_silent"
    campus.world.relieve(Woe.SILENT)
    assert (await campus.cloud.compute.servers(None)).items == []


async def test_a_silent_cloud_does_not_answer_for_its_guests_either(campus: Campus) -> None:
    campus.world.befall(Misfortune(woe=Woe.SILENT))

    assert await campus.cloud.reach.answers("203.0.113.10", 22) is False


async def test_a_lost_answer_leaves_what_was_asked_for(campus: Campus) -> None:
    compute, order = campus.cloud.compute, await campus.order("a")
    campus.world.befall(Misfortune(woe=Woe.LOST_ANSWER, calls="compute.create_server", times=1))

    with pytest.raises(Unavailable):
        await compute.create_server(campus.home, order)

    [found] = await compute.find_servers(campus.home, "a")
    assert await compute.create_server(campus.home, order) == found.cloud_id


@pytest.mark.parametrize(
    ("woe", "key", "happens"),
    [
        (Woe.RATE_LIMITED, "error.cloud_asks_to_wait", False),
        (Woe.BROKEN, "error.unavailable", False),
        (Woe.WRONG_ANSWER, "error.unavailable", True),
    ],
)
async def test_every_misfortune_says_what_the_real_adapter_says(
    campus: Campus, woe: Woe, key: str, happens: bool
) -> None:
    compute, order = campus.cloud.compute, await campus.order("a")
    seconds = 9 if woe is Woe.RATE_LIMITED else 0
    campus.world.befall(Misfortune(woe=woe, calls="compute.create_server", seconds=seconds))

    with pytest.raises(Unavailable) as error:
        await compute.create_server(campus.home, order)

    assert error.value.key == key
    assert error.value.seconds == seconds
    assert bool(await compute.find_servers(campus.home, "a")) is happens


async def test_half_a_list_is_half_for_its_owner_too_but_not_for_one_server(
    campus: Campus,
) -> None:
    server_id = await campus.build("a")
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.*"))

    assert await campus.cloud.compute.find_servers(campus.home, "a") == []
    assert await campus.cloud.compute.server(server_id) is not None


async def test_an_old_list_tells_how_it_was(campus: Campus) -> None:
    old = await campus.build("a")
    campus.world.advance(600)
    await campus.build("b")
    campus.world.befall(Misfortune(woe=Woe.STALE, seconds=600))

    sweep = await campus.cloud.compute.servers(None)

    assert [one.cloud_id for one in sweep.items] == [old]
    assert sweep.complete


async def test_only_the_named_calls_are_struck_and_only_so_often(campus: Campus) -> None:
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="network.*", times=2))

    await campus.cloud.compute.servers(None)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await campus.cloud.network.ports()

    assert (await campus.cloud.network.ports()).complete
    assert campus.world.misfortunes() == []


async def test_slowness_and_silence_add_up(tmp_path: Path) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    world = World(tmp_path / "practice.db", lambda: FOUNDED, settings=SMALL, sleep=sleep)
    world.befall(Misfortune(woe=Woe.SLOW, seconds=2))
    world.befall(Misfortune(woe=Woe.SILENT, seconds=20))

    with pytest.raises(Unavailable):
        await world.call("compute.flavors", lambda tx: tx.site.flavors)

    assert slept == [2, 20]
    world.close()


async def test_a_full_cloud_accepts_and_fails(campus: Campus) -> None:
    campus.world.befall(Misfortune(woe=Woe.FULL))

    server = await campus.server(await campus.build("a"))

    assert (server.power, server.fault) == (Power.FAILED, "No valid host was found.")


async def test_a_raced_quota_shows_as_a_fault(campus: Campus) -> None:
    limits = Limits(machines=0, vcpus=0, ram_mib=0, addresses=0)
    await campus.cloud.identity.set_limits(campus.home.project_id, limits)
    campus.world.befall(Misfortune(woe=Woe.QUOTA_RACE))

    server = await campus.server(await campus.build("a"))

    assert (server.power, server.fault_code) == (Power.FAILED, 413)
    assert server.fault.startswith("Quota exceeded for instances")


async def test_a_forgetful_cloud_admits_it_and_a_lying_one_does_not(campus: Campus) -> None:
    await campus.build("a")

    campus.world.befall(Misfortune(woe=Woe.FORGETFUL))
    forgetful = await campus.cloud.compute.servers(None)
    campus.world.relieve()
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.servers"))
    lying = await campus.cloud.compute.servers(None)

    assert (forgetful.items, forgetful.complete) == ([], False)
    assert (lying.items, lying.complete) == ([], True)
    assert (await campus.cloud.network.ports()).items


async def test_a_share_of_a_list_is_missed_the_same_each_time(campus: Campus) -> None:
    for number in range(40):
        campus.world.outside.build_server(f"theirs {number}")
    campus.world.befall(Misfortune(woe=Woe.LYING, share=0.5))

    first, second = [(await campus.cloud.compute.servers(None)).items for _ in range(2)]

    assert 0 < len(first) < 40
    assert first == second


async def test_a_crash_comes_after_the_deed_and_before_the_answer(campus: Campus) -> None:
    compute, order = campus.cloud.compute, await campus.order("a")
    campus.world.befall(Misfortune(woe=Woe.CRASH_AFTER, calls="compute.create_server", times=1))

    with pytest.raises(Crash):
        await compute.create_server(campus.home, order)

    assert len(await compute.find_servers(campus.home, "a")) == 1


def test_another_process_can_be_made_to_die_at_a_call(tmp_path: Path) -> None:
    path = tmp_path / "practice.db"
    world = World(path, lambda: FOUNDED)
    world.befall(
        Misfortune(woe=Woe.CRASH_AFTER, calls="identity.ensure_project", times=1, exits=True)
    )
    program = dedent(
        f"""
        import asyncio
        from datetime import UTC, datetime
        from pathlib import Path
        from cloud_app.gateways.simulator.cloud import practice_cloud
        from cloud_app.gateways.simulator.world import World

        cloud = practice_cloud("practice", World(Path({str(path)!r}), lambda: datetime.now(UTC)))
        asyncio.run(cloud.identity.ensure_project("home", "Home"))
        """
    )

    died = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=30)

    assert died.returncode == CRASH_EXIT_CODE
    assert world.misfortunes() == []
    with world.begin() as tx:
        assert tx.one("SELECT name FROM project WHERE key = 'home'") is not None
    world.close()
