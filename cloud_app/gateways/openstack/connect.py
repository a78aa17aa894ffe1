"""Sessions with one OpenStack cloud: one per scope, its token shared by all its calls.

keystoneauth renews a token two minutes before it ends and asks again once when a
service answers 401. Nothing else is repeated for us: keystoneauth's
`connect_retries` would also repeat a POST whose answer was only late (a read
timeout is a "connect" timeout to it), so it stays 0.

The services are asked through keystoneauth alone. openstacksdk's resource objects
cost 1.6 ms each (16 s for 10,000 servers), its Connection closes the session's
pool when it is collected, and each of its requests raises a deprecation warning.
"""

import logging
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock, RLock, local
from time import monotonic
from typing import Any

from keystoneauth1.access import AccessInfo, AccessInfoV3
from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import ConnectFailure, ConnectTimeout, EndpointNotFound
from keystoneauth1.identity import v3
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session
from requests import Response

from cloud_app.domain.errors import Unavailable
from cloud_app.gateways.openstack.errors import portal_errors, readable
from cloud_app.gateways.openstack.lines import Lines
from cloud_app.gateways.openstack.rest import Api
from cloud_app.gateways.protocols import Scope
from cloud_app.gateways.threads import left

log = logging.getLogger(__name__)

VERSION_PATHS = {"network": "/v2.0", "image": "/v2", "identity": "/v3"}
"""Written by us, not discovered: when discovery fails, keystoneauth silently falls back to
the unversioned address, where everything is 404 and so looks gone. Nova's catalogue entry
carries its version (v2.1) everywhere."""

IDENTITY = "identity"

VERSION = re.compile(r"/v\d+(\.\d+)?/?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """The manager as a Keystone user in a project."""

    username: str
    password: str = field(repr=False)
    project_name: str
    user_domain: str = "Default"
    project_domain: str = "Default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCredential:
    """The manager as a Keystone application credential."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccess:
    """How one cloud is reached, and the site's choices about it."""

    auth_url: str
    manager: Password | ApplicationCredential
    region: str | None = None
    interface: str = "public"
    ca_file: str | None = None
    """Certificates to trust instead of the system's own."""
    external_network: str | None = "public"
    """Name of the network that external addresses come from; None where there is none."""
    subnet_cidr: str = "192.168.77.0/24"
    """Every project's own network has these addresses, behind its own router."""
    dns_servers: tuple[str, ...] = ()
    """What guests are told; empty for the cloud's own choice."""
    admin_ranges: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    """Where SSH and ping may come from."""
    prefix: str = "madang-"
    """Begins the name of everything that the portal makes."""
    manager_role: str = "admin"
    """Without it Neutron shows the manager its own project only, and does not say so."""
    member_role: str = "member"
    compute_microversion: str = "2.90"
    """Xena (2021). From 2.47 a server tells its flavor's name, from 2.69 a cell that is down
    shows as partial servers; 2.91 and later change nothing that is used here."""
    connect_seconds: float = 4.0
    read_seconds: float = 15.0
    """Between two pieces of an answer to a GET or a log-in; then the cloud counts as silent."""
    write_seconds: float = 40.0
    """The same for all else: a busy Neutron was seen to take 20 s to join a router. Shorter
    than the deadline of `Threads`."""


class PacedSession(Session):
    """Gives every request our timeouts, and sends none when its caller no longer waits
    or its service is known to be silent. Raises nothing but PortalError."""

    def __init__(
        self,
        access: CloudAccess,
        lines: Lines | None = None,
        **settings: Any,  # Any: as Session has it
    ) -> None:
        super().__init__(verify=access.ca_file or True, app_name="madang", **settings)
        self._access = access
        self._lines = lines or Lines()
        self._shown = local()

    def get_auth_headers(self, *args: Any, **kwargs: Any) -> dict[str, str] | None:
        headers = super().get_auth_headers(*args, **kwargs)
        self._shown.token = (headers or {}).get("X-Auth-Token")
        return headers

    def invalidate(self, auth: BaseAuthPlugin | None = None) -> bool:
        plugin = auth or self.auth
        if isinstance(plugin, WholeToken):
            return plugin.renounce(self._shown.token)
        return super().invalidate(auth)

    def request(self, url: str, method: str, *args: Any, **kwargs: Any) -> Response:
        # Only what keystoneauth asks Keystone for a token comes without a filter.
        service = (kwargs.get("endpoint_filter") or {}).get("service_type", IDENTITY)
        changes = method != "GET" and not url.endswith("/auth/tokens")
        line = self._lines.to(service)
        with (
            line.held(question=not changes),
            portal_errors(service),
            readable(service),
        ):
            response = self._paced(url, method, *args, changes=changes, **kwargs)
        if method == "GET":
            line.refuse_repeated(response.headers.get("x-openstack-request-id"))
        return response

    def _paced(self, url: str, method: str, *args: Any, changes: bool, **kwargs: Any) -> Response:
        seconds = left()
        if seconds <= 0:
            raise Unavailable("error.cloud_silent", detail=f"deadline passed before {method} {url}")
        access = self._access
        patience = access.write_seconds if changes else access.read_seconds
        kwargs["timeout"] = (min(access.connect_seconds, seconds), min(patience, seconds))
        kwargs["log"] = False  # keystoneauth would write bodies, user data with its hash included
        began = monotonic()
        try:
            return super().request(url, method, *args, **kwargs)
        except ConnectTimeout:
            raise
        except ConnectFailure:
            if changes:
                raise
            # Most often a kept-alive connection that the service had closed by then.
            return super().request(url, method, *args, **kwargs)
        finally:
            fields = {"method": method, "url": url, "seconds": round(monotonic() - began, 3)}
            log.debug("openstack asked", extra=fields)


class Sessions:
    """The cloud's sessions: the manager's for good, the projects' as many as are in use."""

    def __init__(self, access: CloudAccess, *, most: int = 200) -> None:
        """Keep the `most` recently used projects' sessions; each is a token and some sockets."""
        self.access = access
        self._most = most
        self._lock = Lock()
        self._lines = Lines()
        self._manager_auth = _manager_auth(access)
        self._manager = self._session(self._manager_auth)
        self._projects: OrderedDict[Scope, PacedSession] = OrderedDict()

    def manager(self, service: str) -> Api:
        """Ask `service` with the manager's rights."""
        return self._api(self._manager, service)

    def of(self, scope: Scope, service: str) -> Api:
        """Ask `service` with the rights of one project's own user."""
        if scope.as_manager:
            return self.manager(service)
        return self._api(self._session_of(scope), service)

    def manager_token(self) -> AccessInfo:
        """What Keystone says about the manager: its roles and domain."""
        with portal_errors(IDENTITY), readable(IDENTITY):
            return self._manager_auth.get_access(self._manager)

    def sees_all(self) -> bool:
        """Whether a list of all projects' things is one."""
        return self.access.manager_role in (self.manager_token().role_names or ())

    def _session_of(self, scope: Scope) -> PacedSession:
        with self._lock:
            session = self._projects.pop(scope, None)
            session = session or self._session(_project_auth(self.access, scope))
            self._projects[scope] = session
            if len(self._projects) > self._most:
                self._projects.popitem(last=False)
            return session

    def _session(self, auth: BaseAuthPlugin) -> PacedSession:
        return PacedSession(self.access, self._lines, auth=auth)

    def _api(self, session: PacedSession, service: str) -> Api:
        access = self.access
        with portal_errors(IDENTITY), readable(IDENTITY):
            url = session.get_endpoint(
                service_type=service, interface=access.interface, region_name=access.region
            )
            if url is None:
                raise EndpointNotFound(f"no {service} in the catalogue of {access.region}")
        if path := VERSION_PATHS.get(service):
            url = VERSION.sub("", url.rstrip("/")) + path
        microversion = access.compute_microversion if service == "compute" else None
        return Api(
            Adapter(
                session,
                service_type=service,
                endpoint_override=url,
                default_microversion=microversion,
            )
        )


class WholeToken(v3.Auth):
    """Takes a token only with all that we read of it: keystoneauth would keep a broken one.

    Of many calls that are told at once that it ended, the first has it renewed; the
    others go on with the new one instead of throwing that away too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as each kind of log-in has it
        super().__init__(*args, **kwargs)
        self._turn = RLock()

    def get_access(self, session: Session, **kwargs: Any) -> AccessInfo:
        with self._turn:
            return super().get_access(session, **kwargs)

    def renounce(self, token: str | None) -> bool:
        """Throw `token` away unless another is in use by now; tell whether to try again."""
        with self._turn:
            if self.auth_ref is not None and self.auth_ref.auth_token == token:
                self.auth_ref = None
            return True

    def get_auth_ref(self, session: Session) -> AccessInfoV3:
        ref = super().get_auth_ref(session)
        with readable(IDENTITY):
            offered = ref.service_catalog.get_endpoints_data()
            whole = ref.auth_token and ref.expires and any(offered.values())
            if not whole or "".join(ref.role_names or ()) == "":
                raise ValueError("a token without all its parts")
        return ref


class WholePassword(WholeToken, v3.Password):
    """A user's name or id, and password."""


class WholeCredential(WholeToken, v3.ApplicationCredential):
    """An application credential."""


def _manager_auth(access: CloudAccess) -> WholePassword | WholeCredential:
    match access.manager:
        case ApplicationCredential(id=id_, secret=secret):
            return WholeCredential(
                _keystone(access),
                application_credential_id=id_,
                application_credential_secret=secret,
            )
        case Password() as manager:
            return WholePassword(
                _keystone(access),
                username=manager.username,
                password=manager.password,
                project_name=manager.project_name,
                user_domain_name=manager.user_domain,
                project_domain_name=manager.project_domain,
            )


def _project_auth(access: CloudAccess, scope: Scope) -> WholePassword:
    return WholePassword(
        _keystone(access),
        user_id=scope.user_id,
        password=scope.secret,
        project_id=scope.project_id,
    )


def _keystone(access: CloudAccess) -> str:
    """Answer the address with its version, whether or not the site wrote it."""
    return VERSION.sub("", access.auth_url.rstrip("/")) + VERSION_PATHS["identity"]
