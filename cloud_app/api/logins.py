"""Logging in and out for scripts: a bearer token instead of a cookie."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from cloud_app.api import auth
from cloud_app.api.auth import CurrentActor
from cloud_app.api.schemas import LoginIn, MeOut, ProjectOut, TokenOut, UserOut
from cloud_app.bootstrap import portal
from cloud_app.domain.logins import hash_of
from cloud_app.state import tabs

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/login")
async def log_in(wish: LoginIn, request: Request) -> TokenOut:
    """Get a token, to be sent as `Authorization: Bearer …`."""
    signed_in = await portal().accounts.sign_in(
        wish.handle,
        wish.password.get_secret_value(),
        address=auth.address_of(request),
        agent=request.headers.get("user-agent", ""),
    )
    return TokenOut(
        token=signed_in.token,
        expires_at=signed_in.expires_at,
        user=UserOut.of(signed_in.actor),
    )


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(_actor: CurrentActor, request: Request, response: Response) -> None:
    """End the log-in this request came with."""
    token = auth.token_of(request)
    await portal().accounts.sign_out(token)
    await tabs.close(hash_of(token))
    if token == auth.cookie_token(request):
        auth.drop_cookie(response)


@router.get("/me")
async def me(actor: CurrentActor) -> MeOut:
    """Who am I, and which projects may I use."""
    projects = await portal().accounts.projects(actor)
    return MeOut(
        **UserOut.of(actor).model_dump(),
        projects=[
            ProjectOut(id=project.id, name=project.name, own=project.own, role=project.role)
            for project in projects
        ],
    )
