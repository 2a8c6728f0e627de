"""Who is there: signing in and out, and what the caller may do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from tongguan.service.api.calling import House
from tongguan.service.api.shapes import Line, Shown, Strict
from tongguan.service.console.visit import open_visit
from tongguan.service.permission import TooMany, caller_of, count_sign_in, csrf_of, needs
from tongguan.trust.access import Principal, may
from tongguan.trust.identity import SignIn

__all__ = ["Came", "SecondFactor", "let_in", "router"]

router = APIRouter(prefix="/session", tags=["session"])
AGENT = 200


class SessionShown(Shown):
    """The caller. `csrf` goes into X-CSRF-Token of every change that a session asks for."""

    user: str | None
    kind: str | None
    id: str | None
    roles: list[str]
    operations: list[str]
    pending: str | None
    csrf: str | None


class Password(Strict):
    name: Line
    password: Annotated[str, Field(max_length=1024)]


class SecondFactor(Strict):
    pending: Annotated[str, Field(max_length=200)]
    method: Annotated[str, Field(max_length=40)]
    answer: Annotated[str, Field(max_length=8000)] | dict[str, Any]


class Came(Shown):
    """How a sign-in went. `pending` goes to the second factor; the session itself is a cookie only."""

    outcome: Literal["in", "second_factor", "no"]
    pending: str | None = None
    methods: tuple[str, ...] = ()
    csrf: str | None = None


@router.get("")
def session(request: Request, house: House) -> SessionShown:
    """Who calls; nobody, where the fields are null."""
    caller = caller_of(request)
    who = caller.principal
    if who is None:
        return SessionShown(user=None, kind=None, id=None, roles=[], operations=[], pending=None, csrf=None)
    operations = [operation for operation in house.trust.policy.operations if may(house.trust.policy, who, operation)]
    return SessionShown(
        user=who.name, kind=who.kind, id=who.id, roles=sorted(who.roles), operations=operations, pending=who.pending,
        csrf=csrf_of(caller.session) if caller.session else None,
    )  # fmt: skip


@router.post("", responses={401: {"model": Came}})
def sign_in(request: Request, response: Response, house: House, given: Password) -> Came:
    """By name and password. 401 with the outcome "no" says neither whether the name exists nor what was wrong."""
    count_sign_in(request)
    caller = caller_of(request)
    agent = request.headers.get("user-agent", "")[:AGENT]
    came = house.trust.identity.sign_in(given.name, given.password, address=caller.address, agent=agent)
    return let_in(request, response, came)


@router.post("/second-factor", responses={401: {"model": Came}})
def second_factor(request: Request, response: Response, house: House, given: SecondFactor) -> Came:
    """The second step, with one of the methods that the first one named."""
    count_sign_in(request)
    caller = caller_of(request)
    agent = request.headers.get("user-agent", "")[:AGENT]
    came = house.trust.identity.second_factor(
        given.pending, given.method, given.answer, address=caller.address, agent=agent
    )
    return let_in(request, response, came)


@router.delete("", status_code=204)
def sign_out(request: Request, response: Response, by: Annotated[Principal, needs("profile.own")]) -> None:
    """End the session."""
    open_visit(request).let_out(response)


def let_in(request: Request, response: Response, came: SignIn) -> Came:
    """The answer to a step of signing in, with the session's cookie where it was the last one. Raises TooMany."""
    if came.outcome == "wait":
        raise TooMany(came.wait_s)
    if came.outcome == "no":
        response.status_code = 401
    if came.token is not None:
        open_visit(request).let_in(response, came.token)
        return Came(outcome="in", csrf=csrf_of(came.token))
    return Came(outcome=came.outcome, pending=came.pending, methods=came.methods)
