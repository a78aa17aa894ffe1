"""One OpenStack service asked over HTTP with one scope's rights: JSON in, JSON out.

Errors leave as PortalError, and an answer of the wrong shape is Unavailable: a
proxy's cheerful 200 must never pass for "there is nothing".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from keystoneauth1.adapter import Adapter
from requests import Response

from cloud_app.domain.errors import NotFound, Unavailable
from cloud_app.gateways.openstack.errors import portal_errors, readable

Json = Mapping[str, Any]
"""A JSON object. Any: its values are whatever the service's API reference says."""


class Told(dict[str, Any]):
    """An object of an answer: one without a field that it must have is no answer."""

    def __missing__(self, field: str) -> Any:
        raise Unavailable(detail=f"no {field} in the answer")


ID = re.compile(r"[\w.: -]{1,255}", re.ASCII)
"""Ids become parts of paths and of our rows."""

MOST_PAGES = 10_000
"""More than that is a service that repeats itself."""


class Api:
    """Paths are relative to the service's address in the catalogue."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def get(self, path: str, key: str, **query: Any) -> Json:  # Any: str, int or a list of them
        """Answer the object under `key`; the whole one where Glance has none ("")."""
        return _object(self._ask("GET", path, params=query), key)

    def find(self, path: str, key: str, id_: str) -> Json | None:
        """Answer the one thing with this id; None only where a 404 names that very id.

        404 is also what a wrong address answers, and a proxy that has lost its way.
        """
        try:
            thing = self.get(f"{path}/{id_}", key)
        except NotFound as error:
            if id_ in error.detail:
                return None
            raise Unavailable(detail=f"404 that does not name {id_}: {error.detail}") from error
        if thing["id"] != id_:
            raise Unavailable(detail=f"{thing['id']} in the answer about {id_}")
        return thing

    def all(self, path: str, key: str, **query: Any) -> Iterator[Json]:
        """Give every item of a list, page by page, until the service says that it was the last.

        Whoever reads to the end has the whole list: everything else raises.
        """
        for _ in range(MOST_PAGES):
            body = _json(self._ask("GET", path, params=query))
            items = body.get(key)
            if not isinstance(items, list):
                raise Unavailable(detail=f"no list of {key} in the answer to {path}")
            yield from [_thing(item, key) for item in cast(list[object], items)]
            following = _next_page(body, key) if items else None
            if following is None:
                return
            if following == query:
                raise Unavailable(detail=f"the same page of {key} again and again")
            query = following
        raise Unavailable(detail=f"endless pages of {key}")

    def post(self, path: str, body: Json, key: str) -> Json:
        """Make something, or several things, and answer what is under `key`."""
        return _object(self._ask("POST", path, json=body), key)

    def act(self, path: str, body: Json) -> None:
        """Ask for an action whose answer may be empty."""
        self._ask("POST", path, json=body)

    def tell(self, path: str, body: Json) -> Json:
        """Ask a question that takes a POST, and answer the whole object."""
        return _json(self._ask("POST", path, json=body))

    def put(self, path: str, body: Json | None = None) -> None:
        self._ask("PUT", path, json=body)

    def patch(self, path: str, body: Json) -> None:
        self._ask("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Raises NotFound for what is not there."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, **kwargs: Any) -> Response:  # Any: as Adapter has it
        with portal_errors():
            return self._adapter.request(path, method, **kwargs)


def _json(response: Response) -> Json:
    with portal_errors(), readable():
        body: object = response.json(object_hook=Told)
    if not isinstance(body, dict):
        raise Unavailable(detail=f"not a JSON object: {response.text[:100]}")
    return cast(Json, body)  # JSON's names are strings


def _object(response: Response, key: str) -> Json:
    body = _json(response)
    return _thing(body.get(key) if key else body, key)


def _thing(value: object, key: str) -> Json:
    """One thing of a service; what has an id has one that can be asked for again."""
    if not isinstance(value, dict):
        raise Unavailable(detail=f"no {key} in the answer")
    thing = cast(Json, value)
    id_ = thing.get("id", "none")
    if not isinstance(id_, str) or not ID.fullmatch(id_):
        raise Unavailable(detail=f"{key} with the id {str(id_)[:50]!r}")
    return thing


@readable()
def _next_page(body: Json, key: str) -> dict[str, Any] | None:
    """Find the next page's query: Nova and Neutron `<key>_links`, Glance `next`, Keystone `links`.

    Only its query is used: the address in front may be one that only the cloud's
    own machines can reach.
    """
    following: str | None = body.get("next")
    match body.get(f"{key}_links") or body.get("links"):
        case [*links]:
            following = next((link["href"] for link in links if link["rel"] == "next"), following)
        case {"next": str(link)}:
            following = link
        case _:
            pass
    return parse_qs(urlsplit(following).query) if following else None
