"""How a list is told: whole by an honest cloud, thinned by a forgetful or lying one."""

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
    forgetful, lying = strike(tx, Woe.FORGETFUL), strike(tx, Woe.LYING)
    share = max((woe.share for woe in (forgetful, lying) if woe), default=0.0)
    if not share:
        return sweep
    kept = [one for one in sweep.items if crc32(one.cloud_id.encode()) % 100 >= share * 100]
    return replace(sweep, items=kept, complete=sweep.complete and forgetful is None)
