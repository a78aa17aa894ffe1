"""The steps that take away: what was given back, what failed, what lost a race.

Like all steps they look first, so that each can be repeated; nothing counts as gone
before the cloud has said so twice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from cloud_app.domain.machine_rules import AMBIGUOUS
from cloud_app.domain.machines import Power, Presence, SeenServer
from cloud_app.loops.work import Change, Later, Work, back_off
from cloud_app.models.machines import MachineRecord

RACED = "machines.trouble.raced"
Now = Callable[[], datetime]


async def delete(work: Work, now: Now) -> Change:
    """Have its server deleted, or count one more look that did not find it."""
    began = now()
    if work.standing is None:
        return _absent  # No project in the cloud, so nothing of it there.
    found = await _there(work)
    for server in found:
        if server.power is not Power.DELETING:
            await work.cloud.compute.delete_server(work.scope, server.cloud_id)
    unsure = _may_be_on_its_way(work.row, began)

    def change(row: MachineRecord) -> None:
        row.trouble = None
        if found:
            row.touched_at, row.looks = now(), 0
        elif unsure:
            row.looks = 0
        elif began > row.touched_at:
            row.looks += 1

    await work.write(change)
    raise Later()


async def move(work: Work, now: Now) -> Change:
    """Take its port away from the deleted project; the next step asks for a new side."""
    await work.cloud.network.release_addresses(work.scope, work.row.id)
    await work.cloud.network.delete_ports(work.scope, work.row.id)

    def change(row: MachineRecord) -> None:
        row.cloud_project_id = row.port_id = row.address_id = row.address = None
        row.fixed_ip, row.groups, row.touched_at = None, "", now()

    return change


async def anew(work: Work, now: Now) -> Change:
    """Forget the server that lost the race; its port stays. Not all come back at once."""

    def change(row: MachineRecord) -> None:
        row.presence, row.power, row.raw_status = Presence.NEVER, None, ""
        row.server_id = row.create_sent_at = row.building_at = None
        row.looks, row.spoiled, row.touched_at = 0, False, now()
        row.races, row.trouble = row.races + 1, None if work.uprooted else RACED

    await work.write(change)
    raise Later(back_off(work.row.races + 1))


async def release(work: Work, now: Now) -> Change:
    """Take its address and port away, once no server can hold them any more."""
    if work.standing is not None:
        await work.cloud.network.release_addresses(work.scope, work.row.id)
        await work.cloud.network.delete_ports(work.scope, work.row.id)

    def change(row: MachineRecord) -> None:
        row.released, row.touched_at = True, now()
        row.port_id = row.address_id = row.address = row.fixed_ip = None

    return change


async def _there(work: Work) -> Sequence[SeenServer]:
    """The machine's servers by their key; where the list has none, by the id we know."""
    compute, server_id = work.cloud.compute, work.row.server_id
    found = _ours(await compute.find_servers(work.scope, work.row.id), work.row)
    if found or server_id is None:
        return found
    server = await compute.server(server_id)
    return [] if server is None else [server]


def _may_be_on_its_way(row: MachineRecord, now: datetime) -> bool:
    """Whether a request to build may still take effect though no server was seen of it."""
    sent = row.create_sent_at
    return sent is not None and row.server_id is None and now - sent < 2 * AMBIGUOUS


def _ours(found: Sequence[SeenServer], row: MachineRecord) -> Sequence[SeenServer]:
    """Of the servers with the machine's key those that are the portal's to delete.

    What has run beside the recorded server, which has the only port, was given the key by others.
    """
    if row.built_at is None or row.server_id is None:
        return found
    return [one for one in found if one.cloud_id == row.server_id or one.launched_at is None]


def _absent(row: MachineRecord) -> None:
    row.presence = Presence.ABSENT
