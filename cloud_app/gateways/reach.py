"""Whether a machine can be reached from where the portal stands."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpReach:
    """Opens a TCP connection and closes it again; sends nothing."""

    seconds: float = 2.0
    """How long an address may take to answer."""

    async def answers(self, address: str, port: int) -> bool:
        """Whether something accepts TCP connections there. Never raises."""
        try:
            async with asyncio.timeout(self.seconds):
                _, writer = await asyncio.open_connection(address, port)
        except (OSError, TimeoutError, ValueError, OverflowError):
            return False  # refused, filtered, or no address and port at all
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True
