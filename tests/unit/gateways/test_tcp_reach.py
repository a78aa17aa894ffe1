"""The probe of a machine's port."""

import asyncio
import socket

import pytest

from cloud_app.gateways.reach import TcpReach

LOOPBACK = "127.0.0.1"


async def test_a_listening_port_answers() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]

        assert await TcpReach().answers(LOOPBACK, port)


async def test_a_closed_port_does_not_answer() -> None:
    with socket.socket() as reserved:
        reserved.bind((LOOPBACK, 0))

        assert not await TcpReach().answers(LOOPBACK, reserved.getsockname()[1])


async def test_a_filtered_port_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind((LOOPBACK, 0))
        full.listen(0)
        port: int = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:  # fill the backlog, so that the next connection hangs
            one.setblocking(False)
            one.connect_ex((LOOPBACK, port))

        assert not await TcpReach(seconds=0.05).answers(LOOPBACK, port)

        for one in waiting:
            one.close()


@pytest.mark.parametrize(("address", "port"), [("not an address", 22), (LOOPBACK, 99999), ("", 22)])
async def test_nonsense_does_not_answer_and_does_not_raise(address: str, port: int) -> None:
    assert not await TcpReach(seconds=1).answers(address, port)
