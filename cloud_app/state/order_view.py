"""What the order page shows of what can be had, and of the limit after the order."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_app.domain.machines import Size
from cloud_app.domain.offers import Offers, SizeOffer
from cloud_app.domain.quotas import Amounts, Usage
from cloud_app.state.views import specs

NOT_WITH_TEMPLATE = "machines.size.not_with_template"


@dataclass(frozen=True)
class SizeChoice:
    """One size to choose, or dimmed with the reason why not."""

    key: str
    name: dict[str, str]
    specs: str
    blocked: bool
    reason: str
    recommended: bool


@dataclass(frozen=True)
class TemplateChoice:
    """One thing to start from."""

    key: str
    name: dict[str, str]
    words: dict[str, str]
    picture: str


@dataclass(frozen=True)
class AmountView:
    """One line of the limit: what is used, what this order adds, what is allowed."""

    kind: str
    used: str
    allowed: str
    used_part: str
    adds_part: str
    over: bool
    outside: str = ""
    """How much of it is used outside the portal; empty for nothing."""


_PICTURES = {"web": "globe", "python-lab": "flask-conical", "ubuntu": "terminal"}


def template_choices(offers: Offers) -> list[TemplateChoice]:
    return [
        TemplateChoice(
            key=offer.template.key,
            name=dict(offer.template.name),
            words=dict(offer.template.words),
            picture=_PICTURES.get(offer.template.key, "terminal"),
        )
        for offer in offers.templates
    ]


def size_choices(offers: Offers, template_key: str) -> list[SizeChoice]:
    """Every size, with the reason at those that cannot be had with this template."""
    pairs, default = _of_template(offers, template_key)
    return [
        SizeChoice(
            key=offer.size.key,
            name=dict(offer.size.name),
            specs=specs(offer.size),
            blocked=not _can(offer, pairs),
            reason=offer.reason or ("" if offer.size.key in pairs else NOT_WITH_TEMPLATE),
            recommended=offer.size.key == default and _can(offer, pairs),
        )
        for offer in offers.sizes
    ]


def best_size(offers: Offers, template_key: str, wish: str = "") -> str:
    """The wished size when it can be had, else the template's own, else the first that fits."""
    pairs, default = _of_template(offers, template_key)
    can = [offer.size.key for offer in offers.sizes if _can(offer, pairs)]
    return next((key for key in (wish, default, *can) if key in can), "")


def amounts(usage: Usage, size: Size | None = None) -> list[AmountView]:
    """The project's limit: used, with what an order of this size would add."""
    after = usage.used + size.amounts if size else usage.used
    return [_amount(kind, usage, after) for kind in ("machines", "vcpus", "ram_mib")]


def _amount(kind: str, usage: Usage, after: Amounts) -> AmountView:
    per = 1024 if kind == "ram_mib" else 1
    four = (usage.used, after, usage.allowed, usage.outside)
    had, has, most, outside = (getattr(amounts, kind) for amounts in four)
    unit = " GiB" if per > 1 else ""
    whole = max(most, has, 1)
    return AmountView(
        kind=kind,
        used=f"{has / per:g}",
        allowed=f"{most / per:g}{unit}",
        used_part=f"{had / whole:.1%}",
        adds_part=f"{(has - had) / whole:.1%}",
        over=has > most,
        outside=f"{outside / per:g}{unit}" if outside else "",
    )


def _of_template(offers: Offers, key: str) -> tuple[Sequence[str], str]:
    offer = next((offer for offer in offers.templates if offer.template.key == key), None)
    return (offer.size_keys, offer.template.default_size_key) if offer else ([], "")


def _can(offer: SizeOffer, pairs: Sequence[str]) -> bool:
    return offer.fits and offer.size.key in pairs
