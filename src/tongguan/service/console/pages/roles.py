"""角色与权限: what each role may do, as the one check reads it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.service.console import names
from tongguan.service.console.visit import Visitor, page_at

__all__ = ["router"]

router = APIRouter()


@page_at(router, "/roles", "roles.read")
def roles(visit: Visitor) -> Response:
    """The matrix of roles and operations, and which roles must lie in different hands."""
    policy = visit.console.trust.policy
    shown = sorted(policy.roles.values(), key=lambda role: list(policy.roles).index(role.id))
    areas: dict[str, list[dict[str, object]]] = {}
    for operation in policy.operations.values():
        row = {
            "id": operation.id,
            "name": dict(operation.name),
            "scoped": operation.scoped,
            "roles": [role.id for role in shown if operation.id in role.grants],
        }
        areas.setdefault(operation.id.partition(".")[0], []).append(row)
    data = {
        "roles": [
            {
                "id": r.id,
                "name": dict(r.name),
                "about": dict(r.about),
                "duty": r.duty,
                "duty_name": visit.t(f"duty.{r.duty}") if names.has_word(f"duty.{r.duty}") else r.duty,
            }
            for r in shown
        ],
        "areas": [{"id": area, "operations": rows} for area, rows in areas.items()],
        "separation": sorted(policy.separation),
    }
    return visit.page("roles.html", data)
