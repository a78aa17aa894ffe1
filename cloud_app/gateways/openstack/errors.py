"""What OpenStack answers when it refuses, in the portal's own words; translated here, once.

The same meaning comes in many shapes: an exhausted quota is 403 in Nova, 409 in
Neutron and 413 in Cinder; a missing image is 400; Glance writes HTML. Seen on
real services (Nova 34, Neutron 29, Keystone 30, Glance 33).
"""

import json
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import fields
from email.utils import parsedate_to_datetime
from functools import cache, wraps
from html import unescape
from typing import Any, ParamSpec, TypeVar, cast

from keystoneauth1 import exceptions as auth
from requests import RequestException, Response

from cloud_app.domain.errors import (
    Conflict,
    NotFound,
    PortalError,
    QuotaExceeded,
    Refused,
    Unavailable,
)

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_DETAIL = 500
"""Characters of a cloud's words that are kept."""

QUOTA = re.compile(
    r"quota exceeded|overquota|limitexceeded|maximum number of [\w ]+ exceeded"
    r"|exceeds ?(\w+ )?(available ?)?quota",
    re.IGNORECASE,
)
"""Says "no room"; never matches a policy's name, such as `os-quota-sets:update`."""

REFUSALS = tuple(
    (re.compile(pattern, re.IGNORECASE), key)
    for pattern, key in (
        (r"can not find requested image|image \S+ could not be found", "error.image_gone"),
        (r"image \S+ is not active", "error.image_unusable"),
        (r"flavor \S+ could not be found", "error.size_gone"),
        (r"flavors with zero disk", "error.size_without_disk"),
        (r"flavor's (disk|memory) is too small", "error.size_too_small"),
        (r"user.?data", "error.cloud_init_refused"),
        (r"ExternalIpAddressExhausted", "error.no_address"),
        (r"IpAddressGenerationFailure", "error.network_full"),
    )
)
"""What Nova and Neutron say (with 400, 403 or 409) about things that asking again will not mend."""

ECHO = re.compile(r"(Invalid input for field/attribute \S+)\. Value: .*", re.DOTALL)
"""Nova repeats what it was sent: user data, and with it a password's hash."""

TRY_AGAIN = frozenset({408, 425, 429})
AWAY = frozenset({429, 502, 503, 504})
"""Not this request is the matter but the service: whoever asks next gets the same answer."""
PAUSE = 1.0
"""Seconds to leave a service alone that is away and does not say for how long."""

MALFORMED = (
    LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError,
    AssertionError,  # keystoneauth's, when a token is thrown away while another thread takes it
)  # fmt: skip
"""What reading an answer of another shape raises."""

LONGEST_TEXT = 4096
"""Characters of one value that is written down; Nova's and Neutron's own end at 255."""


@contextmanager
def portal_errors(service: str = "") -> Generator[None]:
    """Let nothing but PortalError out of a call to OpenStack, and say which service it was."""
    try:
        yield
    except (auth.ClientException, RequestException) as error:
        answer = translated(error)
        answer.service = service
        raise answer from error


@contextmanager
def nothing_missing() -> Generator[None]:
    """For what was found a moment ago: a part that is gone by now is a wrong moment."""
    try:
        yield
    except NotFound as error:
        raise Conflict(detail=error.detail) from error


@contextmanager
def pool_exhausted() -> Generator[None]:
    """Around taking an external address: the network that is full is the external one."""
    try:
        yield
    except Refused as error:
        if error.key != "error.network_full":
            raise
        raise Refused("error.no_address", detail=error.detail) from error


@contextmanager
def readable(service: str = "") -> Generator[None]:
    """Around reading one item of an answer: one without the fields it must have is no answer."""
    try:
        yield
    except MALFORMED as error:
        answer = Unavailable(detail=_short(f"unexpected answer: {error!r}"))
        answer.service = service
        raise answer from error


Texts = tuple[str, ...]


def reads(read: Callable[P, T]) -> Callable[P, T]:
    """Make `read` answer a value whose fields all hold what its class says, or raise Unavailable.

    What JSON calls a name may be a number or a list; in a row of ours it would
    break whoever reads it next.
    """

    @wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        with readable():
            return _sound(read(*args, **kwargs))

    return checked


def _sound(thing: T) -> T:
    for name, kind in _shape(type(thing)):
        value: object = getattr(thing, name)
        if kind == Texts:
            value = " ".join(cast(Texts, value))  # refuses anything but texts
        elif not isinstance(value, kind):
            raise TypeError(f"{name} is {value!r}")
        if isinstance(value, str) and (len(value.encode()) > LONGEST_TEXT or "\x00" in value):
            raise ValueError(f"{name} is no text to keep")
        if isinstance(value, int) and abs(value) >= 2**31:
            raise OverflowError(f"{name} is {value!r}")
    return thing


@cache
def _shape(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Names and types of a dataclass's fields."""
    return tuple((one.name, one.type) for one in fields(kind))


def translated(error: auth.ClientException | RequestException) -> PortalError:
    """Answer the portal's error; its `detail` keeps the cloud's words."""
    match error:
        case auth.MissingAuthMethods() | auth.AuthorizationFailure():
            return Refused("error.credential_refused", detail=_short(str(error)))
        case auth.HttpError():
            words = _words(error.response) or error.message or str(error)
            return _answered(error.http_status, _short(words), _pause(error.response))
        case auth.ConnectionError():
            return Unavailable("error.cloud_silent", detail=_short(str(error)))
        case auth.CatalogException():
            return Refused("error.cloud_misconfigured", detail=_short(str(error)))
        case _:
            # Not JSON where JSON was due, broken transfers, discovery failures.
            return Unavailable(detail=_short(str(error)))


def _answered(status: int, words: str, pause: float) -> PortalError:
    for pattern, key in REFUSALS:
        if status in (400, 403, 409) and pattern.search(words):
            return Refused(key, detail=words)
    match status:
        case 401:
            return Refused("error.credential_refused", detail=words)
        case 403 | 409 | 413 if QUOTA.search(words):
            return QuotaExceeded("error.cloud_quota", detail=words)
        case 403:
            return Refused("error.cloud_forbids", detail=words)
        case 404:
            return NotFound(detail=words)
        case 409:
            return Conflict(detail=words)
        case _ if status in AWAY:
            key = "error.cloud_asks_to_wait" if status == 429 or pause else None
            return Unavailable(key, detail=words, seconds=pause or PAUSE)
        case _ if status >= 500 or status in TRY_AGAIN:
            return Unavailable(detail=words)
        case _:
            return Refused(detail=words)


def _pause(response: Response | None) -> float:
    """Read Retry-After: seconds, or a date, which is measured by the answer's own clock."""
    headers = {} if response is None else response.headers
    told = headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told[:9])
    try:
        until = parsedate_to_datetime(told) - parsedate_to_datetime(headers["Date"])
    except (KeyError, TypeError, ValueError):
        return 0.0
    return max(until.total_seconds(), 0.0)


def _words(response: Response | None) -> str:
    """Find the sentence in an error's body: JSON of several forms, HTML, or plain text."""
    if response is None:
        return ""
    try:
        return _sentence(json.loads(response.text))
    except RecursionError:
        return ""
    except ValueError:
        without_head = re.sub(r"(?s)<head>.*?</head>", "", response.text)
        return unescape(re.sub(r"<[^>]*>", " ", without_head))


def _sentence(body: object) -> str:
    match body:
        case {"type": str(kind), "message": str(message)}:
            return f"{kind}: {message}"  # Neutron; the type tells more than the sentence
        case {"message": str(message)}:
            return message
        case {"title": str(title), "detail": str(detail)}:
            return f"{title}: {detail}"
        case dict():
            return _sentences(cast(dict[str, object], body).values())
        case list():
            return _sentences(cast(list[object], body))
        case _:
            return ""


def _sentences(parts: Iterable[object]) -> str:
    return " ".join(filter(None, map(_sentence, parts)))


def _short(words: str) -> str:
    words = ECHO.sub(r"\1", words).encode(errors="replace").decode().replace("\x00", "")
    return " ".join(words.split())[:LONGEST_DETAIL]
