"""A console of its own for tests: with an officer and an auditor, served on loopback, signed in to."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
import workspace_sample
from fastapi import FastAPI

from tongguan import service
from tongguan.service import server as server_module
from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import Trust, open_trust

PASSWORD = "correct horse battery"
ORG = """exporter:
  {name: 星野零售（成都）有限公司, city: 成都, ciio: false, processes_persons: 260000,
   important_data: false, core_data: false, state_secrets: false}
"""


OFFICER, AUDITOR = "officer", "auditor"
GATE = Principal("gate", "system", (Grant("system_administrator"), Grant("security_administrator")), id="gate")
"""Whoever sets up a test's accounts."""


SETTINGS = "service: {requests_per_minute: 100000, sign_ins_per_minute: 1000}"


def new_app(folder: Path, *, inspected: bool = True, settings: str = SETTINGS) -> FastAPI:
    """A console of its own, with an officer and an auditor whose passwords are known."""
    home = folder / "home"
    home.mkdir()
    (folder / "org.yaml").write_text(ORG, encoding="utf-8")
    (home / "settings.yaml").write_text(settings, encoding="utf-8")
    workspace = workspace_sample.build(folder / "workspace") if inspected else folder / "workspace"
    trust = open_trust(home)
    add_user(trust, OFFICER, "compliance_officer")
    add_user(trust, AUDITOR, "auditor")
    trust.record("run", "root", {"sources": 1, "exchanges": 15640})
    return service.create_app(workspace, folder / "org.yaml", home, trust=trust)


def add_user(trust: Trust, name: str, *roles: str, kind: str = "user", entities: Collection[str] | None = None) -> str:
    """An account with these roles and, where it is a person's, PASSWORD; gives its id."""
    made = trust.identity.create_user(name, kind=kind, by=GATE)
    for role in roles:
        trust.identity.grant(made.id, role, entities=entities, by=GATE)
    if kind == "user":
        trust.identity.set_password(made.id, PASSWORD, GATE, must_change=False)
    return made.id


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application behind a real server on loopback; gives its address."""
    listening = server_module._listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level="critical", lifespan="off", server_header=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def stranger(app: FastAPI) -> Iterator[httpx.Client]:
    """A client that is not signed in."""
    with served(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@contextmanager
def signed_in(app: FastAPI, user: str = OFFICER) -> Iterator[httpx.Client]:
    """A client that is signed in."""
    with stranger(app) as client:
        token = form_token(client.get("/sign-in").text)
        answer = client.post("/sign-in", data={"user": user, "password": PASSWORD, "csrf": token, "next": "/"})
        assert answer.status_code == 303, answer.text
        yield client


def form_token(page: str) -> str:
    """The token in a page's first form."""
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A console that no test changes but for its audit log growing."""
    return new_app(tmp_path_factory.mktemp("console"))


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with signed_in(app) as client:
        yield client


@pytest.fixture(scope="session")
def auditor(app: FastAPI) -> Iterator[httpx.Client]:
    with signed_in(app, AUDITOR) as client:
        yield client
