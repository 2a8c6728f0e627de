"""One request of one person: language, theme, session, and the page or its JSON twin as the answer."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tongguan.service.console import names, render
from tongguan.service.console.address import link
from tongguan.service.console.workspace import Row, Workspace
from tongguan.trust import AuditLog, Door
from tongguan.wording import LANGUAGES, Language

__all__ = ["SESSION", "Console", "Forbidden", "NeedSignIn", "Visit", "Visitor", "open_visit", "twin"]

SESSION = "tongguan_session"
THEMES = ("light", "dark")
YEAR_S = 365 * 24 * 3600


class NeedSignIn(Exception):
    """Nobody is signed in."""


class Forbidden(Exception):
    """A form that did not come from one of our pages."""


@dataclass(frozen=True, slots=True)
class Console:
    """What every page reads from."""

    workspace: Workspace
    org: Path
    audit: AuditLog
    door: Door


def _plain(value: object) -> str:
    """Days and moments as JSON has them."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


class Visit:
    """One request, and what its answer needs."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request = request
        self.console = console
        self.token = request.cookies.get(SESSION, "")
        self.user = console.door.session(self.token) if self.token else None
        asked = request.query_params
        language = asked.get("lang") or request.cookies.get("lang", "")
        self.language: Language = language if language in LANGUAGES else "zh"
        theme = asked.get("theme") or request.cookies.get("theme", "")
        self.theme = theme if theme in THEMES else ""

    # ---- what was asked

    @property
    def path(self) -> str:
        """The page's address, also when its twin was asked for."""
        bare = self.request.url.path.removesuffix(".json")
        return "/" if bare == "/index" else bare

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
        asked = {k: v for k, v in self.request.query_params.items() if k not in ("lang", "theme")}
        return link(self.path, {**asked, **changes})

    # ---- texts

    def t(self, key: str, **values: object) -> str:
        return names.word(key, self.language, **values)

    def say(self, texts: Mapping[str, str] | None) -> str:
        """The visitor's language of a text that comes in both."""
        return (texts or {}).get(self.language, "")

    # ---- forms

    @property
    def csrf(self) -> str:
        """The token that a form of this session carries."""
        return hmac.new(self.token.encode(), b"tongguan form", sha256).hexdigest()

    def check_form(self, given: str) -> None:
        """Raises Forbidden unless the form came from a page of this session."""
        if not self.token or not hmac.compare_digest(given.encode(), self.csrf.encode()):
            raise Forbidden

    def seal(self, kind: str, body: Mapping[str, Any]) -> int:
        """Write what was done into the audit log, and return the entry's index."""
        return self.console.audit.append(kind, self.user or "anonymous", body)

    # ---- answers

    @property
    def result(self) -> Row | None:
        return self.console.workspace.result()

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


def twin(path: str) -> tuple[str, str]:
    """The addresses of a page and of its JSON twin."""
    return path, "/index.json" if path == "/" else f"{path}.json"


def open_visit(request: Request) -> Visit:
    """A visit by anyone."""
    return Visit(request, request.app.state.console)


def signed_in(request: Request) -> Visit:
    """A visit by someone who is signed in. Raises NeedSignIn."""
    visit = open_visit(request)
    if visit.user is None:
        raise NeedSignIn
    return visit


Visitor = Annotated[Visit, Depends(signed_in)]
