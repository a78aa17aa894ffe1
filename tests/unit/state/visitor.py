"""A visitor without a browser: states whose handlers are called by hand."""

from typing import TypeVar

import reflex as rx
from reflex.istate.data import HeaderData, ReflexURL, URLData
from reflex.state import State

from cloud_app.bootstrap import Portal
from cloud_app.state.session import SessionState
from tests.make import ORIGIN, a_token

S = TypeVar("S", bound=rx.State)


class Visitor:
    """Somebody logged in, with all states of one tab."""

    def __init__(self, root: State) -> None:
        self.root = root

    @classmethod
    async def log_in(cls, portal: Portal, handle: str = "minji") -> "Visitor":
        """Come in with a log-in of their own and choose their own project."""
        root = State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
        visitor = cls(root)
        visitor.send(cookie=f"madang={await a_token(portal, handle)}")
        session = await visitor.at(SessionState)
        await SessionState.load.fn(session)
        return visitor

    def send(self, *, cookie: str, accept_language: str = "") -> None:
        """Have the tab's socket come with these headers."""
        headers = HeaderData(cookie=cookie, accept_language=accept_language)
        self.root.rx_router_headers = headers

    def log_out(self) -> None:
        """Lose the log-in, as when the cookie is gone."""
        self.send(cookie="")

    async def at(self, kind: type[S], address: str = "/") -> S:
        """The state of a page, opened at `address`."""
        self.root.rx_router_url = URLData.from_url(ReflexURL(ORIGIN + address))
        return await self.root.get_state(kind)
