"""The one next step of a machine, and the one word for its state.

Pure functions of what is wanted and what was seen. A machine that once existed
and is provably gone is *lost*: it is shown, never built again behind its
owner's back. Power is asked for once; afterwards the cloud's state is the
truth, so a shutdown inside the guest is not fought.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_app.domain.machines import Command, Power, Presence, State, Wanted

AMBIGUOUS = timedelta(seconds=20)
"""How long a request whose answer was lost may still take effect in the cloud."""
LOOKS_THAT_PROVE_ABSENCE = 2
PATIENCE_WITH_SSH = timedelta(minutes=5)
"""How long a booted machine may take until SSH answers before it is called ready anyway."""
PATIENCE_WITH_COMMANDS = timedelta(minutes=4)
BUILD_DEADLINE = timedelta(minutes=20)
STEADY = frozenset({Power.ON, Power.OFF, Power.PAUSED, Power.FAILED})


class Step(StrEnum):
    """What the loop can do for one machine."""

    WAIT = "wait"
    REST = "rest"
    """Nothing to do until something changes: the row is settled."""
    GROUND = "ground"
    PORT = "port"
    SERVER = "server"
    ADDRESS = "address"
    PROBE = "probe"
    RENAME = "rename"
    COMMAND = "command"
    GIVE_UP_COMMAND = "give_up_command"
    MOVE = "move"
    """Leave a project that others deleted, before anything was built in it."""
    FAIL = "fail"
    CLEAR = "clear"
    """Take away a server that lost a race, before the order is sent anew."""
    ANEW = "anew"
    DELETE = "delete"
    RELEASE = "release"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules need to know of one machine."""

    wanted: Wanted
    presence: Presence
    power: Power | None
    has_ground: bool
    has_port: bool
    has_server: bool
    """A server's id is written down."""
    has_address: bool
    wants_address: bool
    address_unasked: bool
    """Its address is another one since its guest was last asked for an answer."""
    uprooted: bool
    """The cloud's project that it stands in was deleted by others."""
    create_sent_at: datetime | None
    """Written before the request to build; never taken back while it may take effect."""
    looks: int
    """Whole lists in a row, begun after our last write, without the machine."""
    built_at: datetime | None
    ready_at: datetime | None
    command: Command | None
    command_at: datetime | None
    rename_due: bool
    failure: str | None
    spoiled: bool
    """Its server was accepted and then lost a race for the cloud's quota."""
    released: bool
    """Its ports and addresses were removed."""
    deadline_at: datetime
    gone_at: datetime | None


def may_exist(facts: Facts) -> bool:
    """Whether a server of this machine may be in the cloud, as far as can be proven."""
    if facts.presence is Presence.ABSENT:
        return False
    asked = facts.has_server or facts.create_sent_at is not None
    return asked and facts.looks < LOOKS_THAT_PROVE_ABSENCE


def next_step(facts: Facts, now: datetime) -> Step:
    """Name the one action that brings a machine closer to what its owner asked for."""
    if facts.wanted is Wanted.GONE or facts.failure is not None:
        return _next_removal(facts)
    if facts.spoiled:
        return _next_clearing(facts, now)
    match facts.presence:
        case Presence.ABSENT:
            return Step.REST
        case Presence.NEVER:
            return _next_build(facts, now)
        case Presence.SEEN:
            return _next_care(facts, now)


def _next_removal(facts: Facts) -> Step:
    if may_exist(facts):
        return Step.DELETE
    if not facts.released:
        return Step.RELEASE
    forgotten = facts.gone_at is not None or facts.wanted is not Wanted.GONE
    return Step.REST if forgotten else Step.FORGET


def _next_clearing(facts: Facts, now: datetime) -> Step:
    if now > facts.deadline_at:
        return Step.FAIL
    return Step.CLEAR if may_exist(facts) else Step.ANEW


def _next_build(facts: Facts, now: datetime) -> Step:
    if now > facts.deadline_at:
        return Step.FAIL
    if facts.uprooted:
        return Step.MOVE
    if not facts.has_ground:
        return Step.GROUND
    if not facts.has_port:
        return Step.PORT
    if not facts.has_server:
        return Step.SERVER
    if facts.wants_address and not facts.has_address:
        return Step.ADDRESS
    return Step.WAIT


def _next_care(facts: Facts, now: datetime) -> Step:
    if facts.built_at is None and facts.power is Power.FAILED:
        return Step.FAIL
    if facts.built_at is None and now > facts.deadline_at:
        return Step.FAIL
    if facts.wants_address and not facts.has_address and facts.has_port:
        return Step.ADDRESS
    if facts.rename_due:
        return Step.RENAME
    if facts.command is not None:
        return _next_command(facts, now)
    if facts.power is Power.ON and (facts.ready_at is None or facts.address_unasked):
        return Step.PROBE
    return Step.REST if facts.power in STEADY else Step.WAIT


def _next_command(facts: Facts, now: datetime) -> Step:
    if facts.command_at and now - facts.command_at > PATIENCE_WITH_COMMANDS:
        return Step.GIVE_UP_COMMAND
    return Step.COMMAND if facts.power in STEADY else Step.WAIT


def state_of(facts: Facts) -> State:  # noqa: C901 - one line per word a person reads
    """Say in one word how a machine is. What is not known is never called off."""
    if facts.gone_at is not None:
        return State.GONE
    if facts.wanted is Wanted.GONE:
        return State.RETURNING
    if facts.failure is not None:
        return State.FAILED
    if facts.spoiled:
        return State.BUILDING
    if facts.presence is Presence.ABSENT:
        return State.LOST
    if facts.presence is Presence.NEVER:
        return State.BUILDING if facts.has_server else State.ORDERED
    match facts.power:
        case Power.BUILDING:
            return State.BUILDING
        case Power.ON:
            return _state_when_on(facts)
        case Power.OFF:
            return State.STARTING if facts.command is Command.START else State.STOPPED
        case Power.STARTING:
            return State.STARTING
        case Power.STOPPING:
            return State.STOPPING
        case Power.RESTARTING:
            return State.RESTARTING
        case Power.CHANGING | Power.DELETING:
            return State.CHANGING
        case Power.PAUSED:
            return State.PAUSED
        case Power.FAILED:
            # A build that failed is said to have failed once its reason is written down.
            return State.FAILED if facts.built_at else State.BUILDING
        case _:
            return State.UNKNOWN


def _state_when_on(facts: Facts) -> State:
    match facts.command:
        case Command.STOP:
            return State.STOPPING
        case Command.RESTART:
            return State.RESTARTING
        case _:
            return State.READY if facts.ready_at else State.STARTING
