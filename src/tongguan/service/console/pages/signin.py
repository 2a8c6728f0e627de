"""进门与出门: the pages that are there for everyone. A first factor, a second one, then a session."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tongguan.service.console.address import link, local
from tongguan.service.console.visit import Visit, Visitor, open_visit
from tongguan.service.permission import Forbidden, TooMany, count_sign_in, needs
from tongguan.trust.identity import SignIn
from tongguan.trust.identity.webauthn import RelyingParty, relying_party

__all__ = [
    "Stranger",
    "Text",
    "agent_of",
    "by_name",
    "check_stranger",
    "door",
    "let_in",
    "origin_of",
    "party_of",
    "router",
]

router = APIRouter()
Stranger = Annotated[Visit, Depends(open_visit)]
Text = Annotated[str, Form()]
FORM, FORM_S = "form", 3600  # a random cookie that the forms of strangers repeat: there is no session yet
PENDING, PENDING_S = "pending", 300  # after the first factor
PROVIDER = "provider"  # by which one came in, to offer signing out there
SECOND = "/sign-in/second"
AGENT = 200


@router.get("/sign-in")
def form(visit: Stranger) -> Response:
    """The ways in."""
    if visit.user is not None:
        return visit.go(local(visit.get("next")))
    return door(visit, local(visit.get("next")), "signin.again" if visit.get("again") else "")


@router.post("/sign-in")
def sign_in(visit: Stranger, user: Text = "", password: Text = "", next: Text = "/", csrf: Text = "") -> Response:
    """By name and password."""
    check_stranger(visit, csrf)
    identity, target = visit.console.trust.identity, local(next)
    try:
        count_sign_in(visit.request)
    except TooMany as error:
        return door(visit, target, "signin.wait", 429, seconds=error.wait_s)
    came = identity.sign_in(user, password, address=visit.address, agent=agent_of(visit))
    if came.outcome in ("no", "wait"):
        return _no(visit, came, target)
    return let_in(visit, came, target)


@router.get(SECOND)
def second(visit: Stranger) -> Response:
    """The second factor, after the first."""
    found = visit.console.trust.identity.attempt(visit.cookie(PENDING))
    if found is None:
        return visit.go(link("/sign-in", {"again": 1, "next": local(visit.get("next"))}))
    return _second(visit, found[0], visit.get("method"), local(visit.get("next")))


@router.post(SECOND)
def show_second(visit: Stranger, method: Text = "", answer: Text = "", next: Text = "/", csrf: Text = "") -> Response:
    """Check the second factor."""
    check_stranger(visit, csrf)
    identity, pending, target = visit.console.trust.identity, visit.cookie(PENDING), local(next)
    found = identity.attempt(pending)
    if found is None or method not in identity.methods:
        return visit.go(link("/sign-in", {"again": 1, "next": target}))
    try:
        count_sign_in(visit.request)
    except TooMany as error:
        return _second(visit, found[0], method, target, "signin.wait", 429, error.wait_s)
    came = identity.second_factor(pending, method, answer, address=visit.address, agent=agent_of(visit))
    if came.outcome == "wait":
        return _second(visit, found[0], method, target, "signin.wait", 429, max(1, round(came.wait_s)))
    if came.outcome == "no":
        if identity.attempt(pending) is None:  # too many wrong answers
            return visit.go(link("/sign-in", {"again": 1, "next": target}))
        return _second(visit, found[0], method, target, f"second.wrong.{method}", 401)
    return let_in(visit, came, target)


@router.post(f"{SECOND}/options")
def second_options(visit: Stranger, csrf: Text = "") -> Response:
    """What the browser asks a security key after a password."""
    check_stranger(visit, csrf)
    identity, party = visit.console.trust.identity, party_of(visit)
    found = identity.attempt(visit.cookie(PENDING))
    if found is None or party is None:
        return JSONResponse({"error": visit.t("signin.again")}, 401)
    return JSONResponse(identity.security_keys.begin_second_factor(found[0], party, attempt=found[1]))


@router.post("/sign-in/passkey/options")
def passkey_options(visit: Stranger, csrf: Text = "") -> Response:
    """What the browser asks for a passkey."""
    kept, party = check_stranger(visit, csrf), party_of(visit)
    if party is None:
        return JSONResponse({"error": visit.t("signin.passkey.nowhere")}, 400)
    return JSONResponse(visit.console.trust.identity.security_keys.begin_sign_in(party, attempt=kept))


@router.post("/sign-in/passkey")
def passkey(visit: Stranger, answer: Text = "", next: Text = "/", csrf: Text = "") -> Response:
    """By a passkey alone."""
    kept, target = check_stranger(visit, csrf), local(next)
    try:
        count_sign_in(visit.request)
    except TooMany as error:
        return door(visit, target, "signin.wait", 429, seconds=error.wait_s)
    came = visit.console.trust.identity.security_keys.sign_in(
        answer, attempt=kept, address=visit.address, agent=agent_of(visit)
    )
    if came.token is None:
        return door(visit, target, "signin.passkey.wrong", 401)
    return let_in(visit, came, target)


@router.post("/sign-out", dependencies=[needs("profile.own")])
def sign_out(visit: Visitor, csrf: Text = "") -> Response:
    """Close the session, and say where else one may want to sign out."""
    visit.check_form(csrf)
    identity, came_by = visit.console.trust.identity, visit.cookie(PROVIDER)
    identity.close_session(visit.session)  # first: the provider may take its time
    providers = identity.providers
    there = providers.sign_out_address(came_by, f"{origin_of(visit)}/sign-in") if came_by else None
    if there is None:
        return visit.let_out(RedirectResponse("/sign-in", 303))
    name = next(p.name for p in providers.offered if p.id == came_by)
    response = visit.page("signed_out.html", {"provider": name, "address": there})
    visit.drop_cookie(response, PROVIDER)
    return visit.let_out(response)


# ---- shared with the other ways in


def check_stranger(visit: Visit, given: str) -> str:
    """The secret that this browser's forms carry. Raises Forbidden unless the form came from one of our pages."""
    kept = visit.cookie(FORM)
    if not kept or not hmac.compare_digest(kept.encode("utf-8", "replace"), given.encode("utf-8", "replace")):
        raise Forbidden
    return kept


def let_in(visit: Visit, came: SignIn, target: str) -> Response:
    """On to the second factor, to a new password, or to where one wanted to go."""
    if came.pending is not None:
        response = visit.go(link(SECOND, {"method": came.methods[0], "next": target}))
        visit.set_cookie(response, PENDING, came.pending, PENDING_S)
        return response
    assert came.token is not None
    who = visit.console.trust.identity.session(came.token)
    if who is not None and who.pending == "password":
        target = link("/profile/password", {"next": target})
    response = visit.let_in(RedirectResponse(target, 303), came.token)
    for name in (FORM, PENDING):
        visit.drop_cookie(response, name)
    return response


def door(visit: Visit, target: str, error: str = "", status: int = 200, told: str = "", **values: object) -> Response:
    """The sign-in page. `error`: a key of our texts; `told`: a text instead."""
    kept = visit.cookie(FORM) or secrets.token_urlsafe(24)
    trust = visit.console.trust
    offered = trust.identity.providers.offered
    data = {
        "next": target,
        "error": visit.t(error, **values) if error else told,
        "form": kept,
        "providers": [{"id": p.id, "name": p.name} for p in offered],
        "local": not offered and trust.settings.service.public_url is None,
        "passkeys": party_of(visit) is not None,
        "elsewhere": by_name(visit, "/sign-in"),
    }
    response = visit.page("signin.html", data, status)
    if "seconds" in values:
        response.headers["Retry-After"] = str(values["seconds"])
    visit.set_cookie(response, FORM, kept, FORM_S)
    return response


def party_of(visit: Visit) -> RelyingParty | None:
    """In whose name this browser may be asked for a security key; None where browsers have none for our address."""
    return relying_party(visit.console.trust.settings.service.public_url, str(visit.request.base_url))


def by_name(visit: Visit, path: str) -> str:
    """A page of ours under the name that browsers know keys for, where it was called by the number of this machine."""
    url = visit.request.base_url
    alone = visit.console.trust.settings.service.public_url is None and url.hostname == "127.0.0.1"
    return str(url.replace(hostname="localhost")).rstrip("/") + path if alone else ""


def origin_of(visit: Visit) -> str:
    """scheme://host[:port] by which browsers know us."""
    public = visit.console.trust.settings.service.public_url
    return (public or str(visit.request.base_url)).rstrip("/")


def agent_of(visit: Visit) -> str:
    return visit.request.headers.get("user-agent", "")[:AGENT]


# ---- within


def _no(visit: Visit, came: SignIn, target: str) -> Response:
    if came.outcome == "wait":
        return door(visit, target, "signin.wait", 429, seconds=max(1, round(came.wait_s)))
    return door(visit, target, "signin.wrong", 401)


def _second(
    visit: Visit, user_id: str, method: str, target: str, error: str = "", status: int = 200, seconds: int = 0
) -> Response:
    identity = visit.console.trust.identity
    with identity.context.database.read() as connection:
        methods = [name for name, factor in identity.methods.items() if factor.enrolled(connection, user_id)]
    kept = visit.cookie(FORM) or secrets.token_urlsafe(24)
    data = {
        "methods": methods,
        "method": method if method in methods else methods[0] if methods else "",
        "next": target,
        "error": visit.t(error, seconds=seconds) if error else "",
        "form": kept,
        "keys": party_of(visit) is not None,
    }
    response = visit.page("second_factor.html", data, status)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    visit.set_cookie(response, FORM, kept, FORM_S)
    return response
