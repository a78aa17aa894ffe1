"""Places: what stands below, beside and inside what."""

import reflex as rx

from cloud_app.components.tokens import ICON_SMALL, classes, icon
from cloud_app.state.locale import Text, t

Piece = rx.Component | rx.Var[str] | str


def stack(*pieces: Piece, space: str = "") -> rx.Component:
    """One below the other. `space`: tight, near, far or apart."""
    return rx.el.div(*pieces, class_name=classes("stack", space))


def line(*pieces: Piece, how: str = "") -> rx.Component:
    """One beside the other. `how`: wrap, spread, top."""
    return rx.el.div(*pieces, class_name=classes("line", how))


def card(*pieces: Piece, how: str = "") -> rx.Component:
    """A sheet with a hair line around it."""
    return rx.el.section(*pieces, class_name=classes("card", how))


def tiles(*pieces: Piece) -> rx.Component:
    return rx.el.div(*pieces, class_name="tiles")


def heading(title: Piece, *beside: Piece) -> rx.Component:
    """The page's one title, and what stands beside it."""
    return rx.el.div(rx.el.h1(title), *beside, class_name="heading")


def subheading(key: str, *beside: Piece) -> rx.Component:
    return rx.el.div(rx.el.h2(t(key)), *beside, class_name="line spread")


def say(text: Text, how: str = "") -> rx.Component:
    """A sentence. `how`: quiet, small, strong, cut."""
    return rx.el.p(text, class_name=how)


def unseen(text: Text) -> rx.Component:
    """Words for screen readers where others see a picture."""
    return rx.el.span(text, class_name="unseen")


def facts(*pairs: tuple[str, Piece]) -> rx.Component:
    """What is known, by name."""
    return rx.el.dl(
        *(rx.el.div(rx.el.dt(t(key)), rx.el.dd(value)) for key, value in pairs),
        class_name="facts",
    )


def fold(title: Text, *inside: Piece, note: Piece | None = None) -> rx.Component:
    """More for whoever wants it, folded away for everybody else."""
    beside = () if note is None else (note,)
    return rx.el.details(
        rx.el.summary(
            rx.el.span(icon("chevron-right", ICON_SMALL), class_name="turns"),
            rx.el.span(title),
            *beside,
        ),
        rx.el.div(*inside, class_name="inside"),
        class_name="fold",
    )
