"""What a browser or a script brings along to say who it is, and how long that holds."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta

from cloud_app.domain.actor import Role

LONGEST = timedelta(hours=12)
"""No log-in lasts longer, however busy."""
IDLE: Mapping[Role, timedelta] = {
    # Students leave a page open through a day of classes; what staff can reach is worth more.
    Role.STUDENT: timedelta(hours=12),
    Role.INSTRUCTOR: timedelta(hours=2),
    Role.STAFF: timedelta(minutes=30),
}
"""How long a log-in lasts without a click."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 random bits, as they travel in the cookie."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What the table keeps instead of `token`. Random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def cookie_name(*, secure: bool) -> str:
    """`__Host-` binds the cookie to exactly this host; browsers grant it over https only."""
    return "__Host-madang" if secure else "madang"


def token_in(cookies: str, *, secure: bool) -> str:
    """The token in a Cookie header; empty when there is none.

    Split by hand: the standard library's parser gives up at the first odd
    cookie of a neighbour on the same host.
    """
    wanted = cookie_name(secure=secure)
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value if _TOKEN.fullmatch(value) else ""
    return ""


def bearer_in(authorization: str) -> str:
    """The token in an Authorization header; empty when there is none."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    return value if scheme.lower() == "bearer" and _TOKEN.fullmatch(value) else ""
