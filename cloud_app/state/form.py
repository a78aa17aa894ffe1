"""What every form knows about itself: which field is wrong, and why."""

from collections.abc import Mapping

import reflex as rx


class FormErrors(rx.State, mixin=True):
    """Errors by field, as catalogue keys; the field looks its sentence up."""

    errors: dict[str, str] = {}
    values: dict[str, str] = {}
    """What the sentences name: the most letters, the least, and the like."""
    refusal: str = ""
    """Catalogue key of what is wrong with the whole form; empty when nothing is."""


def plain(form: Mapping[str, object], name: str, most: int = 20_000) -> str:
    """A form's field as text, whatever a browser sent under its name."""
    value = form.get(name, "")
    return value[:most] if isinstance(value, str) else ""
