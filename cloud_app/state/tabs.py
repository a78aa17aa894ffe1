"""Which open tabs hang on which log-in, so that ending it closes them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable

Closer = Callable[[], Awaitable[None]]

_open: defaultdict[str, dict[str, Closer]] = defaultdict(dict)


def opened(login: str, sid: str, closer: Closer) -> None:
    """Remember a socket that was opened under a log-in."""
    _open[login][sid] = closer


def closed(login: str, sid: str) -> None:
    """Forget a socket that is gone."""
    _open[login].pop(sid, None)
    if not _open[login]:
        del _open[login]


async def close(login: str) -> None:
    """Close every tab of a log-in that has ended."""
    for closer in list(_open.get(login, {}).values()):
        await closer()
