"""The portal's own small drawings: the mark, and what stands where nothing is yet."""

import reflex as rx


def mark(size: int = 26) -> rx.Component:
    """The courtyard: a house around an open middle, and somebody in it."""
    return rx.el.svg(
        rx.el.path(
            d="M19.5 27H25a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2H7a2 2 0 0 0-2 2v18a2 2 0 0 0 2 2h5.5",
            stroke="currentColor",
            stroke_width="4",
            stroke_linecap="round",
        ),
        rx.el.circle(cx="16", cy="16.5", r="3.2", fill="currentColor"),
        view_box="0 0 32 32",
        fill="none",
        width=str(size),
        height=str(size),
        custom_attrs={"aria-hidden": "true"},
    )


def drawing(name: str) -> rx.Component:
    """One of the drawings in assets, in the colours of the page."""
    return rx.el.svg(
        _Use.create(href=f"/drawings.svg#{name}"),
        class_name="drawing",
        width="168",
        height="112",
        view_box="0 0 168 112",
        fill="none",
        custom_attrs={"aria-hidden": "true"},
    )


def scene() -> rx.Component:
    """The courtyard in the evening, beside the log-in form."""
    return rx.el.svg(
        _Use.create(href="/drawings.svg#courtyard"),
        view_box="0 0 640 720",
        fill="none",
        preserve_aspect_ratio="xMidYMax slice",
        custom_attrs={"aria-hidden": "true"},
    )


class _Use(rx.Component):
    """SVG's own reference to a drawing kept in a file."""

    tag = "use"
    _is_tag_in_global_scope = True
    href: rx.Var[str]
