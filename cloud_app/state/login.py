"""The log-in page: why the visitor is here, and the practice accounts."""

from dataclasses import dataclass

import reflex as rx

from cloud_app.bootstrap import portal
from cloud_app.state.marks import public

_WHY = {"wrong": "wrong", "wait": "wait", "out": "out", "ended": "ended"}


@dataclass(frozen=True)
class DemoLogin:
    """An account of the practice campus that anybody may try."""

    handle: str
    password: str
    role: str


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
        self.why = _WHY.get(query.get("why", ""), "")
        seconds = query.get("seconds", "")
        self.seconds = seconds if seconds.isdecimal() else ""
        self.handle = query.get("handle", "")[:64]
        self.after = query.get("next", "")
        self.demo = []
