"""Who calls, and what a route asks of them: one dependency, read alike by pages, API, its description and the tests."""

import hmac
import ipaddress
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from tongguan.errors import BadInput, BadSettings, CannotWrite, Denied, TongguanError
from tongguan.trust.access import Principal, check

if TYPE_CHECKING:
    from tongguan.service.console.visit import Console

__all__ = [
    "SAFE",
    "Caller",
    "Declared",
    "Forbidden",
    "NeedProof",
    "NeedSignIn",
    "Needs",
    "Refused",
    "TooMany",
    "caller_of",
    "count_sign_in",
    "csrf_of",
    "declared",
    "known",
    "needs",
    "needs_proof",
    "of_house",
    "route_of",
    "session_cookie",
    "stranger",
]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "
CSRF_HEADER = "x-csrf-token"


class NeedSignIn(Exception):
    """Nobody is signed in."""


class Forbidden(Exception):
    """A change that did not come from one of our pages: its anti-forgery token is missing or another's."""


class NeedProof(Exception):
    """A change of what the caller signs in with, too long after the last proof that it is still they."""


class Refused(Exception):
    """The caller may not use this route at all."""

    def __init__(self, why: Denied, principal: Principal) -> None:
        super().__init__(str(why))
        self.why = why
        self.principal = principal


class TooMany(Exception):
    """The caller asks too often."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = max(1, math.ceil(wait_s))


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's caller. `session`: the token of the cookie's live session, "" where there is none."""

    principal: Principal | None
    session: str
    address: str


def session_cookie(secure: bool, name: str = "session") -> str:
    """A cookie's name. Over TLS the prefix makes browsers refuse it from anywhere but this host."""
    return f"__Host-tongguan_{name}" if secure else f"tongguan_{name}"


def csrf_of(session: str) -> str:
    """The anti-forgery token of a session."""
    return hmac.new(session.encode("utf-8", "replace"), b"tongguan form", sha256).hexdigest()


def caller_of(request: Request) -> Caller:
    """Whoever sent the request, by API token or by session. Counts the call. Raises TooMany."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        caller = request.state.caller = _identify(request)
        console: Console = request.app.state.console
        wait = console.calls.take(caller.principal.name if caller.principal else f"@{_counted(caller.address)}")
        if wait:
            raise TooMany(wait)
    return caller


def known(request: Request) -> bool:
    """Whether the request came from somebody who is signed in, as far as that was looked up: no look-up of its own."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return caller is not None and caller.principal is not None


def of_house(error: TongguanError) -> bool:
    """Whether an error is about our own records and parts, so that its text may name paths and servers."""
    return not isinstance(error, BadInput | Denied) or isinstance(error, CannotWrite | BadSettings)


def route_of(request: Request) -> str:
    """How entries speak of a request: by its route, not by its address, which holds what was typed."""
    route = request.scope.get("route")
    return f"{request.method} {request.scope.get('root_path', '')}{getattr(route, 'path', '')}"


def count_sign_in(request: Request) -> None:
    """Count one try to sign in, by whatever means: each costs a slow hash. Raises TooMany."""
    console: Console = request.app.state.console
    if wait := console.sign_ins.take(_counted(caller_of(request).address)):
        raise TooMany(wait)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def stranger(request: Request) -> None:
    """Go on as if nobody were signed in: who it is cannot be looked up now."""
    request.state.caller = Caller(None, "", _address(request))


def _counted(address: str) -> str:
    """What counts as one address: of IPv6 the 64 bits that one household holds all addresses of."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else str(known)


def _identify(request: Request) -> Caller:
    """An API token that does not hold is nobody, also where a session comes beside it."""
    console: Console = request.app.state.console
    address = _address(request)
    given = request.headers.get("authorization")
    if given is not None:
        token = given[len(BEARER) :].strip() if given[: len(BEARER)].lower() == BEARER else ""
        principal = console.trust.identity.token(token, address=address) if token else None
        return Caller(principal, "", address)
    session = request.cookies.get(session_cookie(console.secure), "")
    principal = console.trust.identity.session(session) if session else None
    return Caller(principal, session if principal else "", address)


class Needs:
    """The operation that a route asks for. As a dependency it gives the principal, who may do it somewhere at least.

    `entity`: of the records that the route shows, where it is known before; records found later are checked by their
    part.
    """

    def __init__(self, operation: str, entity: "Callable[[Console], str | None] | None" = None) -> None:
        self.operation = operation
        self.entity = entity

    def __call__(self, request: Request) -> Principal:
        """Raises NeedSignIn, TooMany, Forbidden and Refused; the last two are in the audit log then."""
        console: Console = request.app.state.console
        caller = caller_of(request)
        if caller.principal is None:
            raise NeedSignIn
        entity = self.entity(console) if self.entity else None
        try:
            check(console.trust.policy, caller.principal, self.operation, entity=entity)
        except Denied as why:
            self.log(request, caller.principal, entity, why="permission")
            raise Refused(why, caller.principal) from None
        if getattr(request.app.state, "csrf_header", False) and request.method not in SAFE and caller.session:
            self.check_header(request, caller)
        return caller.principal

    def check_header(self, request: Request, caller: Caller) -> None:
        """Raises Forbidden. A browser sends the session's cookie by itself, but not this header."""
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_of(caller.session).encode()):
            assert caller.principal
            self.log(request, caller.principal, None, why="forgery")
            raise Forbidden

    def log(self, request: Request, who: Principal, entity: str | None, why: str) -> None:
        """Write the denial."""
        body = {"operation": self.operation, "resource": route_of(request), "entity": entity, "why": why}
        console: Console = request.app.state.console
        console.trust.record("denied", who.name, body)


class NeedsProof(Needs):
    """An operation for which a session must have been proved by its owner within the last minutes."""

    def __call__(self, request: Request) -> Principal:
        """Raises NeedProof too, which is in the audit log then."""
        principal = super().__call__(request)
        console: Console = request.app.state.console
        session = caller_of(request).session  # an API token has none, and is refused where it matters
        if session and console.trust.identity.proved_until(session) is None:
            self.log(request, principal, None, why="proof")
            raise NeedProof
        return principal


def needs_proof(operation: str) -> Any:
    """The dependency of routes that change what one signs in with."""
    return Depends(NeedsProof(operation))


def needs(operation: str, entity: "Callable[[Console], str | None] | None" = None) -> Any:
    """The dependency that a route declares: `by: Annotated[Principal, needs("keys.rotate")]`, or in `dependencies`."""
    return Depends(Needs(operation, entity))


@dataclass(frozen=True, slots=True)
class Declared:
    """A route and the operation that it asks for; None where it is there for everyone."""

    method: str
    path: str
    operation: str | None


def declared(routers: Iterable[APIRouter], prefix: str = "") -> list[Declared]:
    """All routes of these routers. Raises ValueError where a route declares two operations."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return [
        Declared(method, prefix + route.path, _operation(route))
        for route in routes
        for method in sorted(route.methods or ())
    ]


def _operation(route: APIRoute) -> str | None:
    found = {d.call.operation for d in _all(route.dependant.dependencies) if isinstance(d.call, Needs)}
    if len(found) > 1:
        raise ValueError(f"{route.path} declares {', '.join(sorted(found))}; a route declares one operation")
    return found.pop() if found else None


def _all(dependencies: Iterable[Any]) -> Iterable[Any]:
    for one in dependencies:
        yield one
        yield from _all(one.dependencies)
