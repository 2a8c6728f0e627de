"""Every part of the trust room over one home, wired to one audit log. Each part is made when it is first asked for."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tongguan.trust.access import Grant, Policy, Principal, load_policy
from tongguan.trust.audit import AuditLog, open_log
from tongguan.trust.database import Database
from tongguan.trust.places import workspace_key
from tongguan.trust.settings import Settings, load_settings

if TYPE_CHECKING:
    from tongguan.trust.approvals import Approvals
    from tongguan.trust.evidence import Evidence
    from tongguan.trust.identity import Identity
    from tongguan.trust.keys import KeyService

__all__ = ["HOUSE", "HouseKey", "Trust", "open_trust"]

HOUSE = Principal("tongguan", "system", (Grant("security_administrator"), Grant("compliance_officer")), id="tongguan")
"""The house itself: makes and uses the keys that its own records are sealed with."""

IDENTITY_KEY = "identity"
RULES = "rules_changed"

T = TypeVar("T")


class Trust:
    """All of the room. Threads may share one. Raises BadSettings, CannotWrite, Unavailable, Broken.

    A part that is not asked for is not made: whoever only signs in needs no master key.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = load_settings(home)
        self.policy: Policy = load_policy(home)
        self.audit: AuditLog = open_log(home, self.settings)
        self.record = self.audit.append
        try:
            self._note_rules()
        except BaseException:
            self.audit.close()
            raise
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}

    def __enter__(self) -> Trust:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files and connections."""
        for part in ("keys", "database"):
            if part in self._made:
                self._made.pop(part).close()
        self.audit.close()

    @property
    def database(self) -> Database:
        return self._once("database", lambda: Database(self.settings.database or self.home / "trust.db"))

    @property
    def approvals(self) -> Approvals:
        def make() -> Approvals:
            from tongguan.trust.approvals import Approvals

            return Approvals(self.database, self.record, self.policy, answers_for=self.identity.answers_for)

        return self._once("approvals", make)

    @property
    def identity(self) -> Identity:
        def make() -> Identity:
            from tongguan.trust.identity import Identity

            seal = HouseKey(self, IDENTITY_KEY)
            return Identity(self.database, self.record, self.settings.identity, self.policy, seal=seal)

        return self._once("identity", make)

    @property
    def keys(self) -> KeyService:
        def make() -> KeyService:
            from tongguan.trust.ciphers import SUITES
            from tongguan.trust.keys import KeyService, open_master

            suite = SUITES[self.settings.suite]
            master = open_master(self.settings.master, self.home, suite=suite)
            return KeyService(self.database, master, self.record, self.policy, self.approvals, suite)

        return self._once("keys", make)

    @property
    def evidence(self) -> Evidence:
        def make() -> Evidence:
            from tongguan.trust.ciphers import SUITES
            from tongguan.trust.evidence import Evidence, open_store

            settings = self.settings.evidence
            store, suite = open_store(settings, self.home), SUITES[self.settings.suite]
            return Evidence(
                self.database, store, self.keys, self.record, self.policy, self.approvals, settings, suite=suite,
                record_many=self.audit.append_many,
            )  # fmt: skip

        return self._once("evidence", make)

    def _note_rules(self) -> None:
        """Who may do what, and under which settings, is changed by editing files: that they are others than last time
        is an entry, with a keyed hash of each. Nothing where there never were others than those of the package."""
        known = self.audit.entries(0, 1, kind=RULES, newest=True)
        if not known and self.policy == load_policy() and self.settings == Settings():
            return
        key = workspace_key(self.home)
        found = {"policy": _mark(key, self.policy), "settings": _mark(key, self.settings)}
        if not known or known[0].body != found:
            self.record(RULES, HOUSE.name, found)

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            made: T = self._made[name]
            return made


class HouseKey:
    """Seals secrets of the house's own records under a key of its own, made when the first one is sealed."""

    def __init__(self, room: Trust, name: str) -> None:
        self._room, self._name = room, name

    def seal(self, plain: bytes, context: bytes) -> bytes:
        return self._room.keys.seal(self._key, plain, context, HOUSE)

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        return self._room.keys.unseal(self._key, sealed, context, HOUSE)

    @cached_property
    def _key(self) -> str:
        keys = self._room.keys
        key = keys.ensure(name=self._name, purpose="seal", owner=HOUSE.name, by=HOUSE)
        if not key.policy.allow:  # else whoever may use keys could open what is sealed for the house alone
            keys.set_policy(key.id, {"allow": [{"principals": [HOUSE.id]}]}, HOUSE)
        return key.id


def _mark(key: bytes, rules: Policy | Settings) -> str:
    """A hash of what they say, keyed: an address in them may hold a password."""
    text = json.dumps(asdict(rules), sort_keys=True, ensure_ascii=True, default=sorted)
    return hmac.digest(key, text.encode(), "sha256").hex()


def open_trust(home: Path) -> Trust:
    """The trust room of a home, as its settings have it."""
    return Trust(home)
