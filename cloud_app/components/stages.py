"""The stage bar: how far something is, in words, with the time each part takes."""

from typing import Any

import reflex as rx

from cloud_app.components.layout import Piece
from cloud_app.components.tokens import ICON_SMALL, icon
from cloud_app.components.when import elapsed
from cloud_app.state.locale import t, word


def stages(parts: Any, label: str, words: str, names: str) -> rx.Component:
    """Parts carry `state`, `phase` (done, now, next, bad), `since` and `until`.

    `words` is the catalogue group for what is under way, `names` for the rest.
    """

    def stage(part: Any) -> rx.Component:
        return rx.el.li(
            rx.el.span(
                _sign(part.phase),
                rx.cond(part.phase == "now", word(words, part.state), word(names, part.state)),
                class_name="word",
            ),
            rx.match(
                part.phase,
                ("now", elapsed(part.since)),
                ("bad", elapsed(part.since, part.until, "machine.took")),
                ("done", rx.cond(part.until, elapsed(part.since, part.until, "machine.took"))),
                rx.fragment(),
            ),
            class_name=rx.Var.create(f"stage {part.phase}"),
            custom_attrs={"aria-current": rx.cond(part.phase == "now", "step", "false")},
            key=part.state,
        )

    return rx.el.ol(
        rx.foreach(parts, stage), class_name="stages", custom_attrs={"aria-label": t(label)}
    )


def _sign(phase: Any) -> Piece:
    return rx.match(
        phase,
        ("done", icon("check", ICON_SMALL)),
        ("now", rx.el.span(icon("loader-circle", ICON_SMALL), class_name="spin")),
        ("bad", icon("x", ICON_SMALL)),
        icon("circle-dashed", ICON_SMALL),
    )
