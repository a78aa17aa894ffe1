"""Nova's servers as the portal sees them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from cloud_app.domain.machines import Power, SeenServer
from cloud_app.gateways.openstack.errors import reads
from cloud_app.gateways.openstack.rest import Json

KEY = "madang:key"
"""The metadata key that carries our machine's id; Nova allows letters, digits and `-_:. `."""

LONGEST_FAULT = 1000

TASK = "OS-EXT-STS:task_state"
POWER = "OS-EXT-STS:power_state"

RUNNING, PAUSED, SHUTDOWN, CRASHED, SUSPENDED = 1, 3, 4, 6, 7
"""Nova's power states (nova.compute.power_state); 0 means that the host does not know."""

TASKS = {
    "deleting": Power.DELETING,
    "soft-deleting": Power.DELETING,
    "powering-on": Power.STARTING,
    "powering-off": Power.STOPPING,
    "rebooting": Power.RESTARTING,
    "reboot_pending": Power.RESTARTING,
    "reboot_started": Power.RESTARTING,
    "rebooting_hard": Power.RESTARTING,
    "reboot_pending_hard": Power.RESTARTING,
    "reboot_started_hard": Power.RESTARTING,
}
"""What is under way outweighs the status; tasks not named here are told by `STATUSES`."""

CHANGING_TASKS = ("pausing", "unpausing", "suspending", "resuming", "rescuing", "unrescuing")
CHANGING_STEMS = ("shelving", "unshelving", "resize", "rebuild", "migrating", "restoring")

STATUSES = {
    "BUILD": Power.BUILDING,
    "REBOOT": Power.RESTARTING,
    "HARD_REBOOT": Power.RESTARTING,
    "PASSWORD": Power.CHANGING,
    "REBUILD": Power.CHANGING,
    "RESIZE": Power.CHANGING,
    "VERIFY_RESIZE": Power.CHANGING,
    "REVERT_RESIZE": Power.CHANGING,
    "MIGRATING": Power.CHANGING,
    "PAUSED": Power.PAUSED,
    "SUSPENDED": Power.PAUSED,
    "RESCUE": Power.PAUSED,
    "SHELVED": Power.PAUSED,
    "SHELVED_OFFLOADED": Power.PAUSED,
    "ERROR": Power.FAILED,
    "SOFT_DELETED": Power.DELETING,
    "DELETED": Power.DELETED,
}
"""All of Nova's statuses but ACTIVE and SHUTOFF; anything else is Power.UNKNOWN."""

SETTLED = {
    ("ACTIVE", None): Power.ON,
    ("ACTIVE", RUNNING): Power.ON,
    ("ACTIVE", PAUSED): Power.PAUSED,
    ("ACTIVE", SUSPENDED): Power.PAUSED,
    ("SHUTOFF", None): Power.OFF,
    ("SHUTOFF", SHUTDOWN): Power.OFF,
    ("SHUTOFF", CRASHED): Power.OFF,
}
"""Status and power state where both say the same; where they differ nothing is guessed."""


def power_of(status: str, task: str | None, power_state: int | None) -> Power:
    """Reduce Nova's three state words to one. Never OFF on a guess."""
    if status == "DELETED":
        return Power.DELETED
    if task in TASKS:
        return TASKS[task]
    if status in STATUSES:
        return STATUSES[status]
    if task and (task in CHANGING_TASKS or task.startswith(CHANGING_STEMS)):
        return Power.CHANGING
    return SETTLED.get((status, power_state), Power.UNKNOWN)


@reads
def seen_server(raw: Json) -> SeenServer:
    """Read one server of `GET /servers/detail`."""
    status, task, power_state = raw["status"], raw.get(TASK), raw.get(POWER)
    if not isinstance(status, str):
        raise TypeError(f"status is {status!r}")
    fault: Json = raw.get("fault") or {}
    flavor: Json = raw.get("flavor", {})
    launched_at = raw.get("OS-SRV-USG:launched_at")
    return SeenServer(
        cloud_id=raw["id"],
        project_id=raw["tenant_id"],
        key=raw["metadata"].get(KEY),
        name=raw["name"],
        power=power_of(status, task, power_state),
        updated_at=_moment(raw["updated"]),
        launched_at=_moment(launched_at) if launched_at else None,
        fault=str(fault.get("message", "")).replace("\x00", "").strip()[:LONGEST_FAULT],
        fault_code=int(fault.get("code", 0)),
        flavor_name=flavor.get("original_name", ""),
        vcpus=int(flavor.get("vcpus", 0)),
        ram_mib=int(flavor.get("ram", 0)),
        raw_status=f"{status}/{task or '-'}/{'-' if power_state is None else power_state}",
    )


def is_partial(raw: Json) -> bool:
    """Whether Nova could not reach the cell of the server and tells little more than its id.

    https://docs.openstack.org/api-guide/compute/down_cells.html
    """
    return bool(raw["id"]) and "updated" not in raw


def newest(servers: Iterable[SeenServer]) -> datetime | None:
    return max((server.updated_at for server in servers), default=None)


def _moment(text: str) -> datetime:
    """Read Nova's times: UTC, with or without saying so."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
