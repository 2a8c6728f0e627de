"""个人设置，确认本人: a proof that it is still the owner, before what one signs in with is changed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from tongguan.errors import BadInput, Denied
from tongguan.service.console.address import link
from tongguan.service.console.pages.profile_view import PROVED, proof_page, told
from tongguan.service.console.pages.signin import Text, by_name, party_of
from tongguan.service.console.visit import Visit, Visitor
from tongguan.service.permission import TooMany, count_sign_in, needs

__all__ = ["router", "sent_to_proof"]

router = APIRouter()
OWN = [needs("profile.own")]
PAGE = "/profile/proof"


@router.get(PAGE, dependencies=OWN)
def proof(visit: Visitor) -> Response:
    """Asks for the password or a second factor."""
    return _page(visit, visit.get("method"), visit.get("tab"))


@router.post(PAGE, dependencies=OWN)
def prove(visit: Visitor, method: Text = "", answer: Text = "", tab: Text = "", csrf: Text = "") -> Response:
    """Back to the tab, where for ten minutes nothing more is asked."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    try:
        count_sign_in(visit.request)
        token = visit.console.trust.identity.prove(by, method, answer, session=visit.session)
    except TooMany as error:
        response = _page(visit, method, tab, visit.t("signin.wait", seconds=error.wait_s), 429)
        response.headers["Retry-After"] = str(error.wait_s)
        return response
    except (BadInput, Denied) as error:
        return _page(visit, method, tab, told(visit, error, "proof.bad"), 400 if isinstance(error, BadInput) else 401)
    where = link("/profile", {"tab": tab if tab in PROVED[1:] else None, "done": "proof"})
    return visit.let_in(visit.go(where), token)


@router.post(f"{PAGE}/options", dependencies=OWN)
def options(visit: Visitor, csrf: Text = "") -> Response:
    """What the browser asks a security key."""
    visit.check_form(csrf)
    by, party = visit.principal, party_of(visit)
    assert by
    if party is None:
        return JSONResponse({"error": visit.t("webauthn.nowhere")}, 400)
    keys = visit.console.trust.identity.security_keys
    return JSONResponse(keys.begin_second_factor(by.id, party, attempt=visit.session))


def sent_to_proof(visit: Visit) -> Response:
    """The answer to a change that a proof must come before."""
    asked = visit.request.url.path
    page = proof_page("tokens" if asked.startswith("/profile/tokens") else "access")
    if visit.wants_json or asked.endswith("/options"):  # a script asks, and leads there by itself
        return JSONResponse({"error": visit.t("proof.needed"), "proof": page}, 403)
    return visit.go(page)


def _page(visit: Visit, method: str, tab: str, error: str = "", status: int = 200) -> Response:
    by = visit.principal
    assert by
    methods = visit.console.trust.identity.proof_ways(by.id)
    data = {
        "methods": methods,
        "method": method if method in methods else methods[0] if methods else "",
        "tab": tab if tab in PROVED else PROVED[0],
        "error": error,
        "keys": party_of(visit) is not None,
        "elsewhere": by_name(visit, PAGE),
    }
    return visit.page("proof.html", data, status)
