"""One request of one person: language, theme, session, and the page or its JSON twin as the answer."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tongguan.errors import TongguanError
from tongguan.service.console import names, render
from tongguan.service.console.address import link
from tongguan.service.console.workspace import Row, Workspace
from tongguan.service.limits import Buckets, Places
from tongguan.service.permission import Forbidden, NeedSignIn, caller_of, csrf_of, needs, route_of, session_cookie
from tongguan.trust.access import Principal, may
from tongguan.wording import LANGUAGES, Language

if TYPE_CHECKING:
    from tongguan.trust.audit import AuditLog
    from tongguan.trust.opening import Trust

__all__ = ["Console", "Visit", "Visitor", "exporter_of", "open_visit", "page_at"]

THEMES = ("light", "dark")
YEAR_S = 365 * 24 * 3600
KEPT = 150  # parameters of an address that its links carry on: more than any form has
FORMS = {"/teams": "/people", "/people-import": "/people"}  # addresses of forms, and the pages that answer them
Page = TypeVar("Page", bound=Callable[..., Any])
Entity = Callable[["Console"], str | None] | None


@dataclass(frozen=True, slots=True)
class Console:
    """What every page and every call reads from. `secure`: browsers come by TLS, so cookies travel by TLS only."""

    workspace: Workspace
    org: Path
    trust: Trust
    secure: bool = False
    calls: Buckets = field(default_factory=lambda: Buckets(600))  # of one caller
    sign_ins: Buckets = field(default_factory=lambda: Buckets(10))  # from one address
    uploads: Places = field(default_factory=lambda: Places(8, 2))  # each holds one of the pool's 40 threads

    @property
    def audit(self) -> AuditLog:
        return self.trust.audit


def exporter_of(console: Console) -> str | None:
    """The entity that the workspace's results belong to: the exporter's name, None before anything was inspected."""
    try:
        result = console.workspace.result()
    except TongguanError:
        return None  # the page itself says what is wrong
    return str(result["exporter"]["name"]) or None if result else None


def _plain(value: object) -> str:
    """Days and moments as JSON has them."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _above(address: str) -> Iterator[str]:
    """The addresses above one, the nearest first, without the root."""
    while address := address.rpartition("/")[0]:
        yield address


class Visit:
    """One request, and what its answer needs."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request = request
        self.console = console
        caller = caller_of(request)
        self.principal = caller.principal
        self.user = caller.principal.name if caller.principal else None
        self.session = caller.session
        self.address = caller.address
        asked = request.query_params
        language = asked.get("lang") or request.cookies.get("lang", "")
        self.language: Language = language if language in LANGUAGES else "zh"
        theme = asked.get("theme") or request.cookies.get("theme", "")
        self.theme = theme if theme in THEMES else ""

    @property
    def caller(self) -> Principal:
        """Whoever is signed in. Raises NeedSignIn."""
        if self.principal is None:
            raise NeedSignIn
        return self.principal

    def may(self, operation: str) -> bool:
        """Whether the visitor may do it somewhere at least: what they may not, is not offered to them."""
        return self.principal is not None and may(self.console.trust.policy, self.principal, operation)

    def may_open(self, address: str) -> bool:
        """Whether the visitor may see the page at this address."""
        operation = self.request.app.state.operations.get(address)
        return operation is not None and self.may(operation)

    # ---- what was asked

    @cached_property
    def path(self) -> str:
        """The page's address, also when its twin was asked for, or when it answers a form that was sent to an address
        below it: links of that answer must lead to a page."""
        bare = self.request.url.path.removesuffix(".json")
        if self.request.method == "POST" and bare not in self.request.app.state.operations:
            bare = FORMS.get(bare) or next((page for page in _above(bare) if self._is_page(page)), bare)
        return "/" if bare == "/index" else bare

    def _is_page(self, address: str) -> bool:
        return address in self.request.app.state.operations

    @property
    def wants_json(self) -> bool:
        accept = self.request.headers.get("accept", "")
        return self.request.url.path.endswith(".json") or ("application/json" in accept and "text/html" not in accept)

    def get(self, name: str, default: str = "") -> str:
        """A parameter of the address, without the blanks around it."""
        return self.request.query_params.get(name, default).strip()

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number of the address, kept between two bounds."""
        text = self.get(name)
        return min(max(int(text), low), high) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def here(self, **changes: Any) -> str:
        """This page's address with parameters changed; None drops one."""
        given = islice(self.request.query_params.items(), KEPT)
        asked = {k: v for k, v in given if k not in ("lang", "theme")}
        return link(self.path, {**asked, **changes})

    # ---- texts

    def t(self, key: str, **values: object) -> str:
        return names.word(key, self.language, **values)

    def say(self, texts: Mapping[str, str] | None) -> str:
        """The visitor's language of a text that comes in both."""
        return (texts or {}).get(self.language, "")

    # ---- forms and cookies

    @property
    def csrf(self) -> str:
        """The token that a form of this session carries."""
        return csrf_of(self.session)

    def check_form(self, given: str) -> None:
        """Raises Forbidden unless the form came from a page of this session, or the caller came by an API token."""
        if self.principal is not None and not self.session:
            return
        if not self.session or not hmac.compare_digest(given.encode("utf-8", "replace"), self.csrf.encode()):
            if self.principal is not None:
                body = {"resource": route_of(self.request), "why": "forgery"}
                self.console.trust.record("denied", self.principal.name, body)
            raise Forbidden

    def cookie(self, name: str) -> str:
        """One of our cookies, "" where it did not come."""
        return self.request.cookies.get(session_cookie(self.console.secure, name), "")

    def set_cookie(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        """A cookie that scripts cannot read, other sites do not send, and no other host can set where there is TLS."""
        response.set_cookie(
            session_cookie(self.console.secure, name),
            value,
            max_age=max_age,
            path="/",
            secure=self.console.secure,
            httponly=True,
            samesite="strict",
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(
            session_cookie(self.console.secure, name),
            path="/",
            secure=self.console.secure,
            httponly=True,
            samesite="strict",
        )

    def let_in(self, response: Response, session: str) -> Response:
        """The answer with the cookie of a new session; whatever session the browser had ends."""
        if self.session and self.session != session:
            self.console.trust.identity.close_session(self.session)
        self.set_cookie(response, "session", session)
        return response

    def let_out(self, response: Response) -> Response:
        """The answer that ends the visitor's session."""
        if self.session:
            self.console.trust.identity.close_session(self.session)
        self.drop_cookie(response, "session")
        return response

    def seal(self, kind: str, body: Mapping[str, Any]) -> int:
        """Write what was done into the audit log, and return the entry's index."""
        return self.console.audit.append(kind, self.user or "anonymous", body)

    # ---- answers

    @cached_property
    def result(self) -> Row | None:
        """What the inspection found, as far as the visitor may see it: also what a page only borrows from it."""
        found = self.console.workspace.result()
        if found is None or self.principal is None:
            return None
        entity = found["exporter"]["name"] or None
        return found if may(self.console.trust.policy, self.principal, "results.read", entity=entity) else None

    def page(self, template: str, data: Mapping[str, Any], status: int = 200) -> Response:
        """The page, or the same data as JSON."""
        if self.wants_json:
            return JSONResponse(json.loads(json.dumps(data, default=_plain)), status)
        html = render.render(template, self, data)
        return self._keep_choices(HTMLResponse(html, status))

    def go(self, address: str) -> Response:
        """Send the browser on after a form."""
        return RedirectResponse(address, 303)

    def nothing_yet(self) -> Response:
        """The answer of a page about results where nothing was inspected yet."""
        return self.page("nothing.html", {"result": None})

    def _keep_choices(self, response: Response) -> Response:
        for name, value, known in (("lang", self.language, LANGUAGES), ("theme", self.theme, THEMES)):
            if self.request.query_params.get(name) in known:
                response.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="strict")
        return response


def page_at(router: APIRouter, path: str, operation: str, entity: Entity = None) -> Callable[[Page], Page]:
    """A page and its JSON twin, which ask for one operation."""

    def register(function: Page) -> Page:
        for address in (path, "/index.json" if path == "/" else f"{path}.json"):
            router.get(address, dependencies=[needs(operation, entity)])(function)
        return function

    return register


def open_visit(request: Request) -> Visit:
    """A visit by anyone. Raises TooMany."""
    return Visit(request, request.app.state.console)


def signed_in(request: Request) -> Visit:
    """A visit by someone who is signed in. Raises NeedSignIn, TooMany."""
    visit = open_visit(request)
    if visit.user is None:
        raise NeedSignIn
    return visit


Visitor = Annotated[Visit, Depends(signed_in)]
