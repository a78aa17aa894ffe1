"""Cards to choose one from: ordinary radio buttons, told in human words."""

from typing import Any, Literal

import reflex as rx

from cloud_app.components.layout import Piece, Text
from cloud_app.components.tokens import classes


def choices(
    legend: Text, *cards: Piece, name: str, error: Piece, how: str = "", key: Text = ""
) -> rx.Component:
    """A question and its answers; the error stands right below the question.

    The browser keeps what is chosen, so that a press shows at once; a new `key` starts afresh.
    """
    return rx.el.fieldset(
        rx.el.legend(legend, class_name="label"),
        rx.el.div(error, class_name="field"),
        rx.el.div(*cards, class_name=classes("choices", how)),
        class_name="stack near",
        key=key,
        custom_attrs={"aria-describedby": f"{name}-wrong"},
    )


def choice(
    name: str,
    value: Any,
    title: Piece,
    *says: Piece,
    beside: Piece = "",
    kind: Literal["radio", "checkbox"] = "radio",
    **props: Any,
) -> rx.Component:
    """One card. What does not fit is disabled and says why among `says`."""
    return rx.el.label(
        rx.el.input(type=kind, name=name, value=value, **props),
        rx.el.span(title, class_name="title strong"),
        *(rx.el.span(words, class_name="says quiet small") for words in says),
        rx.el.span(beside, class_name="specs quiet small figures"),
        class_name="choice",
        key=value,
    )
