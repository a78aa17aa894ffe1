"""The portal's looks by meaning. Values live in assets/styles; nothing else names one."""

import reflex as rx

STYLESHEETS = (
    "/fonts/pretendard.css",
    "/styles/tokens.css",
    "/styles/base.css",
    "/styles/frame.css",
    "/styles/parts.css",
    "/styles/forms.css",
)

GOOD, BUSY, BAD, OFF = "good", "busy", "bad", "off"
"""Tones of a state; always shown together with an icon and a word."""

PRIMARY, PLAIN, DANGER, QUIETLY = "primary", "plain", "danger", "quietly"
"""Kinds of button; one PRIMARY per page."""

ICON = 18
ICON_SMALL = 14

STATE_ICONS = {
    "ready": "circle-check",
    "ordered": "clock",
    "stopped": "circle-pause",
    "paused": "circle-pause",
    "failed": "circle-x",
    "lost": "unplug",
    "gone": "circle-off",
    "unknown": "circle-help",
}
"""Icon of a state; one that is not here turns: something is under way."""


def classes(*names: str) -> str:
    """Class names, the empty ones left out."""
    return " ".join(name for name in names if name)


def icon(name: str, size: int = ICON) -> rx.Component:
    """A picture beside a word; says nothing to a screen reader."""
    return rx.icon(name, size=size, custom_attrs={"aria-hidden": "true"}, stroke_width=1.9)
