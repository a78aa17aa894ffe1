"""Takes away what appears in a cloud when its machine is already over.

A request whose sender died or waits no longer may still be carried out, so a port, an
address or a server can come after everything of its machine was removed.
"""

from collections.abc import Collection
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.machines import Power, Presence
from cloud_app.domain.sightings import Look
from cloud_app.models.machine_work import over_since

GOING = frozenset({Power.DELETING, Power.DELETED})


def keys_in(look: Look) -> set[str]:
    """The keys of all that was seen and stays."""
    things = (*look.ports.values(), *look.addresses.values())
    servers = {
        key
        for key, servers in look.servers.items()
        if any(server.power not in GOING for server in servers)
    }
    return servers | {thing.key for thing in things if thing.key}


async def clear_away(
    session: AsyncSession, look: Look, keys: Collection[str], now: datetime
) -> None:
    """Put machines back into the queue that are over and of which something was seen since."""
    for row in await over_since(session, keys, look.began):
        row.released, row.settled, row.next_try_at = False, False, now
        for server in look.servers.get(row.id, ()):
            if server.power not in GOING:
                row.server_id, row.presence, row.looks = server.cloud_id, Presence.SEEN, 0
