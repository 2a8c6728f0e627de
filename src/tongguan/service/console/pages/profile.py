"""个人设置: the own password, second factors, sessions and tokens. Everybody sees to their own and to nobody else's."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import Response

from tongguan.errors import BadInput, Denied, NotFound
from tongguan.service.console.address import link, local
from tongguan.service.console.pages import profile_factors, profile_proof, signin_external
from tongguan.service.console.pages.profile_view import told, view
from tongguan.service.console.pages.signin import Text
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.permission import needs, needs_proof

__all__ = ["router"]

router = APIRouter()
OWN = [needs("profile.own")]
PASSWORD = "/profile/password"


@page_at(router, "/profile", "profile.own")
def profile(visit: Visitor) -> Response:
    """One tab of the own affairs. Whoever must change the password does that first."""
    assert visit.principal
    if visit.principal.pending == "password" and not visit.wants_json:
        return visit.go(PASSWORD)
    return view(visit)


@router.get(PASSWORD, dependencies=OWN)
def first_password(visit: Visitor) -> Response:
    """A page for nothing but a new password, where one must be chosen."""
    assert visit.principal
    target = local(visit.get("next"))
    return _must(visit, target) if visit.principal.pending == "password" else visit.go("/profile")


@router.post(PASSWORD, dependencies=OWN)
def change_password(
    visit: Visitor, old: Text = "", new: Text = "", again: Text = "", next: Text = "", csrf: Text = ""
) -> Response:
    """A new password; all other sessions end."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    try:
        if new != again:
            raise Denied({"zh": visit.t("profile.bad.again"), "en": visit.t("profile.bad.again")})
        token = visit.console.trust.identity.change_password(by.id, old, new, session=visit.session)
    except (BadInput, Denied) as error:
        least = visit.console.trust.settings.identity.password_min
        why = told(visit, error, "profile.bad.password", n=least)
        if by.pending == "password":
            return _must(visit, local(next), why)
        return view(visit, problem=why, at="password", status=400)
    done = local(next) if by.pending == "password" else link("/profile", {"done": "password"})
    return visit.let_in(visit.go(done), token or "")


@router.post("/profile/sessions", dependencies=OWN)
def end_sessions(visit: Visitor, session: Text = "", csrf: Text = "") -> Response:
    """End one session of one's own, or all others."""
    visit.check_form(csrf)
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    mine = identity.session_id(visit.session)
    for one in identity.sessions(by.id, by):
        if one.id == session or (not session and one.id != mine):
            identity.close_sessions(by.id, by, session_id=one.id)
    if session and session == mine:
        return visit.let_out(visit.go("/sign-in"))
    return visit.go(link("/profile", {"tab": "sessions", "done": "sessions"}))


@router.post("/profile/tokens", dependencies=[needs_proof("profile.own")])
def issue_token(
    visit: Visitor,
    name: Text = "",
    days: Text = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    csrf: Text = "",
) -> Response:
    """An API token, shown this once."""
    visit.check_form(csrf)
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    typed = {"name": name, "days": days, "scopes": scopes or []}
    try:
        if not (days.isascii() and days.isdigit() and len(days) < 5):
            raise BadInput("the number of days is a whole number")
        _, token = identity.issue_token(by.id, name=name, scopes=scopes or [], days=int(days), by=by)
    except (BadInput, Denied) as error:
        why = told(visit, error, "profile.bad.token")
        return view(visit, "tokens", problem=why, at="token", typed=typed, status=400)
    return view(visit, "tokens", token=token)


@router.post("/profile/tokens/{token_id}/revoke", dependencies=OWN)
def revoke_token(visit: Visitor, token_id: str, csrf: Text = "") -> Response:
    """End a token of one's own."""
    visit.check_form(csrf)
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    if token_id not in {token.id for token in identity.tokens(by.id, by)}:  # others' are the people page's
        raise NotFound("there is no such token of yours")
    identity.revoke_token(token_id, by)
    return visit.go(link("/profile", {"tab": "tokens", "done": "token"}))


router.include_router(profile_factors.router)
router.include_router(profile_proof.router)
router.include_router(signin_external.router)


def _must(visit: Visit, target: str, problem: str = "") -> Response:
    least = visit.console.trust.settings.identity.password_min
    data: dict[str, Any] = {"next": target, "problem": problem, "least": least}
    return visit.page("first_password.html", data, 400 if problem else 200)
