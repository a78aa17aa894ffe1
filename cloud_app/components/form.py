"""Fields: a label, what helps, the input, and what is wrong with it right below."""

from typing import Any

import reflex as rx

from cloud_app.components.layout import Piece
from cloud_app.components.tokens import ICON_SMALL, icon
from cloud_app.state.locale import Text, t


def wrong(name: str, text: Text, shown: Any) -> rx.Component:
    """What is wrong with the field `name`, read out when it appears."""
    return rx.el.div(
        rx.cond(
            shown, rx.el.p(icon("circle-alert", ICON_SMALL), rx.el.span(text), class_name="wrong")
        ),
        id=f"{name}-wrong",
        custom_attrs={"aria-live": "polite"},
    )


def field(
    name: str,
    label: str,
    control: rx.Component,
    *,
    error: rx.Component | None = None,
    hint: Piece | None = None,
) -> rx.Component:
    """A labelled control. The control carries `id=name`."""
    return rx.el.div(
        rx.el.label(t(label), html_for=name, class_name="label"),
        control,
        rx.el.div(hint, class_name="help", id=f"{name}-help")
        if hint is not None
        else rx.fragment(),
        error if error is not None else rx.fragment(),
        class_name="field",
    )


def text_input(name: str, **props: Any) -> rx.Component:
    """One line of text, tied to its error and help."""
    return rx.el.input(
        id=name,
        name=name,
        class_name="input",
        custom_attrs={"aria-describedby": f"{name}-wrong {name}-help"} | props.pop("attrs", {}),
        **props,
    )


def select(label: str, options: list[tuple[str, str]], value: Text, on_change: Any) -> rx.Component:
    """A short list to choose one from; `options` are values and catalogue keys."""
    return rx.el.select(
        *(rx.el.option(t(key), value=option) for option, key in options),
        value=value,
        on_change=on_change,
        class_name="input slim",
        custom_attrs={"aria-label": t(label)},
    )


def search(label: str, value: Text, on_change: Any) -> rx.Component:
    """Finds while one types."""
    return rx.el.div(
        icon("search", ICON_SMALL),
        rx.debounce_input(
            rx.el.input(
                value=value,
                on_change=on_change,
                type="search",
                placeholder=t(label),
                class_name="input slim",
                custom_attrs={"aria-label": t(label)},
            ),
            debounce_timeout=250,
        ),
        class_name="search",
    )


def area_input(name: str, **props: Any) -> rx.Component:
    """Several lines of text, tied to its error and help."""
    return rx.el.textarea(
        id=name,
        name=name,
        class_name="input",
        spell_check=False,
        custom_attrs={"aria-describedby": f"{name}-wrong {name}-help"},
        **props,
    )
