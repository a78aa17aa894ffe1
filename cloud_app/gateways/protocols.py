"""What the portal needs from the clouds, and nothing more.

Every method is async, speaks domain values and raises only PortalError:
`Unavailable` when asking again may help, `Refused` when it will not,
`QuotaExceeded` when the cloud's own limit is reached, `Conflict` for a wrong
moment (HTTP 409), `NotFound` only where a method says so. Every method that
makes something looks for it first, by the key in its name, metadata or
description, so repeating a call after a crash makes nothing twice. ComputeGateway is
longer than ten methods: one for each thing that is asked of a server.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from cloud_app.domain.machines import SeenAddress, SeenPort, SeenServer

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose rights a call is made with: one project's own user in one cloud."""

    project_id: str
    user_id: str = ""
    secret: str = field(default="", repr=False)
    as_manager: bool = False
    """The manager's rights instead: nobody else can act in a project that others deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The network that a project's machines stand on. Ids are the cloud's."""

    network_id: str
    subnet_id: str
    router_id: str | None
    """None where the cloud has no external network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The cloud's own second gate for one project; -1 means no limit."""

    machines: int
    vcpus: int
    ram_mib: int
    addresses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOrder:
    """What Nova is asked to build."""

    key: str
    name: str
    flavor_id: str
    image_id: str
    port_id: str
    user_data: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(Generic[T_co]):
    """One answer to "what is there": `complete` only when it was whole and of all."""

    items: Sequence[T_co]
    complete: bool
    cursor: datetime | None = None
    """Newest `updated` of the cloud's own clock, to ask `since` the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    id: str
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    id: str
    name: str
    usable: bool
    """Active, and neither deactivated nor hidden."""
    min_disk_gib: int
    min_ram_mib: int
    login_user: str = ""
    """`os_admin_user` where the image says so."""


class IdentityGateway(Protocol):
    """Made with the manager credential."""

    async def ensure_project(self, key: str, name: str) -> str:
        """Return the cloud's id of the project that carries `key`, made if need be."""
        ...

    async def has_project(self, project_id: str) -> bool:
        """Whether the project with this id of the cloud's is still there."""
        ...

    async def ensure_user(self, key: str, project_id: str, secret: str) -> str:
        """Return the id of the project's own user with role `member`.

        A user that exists already gets `secret` as its password, so a crash
        between making it and writing the secret down is mended by repeating.
        """
        ...

    async def set_limits(self, project_id: str, limits: Limits) -> None: ...


class NetworkGateway(Protocol):
    async def ensure_ground(self, scope: Scope, key: str) -> Ground:
        """Network, subnet and router of the project that carries `key`."""
        ...

    async def ensure_port(
        self, scope: Scope, key: str, ground: Ground, open_ports: Sequence[int]
    ) -> SeenPort:
        """The one port named for `key`, with security groups for SSH, ping and `open_ports`."""
        ...

    async def delete_ports(self, scope: Scope, key: str) -> None:
        """Delete every port named for `key`. None there is no error."""
        ...

    async def ensure_address(self, scope: Scope, key: str, port_id: str) -> SeenAddress:
        """The one external address described by `key`, bound to `port_id`.

        Raises Refused("error.no_address") where the pool is exhausted or there is none.
        """
        ...

    async def release_addresses(self, scope: Scope, key: str) -> None:
        """Release every address described by `key`. None there is no error."""
        ...

    async def ports(self) -> Sweep[SeenPort]:
        """All ports of all projects that carry a key of ours, in one sweep (manager)."""
        ...

    async def addresses(self) -> Sweep[SeenAddress]:
        """All external addresses that carry a key of ours or are bound to a port (manager)."""
        ...

    async def port(self, port_id: str) -> SeenPort | None:
        """One port by its id (manager); None only where the cloud says it is not there."""
        ...

    async def address(self, address_id: str) -> SeenAddress | None:
        """One external address by its id (manager); None only where it is not there."""
        ...


class ComputeGateway(Protocol):
    async def servers(self, since: datetime | None) -> Sweep[SeenServer]:
        """All servers of all projects, ours or not, in one sweep (manager).

        With `since`, only those changed after it by the cloud's clock, deleted
        ones included (power DELETED); `complete` is then always False.
        """
        ...

    async def server(self, server_id: str) -> SeenServer | None:
        """One server of any project (manager); None only where the cloud says of this
        very server that it is not there."""
        ...

    async def find_servers(self, scope: Scope, key: str) -> Sequence[SeenServer]:
        """The project's servers that carry `key`; normally none or one."""
        ...

    async def create_server(self, scope: Scope, order: ServerOrder) -> str:
        """Start building and return the server's id; an existing one with the key is returned."""
        ...

    async def start_server(self, scope: Scope, server_id: str) -> None:
        """Already running is no error. Raises NotFound when there is no such server."""
        ...

    async def stop_server(self, scope: Scope, server_id: str) -> None:
        """Already stopped is no error. Raises NotFound when there is no such server."""
        ...

    async def restart_server(self, scope: Scope, server_id: str) -> None: ...

    async def last_action(self, scope: Scope, server_id: str) -> str:
        """Request id of the newest action on the server ("" for none): tells whether
        a restart was already asked before a crash."""
        ...

    async def rename_server(self, scope: Scope, server_id: str, name: str) -> None: ...

    async def delete_server(self, scope: Scope, server_id: str) -> None:
        """Ask for the server to go away. Already gone is no error."""
        ...

    async def boot_log(self, scope: Scope, server_id: str) -> str:
        """The last lines of the console; "" while there is none."""
        ...


class CatalogGateway(Protocol):
    async def flavors(self) -> Sequence[Flavor]: ...

    async def images(self) -> Sequence[Image]: ...

    async def flavor(self, flavor_id: str) -> Flavor | None:
        """One of them; None only where the cloud says of this very one that it is gone."""
        ...

    async def image(self, image_id: str) -> Image | None:
        """One of them; None only where the cloud says of this very one that it is gone,
        or no longer for everybody."""
        ...


class ReachGateway(Protocol):
    async def answers(self, address: str, port: int) -> bool:
        """Whether something accepts TCP connections there. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud's gateways together, as `bootstrap` builds them per cloud row."""

    id: str
    identity: IdentityGateway
    network: NetworkGateway
    compute: ComputeGateway
    catalog: CatalogGateway
    reach: ReachGateway
