"""Who is asking over HTTP: a bearer token, or the cookie of the browser.

A browser sends the cookie along with whatever any page makes it send. So an
unsafe request that rests on the cookie must come from our own pages, by exact
Origin; a bearer token is never sent by accident and needs no such proof.
"""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response

from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import NotAllowed, Unauthenticated
from cloud_app.domain.logins import LONGEST, bearer_in, cookie_name, token_in
from cloud_app.settings import LOOPBACK

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_token(request: Request) -> str:
    """The log-in token in the request's cookie; empty when there is none."""
    cookies = "; ".join(request.headers.getlist("cookie"))
    return token_in(cookies, secure=portal().settings.secure_cookies)


def token_of(request: Request) -> str:
    """The token this request rests on. Refuses what another site made the browser send."""
    if "authorization" in request.headers:
        return bearer_in(request.headers["authorization"])
    token = cookie_token(request)
    if token and request.method not in _SAFE:
        require_own_origin(request)
    return token


def require_own_origin(request: Request) -> None:
    """Refuse a request that does not come from one of our own pages."""
    origin = request.headers.get("origin")
    if origin is None:
        parts = urlsplit(request.headers.get("referer", ""))
        origin = f"{parts.scheme}://{parts.netloc}"
    if origin not in portal().settings.public_urls:
        raise NotAllowed("http.foreign_origin")


async def current_actor(request: Request, response: Response) -> Actor:
    """Whoever is asking; Unauthenticated when nobody is, TooMany when they ask too often."""
    token, paces = token_of(request), portal().paces
    if not token:
        raise Unauthenticated()
    try:
        actor = await portal().accounts.actor_for(token)
    except Unauthenticated:
        paces.strangers.spend(address_of(request))
        raise
    left = paces.requests.spend(actor.account_id)
    response.headers["ratelimit-policy"] = f'"account";q={left.most};w=60'
    response.headers["ratelimit"] = f'"account";r={left.remaining};t={left.seconds}'
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


def put_cookie(response: Response, token: str) -> None:
    """Hand the browser its log-in, out of reach of scripts and of other sites."""
    secure = portal().settings.secure_cookies
    response.set_cookie(
        cookie_name(secure=secure),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response) -> None:
    """Have the browser forget its log-in."""
    secure = portal().settings.secure_cookies
    response.delete_cookie(
        cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def address_of(request: Request) -> str:
    """Where the request comes from.

    Only a proxy on this machine is believed about others: it speaks to us from
    loopback, and the last address it names is the one it saw itself.
    """
    peer = request.client.host if request.client else ""
    named = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if named and peer in LOOPBACK and portal().settings.secure_cookies:
        return named[:45]
    return peer
