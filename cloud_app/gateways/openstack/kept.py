"""Things in Neutron that must exist once, although Neutron allows any number of one name."""

from collections.abc import Sequence
from contextlib import suppress

from cloud_app.domain.errors import Conflict, NotFound
from cloud_app.gateways.openstack.rest import Api, Json

USES = ("subnets", "device_id", "port_id")
"""Fields that are filled as soon as something stands on a network, port or floating IP."""


def kept_one(api: Api, noun: str, project_id: str, body: Json, by: str = "name") -> Json:
    """Find the project's `noun` whose `by` is that of `body`, or make it.

    Of several, the one in use or else the oldest is kept and always answered, so
    callers who make one at the same moment come to the same one. Who made one too
    many takes it back.
    """
    if found := _kept(same(api, noun, project_id, by, body[by])):
        return found
    made = api.post(path_of(noun), {noun: {"project_id": project_id, **body}}, noun)
    kept = _kept(same(api, noun, project_id, by, body[by])) or made
    if kept["id"] != made["id"]:
        with suppress(NotFound, Conflict):
            api.delete(f"{path_of(noun)}/{made['id']}")
    return kept


def same(api: Api, noun: str, project_id: str, by: str, value: str) -> list[Json]:
    """List the project's things whose `by` is exactly `value`."""
    found = api.all(path_of(noun), f"{noun}s", **{"project_id": project_id, by: value})
    return [one for one in found if one[by] == value and one["project_id"] == project_id]


def path_of(noun: str) -> str:
    return f"/{noun.replace('_', '-')}s"


def _kept(found: Sequence[Json]) -> Json | None:
    def order(one: Json) -> tuple[bool, str, str]:
        in_use = any(one.get(field) for field in USES)
        return (not in_use, str(one.get("created_at", "")), one["id"])

    return min(found, key=order, default=None)
