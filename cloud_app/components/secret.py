"""A secret that is shown once: the script puts it in, a deliberate press puts it away."""

from typing import Any

import reflex as rx

from cloud_app.components.button import button
from cloud_app.components.layout import line, say, stack
from cloud_app.components.tokens import ICON_SMALL, PRIMARY, icon
from cloud_app.state.locale import t

DIALOG, AREA = "secret", "secret-key"
"""Names that assets/madang.js knows too."""


def secret_once(*, on_done: Any) -> rx.Component:
    """The dialog for a generated key. Nothing of it is ever part of a state."""
    return rx.el.dialog(
        stack(
            rx.el.h2(t("order.secret.title"), id="secret-title"),
            say(t("order.secret.words"), "quiet"),
            rx.el.textarea(
                id=AREA,
                read_only=True,
                class_name="input key",
                spell_check=False,
                custom_attrs={"aria-label": t("order.secret.label"), "autocomplete": "off"},
            ),
            _ways_to_keep(),
            rx.el.div(
                button(
                    "order.secret.done", on_done, kind=PRIMARY, custom_attrs={"data-closes": ""}
                ),
                class_name="actions",
            ),
        ),
        id=DIALOG,
        class_name="dialog wide",
        custom_attrs={"data-held": "", "aria-labelledby": "secret-title"},
    )


def _ways_to_keep() -> rx.Component:
    copied = rx.el.span(
        icon("check", ICON_SMALL), t("action.copied"), class_name="done", role="status"
    )
    return line(
        button(
            "order.secret.download",
            picture="download",
            custom_attrs={"data-saves": AREA, "data-first": ""},
        ),
        rx.el.button(
            rx.el.span(icon("copy", ICON_SMALL), t("order.secret.copy"), class_name="idle"),
            copied,
            type="button",
            class_name="button plain",
            custom_attrs={"data-copies": AREA},
        ),
        how="wrap",
    )
