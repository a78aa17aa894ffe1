"""Refusals over HTTP: one table from error to status, one form for all of them.

The form is a problem document: `type` is the catalogue key, `title` the same
sentence the page would show, `fields` what is wrong where.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from cloud_app import logs
from cloud_app.domain.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PortalError,
    QuotaExceeded,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from cloud_app.i18n import catalog

STATUS: Mapping[type[PortalError], HTTPStatus] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflict: HTTPStatus.CONFLICT,
    QuotaExceeded: HTTPStatus.CONFLICT,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Refused: HTTPStatus.BAD_GATEWAY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
MOST_WRONGS = 50
"""More are not listed: an answer is not to be many times as long as what was asked."""
LONGEST_NAME = 64
MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)

_OF_STATUS = {
    400: "http.malformed",
    404: "http.no_such_address",
    405: "http.method",
    413: "http.too_large",
    415: "http.not_json",
}
_OF_FIELD = {
    "missing": "http.field.missing",
    "extra_forbidden": "http.field.unknown",
    "string_too_long": "http.field.too_long",
}


class NotJson(Exception):
    """A changing request with a body that is not declared as JSON."""


def locale_in(headers: Headers) -> str:
    """The language to refuse in: the visitor's choice, else what the client asks for."""
    chosen = ""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == catalog.COOKIE:
            chosen = value
    return catalog.locale_of(chosen, headers.get("accept-language"))


def document(
    locale: str,
    status: int,
    key: str,
    values: Mapping[str, str | int] | None = None,
    fields: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The problem document for a catalogue key; `fields` are keys too."""
    values = {"reference": logs.request_id.get(), **(values or {})}
    problem: dict[str, Any] = {
        "type": key,
        "title": _say(locale, key, values),
        "status": status,
        "request_id": logs.request_id.get(),
    }
    if fields:
        problem["fields"] = {
            name: {"type": wrong, "title": _say(locale, wrong, values)}
            for name, wrong in fields.items()
        }
    return problem


def raw(headers: Headers, status: int, key: str) -> tuple[bytes, bytes]:
    """Content type and body of a problem, for the layer below all frameworks."""
    problem = document(locale_in(headers), status, key)
    return MEDIA_TYPE.encode(), json.dumps(problem, ensure_ascii=False).encode()


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """Answer what the portal refuses."""
    assert isinstance(error, PortalError)  # noqa: S101 - registered for it only
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    fields = error.fields if isinstance(error, Invalid) else None
    answer = _answer(request, status, error.key, error.values, fields)
    if isinstance(error, TooMany):
        answer.headers["retry-after"] = str(error.seconds)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


async def refuse_input(request: Request, error: Exception) -> JSONResponse:
    """Answer input that does not have the form of the schema, field by field."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it only
    wrongs: Sequence[Mapping[str, Any]] = error.errors()
    if any(wrong["type"] == "json_invalid" for wrong in wrongs):
        return _answer(request, HTTPStatus.BAD_REQUEST, "http.malformed")
    fields = {
        ".".join(str(part)[:LONGEST_NAME] for part in wrong["loc"][1:]) or "body": _OF_FIELD.get(
            wrong["type"], "http.field.wrong"
        )
        for wrong in wrongs[:MOST_WRONGS]
    }
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, Invalid.key, fields=fields)


async def refuse_request(request: Request, error: Exception) -> JSONResponse:
    """Answer what FastAPI itself refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
    key = _OF_STATUS.get(error.status_code, Invalid.key)
    answer = _answer(request, error.status_code, key)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


async def refuse_form(request: Request, _error: Exception) -> JSONResponse:
    """Answer a changing request whose body is not JSON."""
    return _answer(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "http.not_json")


async def apologise(request: Request, _error: Exception) -> JSONResponse:
    """Answer a bug: a reference number, never a trace. The edge writes it into the log."""
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, PortalError.key)


def _answer(
    request: Request,
    status: int,
    key: str,
    values: Mapping[str, str | int] | None = None,
    fields: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = document(locale_in(request.headers), status, key, values, fields)
    return JSONResponse(problem, status, media_type=MEDIA_TYPE)


def _say(locale: str, key: str, values: Mapping[str, str | int]) -> str:
    try:
        return catalog.say(locale, key, **values)
    except KeyError:
        log.error("text missing", extra={"text": key})  # noqa: TRY400 - the trace says nothing more
        return catalog.say(locale, Conflict.key)
