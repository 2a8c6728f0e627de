"""A small house: four administrators of different duties over records in SQLite or PostgreSQL."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.database import Database
from tongguan.trust.identity import Hashing, Identity, User
from tongguan.trust.settings import Identity as Rules

CHEAP = Hashing(passes=1, memory_kib=64, lanes=1)
HERE = "192.0.2.7"
PASSWORD = "violet-harbour-41"


class Clock:
    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class Log:
    """The audit log as these parts see it."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, kind: str, actor: str, body: Any) -> int:
        self.entries.append((kind, actor, json.loads(json.dumps(body))))
        return len(self.entries) - 1

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.entries]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for found, _, body in self.entries if found == kind]

    def text(self) -> str:
        return json.dumps(self.entries, ensure_ascii=False)


class Vault:
    """A real seal with a key of its own."""

    def __init__(self) -> None:
        self.box = AESGCM(AESGCM.generate_key(256))

    def seal(self, plain: bytes, context: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self.box.encrypt(nonce, plain, context)

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        return self.box.decrypt(sealed[:12], sealed[12:], context)


class House:
    """An `Identity` with its surroundings, and three administrators by role."""

    def __init__(self, place: Path | str, rules: Rules | None = None, hashing: Hashing = CHEAP) -> None:
        self.place = place
        self.log, self.clock, self.vault, self.policy = Log(), Clock(), Vault(), load_policy()
        self.database = Database(place)
        self.rules = rules or Rules()
        self.identity = self.again(hashing)
        self.system = Principal("sys", "user", (Grant("system_administrator"),), id="of-sys")
        self.security = Principal("sec", "user", (Grant("security_administrator"),), id="of-sec")
        self.auditor = Principal("aud", "user", (Grant("auditor"),), id="of-aud")
        self.terminal = Principal("root", "local", (Grant("local_operator"),), id="of-root")

    def again(self, hashing: Hashing = CHEAP, rules: Rules | None = None) -> Identity:
        """Another `Identity` over the same records, as another process has it."""
        return Identity(
            self.database,
            self.log,
            rules or self.rules,
            self.policy,
            seal=self.vault,
            clock=self.clock,
            hashing=hashing,
        )

    def person(self, name: str = "lin", *roles: str, password: str | None = PASSWORD, **fields: Any) -> User:
        """An account that may sign in."""
        user = self.identity.create_user(name, by=self.system, **fields)
        if password is not None:
            self.identity.set_password(user.id, password, by=self.terminal, must_change=False)
        for role in roles:
            self.identity.grant(user.id, role, by=self.security)
        return self.identity.user(user.id, self.system)

    def enter(self, name: str = "lin", password: str = PASSWORD, address: str = HERE) -> str:
        """Sign in: the session's token."""
        came = self.identity.sign_in(name, password, address=address, agent="a browser")
        assert came.outcome == "in" and came.token, came
        return came.token

    def rows(self, table: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(table.select()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """On SQLite."""
    house = House(tmp_path / "trust.db")
    yield house
    house.database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """On both databases, one after the other."""
    place = tmp_path / "trust.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    house = House(place)
    yield house
    house.database.close()
