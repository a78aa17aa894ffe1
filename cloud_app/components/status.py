"""How things are, in an icon, a word and a colour together; and how fresh that is."""

from typing import Any

import reflex as rx

from cloud_app.components.layout import Piece, Text
from cloud_app.components.tokens import ICON, ICON_SMALL, STATE_ICONS, icon
from cloud_app.components.when import as_of, silent_since
from cloud_app.state.locale import t, word


def badge(state: Text, tone: Text, words: str) -> rx.Component:
    """A state as a word of the catalogue group `words`, with its sign and tone."""
    return rx.el.span(
        _state_icon(state),
        word(words, state),
        class_name=rx.Var.create(f"badge {tone}"),
        key=state,
    )


def explained(state: Text, words: str) -> rx.Var[str]:
    """What a state means, in one sentence."""
    return word(words, rx.Var.create(f"{state}.words"))


def _state_icon(state: Text) -> Piece:
    turning = rx.el.span(icon("loader-circle", ICON_SMALL), class_name="spin")
    cases = [(name, icon(picture, ICON_SMALL)) for name, picture in STATE_ICONS.items()]
    return rx.match(state, *cases, turning)


def freshness(at: Text, silent: Text, service: Text) -> rx.Component:
    """As of when the page is; or since when a cloud behind it is silent."""
    return rx.cond(silent, silent_since(silent, service), as_of(at))


def not_known_now(since: Text) -> rx.Component:
    """What stands beside values that could not be asked for now: that, and how old they are."""
    return rx.cond(
        since,
        rx.el.div(
            icon("cloud-off", ICON_SMALL),
            rx.el.span(t("error.unavailable")),
            as_of(since, "aged"),
            class_name="unknown",
        ),
    )


def banner(
    text: Piece, *more: Piece, tone: str = "", picture: str = "info", **props: Any
) -> rx.Component:
    """Something to know before reading on; stays until it no longer holds."""
    return rx.el.div(
        icon(picture, ICON),
        rx.el.div(rx.el.p(text), *more, class_name="stack near grow"),
        class_name=f"banner {tone}",
        **props,
    )


def alert(text: Piece, *more: Piece, **props: Any) -> rx.Component:
    """Something went wrong here; read out at once."""
    return banner(text, *more, tone="bad", picture="circle-alert", role="alert", **props)
