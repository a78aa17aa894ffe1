"""Takes away what appears in a cloud when its machine is already over.

A request whose sender died or waits no longer may still be carried out, so a port, an
address or a server can come after everything of its machine was removed. A server that
runs without a port of ours got our key from somebody else and is left alone.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.machines import Power, Presence, SeenServer
from cloud_app.domain.sightings import Look
from cloud_app.models.machine_work import over_since

GOING = frozenset({Power.DELETING, Power.DELETED})


def keys_in(look: Look) -> set[str]:
    """The keys of all that was seen, is ours and stays."""
    things = (*look.ports.values(), *look.addresses.values())
    servers = {key for key in look.servers if _late(look, key)}
    return servers | {thing.key for thing in things if thing.key}


async def clear_away(
    session: AsyncSession, look: Look, keys: Collection[str], now: datetime
) -> None:
    """Put machines back into the queue that are over and of which something was seen since."""
    for row in await over_since(session, keys, look.began):
        row.released, row.settled, row.next_try_at = False, False, now
        for server in _late(look, row.id):
            row.server_id, row.presence, row.looks = server.cloud_id, Presence.SEEN, 0


def _late(look: Look, key: str) -> Sequence[SeenServer]:
    """Servers that requests of ours made: they hold our port, or never came so far as to run."""
    holders = {port.server_id for port in look.ports.values() if port.key == key}
    return [
        server
        for server in look.servers.get(key, ())
        if server.power not in GOING and (server.launched_at is None or server.cloud_id in holders)
    ]
