"""What can be ordered, and what makes an order right: the rules behind the order page."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.db import Database
from cloud_app.domain.actor import Action, Actor
from cloud_app.domain.errors import Conflict, Invalid, NotFound, QuotaExceeded
from cloud_app.domain.machine_rules import BUILD_DEADLINE
from cloud_app.domain.machines import Access, MachineSpec, Presence, Size, Template
from cloud_app.domain.offers import Offers, SizeOffer, TemplateOffer
from cloud_app.domain.quotas import Amounts, Usage
from cloud_app.gateways import first_boot
from cloud_app.models.clouds import all_clouds, all_sizes, all_templates, offered_pairs
from cloud_app.models.machine_amounts import used_amounts, vcpus_by_cloud
from cloud_app.models.machines import (
    MachineRecord,
    live_machines,
)
from cloud_app.models.outside import outside_amounts
from cloud_app.models.projects import ProjectRecord

LONGEST_NAME = 60
LEAST_PASSWORD = 8
LONGEST_PASSWORD = 128
OLD_OFFERS = timedelta(minutes=1)
"""Clouds are asked what they offer every few seconds."""
USUAL_RENT = timedelta(days=30)
LONGEST_RENT = timedelta(days=180)
NAMES = (
    "haneul", "bada", "baram", "byeol", "namu", "gureum", "dallim", "sori",
    "nuri", "maru", "hanbit", "saebyeok", "noeul", "danbi", "ieum", "garam",
)  # fmt: skip


def checked_name(name: str) -> str:
    """Return the name as it is kept; raises Invalid when there is none or it is too long."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain:
        raise Invalid({"name": "machines.name.missing"})
    if len(plain) > LONGEST_NAME:
        raise Invalid({"name": "machines.name.too_long"}, most=LONGEST_NAME)
    if not plain.isprintable():
        raise Invalid({"name": "machines.name.unprintable"})
    return plain


def checked_spec(spec: MachineSpec, *, today: date, address_choice: str) -> MachineSpec:
    """Return the order in the form it is kept; raises Invalid with every wrong field."""
    wrong: dict[str, str] = {}
    values: dict[str, str | int] = {"most": LONGEST_NAME, "least": LEAST_PASSWORD}
    name = _try(wrong, lambda: checked_name(spec.name), "")
    if not spec.size_key:
        wrong["size"] = "machines.size.missing"
    if not spec.template_key:
        wrong["template"] = "machines.template.missing"
    wrong.update(_wrong_dates(spec.return_on, today))
    key = spec.public_key if spec.access is Access.OWN_KEY else ""
    if spec.access is Access.OWN_KEY and not key.strip():
        wrong["public_key"] = "machines.public_key.missing"
    elif key:
        key = _try(wrong, lambda: first_boot.checked_public_key(key), "")
    if spec.access is Access.PASSWORD:
        wrong.update(_wrong_password(spec.password))
    cloud_init = _try(wrong, lambda: first_boot.checked_cloud_init(spec.cloud_init), "")
    if wrong:
        raise Invalid(wrong, **values)
    wants = {"always": True, "never": False}.get(address_choice, spec.wants_address)
    return replace(spec, name=name, public_key=key, cloud_init=cloud_init, wants_address=wants)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    db: Database
    now: Callable[[], datetime]
    campus: ZoneInfo
    address_choice: str
    """`always`, `request` or `never`."""

    async def offers(self, actor: Actor, project_id: str) -> Offers:
        """What the order page shows: templates, sizes that fit and why others do not."""
        if not actor.may(Action.SEE_MACHINES, project_id):
            raise NotFound()
        actor.require(Action.CHANGE_MACHINES, project_id)
        async with self.db.read() as session:
            usage = await usage_in(session, project_id)
            sizes, templates = await all_sizes(session), await all_templates(session)
            pairs = [(size, template) for size, template, _ in await offered_pairs(session)]
            names = {row.name for row in await live_machines(session, project_id)}
            told = [cloud.offers_at for cloud in await all_clouds(session) if cloud.offers_at]
        oldest = min(told, default=None)
        today = self.today()
        on_offer = {size for size, _ in pairs}
        return Offers(
            sizes=[_size_offer(size, usage) for size in sizes.values() if size.id in on_offer],
            templates=_template_offers(templates, sizes, pairs),
            usage=usage,
            suggested_name=_fresh_name(names),
            default_return_on=today + USUAL_RENT,
            last_return_on=today + LONGEST_RENT,
            address_choice=self.address_choice,
            old_since=oldest if oldest and self.now() - oldest > OLD_OFFERS else None,
        )

    async def check(self, actor: Actor, spec: MachineSpec) -> None:
        """Say what is wrong with an order before anything is sent.

        Raises Invalid with every wrong field, or QuotaExceeded.
        """
        if not actor.may(Action.SEE_MACHINES, spec.project_id):
            raise NotFound()
        actor.require(Action.CHANGE_MACHINES, spec.project_id)
        known = replace(spec, password=spec.password or "x" * LEAST_PASSWORD)
        spec = checked_spec(known, today=self.today(), address_choice=self.address_choice)
        async with self.db.read() as session:
            size, _, _ = await self._choice(session, spec)
            await self._room(session, spec.project_id, size)
            if spec.name in {row.name for row in await live_machines(session, spec.project_id)}:
                raise Invalid({"name": "machines.name.taken"})

    async def place(
        self, session: AsyncSession, actor: Actor, spec: MachineSpec, password_hash: str
    ) -> MachineRecord:
        """Write the order down. The caller holds the project's row in this transaction."""
        size, template, cloud_id = await self._choice(session, spec)
        await self._room(session, spec.project_id, size)
        now = self.now()
        row = MachineRecord(
            project_id=spec.project_id,
            cloud_id=cloud_id,
            name=spec.name,
            size_id=size.id,
            template_id=template.id,
            access=spec.access,
            public_key=spec.public_key,
            password_hash=password_hash,
            cloud_init=spec.cloud_init,
            wants_address=spec.wants_address,
            created_by=actor.account_id,
            created_at=now,
            return_on=spec.return_on,
            touched_at=now,
            deadline_at=now + BUILD_DEADLINE,
            state_at=now,
            next_try_at=now,
        )
        session.add(row)
        return row

    async def place_again(self, session: AsyncSession, row: MachineRecord) -> None:
        """Make a failed order new. The caller holds the project's row in this transaction."""
        if row.access is Access.PASSWORD and not row.password_hash:
            raise Conflict("machines.retry.no_password", name=row.name)
        size = (await all_sizes(session))[row.size_id]
        await self._room(session, row.project_id, size)
        now = self.now()
        row.failure = row.notice = row.trouble = None
        row.detail, row.spoiled, row.races = "", False, 0
        row.presence, row.power, row.raw_status = Presence.NEVER, None, ""
        row.server_id = row.port_id = row.address_id = row.fixed_ip = row.address = None
        row.cloud_project_id = row.vcpus = row.ram_mib = None
        row.server_name = row.groups = ""
        row.doors_changed = row.address_denied = False
        row.create_sent_at = row.begun_at = row.building_at = row.built_at = None
        row.ready_at = row.first_ready_at = row.answers = None
        row.looks, row.released = 0, False
        row.created_at = row.touched_at = now
        row.deadline_at = now + BUILD_DEADLINE
        row.work_again(now)

    def today(self) -> date:
        """The campus's date, by which rents are counted."""
        return self.now().astimezone(self.campus).date()

    async def _choice(self, session: AsyncSession, spec: MachineSpec) -> tuple[Size, Template, str]:
        sizes, templates = await all_sizes(session), await all_templates(session)
        size = next((size for size in sizes.values() if size.key == spec.size_key), None)
        template = next((t for t in templates.values() if t.key == spec.template_key), None)
        if size is None:
            raise Invalid({"size": "machines.size.unknown"})
        if template is None:
            raise Invalid({"template": "machines.template.unknown"})
        clouds = [
            cloud
            for size_id, template_id, cloud in await offered_pairs(session)
            if size_id == size.id and template_id == template.id
        ]
        if not clouds:
            raise Invalid({"size": "machines.size.not_with_template"})
        silent = {cloud.id for cloud in await all_clouds(session) if cloud.silent_since}
        load = await vcpus_by_cloud(session)
        return size, template, min(clouds, key=lambda one: (one in silent, load.get(one, 0), one))

    async def _room(self, session: AsyncSession, project_id: str, size: Size) -> None:
        over = (await usage_in(session, project_id)).over_with(size.amounts)
        if over:
            raise QuotaExceeded("error.quota_exceeded", what=over)


async def usage_in(session: AsyncSession, project_id: str) -> Usage:
    """What the project takes and may take. The caller has asked who may see it."""
    project = await _project(session, project_id)
    ours, outside = (
        await used_amounts(session, project_id),
        await outside_amounts(session, project_id),
    )
    return Usage(used=ours + outside, allowed=allowed_amounts(project), outside=outside)


def allowed_amounts(project: ProjectRecord) -> Amounts:
    return Amounts(
        machines=project.machines_allowed,
        vcpus=project.vcpus_allowed,
        ram_mib=project.ram_mib_allowed,
    )


async def _project(session: AsyncSession, project_id: str) -> ProjectRecord:
    project = await session.get(ProjectRecord, project_id)
    if project is None or project.deleted_at is not None:
        raise NotFound()
    return project


def _size_offer(size: Size, usage: Usage) -> SizeOffer:
    over = usage.over_with(size.amounts)
    return SizeOffer(size=size, fits=not over, reason=f"machines.no_room.{over}" if over else "")


def _template_offers(
    templates: Mapping[str, Template],
    sizes: Mapping[str, Size],
    pairs: Sequence[tuple[str, str]],
) -> Sequence[TemplateOffer]:
    return [
        TemplateOffer(
            template=template,
            size_keys=[size.key for size in sizes.values() if (size.id, template.id) in set(pairs)],
        )
        for template in templates.values()
        if any(template.id == offered for _, offered in pairs)
    ]


def _fresh_name(taken: set[str]) -> str:
    while True:
        name = f"{secrets.choice(NAMES)}-{secrets.randbelow(90) + 10}"
        if name not in taken:
            return name


def _wrong_password(password: str) -> Mapping[str, str]:
    if not password:
        return {"password": "machines.password.missing"}
    if len(password) < LEAST_PASSWORD:
        return {"password": "machines.password.too_short"}
    if len(password) > LONGEST_PASSWORD or not password.isprintable():
        return {"password": "machines.password.too_long"}
    return {}


def _wrong_dates(return_on: date, today: date) -> Mapping[str, str]:
    if return_on <= today:
        return {"return_on": "machines.return_on.past"}
    if return_on > today + LONGEST_RENT:
        return {"return_on": "machines.return_on.too_late"}
    return {}


def _try(wrong: dict[str, str], check: Callable[[], str], otherwise: str) -> str:
    try:
        return check()
    except Invalid as error:
        wrong.update(error.fields)
        return otherwise
