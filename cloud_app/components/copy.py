"""Copying a text with one press."""

import reflex as rx

from cloud_app.components.tokens import ICON_SMALL, icon
from cloud_app.state.locale import Text, t


def copy_button(text: Text, label: str = "action.copy") -> rx.Component:
    """Copies `text`; says so for a moment. In a table the words are for screen readers only."""
    return rx.el.button(
        rx.el.span(icon("copy", ICON_SMALL), _words(label), class_name="idle"),
        rx.el.span(
            icon("check", ICON_SMALL), _words("action.copied"), class_name="done", role="status"
        ),
        type="button",
        class_name="copy",
        custom_attrs={"data-copy": text},
    )


def command_line(text: Text) -> rx.Component:
    """A command to paste into a terminal."""
    return rx.el.div(
        rx.el.code(text, custom_attrs={"tabindex": "0"}), copy_button(text), class_name="command"
    )


def _words(key: str) -> rx.Component:
    return rx.el.span(t(key), class_name="say")
