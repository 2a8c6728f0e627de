"""A key service as the tests use it: a log in memory, people with roles, cheap argon2id, an HSM in software."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.ciphers import SUITES, Suite
from tongguan.trust.database import Database
from tongguan.trust.keys import KeyService, Master, open_master
from tongguan.trust.settings import Master as MasterSettings

CHEAP = {"time": 1, "memory_kib": 64, "lanes": 1}
POLICY = load_policy()
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "729104"


def person(name: str, *roles: str, entities: frozenset[str] | None = None) -> Principal:
    return Principal(name, "user", tuple(Grant(role, entities) for role in roles), id=f"u-{name}")


KEEPER = person("keeper", "security_administrator", "compliance_officer", "auditor")  # every permission of the keys
OTHER = person("other", "security_administrator", "compliance_officer")
MODELLER = person("modeller", "modeller")
VIEWER = person("viewer", "viewer")


class Log:
    """The audit log as the key service sees it."""

    def __init__(self, file: Path | None = None) -> None:
        self.entries: list[tuple[str, str, dict[str, Any]]] = []
        self.file = file
        self.broken = False

    def __call__(self, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        if self.broken:
            raise OSError("the log cannot be written")
        line = json.dumps([kind, actor, body])
        if self.file:
            with self.file.open("a") as file:
                file.write(line + "\n")
                file.flush()
        self.entries.append(tuple(json.loads(line)))
        return len(self.entries) - 1

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for found, _, body in self.entries if found == kind]

    def uses(self) -> list[tuple[str, bool]]:
        return [(body["operation"], body["ok"]) for body in self.of("key.use")]

    def read(self) -> list[Read]:
        return [Read(kind, body) for kind, _, body in self.entries]

    def text(self) -> str:
        return json.dumps(self.entries)


class Read:
    def __init__(self, kind: str, body: dict[str, Any]) -> None:
        self.kind, self.body = kind, body


class Clock:
    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class House:
    """One machine: a home, a database, a key service."""

    def __init__(
        self,
        home: Path,
        place: Path | str,
        *,
        log: Log | None = None,
        settings: MasterSettings | None = None,
        suite: Suite = SUITES["international"],
        cache_s: float = 300.0,
    ) -> None:
        self.home, self.place, self.suite = home, place, suite
        self.log, self.clock = log or Log(), Clock()
        self.settings = settings or MasterSettings(passphrase_env="TONGGUAN_TEST_PASSPHRASE")
        self.database = Database(place)
        self.approvals = Approvals(self.database, self.log, POLICY, clock=self.clock)
        self.master: Master = open_master(self.settings, home, suite=suite, **CHEAP)
        self.keys = KeyService(
            self.database, self.master, self.log, POLICY, self.approvals, suite, cache_s=cache_s, clock=self.clock
        )

    def again(self, **changes: Any) -> House:
        """Another process of the same house, as far as that shows: nothing in memory is shared."""
        return House(
            self.home, self.place, **{"log": self.log, "settings": self.settings, "suite": self.suite} | changes
        )

    def key(self, purpose: str = "seal", **more: Any) -> Any:
        name = more.pop("name", f"{purpose}-{secrets.token_hex(3)}")
        return self.keys.create(name=name, purpose=purpose, owner="owner", by=KEEPER, **more)

    def approved(self, resource: str, entity: str | None = None, operation: str = "keys.destroy") -> None:
        asked = self.approvals.request(operation, resource, "made-up reason", KEEPER, entity=entity)
        self.approvals.decide(asked.id, OTHER, approve=True)

    def sql(self, statement: str, **values: Any) -> int:
        """Somebody with the database's password, past Tongguan."""
        import sqlalchemy as sa

        with self.database.write() as connection:
            return connection.execute(sa.text(statement), values).rowcount

    def close(self) -> None:
        self.keys.close()
        self.database.close()


class SoftToken:
    """A token of SoftHSM with a PIN; `away` is the cable pulled out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.label = f"t{secrets.token_hex(6)}"
        before = set(folder.iterdir())
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", self.label, "--pin", PIN, "--so-pin", "5550001234"],
            check=True, capture_output=True, timeout=30, env=dict(os.environ),
        )  # fmt: skip
        (self.path,) = set(folder.iterdir()) - before

    def settings(self, **more: Any) -> MasterSettings:
        return MasterSettings(
            **{"kind": "pkcs11", "module": MODULE, "token": self.label, "pin_env": "TONGGUAN_TEST_PIN"} | more
        )

    def away(self) -> None:
        self.path.rename(self.folder.parent / self.path.name)

    def back(self) -> None:
        (self.folder.parent / self.path.name).rename(self.path)
