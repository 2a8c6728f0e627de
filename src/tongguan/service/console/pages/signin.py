"""进门与出门: the only pages that are there for everyone."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import deque
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from tongguan.service.console.address import local
from tongguan.service.console.visit import SESSION, Forbidden, Visit, Visitor, open_visit

__all__ = ["router"]

router = APIRouter()
Stranger = Annotated[Visit, Depends(open_visit)]
FORM = "tongguan_form"  # a random cookie that the sign-in form repeats: there is no session yet
FORM_S = 3600
RATE, RATE_S = 30, 60.0  # sign-in attempts of all users together in a minute: each one costs 64 MiB for a moment
LONGEST = 200

_attempts: deque[float] = deque()
_lock = threading.Lock()


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
    kept = visit.request.cookies.get(FORM, "")
    if not kept or not hmac.compare_digest(kept.encode(), csrf.encode()):
        raise Forbidden
    door, target = visit.console.door, local(next)
    wait = door.wait(user)
    if wait > 0 or _crowded():
        answer = _form(visit, target, "signin.wait", 429, seconds=max(1, round(wait)) if wait else int(RATE_S))
        answer.headers["Retry-After"] = str(max(1, round(wait)) if wait else int(RATE_S))
        return answer
    if len(user) > LONGEST or not door.check(user, password):
        visit.console.audit.append("sign_in", "anonymous", {"ok": False})
        return _form(visit, target, "signin.wrong", 401)
    visit.console.audit.append("sign_in", user, {"ok": True})
    response = RedirectResponse(target, 303)
    response.set_cookie(SESSION, door.open_session(user), httponly=True, samesite="strict", path="/")
    response.delete_cookie(FORM, path="/sign-in")
    return response


@router.post("/sign-out")
def sign_out(visit: Visitor, csrf: Annotated[str, Form()] = "") -> Response:
    """Close the session."""
    visit.check_form(csrf)
    visit.seal("sign_out", {})
    visit.console.door.close_session(visit.token)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION, path="/")
    return response


def _form(visit: Visit, target: str, error: str = "", status: int = 200, **values: object) -> Response:
    token = secrets.token_urlsafe(24)
    message = visit.t(error, **values) if error else ""
    response = visit.page("signin.html", {"next": target, "error": message, "form": token}, status)
    response.set_cookie(FORM, token, max_age=FORM_S, httponly=True, samesite="strict", path="/sign-in")
    return response


def _crowded() -> bool:
    """Whether too many have tried within the last minute. Counts this attempt."""
    now = time.monotonic()
    with _lock:
        while _attempts and now - _attempts[0] > RATE_S:
            _attempts.popleft()
        if len(_attempts) >= RATE:
            return True
        _attempts.append(now)
        return False
