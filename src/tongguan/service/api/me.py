"""One's own affairs, by session only: password, second factors, sessions and tokens. No API token widens itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.people import UserShown
from tongguan.service.api.rights import Issued, NewToken, SessionShown, TokenShown
from tongguan.service.api.shapes import Ident, Name, Shown, Strict
from tongguan.service.console.visit import open_visit
from tongguan.service.permission import caller_of, count_sign_in, csrf_of, needs, needs_proof
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/me", tags=["me"])
Own = Annotated[Principal, needs("profile.own")]
Proved = Annotated[Principal, needs_proof("profile.own")]


class Change(Strict):
    old: Annotated[str, Field(max_length=1024)]
    new: Annotated[str, Field(max_length=1024)]


class Code(Strict):
    code: Annotated[str, Field(min_length=1, max_length=20)]


class Proof(Strict):
    method: Annotated[str, Field(max_length=40)]
    answer: Annotated[str, Field(max_length=8000)] | dict[str, Any]


class ProofShown(Shown):
    """Until when ways to sign in, recovery codes and tokens may be changed, in seconds since the epoch; null where a
    proof is asked for first, by one of `methods`: the password or a second factor. Without any, by signing in again."""

    until: float | None
    methods: tuple[str, ...]


class Renewed(Shown):
    """This session goes on under a new cookie, whose anti-forgery token this is. Where what one signs in with was
    changed, all others have ended."""

    csrf: str | None


class Offer(Shown):
    """What an authenticator is given; shown this once."""

    secret: str
    uri: str


class SecurityKeyShown(Shown):
    """A registered security key or passkey; times in seconds since the epoch."""

    id: str
    name: str
    created: float
    last_used: float | None
    synced: bool
    suspect: float | None


@router.get("")
def me(trust: TrustRoom, by: Own) -> UserShown:
    """One's own account."""
    return UserShown.model_validate(trust.identity.user(by.id, by))


@router.put("/password")
def change_password(request: Request, response: Response, trust: TrustRoom, by: Own, change: Change) -> Renewed:
    """Change the password."""
    session = caller_of(request).session
    return _renewed(request, response, trust.identity.change_password(by.id, change.old, change.new, session=session))


@router.get("/proof")
def proof(request: Request, trust: TrustRoom, by: Own) -> ProofShown:
    """Whether one proved lately that it is still oneself."""
    until = trust.identity.proved_until(caller_of(request).session)
    return ProofShown(until=until, methods=trust.identity.proof_ways(by.id))


@router.post("/proof")
def prove(request: Request, response: Response, trust: TrustRoom, by: Own, given: Proof) -> Renewed:
    """Prove it, for ten minutes. 403 where the answer is wrong."""
    count_sign_in(request)
    session = caller_of(request).session
    return _renewed(request, response, trust.identity.prove(by, given.method, given.answer, session=session))


@router.post("/totp", status_code=201)
def begin_totp(trust: TrustRoom, by: Proved) -> Offer:
    """A secret for an authenticator, which counts once a code of it was confirmed."""
    return Offer.model_validate(trust.identity.totp_begin(by.id, by))


@router.post("/totp/confirmation")
def confirm_totp(request: Request, response: Response, trust: TrustRoom, by: Own, given: Code) -> Renewed:
    """From now on this is a second factor."""
    session = caller_of(request).session
    return _renewed(request, response, trust.identity.totp_confirm(by.id, given.code, by, session=session))


@router.delete("/totp")
def remove_totp(request: Request, response: Response, trust: TrustRoom, by: Proved) -> Renewed:
    """Take it away."""
    session = caller_of(request).session
    return _renewed(request, response, trust.identity.totp_remove(by.id, by, session=session))


@router.post("/recovery-codes", status_code=201)
def recovery_codes(trust: TrustRoom, by: Proved) -> list[str]:
    """New codes for the day when the second factor is lost, shown this once; those from before are dead."""
    return trust.identity.recovery_codes(by.id, by)


@router.get("/recovery-codes")
def recovery_left(trust: TrustRoom, by: Own) -> dict[str, int]:
    """How many are unused."""
    return {"left": trust.identity.recovery_left(by.id, by)}


@router.get("/security-keys")
def security_keys(trust: TrustRoom, by: Own) -> list[SecurityKeyShown]:
    """Security keys and passkeys; browsers register them on the profile page."""
    return [SecurityKeyShown.model_validate(key) for key in trust.identity.security_keys.keys(by.id, by)]


@router.delete("/security-keys/{id}")
def remove_security_key(request: Request, response: Response, trust: TrustRoom, by: Proved, id: Ident) -> Renewed:
    """Forget one."""
    session = caller_of(request).session
    return _renewed(request, response, trust.identity.security_keys.remove(by.id, id, by, session=session))


@router.get("/sessions")
def sessions(trust: TrustRoom, by: Own) -> list[SessionShown]:
    """Where one is signed in."""
    return [SessionShown.model_validate(session) for session in trust.identity.sessions(by.id, by)]


@router.delete("/sessions")
def end_sessions(trust: TrustRoom, by: Own, session: Name | None = None) -> dict[str, int]:
    """End one of them, or all, this one too."""
    return {"ended": trust.identity.close_sessions(by.id, by, session_id=session)}


@router.get("/tokens")
def tokens(trust: TrustRoom, by: Own) -> list[TokenShown]:
    """One's own API tokens."""
    return [TokenShown.model_validate(token) for token in trust.identity.tokens(by.id, by)]


@router.post("/tokens", status_code=201)
def issue(trust: TrustRoom, by: Proved, new: NewToken) -> Issued:
    """A token that may do some of what one may."""
    made, token = trust.identity.issue_token(by.id, name=new.name, scopes=new.scopes, days=new.days, by=by)
    return Issued(id=made, token=token)


@router.delete("/tokens/{id}", status_code=204)
def revoke_token(trust: TrustRoom, by: Own, id: Ident) -> None:
    """End one of one's own tokens."""
    trust.identity.revoke_token(id, by)


def _renewed(request: Request, response: Response, token: str | None) -> Renewed:
    if token is None:
        return Renewed(csrf=None)
    open_visit(request).set_cookie(response, "session", token)
    return Renewed(csrf=csrf_of(token))
