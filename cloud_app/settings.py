"""Every knob of the portal, read from the environment once and checked at once.

Nothing else reads the environment. A wrong value stops the start with one
sentence per problem, all of them together.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

PREFIX = "MADANG_"
DEFAULT_PORT = 8000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class WrongSettings(Exception):
    """One sentence per setting that is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a site decides; the defaults are those of the practice cloud on a laptop."""

    var: Path
    """Folder of everything the portal writes: database, secret key, practice cloud."""
    database_url: str
    public_urls: tuple[str, ...]
    """Exact origins the browser may come from; the first one is the portal's address."""
    timezone: str = "Asia/Seoul"
    """The campus's time zone, by which dates end."""
    practice: bool = True
    """Whether the built-in practice cloud is offered."""
    practice_speed: float = 1.0
    """How much faster than a real one the practice cloud builds."""
    loops: bool = True
    """Whether this process runs the loops (no when a separate worker does)."""
    address_with_machine: str = "always"
    """External address: always, on request, or never."""
    built_at_once: int = 10
    """So many machines are built at the same time in one cloud; others wait in line."""
    changes_per_minute: int = 30
    """So often one account may order, rename, switch and give back."""
    requests_per_minute: int = 120
    """So many answers of the REST API one account gets."""
    log_level: str = "INFO"
    redis_url: str = ""
    """Redis, by which several processes tell each other what changed; empty for a portal alone."""
    node: str = field(default_factory=socket.gethostname)
    """What this machine is called among those that share the database; its host name."""

    @property
    def campus(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def secure_cookies(self) -> bool:
        """Whether the public address is https; plain http is for loopback only."""
        return urlsplit(self.public_urls[0]).scheme == "https"

    @property
    def secret_key_file(self) -> Path:
        return self.var / "secret.key"

    @property
    def practice_file(self) -> Path:
        return self.var / "practice.db"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read MADANG_* variables; raise WrongSettings with every problem at once."""
        given = {
            name.removeprefix(PREFIX): value
            for name, value in (os.environ if env is None else env).items()
            if name.startswith(PREFIX) and value
        }
        problems: list[str] = []
        var = Path(given.get("VAR", "var")).resolve()
        settings = cls(
            var=var,
            database_url=given.get("DATABASE_URL", f"sqlite+aiosqlite:///{var / 'madang.db'}"),
            public_urls=_origins(given, problems),
            timezone=_zone(given.get("TIMEZONE", "Asia/Seoul"), problems),
            practice=_flag(given, "PRACTICE", True, problems),
            practice_speed=_number(given, "PRACTICE_SPEED", 1.0, problems),
            loops=_flag(given, "LOOPS", True, problems),
            address_with_machine=_choice(
                given, "ADDRESS_WITH_MACHINE", ("always", "request", "never"), problems
            ),
            built_at_once=_count(given, "BUILT_AT_ONCE", 10, problems),
            changes_per_minute=_count(given, "CHANGES_PER_MINUTE", 30, problems),
            requests_per_minute=_count(given, "REQUESTS_PER_MINUTE", 120, problems),
            log_level=given.get("LOG_LEVEL", "INFO").upper(),
            redis_url=_redis(given, problems),
            node=given.get("NODE") or socket.gethostname(),
        )
        if problems:
            raise WrongSettings("\n".join(problems))
        return settings


def _origins(given: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    port = int(_number(given, "PORT", DEFAULT_PORT, problems))
    if "PUBLIC_URL" not in given:
        return (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    origins = tuple(part.strip().rstrip("/") for part in given["PUBLIC_URL"].split(","))
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            problems.append(f"{PREFIX}PUBLIC_URL: {origin!r} is not scheme://host[:port]")
        elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
            problems.append(f"{PREFIX}PUBLIC_URL: {origin!r} needs https outside this machine")
    return origins


def _redis(given: Mapping[str, str], problems: list[str]) -> str:
    url = given.get("REDIS_URL", "")
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        problems.append(f"{PREFIX}REDIS_URL: it has to begin with redis://, rediss:// or unix://")
    return url


def _zone(name: str, problems: list[str]) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        problems.append(f"{PREFIX}TIMEZONE: there is no time zone {name!r}")
    return name


def _flag(given: Mapping[str, str], name: str, default: bool, problems: list[str]) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if value not in ("0", "1"):
        problems.append(f"{PREFIX}{name}: {value!r} is neither 0 nor 1")
    return value == "1"


def _number(given: Mapping[str, str], name: str, default: float, problems: list[str]) -> float:
    try:
        return float(given.get(name, default))
    except ValueError:
        problems.append(f"{PREFIX}{name}: {given[name]!r} is not a number")
        return default


def _count(given: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    value = given.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        problems.append(f"{PREFIX}{name}: {value!r} is not a whole number from 1 on")
        return default
    return int(value)


def _choice(
    given: Mapping[str, str], name: str, words: tuple[str, ...], problems: list[str]
) -> str:
    value = given.get(name, words[0])
    if value not in words:
        problems.append(f"{PREFIX}{name}: {value!r} is none of {', '.join(words)}")
    return value
