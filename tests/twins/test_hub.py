"""What one process says and all others hear, with a real Redis between them."""

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from cloud_app.hub import CLOUDS, LOG_IN_ENDED, WORK, Hub
from cloud_app.relay import CHANNEL, Relay
from tests import servers
from tests.running import until

TOPIC = "project:one"
SOON = 10.0

Connected = Callable[[], Awaitable[Hub]]


@pytest.fixture
def folder() -> Generator[Path]:
    made = servers.redis_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def redis(folder: Path) -> Generator[str]:
    with servers.redis(folder) as url:
        yield url


@pytest.fixture
async def connected(redis: str) -> AsyncGenerator[Connected]:
    """Makes hubs of processes that hear each other."""
    async with AsyncExitStack() as stack:

        async def connect() -> Hub:
            hub = Hub()
            await stack.enter_async_context(relayed(redis, hub))
            await until(lambda: is_awake(hub), SOON, what="relay connected")
            return hub

        yield connect


@asynccontextmanager
async def relayed(url: str, hub: Hub) -> AsyncGenerator[None]:
    task = asyncio.create_task(Relay(url, hub).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[str]:
    """Redis, started from within a loop."""
    with ExitStack() as stack:
        yield await asyncio.to_thread(stack.enter_context, servers.redis(folder))


async def is_awake(hub: Hub) -> bool:
    """A connection begins with a look at everything."""
    return hub.version(CLOUDS) > 0


def calls_of(hub: Hub, name: str) -> list[str]:
    heard: list[str] = []
    hub.hear(name, heard.append)
    return heard


async def test_what_is_not_ours_on_the_channel_is_passed_over(connected: Connected, redis: str):
    one, other = await connected(), await connected()
    async with Redis.from_url(redis) as stranger:
        for text in ("no json", "[]", json.dumps({"by": "x", "new": 1})):
            await stranger.publish(CHANNEL, text)

    one.publish(TOPIC, 3)

    assert await other.wait({TOPIC: 0}, SOON) == {TOPIC: 3}


async def test_an_older_number_from_elsewhere_changes_nothing(connected: Connected):
    one, other = await connected(), await connected()
    other.publish(TOPIC, 9)
    one.publish(TOPIC, 3)
    one.publish("project:two", 1)

    assert await other.wait({"project:two": 0}, SOON) == {"project:two": 1}
    assert other.version(TOPIC) == 9


async def test_a_change_in_one_process_wakes_the_pages_of_another(connected: Connected):
    one, other = await connected(), await connected()
    waiting = asyncio.create_task(other.wait({TOPIC: 0}, SOON))

    one.publish(TOPIC, 7)

    assert await waiting == {TOPIC: 7}


async def test_an_order_rings_the_bell_of_the_worker_and_a_log_out_is_heard(connected: Connected):
    one, other = await connected(), await connected()
    work, ended = calls_of(other, WORK), calls_of(other, LOG_IN_ENDED)
    mine = calls_of(one, WORK)

    one.call(WORK)
    one.call(LOG_IN_ENDED, "a hash")
    one.publish(TOPIC, 1)

    await other.wait({TOPIC: 0}, SOON)
    assert (work, ended, mine) == ([""], ["a hash"], [""])


async def test_without_redis_nothing_fails_and_the_log_stays_short(
    folder: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "cloud_app.relay")
    hub = Hub()
    async with relayed(f"unix://{folder}/socket", hub):
        for number in range(1, 1001):
            hub.publish(TOPIC, number)
        await hub.wait({TOPIC: 1000}, 2)

    assert hub.version(TOPIC) == 1000
    assert [record.message for record in caplog.records] == ["relay lost"]


async def test_after_redis_was_away_everybody_looks_again_and_all_is_as_before(folder: Path):
    one, other = Hub(), Hub()
    url = f"unix://{folder}/socket"
    async with relayed(url, one), relayed(url, other):
        async with running(folder):
            await until(lambda: is_awake(one), SOON)
            await until(lambda: is_awake(other), SOON)
        pages = [
            asyncio.create_task(hub.wait({"project:silent": 0}, 2 * SOON)) for hub in (one, other)
        ]
        one.publish(TOPIC, 5)
        async with running(folder):
            async with asyncio.timeout(SOON):
                assert await asyncio.gather(*pages) == [{"project:silent": 0}] * 2

            one.publish("project:two", 6)

            async with asyncio.timeout(SOON):
                while other.version("project:two") < 6:
                    await other.wait({"project:two": 0}, SOON)
