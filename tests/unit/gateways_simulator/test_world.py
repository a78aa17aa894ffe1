"""A cloud outlives its portal, and belongs to several processes at once."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cloud_app.domain.machines import Power
from cloud_app.gateways.simulator.cloud import practice_cloud
from cloud_app.gateways.simulator.world import World

from .campus import FOUNDED, SMALL, Campus


async def test_everything_is_there_after_a_restart(campus: Campus, tmp_path: Path) -> None:
    server_id = await campus.cloud.compute.create_server(campus.home, await campus.order("a"))
    campus.world.close()

    world = World(tmp_path / "practice.db", lambda: FOUNDED, settings=SMALL)
    world.advance(60)
    [server] = (await practice_cloud("practice", world).compute.servers(None)).items

    assert (server.cloud_id, server.power) == (server_id, Power.ON)
    world.close()


async def test_two_portals_share_one_cloud_and_one_clock(campus: Campus, tmp_path: Path) -> None:
    other = World(tmp_path / "practice.db", lambda: FOUNDED, settings=SMALL)
    cloud = practice_cloud("practice", other)
    ensure = [cloud.identity.ensure_project, campus.cloud.identity.ensure_project]

    other.advance(3600)
    made = await asyncio.gather(*(ensure[n % 2]("k", "Name") for n in range(20)))

    assert len(set(made)) == 1
    assert campus.world.now() == other.now() > FOUNDED
    other.close()


def _contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("practice.db*"))


async def test_secrets_do_not_lie_in_the_file(campus: Campus, tmp_path: Path) -> None:
    await campus.cloud.identity.ensure_user("home", campus.home.project_id, "very-secret-word")
    campus.world.close()

    assert b"very-secret-word" not in _contents(tmp_path)


async def test_calls_are_counted(campus: Campus) -> None:
    before = campus.world.calls["compute.servers"]

    await campus.cloud.compute.servers(None)

    assert campus.world.calls["compute.servers"] == before + 1


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "practice.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(RuntimeError, match="another version"):
        World(path, lambda: FOUNDED)


async def test_a_thousand_servers_are_listed_quickly(campus: Campus) -> None:
    for number in range(1000):
        campus.world.outside.build_server(f"pc {number}")
    campus.world.advance(3600)
    compute, loop = campus.cloud.compute, asyncio.get_running_loop()

    began = loop.time()
    everything = await compute.servers(None)
    whole = loop.time() - began
    changed = await compute.servers(campus.world.now())

    assert len(everything.items) == 1000
    assert changed.items == []
    assert whole < 1.0
