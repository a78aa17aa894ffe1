"""What every live page knows about itself: whether it has loaded, and how fresh it is."""

from collections.abc import Sequence
from datetime import datetime

import reflex as rx

from cloud_app.domain.machines import Machine

LOOK_AGAIN_SECONDS = 15
"""A page that heard nothing looks again after this long in any case."""


class LiveRows(rx.State, mixin=True):
    """Facts about what is on the screen, set only when they are known."""

    loaded: bool = False
    as_of: str = ""
    """When the clouds last gave a full answer; the oldest one counts."""
    silent_since: str = ""
    """Since when a cloud behind this page has not answered; empty when all do."""
    silent_cloud: str = ""


def freshness(machines: Sequence[Machine]) -> tuple[str, str, str]:
    """As of when these machines are known, and which cloud is silent since when."""
    seen = [machine.seen_at for machine in machines if machine.seen_at]
    silent = [
        (machine.cloud_silent_since, machine.cloud_name)
        for machine in machines
        if machine.cloud_silent_since
    ]
    since, cloud = min(silent) if silent else (None, "")
    return moment(min(seen) if seen else None), moment(since), cloud


def moment(at: datetime | None) -> str:
    """A moment as the browser reads it; empty for none."""
    return at.isoformat(timespec="seconds") if at else ""
