"""Mini-PCs for scripts, under the paths of the seeds: servers."""

import hashlib
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query

from cloud_app.api.auth import CurrentActor
from cloud_app.api.schemas import (
    NewServerOut,
    OffersOut,
    Page,
    ServerIn,
    ServerInfoIn,
    ServerOut,
    StatusIn,
)
from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import NotFound
from cloud_app.services.repeats import Repeats

router = APIRouter(prefix="/servers", tags=["servers"])

MOST = 200

ProjectId = Annotated[str | None, Query(description="One's own project unless given.")]


@router.get("")
async def list_servers(
    actor: CurrentActor,
    project_id: ProjectId = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
    after: str | None = None,
) -> Page[ServerOut]:
    """List what the portal knows, without waiting for a cloud."""
    project = await _project(actor, project_id)
    machines = list(await portal().machines.in_project(actor, project))
    ids = [machine.id for machine in machines]
    if after is not None:
        if after not in ids:
            raise NotFound()
        machines = machines[ids.index(after) + 1 :]
    page = machines[:limit]
    places = await portal().following.places(actor, project)
    return Page(
        items=[ServerOut.of(machine, places.get(machine.id)) for machine in page],
        next=page[-1].id if len(machines) > limit else None,
    )


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def create_server(
    wish: ServerIn,
    actor: CurrentActor,
    idempotency_key: Annotated[str | None, Header(max_length=128, min_length=1)] = None,
) -> NewServerOut:
    """Order a server; ask again to see when it is ready.

    With an `Idempotency-Key` the same order sent twice is one server; the
    second answer comes without the private key.
    """
    spec = wish.to_spec(await _project(actor, wish.project_id))
    if idempotency_key is None:
        ordered = await portal().machines.order(actor, spec)
        return NewServerOut.of(ordered.machine).model_copy(
            update={"private_key": ordered.private_key}
        )
    repeats = Repeats(db=portal().db, now=portal().accounts.now)
    print_of_wish = hashlib.sha256(repr(spec).encode() + spec.password.encode()).hexdigest()
    known = await repeats.claim(actor, idempotency_key, print_of_wish)
    if known is not None:
        return NewServerOut.of(await portal().machines.one(actor, known))
    try:
        ordered = await portal().machines.order(actor, spec, idempotency_key)
    except BaseException:
        await repeats.give_up(actor, idempotency_key)
        raise
    return NewServerOut.of(ordered.machine).model_copy(update={"private_key": ordered.private_key})


@router.get("/offers")
async def offers(actor: CurrentActor, project_id: ProjectId = None) -> OffersOut:
    """What can be ordered now: sizes, templates, and what is left of the limit."""
    project = await _project(actor, project_id)
    return OffersOut.of(await portal().orders.offers(actor, project))


@router.get("/{server_id}")
async def get_server(server_id: str, actor: CurrentActor) -> ServerOut:
    """Look at one server."""
    machine = await portal().machines.one(actor, server_id)
    places = await portal().following.places(actor, machine.project_id)
    return ServerOut.of(machine, places.get(machine.id))


@router.delete("/{server_id}", status_code=HTTPStatus.ACCEPTED)
async def delete_server(server_id: str, actor: CurrentActor) -> ServerOut:
    """Give a server back, with its disk and its address."""
    return ServerOut.of(await portal().machines.give_back(actor, server_id))


@router.put("/{server_id}/info")
async def change_info(server_id: str, wish: ServerInfoIn, actor: CurrentActor) -> ServerOut:
    """Rename a server. With `version`, only when nobody changed it since."""
    machine = await portal().machines.rename(actor, server_id, wish.name, wish.version)
    return ServerOut.of(machine)


@router.put("/{server_id}/status", status_code=HTTPStatus.ACCEPTED)
async def change_status(server_id: str, wish: StatusIn, actor: CurrentActor) -> ServerOut:
    """Start, stop or restart a server."""
    return ServerOut.of(await portal().machines.command(actor, server_id, wish.status))


async def _project(actor: Actor, project_id: str | None) -> str:
    """The named project, or the actor's own."""
    if project_id is not None:
        return project_id
    for project in await portal().accounts.projects(actor):
        return project.id
    raise NotFound()
