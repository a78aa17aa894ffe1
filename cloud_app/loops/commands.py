"""Asks a server to start, stop or restart: once, whatever happens in between.

What is about to be asked is written down first. After a crash or a lost answer
a start or a stop is simply asked again; a restart only when the server's own
list of actions shows that the first request never arrived.
"""

from collections.abc import Callable
from datetime import datetime

from cloud_app.domain.errors import Refused
from cloud_app.domain.machine_rules import AMBIGUOUS
from cloud_app.domain.machines import Command, Power
from cloud_app.loops.work import Change, Later, Work
from cloud_app.models.machines import PROJECT_GONE, MachineRecord


async def ask(work: Work, now: Callable[[], datetime]) -> Change:
    """Pass the owner's command on to the cloud, unless it was already."""

    def asked(row: MachineRecord) -> None:
        row.touched_at = now()
        if row.command is Command.RESTART:
            row.ready_at, row.answers = None, None

    row, compute = work.row, work.cloud.compute
    server_id, command = row.server_id or "", row.command
    if command is None or _already(row):
        return done
    if work.uprooted:
        raise Refused(PROJECT_GONE)
    sent = row.command_sent_at
    if sent is not None and row.touched_at >= sent and now() - sent < AMBIGUOUS:
        raise Later()
    newest = ""
    if command is Command.RESTART:
        newest = await compute.last_action(work.scope, server_id)
        if sent is not None and newest != row.command_mark:
            return asked
    sending = now()

    def note(row: MachineRecord) -> None:
        row.command_sent_at, row.command_mark = sending, newest

    await work.write(note)
    verbs = {
        Command.START: compute.start_server,
        Command.STOP: compute.stop_server,
        Command.RESTART: compute.restart_server,
    }
    await verbs[command](work.scope, server_id)
    return asked


def done(row: MachineRecord) -> None:
    """The command has had its effect, or is given up."""
    row.command = row.command_at = row.command_sent_at = None


def _already(row: MachineRecord) -> bool:
    match row.command:
        case Command.START:
            return row.power is Power.ON
        case Command.STOP:
            return row.power is Power.OFF
        case _:
            return False
