"""The marks on event handlers: who may send which event. The guard reads them."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "_madang_access"


class Access(StrEnum):
    """Who may send an event."""

    PUBLIC = "public"
    MEMBER = "member"
    INSTRUCTOR = "instructor"
    STAFF = "staff"


def public(handler: F) -> F:
    """Anybody, also before logging in."""
    return _marked(handler, Access.PUBLIC)


def member(handler: F) -> F:
    """Anybody who is logged in; the service decides about the object."""
    return _marked(handler, Access.MEMBER)


def instructor(handler: F) -> F:
    """Instructors, and staff who help them."""
    return _marked(handler, Access.INSTRUCTOR)


def staff(handler: F) -> F:
    """Staff only."""
    return _marked(handler, Access.STAFF)


def _marked(handler: F, access: Access) -> F:
    setattr(handler, _MARK, access)
    return handler


def mark_of(handler: Callable[..., Any]) -> Access | None:
    """Who may send this handler's event; None when nobody was let in."""
    mark = getattr(handler, _MARK, None)
    return mark if isinstance(mark, Access) else None
