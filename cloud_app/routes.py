"""Every address of the portal, as constants and small functions.

A redirect goes to one of these and nowhere else: `own()` turns whatever a
browser brings along into a page of this portal, or into the first page.
"""

import re
from urllib.parse import quote, urlencode

HOME = "/"
LOG_IN = "/login"
MACHINES = "/machines"
ORDER_MACHINE = "/machines/new"
MACHINE = "/machines/[machine_id]"
"""Pattern of the page of one machine; `machine()` fills it in."""

API = "/api"
API_V1 = "/api/v1"
OPENAPI = "/api/openapi.json"
HEALTH = "/api/v1/health"
LOG_IN_FORM = "/auth/login"
"""Where the log-in form is posted to."""
LOG_OUT_FORM = "/auth/logout"
"""Where the log-out button is posted to."""

_ID = r"[0-9a-f]{32}"
_PAGES = tuple(
    re.compile(re.escape(page).replace(re.escape("[machine_id]"), _ID))
    for page in (HOME, MACHINES, ORDER_MACHINE, MACHINE)
)
_QUERY = re.compile(r"[A-Za-z0-9._~%=&+-]{0,512}")


def machine(machine_id: str) -> str:
    """The page of one machine."""
    return MACHINE.replace("[machine_id]", quote(machine_id, safe=""))


def log_in(*, after: str = "", **values: str | int) -> str:
    """The log-in page, which leads to the page `after` and says what went wrong before."""
    wanted = own(after)
    query = {name: value for name, value in values.items() if value != ""}
    if wanted != HOME:
        query["next"] = wanted
    return f"{LOG_IN}?{urlencode(query)}" if query else LOG_IN


def own(address: str) -> str:
    """`address` when it is a page of this portal, else the first page."""
    path, _, query = address.partition("?")
    path = path.rstrip("/") or HOME
    if not any(page.fullmatch(path) for page in _PAGES):
        return HOME
    return f"{path}?{query}" if query and _QUERY.fullmatch(query) else path
