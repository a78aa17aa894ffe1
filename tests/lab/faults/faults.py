"""What can go wrong between a portal and a service; each is a function of one exchange."""

import json
from typing import Any

from aiohttp import web

from tests.lab.faults.proxy import TOKEN, Exchange, Fault

HTML = "<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


def slow(seconds: float) -> Fault:
    """Every answer comes `seconds` late."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        await exchange.until_relieved(most=seconds)
        return (await exchange.forward()).response()

    return fault


async def silent(exchange: Exchange) -> web.StreamResponse:
    """The request is taken and never answered."""
    await exchange.until_relieved()
    return exchange.cut()


async def reset(exchange: Exchange) -> web.StreamResponse:
    """The connection breaks before anything is done."""
    return exchange.cut()


async def lost_answer(exchange: Exchange) -> web.StreamResponse:
    """It is done, and then the connection breaks."""
    await exchange.forward()
    return exchange.cut()


async def cut_off(exchange: Exchange) -> web.StreamResponse:
    """Half of the answer comes, then the connection breaks."""
    answer = await exchange.forward()
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(exchange.request)
    await response.write(answer.body[: len(answer.body) // 2])
    exchange.cut()
    return response


def says(status: int, body: str = "", **headers: str) -> Fault:
    """Nothing is done; the answer is always this."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(_: Exchange) -> web.StreamResponse:
        kind = "text/html" if body.startswith("<") else "application/json"
        return web.Response(status=status, text=body, content_type=kind, headers=named)

    return fault


async def half_a_list(exchange: Exchange) -> web.StreamResponse:
    """Lists lack their first half, where the newest things are, and do not say so."""
    answer = await exchange.forward()
    return answer.response(json.dumps(_halved(json.loads(answer.body or b"null"))).encode())


def _halved(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {
        name: value[(len(value) + 1) // 2 :] if isinstance(value, list) else value
        for name, value in body.items()
        if not name.endswith("_links")
    }


async def no_second_page(exchange: Exchange) -> web.StreamResponse:
    """Lists come page by page, and the second page is an error."""
    if "marker" in exchange.request.query:
        return web.Response(status=500, text=HTML, content_type="text/html")
    is_question = exchange.request.method == "GET"
    return (await exchange.forward({"limit": "1"} if is_question else None)).response()


async def stale(exchange: Exchange) -> web.StreamResponse:
    """Questions get the first answer that was ever given to them, as from a cache."""
    kept = exchange.service.given.get(exchange.request.path)
    return kept.response() if kept else (await exchange.forward()).response()


async def expired(exchange: Exchange) -> web.StreamResponse:
    """Tokens that were shown before are refused; new ones are good."""
    if exchange.request.headers.get(TOKEN) in exchange.service.tokens:
        return web.json_response({"error": {"code": 401, "message": "expired"}}, status=401)
    return (await exchange.forward()).response()
