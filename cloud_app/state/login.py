"""The log-in page: why the visitor is here, and the practice accounts."""

from dataclasses import dataclass

import reflex as rx

from cloud_app.bootstrap import portal
from cloud_app.demo import PASSWORD, PEOPLE
from cloud_app.state.marks import public

DEMO_TOLD = "demo.txt"
"""Written into the data folder when the practice campus is founded."""
_WHY = frozenset({"wrong", "wait", "out", "ended"})


@dataclass(frozen=True)
class DemoLogin:
    """An account of the practice campus that anybody may try."""

    handle: str
    password: str
    role: str
    name: str


def _demo() -> list[DemoLogin]:
    """The practice accounts, where the practice campus was founded; none on a real one."""
    settings = portal().settings
    if not settings.practice or not (settings.var / DEMO_TOLD).exists():
        return []
    return [DemoLogin(handle, PASSWORD, role.value, name) for handle, name, role in PEOPLE]


class LoginState(rx.State):
    """What the log-in page says beside its plain form."""

    why: str = ""
    seconds: str = ""
    handle: str = ""
    after: str = ""
    demo: list[DemoLogin] = []

    @rx.event
    @public
    async def load(self):
        """Read from the address why the visitor is here."""
        query = self.router.url.query_parameters
        why = query.get("why", "")
        self.why = why if why in _WHY else ""
        seconds = query.get("seconds", "")
        self.seconds = seconds if seconds.isdecimal() else ""
        self.handle = query.get("handle", "")[:64]
        self.after = query.get("next", "")
        self.demo = _demo()
