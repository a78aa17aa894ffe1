"""Where a machine that waits to be built stands in line."""

import reflex as rx

from cloud_app.state.locale import t
from cloud_app.state.views import TurnView


def turn(place: TurnView) -> rx.Var[str]:
    """How many come first, and about how long that takes; nothing for what does not wait."""
    return rx.match(
        place.kind,
        ("next", t("machines.turn.next")),
        ("later", t("machines.turn.later", ahead=place.ahead)),
        ("about", t("machines.turn.about", ahead=place.ahead, minutes=place.minutes)),
        "",
    )
