"""The log-in and log-out forms: plain HTTP, so that the cookie stays out of every script.

The answer is always a redirect to one of our own pages; what went wrong travels
as a word in the address, never as a sentence.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from cloud_app import routes
from cloud_app.api import auth
from cloud_app.bootstrap import portal
from cloud_app.domain.errors import TooMany, Unauthenticated
from cloud_app.domain.logins import hash_of
from cloud_app.state import tabs

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303


@router.post(routes.LOG_IN_FORM)
async def log_in(
    request: Request,
    handle: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the form's own word
) -> RedirectResponse:
    """Log in from the page's form and go on to where the person wanted to be."""
    auth.require_own_origin(request)
    try:
        signed_in = await portal().accounts.sign_in(
            handle,
            password,
            address=auth.address_of(request),
            agent=request.headers.get("user-agent", ""),
        )
    except Unauthenticated:
        return _back(after=next, why="wrong", handle=handle[:64])
    except TooMany as error:
        return _back(after=next, why="wait", seconds=error.seconds, handle=handle[:64])
    await _end(auth.cookie_token(request))
    answer = RedirectResponse(routes.own(next), SEE_OTHER)
    auth.put_cookie(answer, signed_in.token)
    return answer


@router.post(routes.LOG_OUT_FORM)
async def log_out(request: Request) -> RedirectResponse:
    """Log out: the log-in ends, its open tabs are closed, the cookie goes."""
    auth.require_own_origin(request)
    await _end(auth.cookie_token(request))
    answer = RedirectResponse(routes.log_in(why="out"), SEE_OTHER)
    auth.drop_cookie(answer)
    return answer


async def _end(token: str) -> None:
    """A browser has one log-in at a time: end the one it came with."""
    if token:
        await portal().accounts.sign_out(token)
        await tabs.close(hash_of(token))


def _back(*, after: str, **why: str | int) -> RedirectResponse:
    return RedirectResponse(routes.log_in(after=after, **why), SEE_OTHER)
