"""Buttons and links: the words say what happens."""

from typing import Any

import reflex as rx

from cloud_app.components.tokens import ICON, PLAIN, classes, icon
from cloud_app.state.locale import Text, t


def button(
    key: str, on_click: Any = None, *, kind: str = PLAIN, picture: str = "", **props: Any
) -> rx.Component:
    """Does something here. Inside a form say `type="submit"`."""
    if on_click is not None:
        props["on_click"] = on_click
    return rx.el.button(
        *_inside(key, picture),
        class_name=classes("button", kind, props.pop("how", "")),
        type=props.pop("type", "button"),
        **props,
    )


def link_button(key: str, href: Text, *, kind: str = PLAIN, picture: str = "") -> rx.Component:
    """Looks like a button and goes to a page of the portal."""
    return to(href, *_inside(key, picture), class_name=classes("button", kind))


def to(href: Text, *inside: Any, **props: Any) -> rx.Component:
    """A link to a page of the portal, without loading the portal anew."""
    return _Link.create(*inside, to=href, **props)


def jump(key: str, place: str) -> rx.Component:
    """Goes to another place of the same page, and takes the keyboard along."""
    return _Anchor.create(t(key), href=f"#{place}", class_name="skip")


def menu_item(
    key: str, on_click: Any = None, *, picture: str, how: str = "", **props: Any
) -> rx.Component:
    if on_click is not None:
        props["on_click"] = on_click
    return rx.el.button(
        icon(picture), t(key), class_name=classes("item", how), type="button", **props
    )


def _inside(key: str, picture: str) -> tuple[Any, ...]:
    return (icon(picture, ICON), t(key)) if picture else (t(key),)


class _Link(rx.Component):
    """React Router's own link: an `<a>` that stays in the page."""

    library = "react-router"
    tag = "Link"
    to: rx.Var[str]
    replace: rx.Var[bool]


class _Anchor(rx.Component):
    """The browser's own link: React Router's would leave the focus behind."""

    tag = "a"
    _is_tag_in_global_scope = True
    href: rx.Var[str]
