"""Everything of the portal that is no page: forms, the REST API, and their refusals."""

import re
from collections.abc import Sequence

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from cloud_app import routes
from cloud_app.api import forms, health, logins, problems, servers
from cloud_app.domain.errors import PortalError

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ANY = _CHANGING | {"GET", "HEAD", "OPTIONS"}


async def json_only(request: Request) -> None:
    """A form of another site can send many kinds of bodies, but not this one."""
    has_body = request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in _CHANGING and has_body and kind != "application/json":
        raise problems.NotJson()


async def nothing_here(request: Request) -> None:
    """Unknown addresses below /api end here and not at a page; wrong methods too."""
    allowed = methods_at(request.app, request.url.path)
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
    raise HTTPException(404)


def methods_at(api: FastAPI, path: str) -> Sequence[str]:
    """The methods some address of the API takes; none when there is no such address."""
    return sorted(
        method.upper()
        for template, methods in api.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        for method in methods
    )


def build_api() -> FastAPI:
    """Put the doors together. The catch-all comes last."""
    api = FastAPI(
        title="Madang",
        version="1",
        description="Mini-PCs, apps and buckets for scripts. Errors are problem documents.",
        docs_url=None,
        redoc_url=None,
        openapi_url=routes.OPENAPI,
    )
    v1 = APIRouter(prefix=routes.API_V1, dependencies=[Depends(json_only)])
    for door in (health, logins, servers):
        v1.include_router(door.router)
    api.include_router(v1)
    api.include_router(forms.router)
    for unknown in (routes.API, routes.API + "/{rest:path}"):
        api.add_api_route(unknown, nothing_here, methods=[*_ANY], include_in_schema=False)
    api.add_exception_handler(PortalError, problems.refuse)
    api.add_exception_handler(RequestValidationError, problems.refuse_input)
    api.add_exception_handler(problems.NotJson, problems.refuse_form)
    api.add_exception_handler(HTTPException, problems.refuse_request)
    api.add_exception_handler(Exception, problems.apologise)
    return api


api = build_api()
