"""One line per event with its fields, one id from click to cloud, and no secrets.

`setup()` is called once per process. Code logs words and fields
(`log.warning("cloud skipped", extra={"cloud": name})`), never sentences with
values inside. What looks like a secret is blotted out here in any case.
"""

import logging
import re
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the click or request that this work belongs to."""

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_SECRET_NAME = re.compile(r"password|secret|token|cookie|authorization|private|credential", re.I)
_SECRET = re.compile(
    r"(?P<lead>\b(?:Bearer\s+|(?:__Host-)?madang=|(?:password|secret|token)[\"']?\s*[:=]\s*[\"']?))"
    r"[^\s\"';,&]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.I | re.S,
)
# Reflex quotes what a visitor typed when it does not fit an event's argument.
_QUOTED_INPUT = re.compile(r" with value '.*' and type hint ", re.S)


def new_request_id() -> str:
    """A fresh id, short enough to be read out on the telephone."""
    return secrets.token_hex(6)


def blot(text: str) -> str:
    """`text` without what looks like a secret."""
    return _SECRET.sub(lambda found: (found["lead"] or "") + "***", text)


class Lines(logging.Formatter):
    """`2026-03-02T09:00:00.123Z INFO cloud_app.api request=… words field=value …`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        words = _QUOTED_INPUT.sub(" with a value and type hint ", record.getMessage())
        parts = [at.replace("+00:00", "Z"), record.levelname, record.name]
        if current := request_id.get():
            parts.append(f"request={current}")
        parts.append(blot(words))
        parts += [
            f"{name}={'***' if _SECRET_NAME.search(name) else _quoted(value)}"
            for name, value in vars(record).items()
            if name not in _PLAIN and not name.startswith("_")
        ]
        line = " ".join(parts).replace("\r", "").replace("\n", "\\n")
        if record.exc_info:
            line += "\n" + blot(self.formatException(record.exc_info))
        return line


def _quoted(value: object) -> str:
    text = blot(str(value))
    return f'"{text}"' if not text or re.search(r'[\s"=]', text) else text


def setup(level: str) -> None:
    """Send everything that is logged in this process to standard error, as lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("aiosqlite", "engineio", "socketio", "asyncio", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
