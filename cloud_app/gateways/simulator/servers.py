"""What people and scripts may ask of servers: the Nova of the practice cloud.

Every function takes the open transaction first. Nothing here waits: an order
stores the instants at which things will have happened.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from cloud_app.domain.errors import NotFound
from cloud_app.domain.machines import Power, SeenServer
from cloud_app.gateways.protocols import Scope, Sweep
from cloud_app.gateways.simulator import answers, console
from cloud_app.gateways.simulator.life import Life, bound_at, life, moment, seen
from cloud_app.gateways.simulator.misfortunes import Woe, strike
from cloud_app.gateways.simulator.projects import admit
from cloud_app.gateways.simulator.store import Tx

STANDING_AT = (
    "SELECT * FROM server WHERE created_at <= ? AND (deleted_at IS NULL OR deleted_at > ?)"
    " ORDER BY created_at"
)
CHANGED = "SELECT * FROM server WHERE settles_at >= ? AND created_at <= ?"


def sweep(tx: Tx, since: datetime | None) -> Sweep[SeenServer]:
    """Every server of every project; with `since`, what changed, deletions included."""
    stale = strike(tx, Woe.STALE)
    at = tx.now - stale.seconds if stale else tx.now
    if since is None:
        rows = tx.all(STANDING_AT, at, at)
        found = [seen(row, at) for row in rows]
    else:
        rows = tx.all(CHANGED, int(since.timestamp()), at)
        found = [one for one in (seen(row, at) for row in rows) if one.updated_at >= since]
    newest = max((one.updated_at for one in found), default=since)
    return Sweep(items=found, complete=since is None, cursor=newest)


def one(tx: Tx, server_id: str) -> SeenServer | None:
    row = tx.one("SELECT * FROM standing WHERE id = ?", server_id)
    return None if row is None else seen(row, tx.now)


def with_key(tx: Tx, scope: Scope, key: str) -> Sequence[SeenServer]:
    admit(tx, scope)
    rows = tx.all(
        "SELECT * FROM standing WHERE project_id = ? AND key = ? ORDER BY created_at",
        scope.project_id,
        key,
    )
    return [seen(row, tx.now) for row in rows]


def own(tx: Tx, scope: Scope, server_id: str) -> tuple[sqlite3.Row, Life]:
    """The project's server and where it is; a stranger's is not there."""
    admit(tx, scope)
    row = tx.one(
        "SELECT * FROM standing WHERE id = ? AND project_id = ?", server_id, scope.project_id
    )
    if row is None:
        raise answers.no_server(server_id)
    return row, life(row, tx.now)


def start(tx: Tx, scope: Scope, server_id: str) -> None:
    row, at = own(tx, scope, server_id)
    if at.power in (Power.ON, Power.STARTING):
        return
    if at.status != "SHUTOFF" or at.task:
        raise answers.wrong_state("start", server_id, at.words)
    until = tx.now + tx.site.seconds(tx.site.pace.start)
    _begin_task(tx, row, "powering-on", until, rest="ACTIVE")
    write_action(tx, server_id, "start")


def stop(tx: Tx, scope: Scope, server_id: str) -> None:
    row, at = own(tx, scope, server_id)
    if at.power in (Power.OFF, Power.STOPPING):
        return
    if at.status != "ACTIVE" or at.task:
        raise answers.wrong_state("stop", server_id, at.words)
    until = tx.now + tx.site.seconds(tx.site.pace.stop)
    _begin_task(tx, row, "powering-off", until, rest="SHUTOFF")
    write_action(tx, server_id, "stop")


def restart(tx: Tx, scope: Scope, server_id: str) -> None:
    row, at = own(tx, scope, server_id)
    if at.status != "ACTIVE" or at.task:
        raise answers.wrong_state("reboot", server_id, at.words)
    until = tx.now + tx.site.seconds(tx.site.pace.restart)
    _begin_task(tx, row, "rebooting", until, rest="ACTIVE")
    write_action(tx, server_id, "reboot")


def _begin_task(tx: Tx, row: sqlite3.Row, task: str, until: float, *, rest: str) -> None:
    tx.run(
        "UPDATE server SET task = ?, task_at = ?, task_until = ?, rest = ?, powered_at = ?,"
        " boot_seconds = ?, settles_at = MAX(settles_at, ?) WHERE id = ?",
        task,
        tx.now,
        until,
        rest,
        until if rest == "ACTIVE" else row["powered_at"],
        tx.site.seconds(tx.site.pace.boot),
        until,
        row["id"],
    )


def rename(tx: Tx, scope: Scope, server_id: str, name: str) -> None:
    own(tx, scope, server_id)
    touch(tx, server_id, name)


def touch(tx: Tx, server_id: str, name: str) -> None:
    tx.run(
        "UPDATE server SET name = ?, touched_at = ?, settles_at = MAX(settles_at, ?) WHERE id = ?",
        name,
        tx.now,
        tx.now,
        server_id,
    )


def delete(tx: Tx, scope: Scope, server_id: str) -> None:
    try:
        own(tx, scope, server_id)
    except NotFound:
        return
    take_down(tx, server_id)


def take_down(tx: Tx, server_id: str) -> None:
    """Whoever asks: the server goes, and old tombstones are forgotten on the way."""
    gone = tx.now + tx.site.seconds(tx.site.pace.delete)
    asked = tx.run(
        "UPDATE server SET deleting_at = ?, deleted_at = ?, settles_at = ?"
        " WHERE id = ? AND deleting_at IS NULL",
        tx.now,
        gone,
        gone,
        server_id,
    )
    if asked:
        write_action(tx, server_id, "delete")
    forgotten = tx.now - tx.site.pace.deleted_visible
    tx.run(
        "DELETE FROM action WHERE server_id IN (SELECT id FROM server WHERE deleted_at < ?)",
        forgotten,
    )
    tx.run("DELETE FROM server WHERE deleted_at < ?", forgotten)


def write_action(tx: Tx, server_id: str, verb: str) -> None:
    tx.run(
        "INSERT INTO action (server_id, request_id, verb, at) VALUES (?, ?, ?, ?)",
        server_id,
        f"req-{uuid4()}",
        verb,
        tx.now,
    )


def last_action(tx: Tx, scope: Scope, server_id: str) -> str:
    own(tx, scope, server_id)
    row = tx.one(
        "SELECT request_id FROM action WHERE server_id = ? ORDER BY number DESC", server_id
    )
    return "" if row is None else row["request_id"]


def boot_log(tx: Tx, scope: Scope, server_id: str) -> str:
    """Nova answers 404 for a stopped guest too, and the adapter reads both as no log."""
    try:
        row, at = own(tx, scope, server_id)
    except NotFound:
        return ""
    guest = tx.site.guest(row["image_id"])
    if guest is None or not at.running or not at.launched_at:
        return ""
    port = tx.one("SELECT fixed_ip FROM port WHERE id = ?", row["port_id"])
    return console.text(
        guest,
        name=row["name"],
        address=port["fixed_ip"] if port else None,
        user_data=row["user_data"],
        booted=at.uptime / row["boot_seconds"] if row["boot_seconds"] else 1.0,
        powered=moment(row["powered_at"]),
    )


def bound(tx: Tx) -> dict[str, str]:
    """Port id to the server that has it, at this moment."""
    rows = tx.all(
        "SELECT id, port_id, created_at, built_at FROM standing"
        " WHERE port_id IS NOT NULL AND host != ''"
    )
    return {row["port_id"]: row["id"] for row in rows if bound_at(row) <= tx.now}
