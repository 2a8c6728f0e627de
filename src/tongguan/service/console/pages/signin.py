"""进门与出门: the only pages that are there for everyone."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from tongguan.service.console.address import local
from tongguan.service.console.visit import Visit, Visitor, open_visit
from tongguan.service.permission import Forbidden, TooMany, count_sign_in, needs

__all__ = ["router"]

router = APIRouter()
Stranger = Annotated[Visit, Depends(open_visit)]
FORM = "form"  # a random cookie that the sign-in form repeats: there is no session yet
FORM_S = 3600


@router.get("/sign-in")
def form(visit: Stranger) -> Response:
    """The form."""
    if visit.user is not None:
        return visit.go(local(visit.get("next")))
    return _form(visit, local(visit.get("next")))


@router.post("/sign-in")
def sign_in(
    visit: Stranger,
    user: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Check the password and open a session."""
    kept = visit.cookie(FORM)
    if not kept or not hmac.compare_digest(kept.encode("utf-8", "replace"), csrf.encode("utf-8", "replace")):
        raise Forbidden
    target = local(next)
    count_sign_in(visit.request)
    came = visit.console.trust.identity.sign_in(user, password, address=visit.address)
    if came.outcome == "wait":
        raise TooMany(came.wait_s)
    if came.token is None:
        return _form(visit, target, "signin.wrong", 401)
    response = RedirectResponse(target, 303)
    visit.let_in(response, came.token)
    visit.drop_cookie(response, FORM)
    return response


@router.post("/sign-out", dependencies=[needs("profile.own")])
def sign_out(visit: Visitor, csrf: Annotated[str, Form()] = "") -> Response:
    """Close the session."""
    visit.check_form(csrf)
    return visit.let_out(RedirectResponse("/sign-in", 303))


def _form(visit: Visit, target: str, error: str = "", status: int = 200, **values: object) -> Response:
    token = secrets.token_urlsafe(24)
    message = visit.t(error, **values) if error else ""
    response = visit.page("signin.html", {"next": target, "error": message, "form": token}, status)
    visit.set_cookie(response, FORM, token, FORM_S)
    return response
