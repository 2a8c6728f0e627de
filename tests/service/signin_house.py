"""A console for tests of signing in: cheap hashes, authenticator secrets unsealed, accounts of every kind."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import workspace_sample
from console_house import GATE, ORG, PASSWORD, form_token, served
from fastapi import FastAPI

from tongguan import service
from tongguan.trust.identity import Hashing, Identity
from tongguan.trust.opening import Trust, open_trust
from tongguan.trust.settings import Provider

AGENT = "Tests/1.0"
ACCOUNTS = (
    ("wang", "viewer", False), ("li", "compliance_officer", False), ("zhao", "auditor", False),
    ("newcomer", "", False), ("qian", "viewer", True),
)  # fmt: skip


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
    """wang (viewer), li (compliance officer), zhao (auditor), newcomer (no role), qian (viewer who must change the
    password); all with PASSWORD. `rules`: settings of identity, and `sign_ins` a minute."""
    home = folder / "home"
    shutil.copytree(_accounts(), home)
    (folder / "org.yaml").write_text(ORG, encoding="utf-8")
    settings = {
        "service": {"requests_per_minute": 100000, "sign_ins_per_minute": rules.pop("sign_ins", 10000)},
        "identity": {"providers": [_asked(provider) for provider in providers], **rules},
    }
    (home / "settings.yaml").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    trust = _open(home)
    workspace = workspace_sample.build(folder / "workspace") if inspected else folder / "workspace"
    users = {name: user.id for name, _, _ in ACCOUNTS if (user := trust.identity.by_name(name))}
    return House(trust, service.create_app(workspace, folder / "org.yaml", home, trust=trust), users)


def _open(home: Path) -> Trust:
    trust = open_trust(home)

    def identity() -> Identity:
        rules, policy = trust.settings.identity, trust.policy
        return Identity(trust.database, trust.record, rules, policy, seal=Plain(), hashing=Hashing(1, 8, 1))

    trust._once("identity", identity)
    return trust


@cache
def _accounts() -> Path:
    """A home with the accounts, made once: every test takes a copy."""
    home = Path(tempfile.mkdtemp(prefix="tongguan-accounts-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with _open(home) as trust:
        for name, role, must in ACCOUNTS:
            made = trust.identity.create_user(name, display="王小明" if name == "wang" else "", by=GATE)
            if role:
                trust.identity.grant(made.id, role, by=GATE)
            trust.identity.set_password(made.id, PASSWORD, GATE, must_change=must)
    return home


def _asked(provider: Provider) -> dict[str, Any]:
    """A provider as settings.yaml has it."""
    return {name: value for name, value in asdict(provider).items() if name != "scopes" and value is not None}


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
