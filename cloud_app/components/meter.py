"""A limit as a bar, with the figures in words."""

from typing import Any

import reflex as rx

from cloud_app.components.layout import line
from cloud_app.state.locale import t, word


def meter(amount: Any, words: str) -> rx.Component:
    """What is used and what would be added, against what is allowed."""
    return rx.el.div(
        line(
            rx.el.span(word(words, amount.kind)),
            rx.el.span(
                t("limit.of", used=amount.used, allowed=amount.allowed), class_name="quiet figures"
            ),
            how="spread",
        ),
        rx.el.div(
            rx.el.div(class_name="used", style={"width": amount.used_part}),
            rx.el.div(class_name="adds", style={"width": amount.adds_part}),
            class_name="bar",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.cond(
            amount.outside,
            rx.el.span(
                rx.cond(
                    amount.kind == "machines",
                    t("limit.outside.machines", used=amount.outside),
                    t("limit.outside", used=amount.outside),
                ),
                class_name="quiet small",
            ),
        ),
        class_name=rx.cond(amount.over, "meter over", "meter"),
        key=amount.kind,
    )
