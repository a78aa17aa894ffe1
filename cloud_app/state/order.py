"""The order page: what can be had, what was chosen, and what an answer means.

A password and a generated key never come here: the page's script takes the one
from its field into the request and the other from the answer into its dialog.
"""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import reflex as rx

from cloud_app import routes
from cloud_app.bootstrap import portal
from cloud_app.domain.errors import Invalid, QuotaExceeded
from cloud_app.domain.machines import Access, MachineSpec
from cloud_app.domain.offers import Offers
from cloud_app.state.form import FormErrors, plain
from cloud_app.state.live import moment
from cloud_app.state.marks import member
from cloud_app.state.order_view import (
    AmountView,
    SizeChoice,
    TemplateChoice,
    amounts,
    best_size,
    size_choices,
    template_choices,
)
from cloud_app.state.session import SessionState, actor_of

_STANDS_IN = "set-in-the-page"
"""Checked in place of a password: the real one goes from the page to the API only."""


class OrderState(FormErrors, rx.State):
    """One order being made."""

    loaded: bool = False
    name: str = ""
    sizes: list[SizeChoice] = []
    templates: list[TemplateChoice] = []
    size: str = ""
    template: str = ""
    return_on: str = ""
    first_return_on: str = ""
    last_return_on: str = ""
    address_choice: str = "always"
    old_since: str = ""
    """As of when the offers are, while a cloud cannot be asked for them."""
    amounts: list[AmountView] = []
    size_name: dict[str, str] = {}
    size_specs: str = ""
    template_name: dict[str, str] = {}
    sending: bool = False
    ordered: str = ""
    _offers: Offers | None = None
    _project: str = ""
    _key: str = ""

    @rx.event
    @member
    async def load(self):
        """Begin a new order with what suits most people, or go on with the one begun."""
        session = await self.get_state(SessionState)
        begun = self.loaded and not self.ordered and self._project == session.project_id
        self._project = session.project_id
        actor = await actor_of(self)
        offers = await portal().orders.offers(actor, self._project)
        self._offers = offers
        self.errors, self.refusal, self.sending, self.ordered = {}, "", False, ""
        self.last_return_on = offers.last_return_on.isoformat()
        self.address_choice = offers.address_choice
        self.old_since = moment(offers.old_since)
        if not begun:
            self._begin(offers)
        self._draw()
        self.loaded = True

    def _begin(self, offers: Offers) -> None:
        self._key = uuid4().hex
        self.name = offers.suggested_name
        self.return_on = offers.default_return_on.isoformat()
        self.first_return_on = portal().orders.today().isoformat()
        self.template = offers.templates[0].template.key if offers.templates else ""
        self.size = best_size(offers, self.template)

    @rx.event
    @member
    async def choose_template(self, key: str):
        """Start from this; a size that goes with it comes along."""
        if self._offers is None or key not in {t.template.key for t in self._offers.templates}:
            return
        self.template = key
        self.size = best_size(self._offers, key, wish=self.size)
        self._forget("template", "size")
        self._draw()

    @rx.event
    @member
    async def choose_size(self, key: str):
        """Take this size."""
        if self._offers is None or key not in {s.size.key for s in self._offers.sizes}:
            return
        self.size = key
        self._forget("size")
        self._draw()

    @rx.event
    @member
    async def choose_return_on(self, on: str):
        """Keep it until then."""
        self.return_on = str(on)[:10]
        self._forget("return_on")

    @rx.event
    @member
    async def submit(self, form: dict[str, str]):
        """Check the order here; only when nothing is missing is anything sent."""
        if self.sending:
            return None
        self.errors, self.refusal = {}, ""
        actor = await actor_of(self)
        try:
            await portal().orders.check(actor, _spec(form, self._project))
        except Invalid as error:
            fields = error.fields | _missing_date(form, error.fields)
            return self._refuse(fields, {k: str(v) for k, v in error.values.items()})
        except QuotaExceeded as error:
            self.refusal = error.key
            return None
        self.sending = True
        wish = _wish(form) | {"project_id": self._project, "key": self._key}
        return rx.call_script(f"madang.order({json.dumps(wish)})", callback=OrderState.answered)

    @rx.event
    @member
    async def answered(self, answer: dict[str, Any]):
        """Go to the new machine, or say at the fields what was refused."""
        self.sending = False
        if "id" in answer:
            self.ordered = str(answer["id"])
            return None if answer.get("holds_key") else rx.redirect(routes.machine(self.ordered))
        if not answer.get("again"):
            self._key = uuid4().hex
        fields = answer.get("fields")
        if isinstance(fields, dict) and fields:
            known: dict[str, Any] = fields
            wrong = {
                name: str(problem.get("type"))
                for name, problem in known.items()
                if isinstance(problem, dict)
            }
            return self._refuse(wrong, self.values)
        self.values = {"seconds": str(answer.get("seconds", ""))}
        self.refusal = str(answer.get("refused", "error.unexpected"))
        return None

    @rx.event
    @member
    async def go_on(self):
        """The key is saved; on to the new machine."""
        return rx.redirect(routes.machine(self.ordered)) if self.ordered else None

    def _refuse(self, fields: dict[str, str], values: dict[str, str]):
        self.errors, self.values = fields, values
        first = next((name for name in _ORDER_OF_FIELDS if name in fields), "")
        return rx.call_script(f"madang.point({json.dumps(first)})") if first else None

    def _forget(self, *fields: str) -> None:
        self.errors = {name: key for name, key in self.errors.items() if name not in fields}
        self.refusal = ""

    def _draw(self) -> None:
        offers = self._offers
        if offers is None:
            return
        self.templates = template_choices(offers)
        self.sizes = size_choices(offers, self.template)
        size = next((offer.size for offer in offers.sizes if offer.size.key == self.size), None)
        self.amounts = amounts(offers.usage, size)
        chosen = next((c for c in self.templates if c.key == self.template), None)
        self.size_name = dict(size.name) if size else {}
        self.size_specs = next((c.specs for c in self.sizes if c.key == self.size), "")
        self.template_name = chosen.name if chosen else {}


_ORDER_OF_FIELDS = (
    "name", "template", "size", "return_on", "public_key", "password", "cloud_init",
)  # fmt: skip


def _wish(form: dict[str, str]) -> dict[str, Any]:
    """The order as the API takes it, without its secret."""
    access = _access(plain(form, "access"))
    own_key = access is Access.OWN_KEY
    return {
        "name": plain(form, "name", 200),
        "size": plain(form, "size", 64),
        "template": plain(form, "template", 64),
        "return_on": plain(form, "return_on", 10),
        "access": access.value,
        "public_key": plain(form, "public_key") if own_key else "",
        "cloud_init": plain(form, "cloud_init", 65_536),
        "wants_address": bool(plain(form, "wants_address")),
    }


def _spec(form: dict[str, str], project_id: str) -> MachineSpec:
    wish = _wish(form)
    return MachineSpec(
        project_id=project_id,
        name=wish["name"],
        size_key=wish["size"],
        template_key=wish["template"],
        return_on=_date(wish["return_on"]),
        access=Access(wish["access"]),
        public_key=wish["public_key"],
        password=_STANDS_IN if wish["access"] == Access.PASSWORD else "",
        cloud_init=wish["cloud_init"],
        wants_address=wish["wants_address"],
    )


def _access(said: str) -> Access:
    return Access(said) if said in set(Access) else Access.GENERATED


def _date(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return date.min


def _missing_date(form: dict[str, str], wrong: dict[str, str]) -> dict[str, str]:
    """No date at all is told apart from one that is past."""
    if "return_on" in wrong and _date(plain(form, "return_on", 10)) == date.min:
        return {"return_on": "machines.return_on.missing"}
    return {}
