"""Where errors become words on the screen: the one boundary of all event handlers."""

import logging
from collections import deque
from uuid import uuid4

import reflex as rx
from reflex_base.event.context import EventContext

from cloud_app import routes
from cloud_app.domain.errors import PortalError, Unauthenticated
from cloud_app.i18n.catalog import say
from cloud_app.state.locale import LocaleState, locale_in
from cloud_app.state.marks import public

log = logging.getLogger(__name__)

_telling: deque[str] = deque(maxlen=1000)
"""Events whose failure is being told. Should the telling fail as well, that is the end of it."""


class NoticeState(rx.State):
    """Short messages about something that is elsewhere or could not be done."""

    @rx.event
    @public
    async def show(self, key: str, values: dict[str, str | int]):
        """Say why something was refused. One message per kind, never a pile."""
        visitor = await self.get_state(LocaleState)
        known = {name: str(value) for name, value in values.items()}
        return rx.toast.error(_said(locale_in(visitor), key, known), id=key, duration=9000)

    @rx.event
    @public
    async def tell(self, key: str, values: dict[str, str | int]):
        """Say that something elsewhere went well."""
        visitor = await self.get_state(LocaleState)
        known = {name: str(value) for name, value in values.items()}
        return rx.toast.success(_said(locale_in(visitor), key, known), id=key)


def _said(locale: str, key: str, values: dict[str, str]) -> str:
    try:
        return say(locale, key, **values)
    except (KeyError, TypeError):  # TypeError: values named like what `say` takes itself.
        return say(locale, PortalError.key)


def present(exception: Exception):
    """Answer any error that an event handler let through."""
    if _is_itself_a_telling():
        log.error("error not told", extra={"kind": type(exception).__name__})
        return None
    match exception:
        case Unauthenticated():
            return rx.redirect(routes.log_in())
        case PortalError():
            return NoticeState.show(exception.key, dict(exception.values))
        case _:
            reference = uuid4().hex[:8]
            log.error("event handler failed", exc_info=exception, extra={"reference": reference})
            return NoticeState.show(PortalError.key, {"reference": reference})


def _is_itself_a_telling() -> bool:
    try:
        failed = EventContext.get()
    except LookupError:
        return False  # Not called by Reflex.
    _telling.append(failed.txid)
    return failed.parent_txid in _telling
