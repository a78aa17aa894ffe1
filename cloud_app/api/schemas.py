"""What scripts send and get, in the field's own words: server, flavor, image."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from cloud_app.domain.actor import Actor, Role
from cloud_app.domain.line import Place
from cloud_app.domain.machines import Access, Command, Machine, MachineSpec, Size, State, Template
from cloud_app.domain.offers import Offers

Item = TypeVar("Item")


class In(BaseModel):
    """A body we accept: a misspelt field is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", str_max_length=65_536)


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is what to pass as `after` for the following one."""

    items: Sequence[Item]
    next: str | None = None


class LoginIn(In):
    handle: Annotated[str, Field(max_length=64)]
    password: SecretStr


class UserOut(BaseModel):
    id: str
    handle: str
    name: str
    role: Role

    @classmethod
    def of(cls, actor: Actor) -> Self:
        return cls(id=actor.account_id, handle=actor.handle, name=actor.name, role=actor.role)


class TokenOut(BaseModel):
    token: str
    token_type: str = "bearer"  # noqa: S105 - the kind of token, not one
    expires_at: datetime
    user: UserOut


class ProjectOut(BaseModel):
    id: str
    name: str
    own: bool
    role: str


class MeOut(UserOut):
    projects: Sequence[ProjectOut]


class ServerIn(In):
    """An order. Sizes, templates and dates that can be had: GET /servers/offers."""

    name: str
    size: str
    template: str
    return_on: date
    access: Access = Access.GENERATED
    public_key: str = ""
    password: SecretStr = SecretStr("")
    cloud_init: str = ""
    wants_address: bool = True
    project_id: str | None = None
    """One's own project unless given."""

    def to_spec(self, project_id: str) -> MachineSpec:
        return MachineSpec(
            project_id=project_id,
            name=self.name,
            size_key=self.size,
            template_key=self.template,
            return_on=self.return_on,
            access=self.access,
            public_key=self.public_key,
            password=self.password.get_secret_value(),
            cloud_init=self.cloud_init,
            wants_address=self.wants_address,
        )


class ServerInfoIn(In):
    name: str
    version: int | None = None
    """The version that was read; a newer one is not overwritten."""


class StatusIn(In):
    status: Command


class FlavorOut(BaseModel):
    key: str
    name: Mapping[str, str]
    vcpus: int
    ram_mib: int
    disk_gib: int

    @classmethod
    def of(cls, size: Size) -> Self:
        return cls(
            key=size.key,
            name=size.name,
            vcpus=size.vcpus,
            ram_mib=size.ram_mib,
            disk_gib=size.disk_gib,
        )


class TemplateOut(BaseModel):
    key: str
    name: Mapping[str, str]
    login_user: str

    @classmethod
    def of(cls, template: Template) -> Self:
        return cls(key=template.key, name=template.name, login_user=template.login_user)


class AddressesOut(BaseModel):
    floating: str | None
    fixed: str | None


class LineOut(BaseModel):
    """Where a server stands that waits to be built."""

    ahead: int
    """So many are begun before it."""
    about_seconds: int | None

    @classmethod
    def of(cls, place: Place | None) -> Self | None:
        if place is None:
            return None
        wait = int(place.wait.total_seconds()) if place.wait else None
        return cls(ahead=place.ahead, about_seconds=wait)


class ServerOut(BaseModel):
    id: str
    project_id: str
    name: str
    status: State
    status_since: datetime
    task: Command | None
    """What was asked of its power and is still under way."""
    fault: str | None
    """Catalogue key of what went wrong."""
    trouble: str | None
    """Catalogue key of what holds the work on it up; it is tried again by itself."""
    notice: str | None
    """Catalogue key of what is worth knowing though it works."""
    node: str
    """The cloud it stands in."""
    flavor: FlavorOut
    template: TemplateOut
    addresses: AddressesOut
    name_in_cloud: str
    """What others called it in the cloud; empty when it has the portal's name there."""
    groups_changed: bool
    """Others gave its port other security groups."""
    answers: bool | None
    access: Access
    return_on: date
    created_at: datetime
    seen_at: datetime | None
    """As of when its state is known."""
    silent_service: str | None
    """The service of its cloud that does not answer now: compute, network or identity."""
    version: int
    line: LineOut | None = None
    """Set while it waits for its turn to be built."""

    @classmethod
    def of(cls, machine: Machine, place: Place | None = None) -> Self:
        return cls(
            id=machine.id,
            project_id=machine.project_id,
            name=machine.name,
            status=machine.state,
            status_since=machine.state_since,
            task=machine.command,
            fault=machine.failure,
            trouble=machine.trouble,
            notice=machine.notice,
            node=machine.cloud_name,
            flavor=FlavorOut.of(machine.size),
            template=TemplateOut.of(machine.template),
            addresses=AddressesOut(floating=machine.address, fixed=machine.fixed_ip),
            name_in_cloud=machine.name_in_cloud,
            groups_changed=machine.doors_changed,
            answers=machine.answers,
            access=machine.access,
            return_on=machine.return_on,
            created_at=machine.created_at,
            seen_at=machine.seen_at,
            silent_service=machine.silent_service or None,
            version=machine.version,
            line=LineOut.of(place),
        )


class NewServerOut(ServerOut):
    private_key: str | None = None
    """Here once, when it was generated; never stored."""


class SizeOfferOut(FlavorOut):
    fits: bool
    reason: str
    """Catalogue key of why it does not fit; empty when it does."""


class TemplateOfferOut(TemplateOut):
    sizes: Sequence[str]


class AmountsOut(BaseModel):
    machines: int
    vcpus: int
    ram_mib: int


class AddressChoice(StrEnum):
    ALWAYS = "always"
    REQUEST = "request"
    NEVER = "never"


class OffersOut(BaseModel):
    """What can be ordered in one project right now."""

    sizes: Sequence[SizeOfferOut]
    templates: Sequence[TemplateOfferOut]
    used: AmountsOut
    """Everything that exists, whoever made it."""
    outside: AmountsOut
    """How much of it was made outside the portal."""
    allowed: AmountsOut
    suggested_name: str
    default_return_on: date
    last_return_on: date
    address_choice: AddressChoice

    @classmethod
    def of(cls, offers: Offers) -> Self:
        return cls(
            sizes=[
                SizeOfferOut(
                    **FlavorOut.of(offer.size).model_dump(), fits=offer.fits, reason=offer.reason
                )
                for offer in offers.sizes
            ],
            templates=[
                TemplateOfferOut(
                    **TemplateOut.of(offer.template).model_dump(), sizes=list(offer.size_keys)
                )
                for offer in offers.templates
            ],
            used=AmountsOut.model_validate(offers.usage.used, from_attributes=True),
            outside=AmountsOut.model_validate(offers.usage.outside, from_attributes=True),
            allowed=AmountsOut.model_validate(offers.usage.allowed, from_attributes=True),
            suggested_name=offers.suggested_name,
            default_return_on=offers.default_return_on,
            last_return_on=offers.last_return_on,
            address_choice=AddressChoice(offers.address_choice),
        )
