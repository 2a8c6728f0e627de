"""个人设置，第二因素: one-time codes, security keys and recovery codes of one's own."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from tongguan.errors import BadInput, Denied
from tongguan.service.console.address import link
from tongguan.service.console.pages.profile_view import told, view
from tongguan.service.console.pages.signin import Text, party_of
from tongguan.service.console.visit import Visit, Visitor
from tongguan.service.permission import needs, needs_proof

__all__ = ["router"]

router = APIRouter()
OWN = [needs("profile.own")]
PROVED = [needs_proof("profile.own")]


@router.post("/profile/totp", dependencies=PROVED)
def begin_totp(visit: Visitor, csrf: Text = "") -> Response:
    """A new secret for an authenticator, shown this once as text and as a picture."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    try:
        offer = visit.console.trust.identity.totp_begin(by.id, by)
    except BadInput as error:
        return view(visit, problem=told(visit, error, "profile.bad.totp"), at="totp", status=409)
    return view(visit, offer={"secret": _grouped(offer.secret), "picture": _picture(visit, offer.uri)})


@router.post("/profile/totp/confirm", dependencies=OWN)
def confirm_totp(visit: Visitor, code: Text = "", csrf: Text = "") -> Response:
    """A first code shows that the authenticator has the secret."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    try:
        token = visit.console.trust.identity.totp_confirm(by.id, code, by, session=visit.session)
    except (BadInput, Denied) as error:
        problem = told(visit, error, "profile.bad.totp")
        # The secret is not shown again: whoever scanned it types another code, whoever did not begins anew.
        return view(visit, problem=problem, at="totp", offer={"secret": "", "picture": ""}, status=400)
    return _go_on(visit, token, "totp")


@router.post("/profile/totp/remove", dependencies=PROVED)
def remove_totp(visit: Visitor, csrf: Text = "") -> Response:
    """No more one-time codes."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    return _go_on(visit, visit.console.trust.identity.totp_remove(by.id, by, session=visit.session), "totp_remove")


@router.post("/profile/keys/options", dependencies=PROVED)
def key_options(visit: Visitor, csrf: Text = "") -> Response:
    """What the browser asks a new security key."""
    visit.check_form(csrf)
    by, party = visit.principal, party_of(visit)
    assert by
    if party is None:
        return JSONResponse({"error": visit.t("webauthn.nowhere")}, 400)
    keys = visit.console.trust.identity.security_keys
    try:
        return JSONResponse(keys.begin_registration(by.id, party, by, attempt=visit.session))
    except BadInput as error:
        return JSONResponse({"error": told(visit, error, "profile.bad.key")}, 409)


@router.post("/profile/keys", dependencies=OWN)
def add_key(visit: Visitor, name: Text = "", answer: Text = "", csrf: Text = "") -> Response:
    """Keep the key that answered."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    keys = visit.console.trust.identity.security_keys
    try:
        _, token = keys.register(by.id, answer, by, name=name, attempt=visit.session, session=visit.session)
    except BadInput as error:
        return view(visit, problem=told(visit, error, "profile.bad.key"), at="key", status=400)
    return _go_on(visit, token, "key")


@router.post("/profile/keys/{key_id}/remove", dependencies=PROVED)
def remove_key(visit: Visitor, key_id: str, csrf: Text = "") -> Response:
    """Forget a key."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    token = visit.console.trust.identity.security_keys.remove(by.id, key_id, by, session=visit.session)
    return _go_on(visit, token, "key_remove")


@router.post("/profile/recovery", dependencies=PROVED)
def recovery(visit: Visitor, csrf: Text = "") -> Response:
    """New recovery codes, shown this once; the ones before are dead."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    return view(visit, codes=visit.console.trust.identity.recovery_codes(by.id, by))


def _go_on(visit: Visit, token: str | None, done: str) -> Response:
    """Back to the page under the session's new token: a change of factors ends all other sessions."""
    return visit.let_in(visit.go(link("/profile", {"done": done})), token or "")


def _grouped(secret: str) -> str:
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))


def _picture(visit: Visit, uri: str) -> str:
    """The secret as a QR code: an SVG of its own, so that nothing is fetched."""
    if visit.wants_json:
        return uri
    import segno

    # Dark on light whatever the theme: phones read it so.
    return Markup(
        segno.make(uri, error="m", micro=False).svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    )
