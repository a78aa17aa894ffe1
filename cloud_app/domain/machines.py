"""Mini-PCs: what is wanted, what was seen, and the one next step between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from cloud_app.domain.quotas import Amounts


class Wanted(StrEnum):
    """What the owner asked for last."""

    HERE = "here"
    GONE = "gone"


class Power(StrEnum):
    """What the cloud says about a server, reduced to what a person can tell apart."""

    BUILDING = "building"
    ON = "on"
    OFF = "off"
    STARTING = "starting"
    STOPPING = "stopping"
    RESTARTING = "restarting"
    CHANGING = "changing"
    """Something else is under way (resize, rebuild, migration)."""
    PAUSED = "paused"
    """Suspended, paused, shelved or rescued, by somebody outside the portal."""
    FAILED = "failed"
    DELETING = "deleting"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class Presence(StrEnum):
    """What is known about a machine's server in the cloud."""

    NEVER = "never"
    """No server of this machine was ever seen."""
    SEEN = "seen"
    ABSENT = "absent"
    """Seen once, and proven gone since."""


class Command(StrEnum):
    """What a person asks of a machine's power; asked of the cloud once."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


class Access(StrEnum):
    """How the owner gets in."""

    GENERATED = "generated"
    OWN_KEY = "own_key"
    PASSWORD = "password"


class State(StrEnum):
    """What the page says, one plain word each."""

    ORDERED = "ordered"
    BUILDING = "building"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    RESTARTING = "restarting"
    CHANGING = "changing"
    PAUSED = "paused"
    RETURNING = "returning"
    GONE = "gone"
    LOST = "lost"
    FAILED = "failed"
    UNKNOWN = "unknown"


STAGES: Sequence[State] = (State.ORDERED, State.BUILDING, State.STARTING, State.READY)
"""The stage bar of a new machine, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How big a machine is. A portal row; each cloud that offers it binds it to a flavor."""

    id: str
    key: str
    """Stable short name, such as `light`."""
    name: Mapping[str, str]
    """Language to words a newcomer understands ("가벼운 웹 서버")."""
    vcpus: int
    ram_mib: int
    disk_gib: int
    position: int = 0

    @property
    def amounts(self) -> Amounts:
        """What one machine of this size takes of a limit."""
        return Amounts(machines=1, vcpus=self.vcpus, ram_mib=self.ram_mib)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a machine starts from. Each cloud that offers it binds it to an image."""

    id: str
    key: str
    name: Mapping[str, str]
    words: Mapping[str, str]
    """Language to one sentence on what it is good for."""
    login_user: str
    """The account inside the guest that the owner logs in to."""
    default_size_key: str
    open_ports: tuple[int, ...] = ()
    """TCP ports opened besides SSH."""
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """An order, as a person fills it in. Checked by the service."""

    project_id: str
    name: str
    size_key: str
    template_key: str
    return_on: date
    access: Access
    public_key: str = ""
    password: str = field(default="", repr=False)
    """Plain; only its hash leaves the service."""
    cloud_init: str = field(default="", repr=False)
    wants_address: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenServer:
    """One server as a cloud lists it."""

    cloud_id: str
    """The server's id in its cloud."""
    project_id: str
    """The project's id in its cloud."""
    key: str | None
    """Our machine's id from the metadata; None for a server that is not ours, or deleted."""
    name: str
    power: Power
    updated_at: datetime
    """By the cloud's own clock."""
    launched_at: datetime | None = None
    fault: str = ""
    """The cloud's words when power is FAILED; for details only."""
    fault_code: int = 0
    flavor_name: str = ""
    vcpus: int = 0
    ram_mib: int = 0
    """What it really has, whatever was ordered."""
    raw_status: str = ""
    """Status, task and power state as the cloud writes them; for details only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPort:
    """One network port made for a machine."""

    cloud_id: str
    project_id: str
    key: str
    fixed_ip: str | None
    server_id: str | None
    groups: tuple[str, ...] = ()
    """The cloud's ids of its security groups, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAddress:
    """One external address (floating IP), made for a machine or bound to a port by others."""

    cloud_id: str
    project_id: str
    key: str | None
    """None for one that is not ours."""
    address: str
    port_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A mini-PC as the portal knows it."""

    id: str
    project_id: str
    cloud_id: str
    cloud_name: str
    name: str
    size: Size
    template: Template
    state: State
    access: Access
    wants_address: bool
    created_at: datetime
    return_on: date
    state_since: datetime
    stage_times: Mapping[State, datetime]
    """When each stage of the build was reached; missing ones are still to come."""
    version: int
    fixed_ip: str | None = None
    address: str | None = None
    answers: bool | None = None
    """Whether SSH answered when last asked; None when it cannot be asked."""
    command: Command | None = None
    failure: str | None = None
    """Catalogue key of what went wrong while building."""
    notice: str | None = None
    """Catalogue key of what is not right though the machine works, such as no address."""
    trouble: str | None = None
    """Catalogue key of what holds the work on it up; it is tried again by itself."""
    name_in_cloud: str = ""
    """What its server is called there, when others gave it a name of their own."""
    resized: bool = False
    """It has other vCPUs or memory than ordered; `size` says what it really has."""
    doors_changed: bool = False
    """Others gave its port other security groups."""
    port_lost: bool = False
    """Others deleted its port, so its inner address is not known."""
    can_retry: bool = False
    """A failed order whose remains are gone: one click tries again."""
    detail: str = ""
    """The cloud's own words about it."""
    raw_status: str = ""
    server_id: str | None = None
    seen_at: datetime | None = None
    """When its cloud last told how it is."""
    addresses_seen_at: datetime | None = None
    """When its cloud last told its addresses."""
    cloud_silent_since: datetime | None = None
    """As of when it is known, while a service of its cloud does not answer."""
    silent_service: str = ""
    """Which service that is; without the network alone, the state is still known."""

    @property
    def is_known_now(self) -> bool:
        """Whether its state is what the cloud says now."""
        return self.cloud_silent_since is None or self.silent_service == "network"
