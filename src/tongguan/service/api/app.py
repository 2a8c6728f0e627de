"""The API as an application of its own under /api/v1, and its description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, FastAPI
from starlette.types import Scope

from tongguan import __version__
from tongguan.service.api import (
    answers,
    approvals,
    assets,
    assets_rules,
    assets_sources,
    audit,
    checks,
    custody,
    decisions,
    description,
    evidence,
    fingerprints,
    identify,
    keys,
    kinds,
    law,
    me,
    people,
    policies,
    questions,
    rights,
    session,
    settings,
)
from tongguan.service.api.calling import only_known
from tongguan.service.console.visit import Console
from tongguan.service.permission import Declared, declared

__all__ = ["PREFIX", "build", "takes_upload"]

PREFIX = "/api/v1"
RESOURCES = (
    session,
    me,
    people,
    rights,
    approvals,
    keys,
    custody,
    evidence,
    audit,
    checks,
    decisions,
    law,
    questions,
    assets_sources,  # before assets: their paths are no numbers of assets
    assets_rules,
    assets,
    identify,
    kinds,
    fingerprints,
    policies,
    settings,
    description,
)
UPLOADS = frozenset({("POST", f"{PREFIX}/evidence")})


def build(console: Console, pages: Sequence[Declared]) -> FastAPI:
    """The API. `pages`: the routes of the console, which the matrix of roles names beside those of the API."""
    app = FastAPI(
        title="Tongguan 通关", version=__version__, openapi_url=None, docs_url=None, redoc_url=None,
        redirect_slashes=False, responses=answers.ERRORS, dependencies=[Depends(only_known)],
    )  # fmt: skip
    app.state.console = console
    app.state.csrf_header = True
    routers = [resource.router for resource in RESOURCES]
    for router in routers:
        app.include_router(router)
    ours = declared(routers, PREFIX)
    app.state.declared = [*pages, *ours]
    answers.listen(app)
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not described:
            described.update(description.describe(app, ours, PREFIX))
        return described

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def takes_upload(scope: Scope) -> bool:
    """Whether a request may carry a whole piece of evidence."""
    return (scope["method"], scope["path"]) in UPLOADS
