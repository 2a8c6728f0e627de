"""Refusals as one JSON shape: {"error": {"kind", "title", "help", "text": {"zh", "en"}}}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from tongguan.errors import Conflict, Denied, Missing, NotFound, TongguanError, Unavailable
from tongguan.service.api import faults
from tongguan.service.limits import Full
from tongguan.service.permission import Forbidden, NeedProof, NeedSignIn, Refused, TooMany, known, of_house
from tongguan.trust.ciphers import Tampered
from tongguan.wording import LANGUAGES, Language, wording

__all__ = ["ERRORS", "Failure", "Text", "language_of", "listen", "refusal"]

FULL_S = 30  # after which one may ask for a place again
STATUS = {
    "bad_input": 400, "unauthenticated": 401, "denied": 403, "forgery": 403, "proof": 403, "not_found": 404,
    "method": 405, "too_slow": 408, "conflict": 409, "too_large": 413, "too_many": 429, "fault": 500,
    "unavailable": 503, "busy": 503,
}  # fmt: skip
BY_STATUS = {
    401: "unauthenticated",
    403: "denied",
    404: "not_found",
    405: "method",
    408: "too_slow",
    413: "too_large",
    429: "too_many",
}


class Text(BaseModel):
    """In both languages."""

    model_config = ConfigDict(extra="forbid")
    zh: str
    en: str


class Fault(BaseModel):
    """What was refused, in the caller's language, and why, in both."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    title: str
    help: str
    text: Text


class Failure(BaseModel):
    """The body of every answer that is no success."""

    model_config = ConfigDict(extra="forbid")
    error: Fault


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": kind}
    for status, kind in (
        (400, "The request cannot be used"), (401, "Nobody is signed in"), (403, "Not permitted"),
        (404, "No such record"), (409, "It contradicts what is there"), (413, "Too large"),
        (422, "The request is not of the described shape"), (429, "Too many requests"), (500, "A fault of the service"),
        (503, "A part that this needs does not answer"),
    )
}  # fmt: skip


def refusal(
    request: Request, kind: str, text: Mapping[str, str] | None = None, status: int | None = None
) -> JSONResponse:
    """The answer of one kind; `text` says more than the kind does."""
    words = wording("tongguan.service.api")
    language = language_of(request)
    body = {
        "kind": kind,
        "title": words.text(kind, language),
        "help": words.text(f"{kind}.help", language),
        "text": dict(text) if text else words.both(f"{kind}.text"),
    }
    answer = JSONResponse({"error": body}, status or STATUS[kind])
    if kind == "unauthenticated":
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def listen(app: FastAPI) -> None:
    """Let every refusal and fault of the application be told in this shape."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def _need_sign_in(request: Request, _: Exception) -> Response:
    return refusal(request, "unauthenticated")


async def _need_proof(request: Request, _: Exception) -> Response:
    return refusal(request, "proof")


async def _forbidden(request: Request, _: Exception) -> Response:
    return refusal(request, "forgery")


async def _refused(request: Request, error: Any) -> Response:
    return refusal(request, "denied", error.why.text)


async def _too_many(request: Request, error: Any) -> Response:
    answer = refusal(request, "too_many", wording("tongguan.service.api").both("too_many.text", seconds=error.wait_s))
    answer.headers["Retry-After"] = str(error.wait_s)
    return answer


async def _full(request: Request, error: Any) -> Response:
    words = wording("tongguan.service.api")
    answer = refusal(request, "too_many", words.both("uploads.own")) if error.own else refusal(request, "busy")
    answer.headers["Retry-After"] = str(FULL_S)
    return answer


async def _invalid(request: Request, error: Any) -> Response:
    """Names the fields and what was expected of them, never the values."""
    return refusal(request, "bad_input", faults.told(error.errors()), 422)


async def _by_status(request: Request, error: Any) -> Response:
    kind = BY_STATUS.get(error.status_code, "bad_input" if error.status_code < 500 else "fault")
    text = {"zh": str(error.detail), "en": str(error.detail)} if kind == "bad_input" else None
    answer = refusal(request, kind, text, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _explained(request: Request, error: TongguanError) -> Response:
    if isinstance(error, Denied):
        # Of a record that is not theirs nobody learns even that it is there; the log has the denial.
        return refusal(request, "not_found") if error.scope else refusal(request, "denied", error.text)
    if isinstance(error, NotFound):
        return refusal(request, "not_found")
    text: dict[str, str] = error.text or {language: str(error) for language in LANGUAGES}
    if isinstance(error, Conflict):
        return refusal(request, "conflict", text)
    if isinstance(error, Tampered) or not of_house(error):
        return refusal(request, "bad_input", text)
    kind = "unavailable" if isinstance(error, Unavailable | Missing) else "fault"
    return refusal(request, kind, text if known(request) else None)


async def _fault(request: Request, _: Exception) -> Response:
    """A fault of ours; the guard logs where it happened."""
    return refusal(request, "fault")


_HANDLERS: dict[type[Exception], Any] = {
    NeedSignIn: _need_sign_in,
    NeedProof: _need_proof,
    Forbidden: _forbidden,
    Refused: _refused,
    TooMany: _too_many,
    Full: _full,
    RequestValidationError: _invalid,
    HTTPException: _by_status,
    TongguanError: _explained,
    Exception: _fault,
}


def language_of(request: Request) -> Language:
    """The caller's language: `?lang=`, the console's cookie, or the first that Accept-Language names."""
    asked = request.query_params.get("lang") or request.cookies.get("lang") or ""
    if asked in LANGUAGES:
        return asked
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"
