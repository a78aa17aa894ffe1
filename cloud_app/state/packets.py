"""What a page's script can have sent: everything else is refused before anybody reads it.

Reflex logs a whole traceback for a packet it cannot take, and tells an error
that an event met by another event from the same place: a place that cannot be
read would be an error without an end. It also lets a browser call whatever
the namespace has beside events, such as "connect" with cookies of its choice.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, get_origin

from reflex.istate.data import ReflexURL
from reflex_base.registry import RegistrationContext

MALFORMED = "malformed"
"""No page of ours has ever sent this; whoever did is hung up on."""

_SPOKEN: Mapping[str, int] = {"event": 1, "ping": 0, "client_error": 1}
"""What a page says inside the namespace, and with how many values."""
_SURE = (str, bool, int, dict, list)
"""Argument types that Reflex never makes out of something else."""
_NAMED = {kind.__name__: kind for kind in _SURE}
"""The same for handlers of Reflex, which write their hints as text."""
_LONGEST_PLACE = 4096


def kind_of(packet: Any, namespace: str) -> tuple[str, Any]:
    """What a packet is ("connect", "disconnect", "event" …) and what it brings; else MALFORMED."""
    if not isinstance(packet, str) or not packet[1:].startswith(namespace):
        return MALFORMED, None
    kind, body = packet[:1], packet[1 + len(namespace) :]
    body = body.removeprefix(",")
    try:
        said = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return MALFORMED, None
    match kind, said:
        case "0", None | dict():
            return "connect", said
        case "1", None:
            return "disconnect", None
        case "2", [str(name), *values] if _SPOKEN.get(name) == len(values):
            return name, values[0] if values else None
        case _:
            return MALFORMED, None


def why_not(data: Any) -> str:
    """Say why an event cannot be what one of our pages sends; empty when it can."""
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return MALFORMED
    payload, place = data.get("payload", {}), data.get("router_data", {})
    if not isinstance(payload, dict) or not _is_place(place):
        return MALFORMED
    registered = RegistrationContext.get().event_handlers.get(data["name"])
    if registered is None:
        return "unknown"
    if payload.get("vars") or data["name"].endswith(".set_is_hydrated"):
        # No var of ours lives in the browser, and the server alone says what is loaded.
        return "not for browsers"
    return "" if _callable_with(registered.handler.fn, payload) else "wrong arguments"


def _is_place(place: Any) -> bool:
    """Whether this says where a page is: an address of this site, and what is asked of it."""
    if not isinstance(place, dict) or not place.keys() <= {"pathname", "asPath", "query"}:
        return False
    asked = place.get("query", {})
    if not isinstance(asked, dict) or not all(_is_answer(value) for value in asked.values()):
        return False
    return all(_is_address(place.get(name, "/")) for name in ("pathname", "asPath"))


def _is_answer(said: Any) -> bool:
    """What an address is asked: text; a list of its parts where no page stands there."""
    return all(isinstance(part, str) for part in (said if isinstance(said, list) else [said]))


def _is_address(said: Any) -> bool:
    if not isinstance(said, str) or not said.startswith("/") or len(said) > _LONGEST_PLACE:
        return False
    try:
        said.encode()
        ReflexURL(said)
    except ValueError:
        return False
    return True


def _callable_with(handler: Callable[..., Any], payload: Mapping[str, Any]) -> bool:
    try:
        given = inspect.signature(handler).bind(None, **payload)
    except TypeError:
        return False
    for name, value in given.arguments.items():
        hint = handler.__annotations__.get(name)
        if value is None and isinstance(hint, str) and hint.endswith("| None"):
            continue
        named = _NAMED.get(hint.partition("[")[0].strip()) if isinstance(hint, str) else None
        kind = named or get_origin(hint) or hint
        if kind in _SURE and not isinstance(value, kind):
            return False
    return True
