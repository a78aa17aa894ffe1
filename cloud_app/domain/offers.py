"""What the order page can offer one project right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cloud_app.domain.machines import Size, Template
from cloud_app.domain.quotas import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeOffer:
    size: Size
    fits: bool
    reason: str = ""
    """Catalogue key of why it does not fit; empty when it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateOffer:
    template: Template
    size_keys: Sequence[str]
    """Sizes that some cloud offers together with this template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    sizes: Sequence[SizeOffer]
    templates: Sequence[TemplateOffer]
    usage: Usage
    suggested_name: str
    default_return_on: date
    last_return_on: date
    address_choice: str
    """`always`, `request` or `never`: whether a machine gets an external address."""
    old_since: datetime | None = None
    """As of when a cloud's part of this is, where it could not be asked again for long."""
