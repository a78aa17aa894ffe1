"""Every HTTP route and every event of the portal, read from the portal itself.

A new route or handler is attacked from the day it is there.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts
from reflex_base.registry import RegistrationContext

from cloud_app import cloud_app, routes
from cloud_app.api.app import build_api
from cloud_app.state.guard import access_to
from cloud_app.state.marks import Access

NOWHERE = frozenset({"/api", "/api/{rest:path}"})
"""What answers for addresses that are none."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WITHOUT_LOG_IN = frozenset(
    {
        routes.HEALTH, routes.OPENAPI, "/api/v1/auth/login", routes.LOG_IN_FORM,
        routes.LOG_OUT_FORM,
    }
)  # fmt: skip
"""Open to strangers on purpose; whatever else is open is a hole."""


@dataclass(frozen=True)
class Door:
    """One method of one route."""

    method: str
    path: str

    def at(self, some_id: str) -> str:
        """The address with this id in the place of each id."""
        return "/".join(some_id if part.startswith("{") else part for part in self.path.split("/"))

    @property
    def takes_id(self) -> bool:
        return "{" in self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


DOORS = tuple(
    Door(method, str(route.path))
    for route in iter_route_contexts(build_api().routes)
    for method in sorted(route.methods or ())
    if route.path not in NOWHERE
)
UNSAFE = tuple(door for door in DOORS if door.method not in SAFE)
WITH_ID = tuple(door for door in DOORS if door.takes_id)

BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /api/v1/auth/login": {"handle": "nobody", "password": "wrong"},
    "PUT /api/v1/servers/{server_id}/info": {"name": "stolen"},
    "PUT /api/v1/servers/{server_id}/status": {"status": "stop"},
}
"""A body that the route would take from its owner."""


@dataclass(frozen=True)
class Handler:
    """One event that a browser might send."""

    name: str
    access: Access | None
    arguments: Sequence[str]

    def filled(self, value: Any) -> dict[str, Any]:
        return dict.fromkeys(self.arguments, value)


def _handlers() -> Iterator[Handler]:
    assert cloud_app.app
    for name, registered in RegistrationContext.get().event_handlers.items():
        arguments = list(inspect.signature(registered.handler.fn).parameters)[1:]
        yield Handler(name, access_to(name), arguments)


HANDLERS = tuple(_handlers())
