"""The frame around every page, and how a page gets its address."""

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from cloud_app.components.button import jump, to
from cloud_app.components.drawings import mark
from cloud_app.components.menu import account_menu, appearance_menu, places, project_switcher
from cloud_app.components.tokens import STYLESHEETS
from cloud_app.components.when import campus_clock, page_title
from cloud_app.i18n.catalog import DEFAULT
from cloud_app.i18n.catalog import say as sentence
from cloud_app.routes import HOME
from cloud_app.state.locale import LocaleState, t
from cloud_app.state.session import SessionState

CONTENT = "content"

LOOK: dict[str, Any] = {
    "stylesheets": list(STYLESHEETS),
    "reset_style": False,
    "html_lang": DEFAULT,
    "head_components": [
        rx.el.script(src="/madang.js"),
        rx.el.meta(name="viewport", content="width=device-width, initial-scale=1"),
        rx.el.link(rel="icon", href="/logo.svg", type="image/svg+xml"),
    ],
}
"""What the app is made with, so that pages look like the portal."""


def page(
    route: str,
    title: str,
    *,
    place: str = "",
    on_load: Sequence[Any] = (),
    fresh: rx.Component | None = None,
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Put a page behind the log-in, in the frame, at `route`.

    `place` is the line of the menu it belongs to; `fresh` says how old it is.
    """

    def listed(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        def framed() -> rx.Component:
            return frame(content(), title=title, place=place or route, fresh=fresh)

        framed.__name__ = content.__name__
        rx.page(
            route=route,
            title=_plain_title(title),
            on_load=[LocaleState.load, SessionState.load, *on_load],
        )(framed)
        return content

    return listed


def open_page(
    route: str, title: str, *, on_load: Sequence[Any] = ()
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Put a page before the log-in at `route`, without the frame."""

    def listed(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        def bare() -> rx.Component:
            return rx.fragment(page_title(_title(title)), content())

        bare.__name__ = content.__name__
        rx.page(route=route, title=_plain_title(title), on_load=[LocaleState.load, *on_load])(bare)
        return content

    return listed


def frame(
    content: rx.Component, *, title: str, place: str, fresh: rx.Component | None
) -> rx.Component:
    return rx.fragment(
        page_title(_title(title)),
        campus_clock(),
        jump("portal.skip", CONTENT),
        rx.el.div(
            ribbon(),
            rx.el.aside(
                brand(),
                project_switcher(),
                places(place, "places"),
                class_name="rail",
                custom_attrs={"aria-label": t("nav.label")},
            ),
            rx.el.div(
                rx.el.header(
                    brand(),
                    rx.el.div(fresh or rx.fragment(), class_name="grow line"),
                    appearance_menu(),
                    account_menu(),
                    class_name="topbar",
                ),
                rx.el.main(
                    content, id=CONTENT, class_name="content", custom_attrs={"tabindex": "-1"}
                ),
                class_name="yard",
            ),
            places(place, "bottombar"),
            class_name="frame",
        ),
    )


def brand() -> rx.Component:
    return to(HOME, mark(), t("portal.name"), class_name="brand")


def ribbon() -> rx.Component:
    """Says that nothing here is real, where that is so."""
    return rx.cond(
        LocaleState.practice,
        rx.el.aside(
            rx.el.span(t("portal.practice")),
            class_name="ribbon",
            custom_attrs={"aria-label": t("portal.practice")},
        ),
    )


def _title(key: str) -> rx.Var[str]:
    return rx.Var.create(f"{t(key)} · {t('portal.name')}").to(str)


def _plain_title(key: str) -> str:
    return f"{sentence(DEFAULT, key)} · {sentence(DEFAULT, 'portal.name')}"
