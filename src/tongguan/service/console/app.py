"""The console as an application: its pages, its files, its guard, its calm errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Scope

from tongguan.errors import Denied, Missing, TongguanError, Unavailable
from tongguan.service import api
from tongguan.service.api.answers import refusal
from tongguan.service.console import render
from tongguan.service.console.address import link
from tongguan.service.console.guard import LOOPBACK, Guard
from tongguan.service.console.menu import visible
from tongguan.service.console.pages import (
    alerts,
    approvals,
    assets,
    assets_changes,
    assets_coverage,
    assets_review,
    assets_scans,
    assets_sources,
    assets_templates,
    audit,
    audit_acts,
    coverage,
    decide,
    evidence,
    fingerprints,
    flows,
    keys,
    keys_master,
    law,
    law_clocks,
    law_destinations,
    law_zones,
    people,
    policies,
    profile,
    recipients,
    recognition,
    roles,
    signin,
    workbench,
)
from tongguan.service.console.pages.profile_proof import sent_to_proof
from tongguan.service.console.telling import told
from tongguan.service.console.uploads import FORM_LIMIT, takes_file
from tongguan.service.console.visit import Console, open_visit
from tongguan.service.limits import Full
from tongguan.service.permission import (
    Forbidden,
    NeedProof,
    NeedSignIn,
    Refused,
    TooMany,
    declared,
    known,
    of_house,
    stranger,
)

__all__ = ["build"]

PAGES = (
    workbench,
    flows,
    recipients,
    decide,
    law,
    law_clocks,
    law_destinations,
    law_zones,
    assets,
    assets_coverage,
    assets_sources,
    assets_scans,
    assets_changes,
    assets_review,
    assets_templates,
    recognition,
    fingerprints,
    policies,
    alerts,
    coverage,
    people,
    roles,
    approvals,
    evidence,
    keys_master,
    keys,
    audit,
    audit_acts,
    signin,
    profile,
)
KNOWN = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
PROFILE = "/profile"


def build(console: Console, hosts: frozenset[str] = LOOPBACK) -> FastAPI:
    """The application: pages, and the API under /api/v1. `hosts`: the names by which it may be called."""
    app = FastAPI(title="Tongguan", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.console = console
    routers = [page.router for page in PAGES]
    for router in routers:
        app.include_router(router)
    app.state.operations = {r.path: r.operation for r in declared(routers) if r.method == "GET"}
    app.mount("/static", StaticFiles(directory=render.FOLDER / "static"), name="static")
    app.mount(api.PREFIX, api.build(console, declared(routers)))
    limits = console.trust.settings.service

    def limit(scope: Scope) -> int:
        if api.takes_upload(scope):
            return limits.upload_limit
        return max(limits.body_limit, FORM_LIMIT) if takes_file(scope) else limits.body_limit

    def long(scope: Scope) -> bool:
        return api.takes_upload(scope) or takes_file(scope)

    async def failed(request: Request) -> Response:
        return await _answer(request, 500)

    app.add_middleware(Guard, hosts=hosts, failed=failed, limit=limit, uploads=long, secure=console.secure)
    handlers: dict[type[Exception], Any] = {
        NeedSignIn: _need_sign_in,
        NeedProof: _need_proof,
        Forbidden: _forbidden,
        Refused: _refused,
        TooMany: _too_many,
        Full: _full,
        RequestValidationError: _invalid,
        HTTPException: _by_status,
        TongguanError: _explained,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    return app


async def _answer(request: Request, status: int, detail: str = "", **more: str) -> Response:
    """A calm page, or its twin, that says what happened and what to do."""

    def draw() -> Response:
        visit = open_visit(request)
        key = more.get("key", f"error.{status if status in KNOWN else 400}")
        data = {"status": status, "title": visit.t(key), "help": visit.t(f"{key}.help"), "detail": detail}
        if visit.wants_json:
            return JSONResponse({"error": data}, status)
        return visit.page("error.html", data, status)

    try:
        return await run_in_threadpool(draw)
    except TooMany as error:  # only now was this caller counted; a caller is counted once in a request
        return await _too_many(request, error)
    except TongguanError:  # the records do not answer, so nobody knows who calls
        stranger(request)
        return await run_in_threadpool(draw)


async def _forbidden(request: Request, _: Exception) -> Response:
    return await _answer(request, 403)


async def _need_proof(request: Request, _: Exception) -> Response:
    return sent_to_proof(await run_in_threadpool(open_visit, request))


async def _refused(request: Request, error: Refused) -> Response:
    """Says which permission is missing. Whoever must see to their own sign-in first is led there, and whoever cannot
    see the first page to one that they can."""
    visit = await run_in_threadpool(open_visit, request)
    if error.principal.pending and not visit.wants_json:
        return RedirectResponse(PROFILE, 303)
    if request.url.path == "/" and not visit.wants_json:
        mine = (address for group in visible(visit.may_open) for _, address in group.pages)
        return RedirectResponse(next(mine, PROFILE), 303)
    return await _answer(request, 403, visit.say(error.why.text), key="error.denied")


async def _too_many(request: Request, error: TooMany) -> Response:
    answer = await _answer(request, 429)
    answer.headers["Retry-After"] = str(error.wait_s)
    return answer


async def _full(request: Request, error: Full) -> Response:
    answer = await _answer(request, 429 if error.own else 503, key="error.full" if error.own else "error.full.others")
    answer.headers["Retry-After"] = "5"
    return answer


async def _invalid(request: Request, _: Exception) -> Response:
    return await _answer(request, 422)


async def _by_status(request: Request, error: HTTPException) -> Response:
    if request.url.path.startswith(f"{api.PREFIX}/"):  # a path with a line end in it reaches no mounted application
        return refusal(request, "not_found")
    return await _answer(request, error.status_code)


async def _explained(request: Request, error: TongguanError) -> Response:
    """Errors of ours say what happened and what to do, and hold no personal values. Those about our own records name
    paths and servers, which are not for strangers."""
    if isinstance(error, Denied):
        visit = await run_in_threadpool(open_visit, request)
        if error.scope:  # whether the record is there is not theirs to know
            return await _answer(request, 404)
        return await _answer(request, 403, visit.say(error.text), key="error.denied")
    said = told(await run_in_threadpool(open_visit, request), error) if error.text else str(error)
    if not of_house(error):
        return await _answer(request, 400, said)
    status = 503 if isinstance(error, Unavailable | Missing) else 500
    return await _answer(request, status, said if known(request) else "")


async def _need_sign_in(request: Request, _: Exception) -> Response:
    path = request.url.path
    visit = await run_in_threadpool(open_visit, request)
    if visit.wants_json:
        return await _answer(request, 401)
    target = path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        target = "/"
    return RedirectResponse(link("/sign-in", {"next": target if target != "/" else None}), 303)
