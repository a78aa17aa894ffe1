"""A cloud's end of the wire: answers from a script, through requests' own transport seam."""

import json
from collections.abc import Callable
from threading import local
from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.noauth import NoAuth
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from cloud_app.gateways.openstack import CloudAccess, Password
from cloud_app.gateways.openstack.catalog import OpenStackCatalog
from cloud_app.gateways.openstack.compute import OpenStackCompute
from cloud_app.gateways.openstack.connect import PacedSession, Sessions
from cloud_app.gateways.openstack.identity import OpenStackIdentity
from cloud_app.gateways.openstack.network import OpenStackNetwork
from cloud_app.gateways.openstack.rest import Api
from cloud_app.gateways.protocols import Cloud
from cloud_app.gateways.reach import TcpReach
from cloud_app.gateways.threads import Threads

CLOUD = "http://cloud"
ACCESS = CloudAccess(
    auth_url="http://keystone:5000",
    manager=Password(username="manager", password="secret", project_name="portal"),
)

Answer = tuple[int, object] | Exception


class Wire(BaseAdapter):
    """Answers every request from a script, and remembers them."""

    def __init__(self, answer: Callable[[str, str, Any], Answer]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[tuple[str, str, Any]] = []
        self.timeouts: list[Any] = []
        self.headers: dict[str, str] = {}
        self.local = local()
        """`token`: what the request of this thread came with."""

    def send(self, request: PreparedRequest, *_: Any, **settings: Any) -> Response:
        method, url = str(request.method), str(request.url).removeprefix(CLOUD)
        body = json.loads(request.body) if isinstance(request.body, str | bytes) else None
        self.asked.append((method, url, body))
        self.local.token = request.headers.get("X-Auth-Token")
        self.timeouts.append(settings["timeout"])
        answer = self.answer(method, url, body)
        if isinstance(answer, Exception):
            raise answer
        response = Response()
        response.status_code, content = answer
        response.headers.update(self.headers)
        text = content if isinstance(content, str) else json.dumps(content)
        response._content = text.encode()
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]


def api_on(wire: Wire) -> Api:
    session = PacedSession(ACCESS, auth=NoAuth(endpoint=CLOUD))
    session.session.mount("http://", wire)
    return Api(Adapter(session, service_type="network", endpoint_override=CLOUD))


SERVICES = {"compute": "/v2.1", "network": "", "image": "", "identity": "/v3"}


def token() -> dict[str, Any]:
    """A manager's token as Keystone gives it."""
    domain = {"id": "default", "name": "Default"}
    return {
        "methods": ["password"],
        "expires_at": "2999-01-01T00:00:00.000000Z",
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "user": {"id": "u", "name": "manager", "domain": domain},
        "project": {"id": "p", "name": "portal", "domain": domain},
        "roles": [{"id": "r", "name": "admin"}],
        "catalog": [
            {
                "id": service,
                "name": service,
                "type": service,
                "endpoints": [
                    {
                        "id": f"e-{service}", "interface": "public", "region": "one",
                        "region_id": "one", "url": f"{CLOUD}/{service}{path}",
                    }
                ],
            }
            for service, path in SERVICES.items()
        ],
    }  # fmt: skip


class WiredSessions(Sessions):
    """Sessions whose every request ends at the wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        super().__init__(ACCESS)

    def _session(self, auth: Any) -> PacedSession:
        session = super()._session(auth)
        session.session.mount("http://", self.wire)
        return session


def cloud_on(wire: Wire, seats: int = 1) -> Cloud:
    """A whole cloud at the end of `wire`, Keystone at http://keystone:5000 included."""
    sessions, threads = WiredSessions(wire), Threads(seats=seats, deadline=20)
    return Cloud(
        id="wired",
        identity=OpenStackIdentity(sessions, threads),
        network=OpenStackNetwork(sessions, threads),
        compute=OpenStackCompute(sessions, threads),
        catalog=OpenStackCatalog(sessions, threads),
        reach=TcpReach(),
    )
