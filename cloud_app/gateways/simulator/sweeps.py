"""How a list is told: whole by an honest cloud, thinned by a forgetful or lying one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from zlib import crc32

from cloud_app.domain.machines import SeenAddress, SeenPort, SeenServer
from cloud_app.gateways.protocols import Sweep
from cloud_app.gateways.simulator.misfortunes import Woe, strike
from cloud_app.gateways.simulator.store import Tx

Seen = TypeVar("Seen", SeenServer, SeenPort, SeenAddress)


def as_told(tx: Tx, sweep: Sweep[Seen]) -> Sweep[Seen]:
    """The same things are missed every time, so that a test can rely on it."""
    forgetful = strike(tx, Woe.FORGETFUL)
    items = thinned(tx, sweep.items)
    if forgetful is None:
        return replace(sweep, items=items)
    return replace(sweep, items=_without(items, forgetful.share), complete=False)


def thinned(tx: Tx, items: Sequence[Seen]) -> Sequence[Seen]:
    """What a lying cloud tells of these."""
    lying = strike(tx, Woe.LYING)
    return items if lying is None else _without(items, lying.share)


def _without(items: Sequence[Seen], share: float) -> Sequence[Seen]:
    return [one for one in items if crc32(one.cloud_id.encode()) % 100 >= share * 100]
