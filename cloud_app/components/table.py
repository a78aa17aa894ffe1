"""A table of rows: the only one in the portal. On a phone each row becomes a card."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import reflex as rx

from cloud_app.components.button import button
from cloud_app.components.drawings import drawing
from cloud_app.components.layout import say, unseen
from cloud_app.components.tokens import QUIETLY, classes, icon
from cloud_app.state.locale import Text, t

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """`how`: state, second, minor or end, for where it goes on a phone."""

    title: str
    cell: Callable[[Row], rx.Component | Text]
    how: str = ""


def table(
    rows: Any,
    columns: Sequence[Column[Row]],
    *,
    label: str,
    key: Callable[[Row], Any],
    how: Callable[[Row], Any],
) -> rx.Component:
    """Show `rows` under the titles of `columns`. `how` a row is: old when not known now."""

    def title(column: Column[Row]) -> rx.Component:
        text = unseen(t(column.title)) if column.how == "end" else t(column.title)
        return rx.el.th(text, scope="col", class_name=column.how)

    def line(row: Row) -> rx.Component:
        cells = [rx.el.td(column.cell(row), class_name=column.how) for column in columns]
        return rx.el.tr(*cells, key=key(row), class_name=how(row))

    return rx.el.div(
        rx.el.table(
            rx.el.caption(t(label), class_name="unseen"),
            rx.el.thead(rx.el.tr(*(title(column) for column in columns))),
            rx.el.tbody(rx.foreach(rows, line)),
            class_name="table",
        ),
        class_name="card flush",
    )


def empty(
    picture: str, title: str, words: str, *action: rx.Component, alone: bool = False
) -> rx.Component:
    """Nothing here yet: why one would want it, and the one thing to press.

    `alone` is for where it is all there is on the page.
    """
    heading = rx.el.h1 if alone else rx.el.h2
    return rx.el.div(
        drawing(picture),
        heading(t(title)),
        say(t(words), "quiet"),
        *action,
        class_name="blank",
    )


def skeleton(lines: int = 4, how: str = "") -> rx.Component:
    """The shape of what is coming; after three seconds, words."""
    bones = [rx.el.div(class_name=classes("bone", how)) for _ in range(lines)]
    return rx.el.div(
        *bones,
        say(t("portal.waiting"), "quiet small awaited"),
        class_name="stack near",
        role="status",
        custom_attrs={"aria-busy": "true", "aria-label": t("portal.loading")},
    )


def pager(page: int, pages: int, turn: Callable[[int], Any]) -> rx.Component:
    """Turns the pages of a long list; nothing for a short one."""
    return rx.cond(
        pages > 1,
        rx.el.nav(
            button(
                "machines.previous",
                turn(-1),
                kind=QUIETLY,
                picture="arrow-left",
                disabled=page <= 1,
            ),
            rx.el.span(
                t("machines.page", page=page, pages=pages),
                class_name="small quiet figures",
            ),
            rx.el.button(
                t("machines.next"),
                icon("arrow-right"),
                type="button",
                on_click=turn(1),
                disabled=page >= pages,
                class_name="button quietly",
            ),
            class_name="pager",
        ),
    )
