"""A cloud's end of the wire: answers from a script, through requests' own transport seam."""

import json
from collections.abc import Callable
from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.noauth import NoAuth
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from cloud_app.gateways.openstack import CloudAccess, Password
from cloud_app.gateways.openstack.connect import PacedSession
from cloud_app.gateways.openstack.rest import Api

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

    def send(self, request: PreparedRequest, *_: Any, **settings: Any) -> Response:
        method, url = str(request.method), str(request.url).removeprefix(CLOUD)
        body = json.loads(request.body) if isinstance(request.body, str | bytes) else None
        self.asked.append((method, url, body))
        self.timeouts.append(settings["timeout"])
        answer = self.answer(method, url, body)
        if isinstance(answer, Exception):
            raise answer
        response = Response()
        response.status_code, content = answer
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
