"""The only dialog for what cannot be undone: names the thing and what goes with it."""

from typing import Any

import reflex as rx

from cloud_app.components.button import button
from cloud_app.components.layout import Piece, Text, line, say, stack
from cloud_app.components.tokens import DANGER, PLAIN, icon
from cloud_app.state.locale import t


def confirm(
    name: Text,
    question: Text,
    words: str,
    goes: list[Piece],
    *,
    verb: str,
    on_confirm: Any,
) -> rx.Component:
    """The dialog `name`; whatever has `data-opens=name` opens it. Focus is on the way out."""
    return rx.el.dialog(
        stack(
            rx.el.h2(question),
            say(t(words), "quiet"),
            rx.el.ul(
                *(rx.el.li(line(icon("minus"), rx.el.span(what))) for what in goes),
                class_name="goes",
            ),
            rx.el.div(
                button(
                    "action.cancel", kind=PLAIN, custom_attrs={"data-closes": "", "data-first": ""}
                ),
                button(verb, on_confirm, kind=DANGER, custom_attrs={"data-closes": ""}),
                class_name="actions",
            ),
        ),
        id=name,
        class_name="dialog",
        custom_attrs={"aria-label": question},
    )


def opens(name: Text) -> dict[str, Any]:
    """What a button needs to open a dialog."""
    return {"data-opens": name}
