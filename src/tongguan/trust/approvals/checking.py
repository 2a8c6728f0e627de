"""Approvals held against the audit log: one that was decided past Tongguan, or used twice, shows here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from tongguan.trust.approvals.records import TABLE
from tongguan.trust.database import Database

__all__ = ["Contradiction", "LogEntry", "contradictions"]

KIND = "approval."
SAID = ("operation", "resource", "entity", "requester")  # what each entry repeats of the row


class LogEntry(Protocol):
    """What is read of an entry of the audit log."""

    @property
    def kind(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A request that the audit log denies. `approval`: its id.

    missing: logged, and not in the records. unlogged: in the records, and no entry says so. state: another one than was
    logged last. altered: it is about something else than was asked, or somebody else decided. Either the records were
    edited, or set back to an earlier copy, or a process died between an entry and its change.
    """

    approval: str
    what: str
    detail: str


@dataclass
class _Logged:
    state: str
    said: tuple[Any, ...]
    decider: str | None


def contradictions(database: Database, entries: Iterable[LogEntry]) -> list[Contradiction]:
    """Between these entries, the log's from its first on, and the records; [] where all is well."""
    logged: dict[str, _Logged] = {}
    for entry in entries:
        if entry.kind.startswith(KIND):
            _follow(logged, entry)
    columns = [TABLE.c[name] for name in ("id", "state", "decider", *SAID)]
    with database.read() as connection:
        stored = {row.id: row for row in connection.execute(sa.select(*columns))}
    found: list[Contradiction] = []
    for id in sorted(logged.keys() | stored.keys()):
        found += _compared(id, logged.get(id), stored.get(id))
    return found


def _follow(logged: dict[str, _Logged], entry: LogEntry) -> None:
    id, state = str(entry.body["id"]), entry.kind.removeprefix(KIND)
    known = logged.setdefault(id, _Logged(state, tuple(entry.body[name] for name in SAID), None))
    known.state = state
    if state in ("approved", "refused"):
        known.decider = entry.actor


def _compared(id: str, logged: _Logged | None, row: Any) -> list[Contradiction]:
    if row is None:
        return [Contradiction(id, "missing", "the request is in the log, and not in the records")]
    if logged is None:
        return [Contradiction(id, "unlogged", "the request is in the records, and no entry says who asked")]
    found = []
    if row.state != logged.state:
        found.append(Contradiction(id, "state", f"{row.state} in the records, {logged.state} in the log"))
    changed = [name for name, said in zip(SAID, logged.said, strict=True) if row._mapping[name] != said]
    if row.decider != logged.decider:
        changed.append("decider")
    if changed:
        found.append(Contradiction(id, "altered", f"{', '.join(changed)} otherwise than the log has it"))
    return found
