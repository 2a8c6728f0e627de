"""The description of the API in OpenAPI, for those who may call it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from tongguan.service.permission import SAFE, Declared, needs
from tongguan.trust.access import Principal

__all__ = ["describe", "router"]

router = APIRouter(tags=["description"])
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "an API token: tgk_…"},
    "session": {"type": "apiKey", "in": "cookie", "name": "tongguan_session"},
}


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, by: Annotated[Principal, needs("profile.own")]) -> JSONResponse:
    """The description itself."""
    return JSONResponse(request.app.openapi())


def describe(app: FastAPI, routes: Iterable[Declared], prefix: str) -> dict[str, Any]:
    """OpenAPI 3.1; `x-operation` names the permission that each call asks for."""
    found = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description="Trust room of Tongguan: accounts, roles, keys, evidence, approvals and the audit log.",
        routes=app.routes,
    )
    found["servers"] = [{"url": prefix}]
    found.setdefault("components", {})["securitySchemes"] = SCHEMES
    for route in routes:
        call = found["paths"].get(route.path.removeprefix(prefix), {}).get(route.method.lower())
        if call is None:
            continue
        call["x-operation"] = route.operation
        if route.operation is None:
            continue
        call["security"] = [{"token": []}, {"session": []}]
        if route.method not in SAFE:
            call["description"] = f"{call.get('description', '')}\n\nWith a session: X-CSRF-Token.".strip()
    return found
