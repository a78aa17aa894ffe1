"""The headers of every response: what the browser may load, keep and tell others.

Reflex's pages carry a few inline scripts of their own. They are allowed by
their hashes, read from the built pages at start, so an injected one is not.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.S | re.I)
_YEAR = 365 * 24 * 60 * 60

COMMON: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
HSTS = f"max-age={_YEAR}"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""For answers that no page should render."""
FOR_GOOD = f"public, max-age={_YEAR}, immutable"
"""For files whose name changes with their content."""


def inline_hashes(pages: Path) -> list[str]:
    """The hashes of every inline script in the built pages, as a policy writes them."""
    found = {
        script["text"]
        for page in pages.rglob("*.html")
        for script in _SCRIPT.finditer(page.read_text(encoding="utf-8"))
        if "src=" not in script["attributes"]
    }
    return sorted(f"'sha256-{_digest(text)}'" for text in found)


def page_policy(origins: Iterable[str], hashes: Iterable[str]) -> str:
    """The content security policy of a page.

    Without hashes (pages are being developed, nothing is built) inline scripts
    are allowed as they are. `unsafe-eval` is for toasts: Reflex sends them as
    script text. Styles are written into the page by the component library.
    """
    scripts = " ".join(hashes) or "'unsafe-inline'"
    sockets = " ".join(origin.replace("http", "ws", 1) for origin in origins)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'unsafe-eval' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {sockets}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
