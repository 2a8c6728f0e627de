"""进门，经由外部身份提供方: there and back. Sessions' cookies do not come with what other sites send, so the way back
first stops at a page of our own, from which the browser then comes as from within."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.errors import BadInput, Conflict, Denied, NotFound, Unavailable
from tongguan.service.console.address import link, local
from tongguan.service.console.pages.signin import (
    PROVIDER,
    Stranger,
    Text,
    agent_of,
    door,
    let_in,
    origin_of,
)
from tongguan.service.console.visit import Visit, Visitor
from tongguan.service.permission import count_sign_in, needs_proof
from tongguan.trust.identity.oidc import Arrival

__all__ = ["router"]

router = APIRouter()
BROWSER, BROWSER_S = "oidc", 600
ANSWERS = ("code", "state", "iss", "error")  # what a provider's answer may hold; its own texts are not repeated
LIMIT = 4096


@router.get("/sign-in/external/{provider}")
def leave(visit: Stranger, provider: str) -> Response:
    """To the provider."""
    target = local(visit.get("next"))
    count_sign_in(visit.request)
    try:
        begun = visit.console.trust.identity.providers.begin(provider, _back(visit, provider), target=target)
    except (Denied, Unavailable) as error:
        return _told(visit, error, target)
    response = visit.go(begun.address)
    visit.set_cookie(response, BROWSER, begun.browser, BROWSER_S)
    return response


@router.get("/sign-in/external/{provider}/callback")
def stop(visit: Stranger, provider: str) -> Response:
    """Where the provider sends one back to: on, as from within."""
    given = {name: visit.request.query_params.get(name, "")[:LIMIT] for name in ANSWERS}
    query = urlencode({name: value for name, value in given.items() if value})
    known = any(p.id == provider for p in visit.console.trust.identity.providers.offered)
    address = f"/sign-in/external/{provider}/finish?{query}" if known else "/sign-in"
    return visit.page("onward.html", {"address": address, "title": visit.t("external.back")})


@router.get("/sign-in/external/{provider}/finish")
def finish(visit: Stranger, provider: str) -> Response:
    """Check the answer, and sign in or link."""
    count_sign_in(visit.request)
    identity = visit.console.trust.identity
    answer = {name: visit.request.query_params[name] for name in ANSWERS if name in visit.request.query_params}
    try:
        arrival = identity.providers.finish(provider, answer, visit.cookie(BROWSER))
        if arrival.purpose == "link":
            response = _link(visit, arrival)
        else:
            came = identity.sign_in_external(
                arrival.provider, arrival.subject, arrival.claims, address=visit.address, agent=agent_of(visit)
            )
            if came.outcome == "no":
                return door(visit, arrival.target, "external.unknown", 403, provider=arrival.provider.name)
            response = let_in(visit, came, arrival.target)
            visit.set_cookie(response, PROVIDER, provider)
    except (Denied, Unavailable, BadInput) as error:
        response = _told(visit, error, "/")
    visit.drop_cookie(response, BROWSER)
    return response


@router.post("/profile/links/{provider}", dependencies=[needs_proof("profile.own")])
def link_account(visit: Visitor, provider: str, csrf: Text = "") -> Response:
    """To the provider, to link the account there with the one here."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        begun = visit.console.trust.identity.providers.begin(
            provider, _back(visit, provider), purpose="link", user=visit.principal.id, target="/profile"
        )
    except (Denied, Unavailable) as error:
        return _told(visit, error, "/profile")
    # A form may only lead to our own pages (form-action), so a page of ours leads on.
    response = visit.page("onward.html", {"address": begun.address, "title": visit.t("external.leaving")})
    visit.set_cookie(response, BROWSER, begun.browser, BROWSER_S)
    return response


@router.post("/profile/links/{provider}/remove", dependencies=[needs_proof("profile.own")])
def unlink(visit: Visitor, provider: str, csrf: Text = "") -> Response:
    """Undo a link."""
    visit.check_form(csrf)
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    chosen = next((p for p in identity.providers.offered if p.id == provider), None)
    if chosen is None:
        raise NotFound("there is no such sign-in provider")
    alone = not identity.user(by.id, by).has_password and not identity.security_keys.keys(by.id, by)
    if alone and identity.providers.linked(by.id) == {provider}:
        return visit.go(link("/profile", {"problem": "last"}))
    identity.unlink_external(by.id, chosen, by)
    return visit.go(link("/profile", {"done": "unlink"}))


def _link(visit: Visit, arrival: Arrival) -> Response:
    """For whoever is signed in here and began it; both must be the same person still."""
    by = visit.principal
    if by is None or by.id != arrival.user:
        return visit.go(link("/sign-in", {"again": 1, "next": "/profile"}))
    try:
        visit.console.trust.identity.link_external(by.id, arrival.provider, arrival.subject, by)
    except Conflict:
        return visit.go(link("/profile", {"problem": "linked"}))
    return visit.go(link("/profile", {"done": "link"}))


def _told(visit: Visit, error: Denied | Unavailable | BadInput, target: str) -> Response:
    """What went wrong on the way, on the page where one may begin again."""
    status = 503 if isinstance(error, Unavailable) else 403
    text = visit.say(error.text) if isinstance(error, Denied) else visit.t("external.unavailable")
    if visit.principal is None:
        return door(visit, target, status=status, told=text)
    data = {"status": status, "title": visit.t("external.failed"), "help": text, "detail": ""}
    return visit.page("error.html", data, status)


def _back(visit: Visit, provider: str) -> str:
    """The redirect address that the provider must know; one for each provider, lest answers be mixed up."""
    return f"{origin_of(visit)}/sign-in/external/{provider}/callback"
