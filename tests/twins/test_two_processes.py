"""A worker beside the portal, and a second of each: killed, stopped for a while, side by side."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import pytest

from bench.visitors import OpenTab, row_in_state
from tests.running import RunningPortal, until
from tests.tab import NAMESPACE
from tests.twins.conftest import FOLLOWED, PATIENCE, Twins, all_in, ordered

pytestmark = pytest.mark.timeout(240)


@asynccontextmanager
async def open_tab(portal: RunningPortal, token: str) -> AsyncGenerator[OpenTab]:
    """The page of all machines, open in a browser that speaks with this portal."""
    where = f"127.0.0.1:{portal.port}"
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(
            f"ws://{where}{NAMESPACE}/?token={uuid4()}&EIO=4&transport=websocket",
            headers={"Cookie": f"madang={token}", "Origin": f"http://{where}"},
        )
        tab = OpenTab(socket, "/machines")
        await tab.load()
        yield tab
        await tab.close()


def sent_to_log_in(text: str) -> bool:
    return "_redirect" in text and "why=out" in text


async def exactly(twins: Twins, keys: list[str]) -> bool:
    """Whether the cloud holds one server, port and address for each key, and no more."""
    held = twins.holdings(keys)
    found = (await held.servers(), await held.ports(), await held.addresses())
    return all(list_ == sorted(keys) for list_ in found)


async def test_a_worker_that_is_killed_elsewhere_is_followed_and_nothing_is_done_twice(
    twins: Twins,
):
    client = await twins.log_in(await twins.portal())
    first = await twins.worker("north")
    await twins.until_leads(first)
    second = await twins.worker("south")
    keys = [await ordered(client, f"pc-{number}") for number in range(3)]
    await until(twins.holdings(keys).servers, PATIENCE, every=0.01, what="a server")

    await first.kill()

    await twins.until_leads(second, FOLLOWED)
    await until(lambda: all_in(client, keys, "ready"), PATIENCE, what="all ready")
    assert await exactly(twins, keys)


async def test_a_worker_that_was_stopped_and_goes_on_later_does_no_harm(twins: Twins):
    client = await twins.log_in(await twins.portal())
    first = await twins.worker("north")
    await twins.until_leads(first)
    second = await twins.worker("south")
    keys = [await ordered(client, f"pc-{number}") for number in range(3)]
    await until(twins.holdings(keys).servers, PATIENCE, every=0.01, what="a server")
    first.pause()
    await twins.until_leads(second, FOLLOWED)
    await until(lambda: all_in(client, keys, "ready"), PATIENCE, what="all ready")

    first.resume()

    keys.append(await ordered(client, "pc-afterwards"))
    await until(lambda: all_in(client, keys, "ready"), PATIENCE, what="one more is ready")
    assert await twins.leads("south")
    assert await exactly(twins, keys)
    await second.kill()
    await twins.until_leads(first, FOLLOWED)
    for key in keys:
        (await client.delete(f"/servers/{key}")).raise_for_status()
    await until(lambda: all_in(client, keys, "gone"), PATIENCE, what="all gone")
    assert await nothing_of(twins, keys)


async def nothing_of(twins: Twins, keys: list[str]) -> bool:
    held = twins.holdings(keys)
    return not (await held.servers() or await held.ports() or await held.addresses())


async def test_a_page_of_one_portal_follows_what_happens_through_the_other(twins: Twins):
    one, other = await twins.portal(), await twins.portal()
    client = await twins.log_in(one)
    token = client.headers["Authorization"].removeprefix("Bearer ")
    await twins.worker("north")
    async with open_tab(other, token) as tab:
        key = await ordered(client, "pc-1")

        await tab.heard(row_in_state(key, "ready"))

        start = len(tab.frames)
        (await client.post("/auth/logout")).raise_for_status()
        await tab.heard(sent_to_log_in, start)
