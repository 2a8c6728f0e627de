"""The console as an application: its pages, its files, its guard, its calm errors."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tongguan.errors import TongguanError
from tongguan.service.console import render
from tongguan.service.console.address import link
from tongguan.service.console.guard import LOOPBACK, Guard
from tongguan.service.console.pages import (
    alerts,
    audit,
    coverage,
    decide,
    flows,
    recipients,
    signin,
    workbench,
)
from tongguan.service.console.visit import Console, Forbidden, NeedSignIn, open_visit

__all__ = ["build"]

PAGES = (workbench, flows, recipients, decide, alerts, coverage, audit, signin)
KNOWN = (400, 401, 403, 404, 405, 413, 422, 500)


def build(console: Console, hosts: frozenset[str] = LOOPBACK) -> FastAPI:
    """The application. `hosts`: the names by which it may be called."""
    app = FastAPI(title="Tongguan", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.console = console
    for page in PAGES:
        app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=render.FOLDER / "static"), name="static")
    app.add_middleware(Guard, hosts=hosts, failed=lambda request: _answer(request, 500))
    app.add_exception_handler(NeedSignIn, _need_sign_in)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(TongguanError, _explained)
    return app


async def _answer(request: Request, status: int, detail: str = "") -> Response:
    """A calm page, or its twin, that says what happened and what to do."""

    def draw() -> Response:
        visit = open_visit(request)
        known = status if status in KNOWN else 400
        data = {
            "status": status,
            "title": visit.t(f"error.{known}"),
            "help": visit.t(f"error.{known}.help"),
            "detail": detail,
        }
        if visit.wants_json:
            return JSONResponse({"error": data}, status)
        return visit.page("error.html", data, status)

    return await run_in_threadpool(draw)


async def _forbidden(request: Request, _: Exception) -> Response:
    return await _answer(request, 403)


async def _invalid(request: Request, _: Exception) -> Response:
    return await _answer(request, 422)


async def _refused(request: Request, error: Exception) -> Response:
    return await _answer(request, error.status_code if isinstance(error, HTTPException) else 500)


async def _explained(request: Request, error: Exception) -> Response:
    """Errors of ours say what happened and what to do, and hold no personal values."""
    return await _answer(request, 500, str(error))


async def _need_sign_in(request: Request, _: Exception) -> Response:
    path = request.url.path
    if open_visit(request).wants_json:
        return await _answer(request, 401)
    target = path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        target = "/"
    return RedirectResponse(link("/sign-in", {"next": target if target != "/" else None}), 303)
