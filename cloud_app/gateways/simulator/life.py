"""What a stored server looks like at a given moment.

Pure: a row of instants and a moment in, words of Nova out. Nothing runs in the
background, so a restart, a moved clock or a second process changes nothing.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from cloud_app.domain.machines import Power, SeenServer

SCHEDULED, BARE, BOUND = 0.05, 0.15, 0.3
"""Shares of the build time: a host is chosen, the network is asked for, the disk is written."""

POWER = {
    ("BUILD", ""): Power.BUILDING,
    ("ACTIVE", ""): Power.ON,
    ("SHUTOFF", ""): Power.OFF,
    ("SUSPENDED", ""): Power.PAUSED,
    ("VERIFY_RESIZE", ""): Power.CHANGING,
    ("ERROR", ""): Power.FAILED,
    ("DELETED", ""): Power.DELETED,
    ("ACTIVE", "powering-off"): Power.STOPPING,
    ("SHUTOFF", "powering-on"): Power.STARTING,
    ("REBOOT", "rebooting"): Power.RESTARTING,
}
BEFORE = {"powering-off": "ACTIVE", "powering-on": "SHUTOFF", "rebooting": "REBOOT"}
"""What Nova calls a server while a task is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a server is on its way."""

    status: str
    task: str
    updated_at: float
    launched_at: float | None
    booted: bool
    """Whether the guest has come up far enough to answer."""
    uptime: float
    """Seconds since the guest was powered on; 0 while it is not running."""

    @property
    def power(self) -> Power:
        if self.task == "deleting":
            return Power.DELETING
        if self.status == "BUILD":
            return Power.BUILDING
        return POWER.get((self.status, self.task), Power.UNKNOWN)

    @property
    def running(self) -> bool:
        return self.status == "ACTIVE" and self.task not in ("powering-off", "deleting")

    @property
    def words(self) -> str:
        """How Nova would say it in an error."""
        if self.task:
            return f"task_state {self.task}"
        state = {"SHUTOFF": "stopped", "BUILD": "building"}.get(self.status, self.status.lower())
        return f"vm_state {state}"


def bound_at(row: sqlite3.Row) -> float:
    """When Nova takes the port: not at the order, which leaves room for a race."""
    return row["created_at"] + BARE * (row["built_at"] - row["created_at"])


def _status(row: sqlite3.Row, now: float) -> tuple[str, str]:
    if row["fault_at"] is not None and now >= row["fault_at"]:
        return "ERROR", ""
    if now < row["built_at"]:
        share = (now - row["created_at"]) / (row["built_at"] - row["created_at"])
        if share < SCHEDULED:
            return "BUILD", "scheduling"
        if share < BARE:
            return "BUILD", ""
        return "BUILD", "networking" if share < BOUND else "spawning"
    if row["task"] and now < row["task_until"]:
        return BEFORE[row["task"]], row["task"]
    return row["rest"], ""


def life(row: sqlite3.Row, now: float) -> Life:
    deleting_at, deleted_at = row["deleting_at"], row["deleted_at"]
    until = now if deleting_at is None else min(now, deleting_at)
    status, task = _status(row, until)
    launched = row["built_at"] <= until and status != "ERROR"
    if deleted_at is not None and now >= deleted_at:
        status, task = "DELETED", ""
    elif deleting_at is not None and now >= deleting_at:
        task = "deleting"
    on = status == "ACTIVE" and task != "deleting" and now >= row["powered_at"]
    uptime = max(0.0, now - row["powered_at"]) if on else 0.0
    return Life(
        status=status,
        task=task,
        updated_at=_updated(row, now, until),
        launched_at=row["built_at"] if launched else None,
        booted=on and uptime >= row["boot_seconds"],
        uptime=uptime,
    )


def _updated(row: sqlite3.Row, now: float, until: float) -> float:
    """The newest instant that has come; those a deletion or fault cut off never come."""
    created, build = row["created_at"], row["built_at"] - row["created_at"]
    fault_at = row["fault_at"]
    stages = [created + share * build for share in (0.0, SCHEDULED, BARE, BOUND, 1.0)]
    own = [*stages, row["task_at"], row["task_until"]]
    if fault_at is not None:
        own = [*(one for one in own if one is not None and one <= fault_at), fault_at]
    came = [one for one in own if one is not None and one <= until]
    late = (row["deleting_at"], row["deleted_at"], row["touched_at"])
    came += [one for one in late if one is not None and one <= now]
    return max(came)


def moment(seconds: float) -> datetime:
    """An instant as clouds write it: to the second."""
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def seen(row: sqlite3.Row, now: float) -> SeenServer:
    """The server as the real adapter would have read it from a list."""
    at = life(row, now)
    failed = at.status == "ERROR"
    state = {"ACTIVE": 1, "REBOOT": 1, "VERIFY_RESIZE": 1, "SHUTOFF": 4, "SUSPENDED": 4}.get(
        at.status, 0
    )
    return SeenServer(
        cloud_id=row["id"],
        project_id=row["project_id"],
        # Nova forgets the metadata of what is deleted.
        key=None if at.status == "DELETED" else row["key"],
        name=row["name"],
        power=at.power,
        updated_at=moment(at.updated_at),
        launched_at=None if at.launched_at is None else moment(at.launched_at),
        fault=row["fault"] if failed else "",
        fault_code=row["fault_code"] if failed else 0,
        flavor_name=row["flavor_name"],
        vcpus=row["vcpus"],
        ram_mib=row["ram_mib"],
        raw_status=f"{at.status}/{at.task or '-'}/{state}",
    )
