"""Frames that no page sends: whoever sends them is hung up on, and nobody else notices."""

import asyncio
import json
from typing import Any

import pytest

from tests.attack.conftest import OpenTab, Target
from tests.attack.wire import PING, event_frame
from tests.tab import HYDRATE, NAMESPACE

EVENT = f"42{NAMESPACE},"
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x01",
        "x",
        "0",
        "2probe",
        "6",
        "9",
        "4",
        "4x",
        "42",
        EVENT,
        EVENT + "[",
        EVENT + "{}",
        EVENT + "[]",
        EVENT + "[1]",
        EVENT + '["event"]',
        EVENT + '["event",{},{}]',
        EVENT + '["event",NaN',
        EVENT + DEEP,
        EVENT + '["event",' + '{"a":' * 50_000,
        EVENT + '["event",1' + "0" * 5000 + "]",
        EVENT + '7["event",{}]',
        f"40{NAMESPACE},[]",
        f"42{NAMESPACE}?a=b," + '["event",{}]',
        '42/other,["event",{}]',
        "40",
        "40/other,",
        f'43{NAMESPACE},1["x"]',
        f"44{NAMESPACE},",
        f'451-{NAMESPACE},["event",{{"_placeholder":true,"num":0}}]',
        f'4599999999-{NAMESPACE},["event",{{"_placeholder":true,"num":0}}]',
        f"46{NAMESPACE},",
        EVENT + json.dumps(["event", {"name": "a" * 300_000}]),
    ],
    ids=lambda frame: repr(frame[:40]),
)
async def test_a_malformed_frame_ends_its_socket(
    target: Target, open_tab: OpenTab, login: str, frame: str | bytes
):
    tab = await open_tab(login)
    await tab.load()

    await tab.raw(frame)
    await tab.until(lambda: tab.closed)

    assert tab.closed


@pytest.mark.parametrize(
    "event",
    [
        ["connect", {"HTTP_COOKIE": "madang=x", "QUERY_STRING": "token=" + "a" * 36}, None],
        ["disconnect"],
        ["trigger_event", "connect"],
        ["_part"],
    ],
)
async def test_nothing_but_events_can_be_called_in_the_namespace(
    open_tab: OpenTab, login: str, event: list[Any]
):
    """A forged "disconnect" would take the tab off the list that logging out closes."""
    tab = await open_tab(login)

    await tab.raw(event_frame(*event))
    await tab.until(lambda: tab.closed)

    assert tab.closed


@pytest.mark.parametrize(
    "place",
    [
        {"pathname": "/machines", "asPath": [1], "query": {}},
        {"pathname": {"a": 1}},
        {"pathname": "machines"},
        {"pathname": "/machines", "asPath": "[x"},
        {"pathname": "/machines", "asPath": "/machines?q=\ud800"},
        {"pathname": "/machines", "asPath": "/" + "a" * 5000},
        {"query": 7},
        {"query": {"a": {"b": 1}}},
        {"query": {"a": [1]}},
        {"headers": {"cookie": "madang=x"}},
        {"token": "a" * 36},
        {"client_ip": "127.0.0.1"},
        "here",
    ],
    ids=repr,
)
async def test_a_place_that_cannot_be_is_not_read(
    target: Target, open_tab: OpenTab, login: str, place: Any
):
    """Reflex met the error while telling the error: one frame kept a processor busy for good."""
    tab = await open_tab(login)
    await tab.emit("event", {"name": HYDRATE, "payload": {}, "router_data": place})
    await tab.settle()

    assert tab.updates == []
    assert target.log.rstrip().splitlines()[-1].endswith("why=malformed dropped=1")


async def test_a_second_connect_on_one_socket_is_not_taken(open_tab: OpenTab, login: str):
    tab = await open_tab(login)
    tab.forget()

    await tab.raw(f"40{NAMESPACE},")
    await tab.settle()

    assert tab.frames == [PING.replace('"ping"', '"ping","pong"')]


async def test_a_socket_that_never_became_a_tab_may_send_nothing(target: Target, open_tab: OpenTab):
    tab = await open_tab(token="no token")
    assert tab.refused
    tab.forget()

    await tab.emit("event", {"name": HYDRATE, "payload": {}})
    await tab.emit("ping")
    await tab.raw(f"41{NAMESPACE},")
    await tab.raw("42")
    await tab.until(lambda: tab.closed)

    assert tab.said == "1", "hung up on, and nothing else"


async def test_a_flood_is_dropped_and_then_hung_up_on_while_others_are_served(
    target: Target, open_tab: OpenTab, login: str, thief: str
):
    other, flooding = await open_tab(login), await open_tab(thief)
    nonsense = event_frame("event", {"name": "nonsense"})
    before = len(target.log)

    flood = asyncio.gather(*(flooding.raw(nonsense) for _ in range(4_000)))
    await other.load()
    await flood
    await flooding.until(lambda: flooding.closed)

    assert other.var("loaded") is True
    assert flooding.closed
    assert target.log[before:].count("event dropped") <= 12


async def test_pings_have_their_own_end(open_tab: OpenTab, login: str):
    tab = await open_tab(login)

    for _ in range(1000):
        await tab.raw(PING)
    await tab.load()

    assert tab.pongs < 300


async def test_reports_of_errors_are_few_short_and_on_one_line(
    target: Target, open_tab: OpenTab, login: str
):
    tab = await open_tab(login)
    before = len(target.log)

    for _ in range(100):
        told = {
            "error_type": "x\n2026 ERROR y",
            "message": "m\r\nFAKE password=hunter2" + "z" * 9999,
        }
        await tab.emit("client_error", told)
    await tab.settle()

    new = target.log[before:]
    lines = [line for line in new.splitlines() if "FAKE" in line]
    assert 0 < len(lines) <= 5
    assert all(line.startswith("20") and len(line) < 600 for line in lines)
    assert "hunter2" not in new


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/health", "/auth/login", "/assets/x", "/_event", "/_event/x", "/_upload"]
)
async def test_no_socket_opens_anywhere_else(target: Target, path: str):
    asked = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nOrigin: {target.url}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )

    answer = await target.say(asked.encode(), enough=b"\r\n\r\n")

    assert b" 101 " not in answer.split(b"\r\n")[0]
