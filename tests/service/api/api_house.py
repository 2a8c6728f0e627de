"""A served house with one person for each role, and a request for every route that their role would let through."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from console_house import GATE, add_user, new_app, served
from fastapi import FastAPI

from tongguan.service import api
from tongguan.service.permission import Declared, csrf_of
from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.opening import Trust

ISSUER = Principal("issuer", "system", tuple(Grant(role) for role in load_policy().roles), id="issuer")
"""Issues tokens of service accounts: a token does no more than its issuer may."""

BUSINESS = Principal("desk", "system", (Grant("compliance_officer"), Grant("data_provider")), id="desk")
REASON = {"reason": "a question of the supervisor"}
FACTS = {"date": "2026-11-20", "data": {"personal": True, "persons": 5}}


@dataclass
class Call:
    """What to send. `form`: a page's form, whose anti-forgery token is added."""

    path: str = ""
    json: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    form: dict[str, str] | None = None


class House:
    """The application, its trust room, and a caller for each role."""

    def __init__(self, folder: Path) -> None:
        self.app: FastAPI = new_app(folder)
        self.trust: Trust = self.app.state.console.trust
        mounted = next(route.app for route in self.app.routes if getattr(route, "path", "") == api.PREFIX)
        self.declared: list[Declared] = mounted.state.declared
        self.numbers = itertools.count()
        self.asker: Principal
        self._samples: dict[Declared, Call] = {}
        self.people: dict[str, str] = {}
        for role in self.roles:
            self.people[role] = add_user(self.trust, f"the-{role}".replace("_", "-"), role)

    @property
    def roles(self) -> list[str]:
        """Those that a person may hold: the terminal's is not given to accounts."""
        return [role.id for role in self.trust.policy.roles.values() if role.duty != "terminal"]

    # ---- callers

    def session(self, user_id: str) -> str:
        """A session as after a sign-in."""
        came = self.trust.identity.admit(user_id, method="password", address="127.0.0.1")
        assert came.token
        return came.token

    @contextmanager
    def caller(self, address: str, user_id: str) -> Iterator[httpx.Client]:
        """A browser's session, with the anti-forgery header that the API asks for."""
        with httpx.Client(base_url=address, timeout=60, verify=False) as client:
            client.headers["accept"] = "application/json"
            self.enter(client, user_id)
            yield client

    def enter(self, client: httpx.Client, user_id: str) -> None:
        """Give the client a new session."""
        session = self.session(user_id)
        client.cookies.clear()
        client.cookies.set("tongguan_session", session, domain=client.base_url.host)
        client.headers["x-csrf-token"] = csrf_of(session)

    def token(self, user_id: str, scopes: list[str]) -> str:
        """An API token of an account."""
        by = self.trust.identity.principal(user_id) if self.kind(user_id) == "user" else ISSUER
        return self.trust.identity.issue_token(user_id, name="test", scopes=scopes, days=1, by=by)[1]

    def kind(self, user_id: str) -> str:
        return self.trust.identity.user(user_id, GATE).kind

    # ---- records to do things to

    def sample(self, route: Declared, request_of: Callable[[House, Principal, Declared], Call]) -> Call:
        """A request for those who will be refused: made once, for nothing comes of it."""
        if route not in self._samples:
            self._samples[route] = request_of(self, self.asker, route)
        return self._samples[route]

    def name(self) -> str:
        return f"n{next(self.numbers)}"

    def user(self, *roles: str, **more: Any) -> str:
        made = self.trust.identity.create_user(self.name(), by=GATE, **more)
        for role in roles:
            self.trust.identity.grant(made.id, role, by=GATE)
        return made.id

    def team(self) -> str:
        return self.trust.identity.create_team(self.name(), by=GATE).id

    def token_id(self, user_id: str) -> str:
        return self.trust.identity.issue_token(user_id, name="t", scopes=["results.read"], days=1, by=ISSUER)[0]

    def approval(self, by: Principal, entity: str | None = None) -> str:
        return self.trust.approvals.request("evidence.release", self.name(), "a reason", by, entity=entity).id

    def evidence(self, entity: str | None = None, **more: Any) -> str:
        content = f"content {self.name()}".encode()
        given = {"kind": "file", "name": "a.txt", "media_type": "text/plain", "masked": "c***"} | more
        return self.trust.evidence.add(content, entity=entity, by=BUSINESS, **given).id

    def key(self, purpose: str = "seal", entity: str | None = None, **more: Any) -> str:
        made = self.trust.keys.create(name=self.name(), purpose=purpose, owner="desk", entity=entity, by=GATE, **more)
        return made.id


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder where nobody waits for a disk; what lies there need not outlive the test."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


def send(client: httpx.Client, route: Declared, call: Call) -> httpx.Response:
    """The request of a route, as a browser or a program sends it."""
    if call.form is not None:
        csrf = client.headers.get("x-csrf-token", "")
        return client.request(
            route.method, call.path or route.path, params=call.params, data={"csrf": csrf} | call.form
        )
    if call.content is not None:
        return client.request(route.method, call.path or route.path, params=call.params, content=call.content)
    return client.request(route.method, call.path or route.path, params=call.params, json=call.json)


__all__ = ["BUSINESS", "FACTS", "REASON", "Call", "House", "folder_in_memory", "send", "served"]
