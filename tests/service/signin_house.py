"""A console for tests of signing in: cheap hashes, authenticator secrets unsealed, accounts of every kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import workspace_sample
from conftest import GATE, ORG, PASSWORD, form_token, served
from fastapi import FastAPI

from tongguan import service
from tongguan.trust.identity import Hashing, Identity
from tongguan.trust.opening import Trust, open_trust
from tongguan.trust.settings import Provider

AGENT = "Tests/1.0"


class Plain:
    """Leaves secrets as they are: what seals them is tested elsewhere."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        return plain

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        return sealed


@dataclass
class House:
    trust: Trust
    app: FastAPI
    users: dict[str, str]  # id by name

    @property
    def identity(self) -> Identity:
        return self.trust.identity

    def kinds(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The audit entries so far: kind, actor, body."""
        return [(e.kind, e.actor, dict(e.body)) for e in self.trust.audit.entries(0, 10_000)]


def new_house(folder: Path, *, providers: Sequence[Provider] = (), inspected: bool = False, **rules: Any) -> House:
    """wang (viewer), li (compliance officer), zhao (auditor), nobody (no role), qian (viewer who must change the
    password); all with PASSWORD."""
    home = folder / "home"
    home.mkdir(parents=True)
    (folder / "org.yaml").write_text(ORG, encoding="utf-8")
    asked = [{"id": p.id, "name": p.name, "issuer": p.issuer, "client_id": p.client_id, "client_secret_env": p.client_secret_env,
              "create_users": p.create_users, "second_factor": p.second_factor} for p in providers]  # fmt: skip
    settings = {
        "service": {"requests_per_minute": 100000, "sign_ins_per_minute": rules.pop("sign_ins", 10000)},
        "identity": {"providers": asked, **rules},
    }
    (home / "settings.yaml").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    trust = open_trust(home)
    trust._once("identity", lambda: Identity(
        trust.database, trust.record, trust.settings.identity, trust.policy, seal=Plain(), hashing=Hashing(1, 8, 1)
    ))  # fmt: skip
    users = {}
    for name, role, must in (
        ("wang", "viewer", False),
        ("li", "compliance_officer", False),
        ("zhao", "auditor", False),
        ("newcomer", "", False),
        ("qian", "viewer", True),
    ):
        made = trust.identity.create_user(name, display={"wang": "王小明"}.get(name, ""), by=GATE)
        if role:
            trust.identity.grant(made.id, role, by=GATE)
        trust.identity.set_password(made.id, PASSWORD, GATE, must_change=must)
        users[name] = made.id
    workspace = workspace_sample.build(folder / "workspace") if inspected else folder / "workspace"
    return House(trust, service.create_app(workspace, folder / "org.yaml", home, trust=trust), users)


@contextmanager
def at_home(app: FastAPI) -> Iterator[str]:
    """The application served; its address by name, for which browsers know security keys."""
    with served(app) as address:
        yield address.replace("127.0.0.1", "localhost")


@contextmanager
def browser_of(address: str) -> Iterator[httpx.Client]:
    """A client that keeps cookies as a browser does."""
    with httpx.Client(base_url=address, timeout=30, headers={"User-Agent": AGENT, "Accept": "text/html"}) as client:
        yield client


def enter(client: httpx.Client, user: str, password: str = PASSWORD, next: str = "/") -> httpx.Response:
    """Name and password into the form."""
    token = form_token(client.get("/sign-in").text)
    return client.post("/sign-in", data={"user": user, "password": password, "csrf": token, "next": next})


def csrf_of(client: httpx.Client, path: str = "/profile") -> str:
    """The token of the session's forms."""
    return form_token(client.get(path).text)
