"""What can go wrong with a cloud, by name.

Misfortunes lie in the practice cloud's file, so a test can bring one over a
portal that is already running in another process. They compose: every one that
fits a call strikes it. `calls` is a pattern over names such as
`compute.create_server`; `times` says how many calls it strikes, None for all.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from cloud_app.gateways.simulator.store import Tx


class Woe(StrEnum):
    SLOW = "slow"
    """Every call takes `seconds` longer."""
    SILENT = "silent"
    """The request is lost: Unavailable after `seconds`, and nothing happened."""
    RATE_LIMITED = "rate_limited"
    """Nothing happened: the cloud asks to be left alone for `seconds` (429)."""
    BROKEN = "broken"
    """Nothing happened: an error of the service itself (500)."""
    REFUSED = "refused"
    """Keystone accepts no credential, neither a project's nor the manager's."""
    LOST_ANSWER = "lost_answer"
    """The answer is lost: Unavailable after `seconds`, though it happened."""
    WRONG_ANSWER = "wrong_answer"
    """It happened, and the answer to it cannot be read: HTML, or JSON of another shape."""
    CRASH_AFTER = "crash_after"
    """The caller dies after it happened and before it hears of it."""
    FULL = "full"
    """No host has room: orders end in ERROR."""
    QUOTA_RACE = "quota_race"
    """Orders are accepted and then lose a race for the quota: ERROR with fault 413."""
    FORGETFUL = "forgetful"
    """Lists miss `share` of what is there, and say that they are not whole."""
    LYING = "lying"
    """Lists miss `share` of what is there, and claim to be whole: half a list."""
    STALE = "stale"
    """Lists of servers are those of `seconds` ago, and nothing tells."""


class Crash(BaseException):
    """The caller's death in a test that wants to live on.

    Not an Exception: what catches every error of one pass must not catch this.
    """


CRASH_EXIT_CODE = 86


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfortune:
    woe: Woe
    calls: str = "*"
    times: int | None = None
    seconds: float = 0.0
    share: float = 1.0
    exits: bool = False
    """Whether CRASH_AFTER ends the whole process (kill -9) or raises Crash."""


def befall(tx: Tx, misfortune: Misfortune) -> None:
    tx.run(
        "INSERT OR REPLACE INTO misfortune (name, calls, times, seconds, share, exits)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        misfortune.woe.value,
        misfortune.calls,
        misfortune.times,
        misfortune.seconds,
        misfortune.share,
        int(misfortune.exits),
    )


def relieve(tx: Tx, woe: Woe | None) -> None:
    tx.run("DELETE FROM misfortune WHERE name = COALESCE(?, name)", woe)


def under_way(tx: Tx) -> list[Misfortune]:
    return [_read(row) for row in tx.all("SELECT * FROM misfortune ORDER BY name, calls")]


def strike(tx: Tx, woe: Woe) -> Misfortune | None:
    """The misfortune of this name that hits the call under way, used up by one."""
    for row in tx.all("SELECT * FROM misfortune WHERE name = ? ORDER BY calls", woe.value):
        if not fnmatchcase(tx.call, row["calls"]):
            continue
        if row["times"] is not None:
            _use_up(tx, row)
        return _read(row)
    return None


def struck(tx: Tx, woes: Sequence[Woe]) -> Sequence[Misfortune]:
    """The misfortunes of these names that hit the call under way, in this order."""
    return [fate for fate in (strike(tx, woe) for woe in woes) if fate]


def _use_up(tx: Tx, row: sqlite3.Row) -> None:
    tx.run(
        "UPDATE misfortune SET times = times - 1 WHERE name = ? AND calls = ?",
        row["name"],
        row["calls"],
    )
    tx.run("DELETE FROM misfortune WHERE times <= 0")


def _read(row: sqlite3.Row) -> Misfortune:
    return Misfortune(
        woe=Woe(row["name"]),
        calls=row["calls"],
        times=row["times"],
        seconds=row["seconds"],
        share=row["share"],
        exits=bool(row["exits"]),
    )
