"""How a list is told: whole by an honest cloud, thinned by a forgetful or lying one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from zlib import crc32

from cloud_app.domain.machines import SeenAddress, SeenPort, SeenServer
from cloud_app.gateways.protocols import Flavor, Image, Sweep
from cloud_app.gateways.simulator.misfortunes import Woe, strike
from cloud_app.gateways.simulator.store import Tx

Seen = TypeVar("Seen", SeenServer, SeenPort, SeenAddress)
Listed = TypeVar("Listed", SeenServer, SeenPort, SeenAddress, Flavor, Image)


def as_told(tx: Tx, sweep: Sweep[Seen]) -> Sweep[Seen]:
    """The same things are missed every time, so that a test can rely on it."""
    forgetful = strike(tx, Woe.FORGETFUL)
    items = thinned(tx, sweep.items)
    if forgetful is None:
        return replace(sweep, items=items)
    return replace(sweep, items=_without(items, forgetful.share), complete=False)


def thinned(tx: Tx, items: Sequence[Listed]) -> Sequence[Listed]:
    """What a lying cloud tells of these."""
    lying = strike(tx, Woe.LYING)
    return items if lying is None else _without(items, lying.share)


def _without(items: Sequence[Listed], share: float) -> Sequence[Listed]:
    def number(one: Listed) -> int:
        return crc32((one.id if isinstance(one, Flavor | Image) else one.cloud_id).encode())

    return [one for one in items if number(one) % 100 >= share * 100]
