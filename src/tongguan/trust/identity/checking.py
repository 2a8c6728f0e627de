"""Accounts and grants held against the audit log: what was changed past Tongguan, or set back, shows here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.tables import grants, users

__all__ = ["Checking", "Contradiction"]


class LogEntry(Protocol):
    """What is read of an entry of the audit log."""

    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An account or a grant that the audit log denies. `user`: the account's name.

    missing: logged, and not in the store. unlogged: in the store, and no entry says so. state: the account is active,
    disabled or deleted otherwise than was logged. scope: the grant is for others than was logged. Either the records
    were edited, or set back to an earlier copy, or a process died between an entry and its change: look, and do what
    the log says once more.
    """

    user: str
    what: str
    detail: str


@dataclass
class _Account:
    id: str = ""
    state: str = "active"
    roles: dict[str, Any] = field(default_factory=dict)  # role → its scope


class Checking:
    """Reads the log from its beginning. What no entry holds (passwords, factors, names for display) it cannot judge."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def check_store(self, entries: Iterable[LogEntry], by: Principal) -> list[Contradiction]:
        """The contradictions between these entries, the log's from its first on, and the records; [] where all is well.

        Raises Denied (audit.verify). The check is an entry.
        """
        self._context.allow(by, "audit.verify", "users")
        logged, stored = _replayed(entries), self._stored()
        found: list[Contradiction] = []
        for name in sorted(logged.keys() | stored.keys()):
            found += _compared(name, logged.get(name), stored.get(name))
        self._context.record("users_verified", by.name, {"users": len(stored), "contradictions": len(found)})
        return found

    def _stored(self) -> dict[str, _Account]:
        with self._context.database.read() as connection:
            rows = connection.execute(sa.select(users.c.id, users.c.name, users.c.state)).all()
            held = connection.execute(sa.select(grants)).all()
        found = {row.id: _Account(row.id, row.state) for row in rows}
        for grant in held:
            found.setdefault(grant.user_id, _Account()).roles[grant.role] = _scope(grant.entities, grant.teams)
        names = {row.id: row.name for row in rows}
        return {names.get(user_id, user_id): account for user_id, account in found.items()}


def _replayed(entries: Iterable[LogEntry]) -> dict[str, _Account]:
    """What the log says there should be."""
    found: dict[str, _Account] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == "users_imported":
            _imported(found, str(body["change"]), body["users"])
        elif entry.kind in _STATES:
            account = found.setdefault(str(body["user"]), _Account())
            account.state = _STATES[entry.kind]
            account.id = str(body.get("id", account.id))
            if account.state == "deleted":
                account.roles.clear()
        elif entry.kind == "role_granted":
            scope = _scope(body.get("entities"), body.get("teams"))
            found.setdefault(str(body["user"]), _Account()).roles[str(body["role"])] = scope
        elif entry.kind == "role_revoked":
            found.setdefault(str(body["user"]), _Account()).roles.pop(str(body["role"]), None)
    return found


_STATES = {"user_created": "active", "user_enabled": "active", "user_disabled": "disabled", "user_deleted": "deleted"}


def _imported(found: dict[str, _Account], change: str, names: Iterable[Any]) -> None:
    for one in names:
        if change == "granted":
            found.setdefault(str(one[0]), _Account()).roles[str(one[1])] = _scope(None, None)
        elif change in ("created", "enabled", "disabled"):
            found.setdefault(str(one), _Account()).state = "disabled" if change == "disabled" else "active"


def _compared(name: str, logged: _Account | None, stored: _Account | None) -> list[Contradiction]:
    if stored is None:
        return [Contradiction(name, "missing", "the account is in the log, and not in the records")]
    if logged is None:
        return [Contradiction(name, "unlogged", "the account is in the records, and no entry says who made it")]
    if logged.id and logged.id != stored.id:
        return [Contradiction(name, "unlogged", "the account is another than the one in the log")]
    found = []
    if logged.state != stored.state:
        found.append(Contradiction(name, "state", f"{stored.state} in the records, {logged.state} in the log"))
    for role in sorted(logged.roles.keys() | stored.roles.keys()):
        if role not in stored.roles:
            found.append(Contradiction(name, "missing", f"the role {role} is in the log, and not in the records"))
        elif role not in logged.roles:
            found.append(Contradiction(name, "unlogged", f"the role {role} is in the records, and not in the log"))
        elif logged.roles[role] != stored.roles[role]:
            found.append(Contradiction(name, "scope", f"the role {role} is for others than the log says"))
    return found


def _scope(entities: Any, teams: Any) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    return (None if entities is None else frozenset(entities), None if teams is None else frozenset(teams))
