"""Evidence held against the audit log: what was taken away, edited or set back past Tongguan shows here.

The log's entries and the records' rows go into a temporary SQLite database, which spills to disk: memory is a page.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from tongguan.trust.access import Principal
from tongguan.trust.evidence.parts import Parts
from tongguan.trust.evidence.records import BLOBS, EVENTS, MANIFESTS

__all__ = ["Contradiction", "LogEntry", "check_store"]

PAGE = 1000
SHOWN = 1000  # contradictions that are handed out; all are counted
MARGIN_S = 1.0  # between the time that a change bears and its lock on a table
TOLD = 10_000  # entries between two calls of `progress`
KIND = "evidence."
FACTS = ("blob", "digest", "size", "kind", "media_type", "entity")  # said when it is added, and true for ever
STANDING = ("state", "holds", "until")  # what later entries change

_TABLES = """
create table logged (id text primary key, blob, digest, size, kind, media_type, entity, state, holds, until)
    without rowid;
create index logged_blob on logged (blob);
create table stored (id text primary key, blob, digest, size, kind, media_type, entity, state, holds, until, changed,
    has_blob) without rowid;
create table told (id text, act text, hash text, primary key (id, act, hash)) without rowid;
create table kept (id text, act text, hash text, at real, primary key (id, act, hash)) without rowid;
"""
_COLUMNS = ("id", *FACTS, *STANDING)


class LogEntry(Protocol):
    """What is read of an entry of the audit log."""

    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A piece of evidence that the audit log denies. `evidence`: its id.

    missing: logged, and not in the records. unlogged: in the records, and no entry says who added it. altered: another
    content, kind or entity than was logged. state, holds, until: otherwise than was logged last. blob: no record says
    where its content is. reasons: what was done to it, and why, is not what was logged. Either the records were edited,
    or set back to an earlier copy, or a process died between an entry and its change.
    """

    evidence: str
    what: str
    detail: str


def check_store(
    parts: Parts, entries: Iterable[LogEntry], by: Principal, progress: Callable[[int, int], None] | None
) -> list[Contradiction]:
    """See `Evidence.check_store`; permission was checked."""
    began = _settled(parts) - MARGIN_S
    with closing(sqlite3.connect("", isolation_level=None)) as scratch:
        scratch.executescript(_TABLES)
        scratch.execute("begin")
        _follow(scratch, entries, progress)
        _settled(parts)
        count = _read(parts, scratch)
        found: list[Contradiction] = []
        kinds: dict[str, int] = {}
        for one in _compared(scratch, began, parts.clock()):
            kinds[one.what] = kinds.get(one.what, 0) + 1
            if len(found) < SHOWN:
                found.append(one)
    told = {"manifests": count, "contradictions": sum(kinds.values()), "kinds": kinds}
    parts.record("evidence.verified", by.name, told)
    return found


def _follow(
    scratch: sqlite3.Connection, entries: Iterable[LogEntry], progress: Callable[[int, int], None] | None
) -> None:
    """What the log says there should be."""
    for number, entry in enumerate(entries, 1):
        if entry.kind.startswith(KIND):
            _one(scratch, entry.kind.removeprefix(KIND), entry.body)
        if progress is not None and number % TOLD == 0:
            progress(number, 0)


def _one(scratch: sqlite3.Connection, act: str, body: Mapping[str, Any]) -> None:
    if act == "added":
        values = [body["id"], *(body.get(name) for name in FACTS), "kept", 0, body["until"]]
        scratch.execute(f"insert or replace into logged values ({', '.join('?' * len(values))})", values)
    elif act == "restored":
        scratch.execute("update logged set blob = ? where blob = ?", (body["blob"], body["damaged"]))
    elif act == "expired":
        scratch.execute("update logged set state = 'expired' where id = ?", (body["id"],))
    elif act == "retained":
        scratch.execute("update logged set until = ? where id = ?", (body["until"], body["id"]))
    elif act in ("held", "released"):
        scratch.execute("update logged set holds = ? where id = ?", (body["holds"], body["id"]))
    if act in ("retained", "held", "released", "revealed"):
        reason = str(body["reason"]["hmac_sha256"])
        scratch.execute("insert or ignore into told values (?, ?, ?)", (body["id"], act, reason))


def _settled(parts: Parts) -> float:
    """A moment at which every entry stands with its change: entries come right before the commit, within it."""
    with parts.database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("lock table evidence_manifests, evidence_events in share mode"))
        return parts.clock()


def _read(parts: Parts, scratch: sqlite3.Connection) -> int:
    """What the records say; how many manifests."""
    count = 0
    needed = [MANIFESTS.c[name] for name in (*_COLUMNS, "added", "expired")]
    for rows in _pages(parts, needed, MANIFESTS.c.id, ""):
        with parts.database.read() as connection:
            ids = sa.select(BLOBS.c.id).where(BLOBS.c.id.in_({row["blob"] for row in rows}), BLOBS.c.state == "kept")
            blobs = set(connection.execute(ids).scalars())
        for row in rows:
            values = [row[name] for name in _COLUMNS] + [max(row["added"], row["expired"] or 0), row["blob"] in blobs]
            values[_COLUMNS.index("entity")] = row["entity"] or None
            scratch.execute(f"insert or replace into stored values ({', '.join('?' * len(values))})", values)
        count += len(rows)
    for rows in _pages(parts, list(EVENTS.c), EVENTS.c.n, -1):
        for row in rows:
            reason = hmac.digest(row["salt"], row["reason"].encode(), "sha256").hex()
            values = [row["manifest"], row["act"], reason, row["at"]]
            scratch.execute("insert or ignore into kept values (?, ?, ?, ?)", values)
    return count


def _pages(
    parts: Parts, columns: list[sa.Column[Any]], key: sa.Column[Any], first: Any
) -> Iterator[list[dict[str, Any]]]:
    after = first
    while True:
        query = sa.select(*columns).where(key > after).order_by(key).limit(PAGE)
        with parts.database.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        if not rows:
            return
        yield rows
        after = rows[-1][key.name]


def _compared(scratch: sqlite3.Connection, began: float, now: float) -> Iterator[Contradiction]:
    """What changed since the check began is left to the next one: the log was read before it."""
    scratch.execute("create table fresh (id text primary key) without rowid")
    scratch.execute("insert or ignore into fresh select id from kept where at between ? and ?", (began, now))
    scratch.execute("insert or ignore into fresh select id from stored where changed between ? and ?", (began, now))
    for (id,) in scratch.execute("select id from logged where id not in (select id from stored) order by id"):
        yield Contradiction(id, "missing", "it is in the log, and not in the records")
    known = "select id from logged union select id from fresh"
    for (id,) in scratch.execute(f"select id from stored where id not in ({known}) order by id"):
        yield Contradiction(id, "unlogged", "it is in the records, and no entry says who added it")
    names = (*FACTS, *STANDING)
    columns = ", ".join(f"l.{name}, s.{name}" for name in names)
    both = f"select s.id, s.has_blob, {columns} from logged l join stored s using (id)"
    for id, has_blob, *values in scratch.execute(f"{both} where id not in (select id from fresh) order by s.id"):
        pairs = dict(zip(names, zip(values[::2], values[1::2], strict=True), strict=True))
        if changed := [name for name in FACTS if pairs[name][0] != pairs[name][1]]:
            yield Contradiction(id, "altered", f"{', '.join(changed)} otherwise than the log has it")
        for name in STANDING:
            said, is_now = pairs[name]
            if said != is_now:
                yield Contradiction(id, name, f"{is_now} in the records, {said} in the log")
        if pairs["state"][1] == "kept" and not has_blob:
            yield Contradiction(id, "blob", "no record says where its content is")
    unlike = "select id, count(*) from (select id, act, hash from {} except select id, act, hash from {}) group by id"
    for id, count in scratch.execute(unlike.format("told", "kept") + " order by id"):
        yield Contradiction(id, "reasons", f"{count} that the log knows are gone or others")
    for id, count in scratch.execute(
        f"select * from ({unlike.format('kept', 'told')}) where id not in fresh order by id"
    ):
        yield Contradiction(id, "reasons", f"{count} that no entry knows")
