"""What comes in through a websocket, looked at before any framework reads it.

engineio lets an odd first letter raise through the whole app and logs a trace
for each odd packet. No browser sends one, so whoever does has hung up.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

LONGEST_FRAME = 256 * 1024
"""Letters. The longest form, with 64 KiB of cloud-init in it, stays well below."""
_LEADS = re.compile(r"[135]|4[0-9]")
"""Close, pong, upgrade, or one of socketio's packets: what a browser's frames begin with."""
_HUNG_UP = {"type": "websocket.disconnect", "code": 1008}


class Frames:
    """The frames of one socket; the first that no page can have sent ends it."""

    def __init__(self, receive: Callable[[], Awaitable[Message]]) -> None:
        self._receive = receive
        self._over = False

    def stop(self) -> None:
        """Read no more: to whoever reads, the other side has hung up."""
        self._over = True

    async def __call__(self) -> Message:
        if self._over:
            return dict(_HUNG_UP)
        message = await self._receive()
        if message["type"] == "websocket.receive" and not _fits(message.get("text")):
            self._over = True
            return dict(_HUNG_UP)
        return message


def _fits(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_FRAME and bool(_LEADS.match(text))
