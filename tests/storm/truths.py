"""What must be true of machines whatever happens, and what must be true once it is calm again."""

from collections import Counter
from collections.abc import Mapping, Sequence

from cloud_app.domain.machines import Power, SeenServer, State, Wanted
from cloud_app.i18n.catalog import CATALOGS
from cloud_app.models.machines import MachineRecord
from tests.storm.storm import Holdings, Storm

S = State
ALIVE = frozenset(
    {S.STARTING, S.READY, S.STOPPING, S.STOPPED, S.RESTARTING, S.CHANGING, S.PAUSED, S.UNKNOWN}
)
ENDS = frozenset({S.RETURNING, S.FAILED, S.LOST})
MAY_BECOME: Mapping[State, frozenset[State]] = {
    S.ORDERED: frozenset({S.BUILDING}) | ALIVE | ENDS,
    # Whoever lost the race for the cloud's quota goes back in line.
    S.BUILDING: frozenset({S.ORDERED}) | ALIVE | ENDS,
    # Once it was there it is never built a second time, only lost.
    **dict.fromkeys(ALIVE, ALIVE | ENDS),
    # A list that lied is believed no longer than until the next that tells more.
    S.LOST: ALIVE | {S.RETURNING, S.FAILED},
    # Tried again, or broken by others and mended by them.
    S.FAILED: frozenset({S.ORDERED, S.RETURNING, S.LOST}) | ALIVE,
    S.RETURNING: frozenset({S.GONE}),
    S.GONE: frozenset(),
}
"""From each state, those it may turn into at once."""
POWER_OF = {
    S.READY: Power.ON,
    S.STARTING: Power.ON,
    S.STOPPED: Power.OFF,
    S.PAUSED: Power.PAUSED,
    S.FAILED: Power.FAILED,
}
ENDED = (S.LOST, S.GONE)


def is_up(server: SeenServer) -> bool:
    return server.power not in (Power.FAILED, Power.DELETING, Power.DELETED)


def one_server_per_machine(storm: Storm) -> None:
    live = Counter(one.key for one in storm.holdings().servers if one.key and is_up(one))

    assert not [key for key, count in live.items() if count > 1], live


def room_is_counted(storm: Storm) -> None:
    used, allowed = storm.used_and_allowed()

    assert not allowed.exceeded_by(used), f"{used} of {allowed}"


def every_key_has_its_sentence(rows: Sequence[MachineRecord]) -> None:
    for row in rows:
        for key in filter(None, (row.failure, row.notice)):
            assert all(key in texts for texts in CATALOGS.values()), key
        assert row.state is not S.FAILED or row.failure or row.power is Power.FAILED, row


def changes_are_allowed(changes: list[tuple[State, State]]) -> None:
    wrong = [(old, new) for old, new in changes if new not in MAY_BECOME[old] | {old}]

    assert not wrong, wrong


def strangers_are_untouched(storm: Storm, strangers: Mapping[str, SeenServer]) -> None:
    now = {one.cloud_id: one for one in storm.holdings().servers}
    for server_id, stranger in strangers.items():
        assert server_id in now, stranger
        assert now[server_id].name == stranger.name, stranger
        assert is_up(now[server_id]), stranger


def all_is_settled(rows: Sequence[MachineRecord], held: Holdings) -> None:
    """The portal's rows and the cloud's own lists say the same."""
    for row in rows:
        _is_settled(row, held)
    keys = {row.id for row in rows if row.state not in (S.GONE, S.FAILED) or row.built_at}
    keys -= {row.id for row in rows if row.state is S.GONE}
    for seen in (*held.servers, *held.ports, *held.addresses):
        assert seen.key is None or seen.key in keys, f"an orphan: {seen}"


def _is_settled(row: MachineRecord, held: Holdings) -> None:
    servers = [one for one in held.servers if one.key == row.id]
    assert row.settled, row
    assert row.claimed_until is None, row
    if row.wanted is Wanted.GONE:
        assert row.state is S.GONE, row
    if row.failure is not None or row.state in ENDED:
        assert not servers, (row, servers)
        return
    assert len(servers) == 1, (row, servers)
    assert servers[0].cloud_id == row.server_id, (row, servers)
    assert row.power is servers[0].power, (row, servers)
    assert row.power is POWER_OF[row.state], (row, servers)
    assert row.command is None, row
    if row.wants_address and not row.address_denied:
        assert [one.address for one in held.addresses if one.key == row.id] == [row.address], row
