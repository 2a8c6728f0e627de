"""Asking, deciding, using: each step one conditional update, so that of two at once only one wins."""

from __future__ import annotations

import builtins
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import UNNAMED, Policy, Principal, check, may
from tongguan.trust.approvals.checking import Contradiction, LogEntry, contradictions
from tongguan.trust.approvals.records import STATES, TABLE, Approval, State, approval, asked_by
from tongguan.trust.audit import Record
from tongguan.trust.database import METADATA, Database
from tongguan.wording import wording

__all__ = ["Approvals"]


DAY_S = 86_400.0
SHORTEST_S, LONGEST_S = 60.0, 90 * DAY_S
REASON, NOTE, ENTITY = 2000, 2000, 200  # characters
DETAIL = 16_384  # bytes of JSON
OPEN_EACH = 100  # undecided requests of one requester: nobody floods those who decide
PAGE, LAST = 1000, 1 << 31

SYSTEM = "system"
# An id, and for a shorter retention the day: nothing else that people type gets into the log.
_RESOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,199}( until \d{4,5}-\d\d-\d\d)?")


class Approvals:
    """Four-eyes approvals. Threads and processes may share one database.

    asked → approved | refused | withdrawn | expired; approved → used | withdrawn | expired.
    Somebody else decides: a person, signed in, who holds approvals.decide for the request's entity, who did not ask
    himself and does not answer for the service account that did. Only the requester uses an approval, once, for exactly
    its operation, resource and entity.

    `answers_for`: the ids of the persons behind a service account. Where nobody is known to answer for it, it cannot
    ask. `record` is called within the transaction: no change without its entry. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        record: Record,
        policy: Policy,
        *,
        answers_for: Callable[[Principal], Collection[str]] = lambda service: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._record = record
        self._policy = policy
        self._answers_for = answers_for
        self._clock = clock
        with database.write() as connection:  # the database may have been made before this part was loaded
            METADATA.create_all(connection, tables=[TABLE])

    def request(
        self,
        operation: str,
        resource: str,
        reason: str,
        by: Principal,
        *,
        detail: Mapping[str, Any] | None = None,
        entity: str | None = None,
        valid_s: float = 7 * DAY_S,
    ) -> Approval:
        """Ask. The answer must come, and be used, within `valid_s` seconds (a minute to 90 days).

        `entity` must be the resource's own: it says who may decide, and `use` holds it against the resource.
        Raises BadInput, Conflict, Denied (approvals.request).
        """
        self._check(by, "approvals.request", resource, entity)
        if operation not in self._policy.operations:
            raise BadInput(f"there is no operation {_short(operation)!r} to approve")
        if not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
            raise BadInput(
                "the resource of an approval is the id of a record, such as key_… or ev_…: it stands in the audit log; "
                "what is to be said about it belongs in the reason"
            )
        _text("reason", reason, REASON)
        if entity is not None:
            _text("entity", entity, ENTITY, line=True)
        if not SHORTEST_S <= valid_s <= LONGEST_S:
            raise BadInput(f"an approval is valid for {SHORTEST_S:.0f} seconds to {LONGEST_S / DAY_S:.0f} days")
        if by.kind != "user" and not self._persons(by):
            raise self._refuse(by, "approvals.request", resource, entity, "behind_unknown")
        now = self._clock()
        row = {
            "id": f"apr_{secrets.token_hex(8)}",
            "state": "asked",
            "operation": operation,
            "resource": resource,
            "entity": entity,
            "reason": reason,
            "detail": _json(detail or {}),
            "salt": secrets.token_bytes(16),
            "requester": by.name,
            "requester_kind": by.kind,
            "requester_id": by.id,
            "asked": now,
            "expires": now + valid_s,
        }
        self._lapse()
        with self._database.write() as connection:
            waiting = sa.select(sa.func.count()).where(asked_by(by), TABLE.c.state == "asked")
            if int(connection.execute(waiting).scalar_one()) >= OPEN_EACH:
                raise Conflict(f"{OPEN_EACH} of your requests are undecided; withdraw some before you ask for more")
            connection.execute(TABLE.insert().values(**row))
            self._log(connection, str(row["id"]), by.name, reason=reason)
            return self._one(connection, str(row["id"]))

    def decide(self, id: str, by: Principal, *, approve: bool, note: str = "") -> Approval:
        """Approve or refuse what somebody else asked for.

        Raises NotFound, Conflict where it is decided already, Denied.
        """
        if note:
            _text("note", note, NOTE)
        self._lapse()
        found = self._find(id)
        self._check(by, "approvals.decide", id, found.entity)
        if why := self._barred(found, by):
            raise self._refuse(by, "approvals.decide", id, found.entity, why)
        now, state = self._clock(), "approved" if approve else "refused"
        with self._database.write() as connection:
            values = {"state": state, "decider": by.name, "decider_id": by.id, "decided": now, "note": note}
            if not approve:
                values["closed"] = now
            self._move(connection, id, ("asked",), values, now)
            self._log(connection, id, by.name, note=note)
            return self._one(connection, id)

    def withdraw(self, id: str, by: Principal) -> Approval:
        """Take back one's own request, decided or not, as long as it was not used.

        Raises NotFound, Conflict, Denied.
        """
        self._lapse()
        found = self.get(id, by)  # whoever may not see it does not learn that it is there
        if not _asked(found, by):
            raise self._refuse(by, "approvals.request", id, found.entity, "not_yours")
        now = self._clock()
        with self._database.write() as connection:
            self._move(connection, id, ("asked", "approved"), {"state": "withdrawn", "closed": now}, now)
            self._log(connection, id, by.name)
            return self._one(connection, id)

    def use(
        self,
        operation: str,
        resource: str,
        by: Principal,
        *,
        entity: str | None = None,
        within: sa.Connection | None = None,
    ) -> Approval:
        """Use up an approval that `by` asked for, and others approved, for exactly this.

        `entity`: the resource's, as the caller knows it; an approval asked for under another entity does not count.
        `within`: a connection of the same database's `write`: approval and deed are then committed together or not at
        all. Raises Denied where there is none.
        """
        self._lapse(within)
        if within is not None:
            used = self._use(within, operation, resource, by, entity)
        else:
            with self._database.write() as connection:
                used = self._use(connection, operation, resource, by, entity)
        if used is None:
            raise self._refuse(by, operation, resource, entity, "no_approval")
        return used

    def get(self, id: str, by: Principal) -> Approval:
        """One's own request, or any with approvals.read. Raises NotFound, Denied."""
        self._lapse()
        found = self._find(id)
        if not _asked(found, by):
            self._check(by, "approvals.read", id, found.entity)
        return found

    def list(
        self,
        by: Principal,
        *,
        state: State | None = None,
        operation: str | None = None,
        resource: str | None = None,
        requester: str | None = None,
        offset: int = 0,
        limit: int = 100,
    ) -> list[Approval]:
        """Newest first: one's own requests, and with approvals.read those of the entities that it covers."""
        if state is not None and state not in STATES:
            raise BadInput(f"an approval is {', '.join(STATES)}; not {_short(state)!r}")
        if not 0 <= offset <= LAST or not 0 <= limit <= PAGE:
            raise BadInput(f"a page has 0 to {PAGE} approvals, from an offset of 0 to {LAST}")
        self._lapse()
        wanted = {"state": state, "operation": operation, "resource": resource, "requester": requester}
        if not all(value is None or _storable(value) for value in wanted.values()):
            return []
        query = sa.select(TABLE).where(sa.or_(asked_by(by), self._readable(by)))
        query = query.where(*(TABLE.c[name] == value for name, value in wanted.items() if value is not None))
        query = query.order_by(TABLE.c.asked.desc(), TABLE.c.id).offset(offset).limit(limit)
        with self._database.read() as connection:
            return [approval(row) for row in connection.execute(query)]

    def check_store(self, entries: Iterable[LogEntry], by: Principal) -> builtins.list[Contradiction]:
        """What the records hold otherwise than these entries, the log's from its first on; [] where all is well.

        Raises Denied (audit.verify). The check is an entry.
        """
        self._check(by, "audit.verify", "approvals", None)
        found = contradictions(self._database, entries)
        self._record("approvals_verified", by.name, {"contradictions": len(found)})
        return found

    # ---- within

    def _use(
        self, connection: sa.Connection, operation: str, resource: str, by: Principal, entity: str | None
    ) -> Approval | None:
        now = self._clock()
        candidates = sa.select(TABLE.c.id).where(
            asked_by(by),
            TABLE.c.operation == operation,
            TABLE.c.resource == resource,
            TABLE.c.entity.is_(None) if entity is None else TABLE.c.entity == entity,
            TABLE.c.state == "approved",
        )
        for (id,) in connection.execute(candidates.order_by(TABLE.c.expires)).fetchall():
            if self._moved(connection, id, ("approved",), {"state": "used", "closed": now}, now):
                self._log(connection, id, by.name)
                return self._one(connection, id)
        return None

    def _moved(
        self, connection: sa.Connection, id: str, states: tuple[str, ...], values: Mapping[str, Any], now: float
    ) -> bool:
        """Whether it was in one of the states and in time, and is in the new one now: one statement, one winner."""
        changed = TABLE.update().where(TABLE.c.id == id, TABLE.c.state.in_(states), TABLE.c.expires > now)
        return connection.execute(changed.values(**values)).rowcount == 1

    def _move(
        self, connection: sa.Connection, id: str, states: tuple[str, ...], values: Mapping[str, Any], now: float
    ) -> None:
        if not self._moved(connection, id, states, values, now):
            raise Conflict(f"the approval {id} is {self._one(connection, id).state} already")

    def _lapse(self, within: sa.Connection | None = None) -> None:
        """Requests and approvals whose time has run out become `expired`, with an entry each."""
        now = self._clock()
        late = sa.and_(TABLE.c.state.in_(("asked", "approved")), TABLE.c.expires <= now)
        query = sa.select(TABLE.c.id).where(late).order_by(TABLE.c.id).limit(PAGE)
        with self._using(within, self._database.read) as connection:
            ids = [id for (id,) in connection.execute(query)]
        if not ids:
            return
        with self._using(within, self._database.write) as connection:
            for id in ids:
                expired = TABLE.update().where(TABLE.c.id == id, late).values(state="expired", closed=now)
                if connection.execute(expired).rowcount:
                    self._log(connection, id, SYSTEM)

    @contextmanager
    def _using(self, within: sa.Connection | None, otherwise: Callable[[], Any]) -> Iterator[sa.Connection]:
        if within is not None:
            yield within
        else:
            with otherwise() as connection:
                yield connection

    def _find(self, id: str) -> Approval:
        with self._database.read() as connection:
            return self._one(connection, id)

    def _one(self, connection: sa.Connection, id: str) -> Approval:
        query = sa.select(TABLE).where(TABLE.c.id == id)
        row = connection.execute(query).first() if _storable(id) else None
        if row is None:
            raise NotFound(f"there is no approval {_short(id)!r}")
        return approval(row)

    def _barred(self, found: Approval, by: Principal) -> str | None:
        """Why `by` must not decide it, whatever he may do otherwise."""
        if by.kind != "user" or by.only is not None:
            return "not_a_person"
        if found.entity is None and not may(self._policy, by, "approvals.decide", entity=UNNAMED):
            return "of_all"  # what belongs to no entity concerns every one
        if not self._approves(found, by):
            return "not_approver"
        if _asked(found, by) or found.requester == by.name:
            return "own"
        if found.requester_kind != "user":
            service = Principal(found.requester, "service", id=found.requester_id)
            if not {by.id, by.name}.isdisjoint(self._persons(service)):
                return "behind"
        return None

    def _approves(self, found: Approval, by: Principal) -> bool:
        """Whether `by` holds a role that may approve this operation, for the record's entity."""
        approvers = self._policy.operations[found.operation].approvers
        held = tuple(grant for grant in by.grants if grant.role in approvers)
        entity = UNNAMED if found.entity is None else found.entity
        return any(grant.entities is None or entity in grant.entities for grant in held)

    def _persons(self, service: Principal) -> frozenset[str]:
        return frozenset(self._answers_for(service)) - {""}

    def _readable(self, by: Principal) -> sa.ColumnElement[bool]:
        """Rows that approvals.read shows to `by`; asked of `may`, so that there is one rule."""
        named = {entity for grant in by.grants for entity in grant.entities or ()}
        if not may(self._policy, by, "approvals.read"):
            return sa.false()
        if may(self._policy, by, "approvals.read", entity=UNNAMED):
            return sa.true()
        covered = [entity for entity in named if may(self._policy, by, "approvals.read", entity=entity)]
        return sa.or_(TABLE.c.entity.is_(None), TABLE.c.entity.in_(covered))

    def _check(self, by: Principal, operation: str, resource: str, entity: str | None) -> None:
        try:
            check(self._policy, by, operation, entity=entity)
        except Denied:
            self._denied(by, operation, resource, entity)
            raise

    def _refuse(self, by: Principal, operation: str, resource: str, entity: str | None, why: str) -> Denied:
        self._denied(by, operation, resource, entity, why)
        return Denied(wording("tongguan.trust.approvals").both(why, operation=operation))

    def _denied(self, by: Principal, operation: str, resource: str, entity: str | None, why: str = "right") -> None:
        named = _short(resource) if isinstance(resource, str) and _RESOURCE.fullmatch(resource) else ""
        body = {"operation": operation, "resource": named, "entity": entity and _short(entity), "why": why}
        self._record("denied", by.name, body)

    def _log(self, connection: sa.Connection, id: str, actor: str, **typed: str) -> None:
        """One entry for the state that the row is in now. What was typed stands in it as a salted hash and a length."""
        row = connection.execute(sa.select(TABLE).where(TABLE.c.id == id)).one()
        body = {name: row._mapping[name] for name in ("id", "operation", "resource", "entity", "requester")}
        for name, text in typed.items():
            hashed = hmac.digest(row.salt, text.encode("utf-8", "backslashreplace"), "sha256").hex()
            body[name] = {"hmac_sha256": hashed, "length": len(text)}
        self._record(f"approval.{row.state}", actor, body)


def _asked(found: Approval, who: Principal) -> bool:
    if who.id or found.requester_id:
        return who.id == found.requester_id
    return (found.requester, found.requester_kind) == (who.name, who.kind)


def _text(name: str, text: str, longest: int, *, line: bool = False) -> None:
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise BadInput(f"the {name} of an approval has 1 to {longest} characters")
    if not _storable(text) or (line and not text.isprintable()):
        raise BadInput(f"the {name} of an approval holds characters that cannot be shown")


def _storable(text: str) -> bool:
    """Whether every database can hold it: no NUL, no half of a surrogate pair."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _json(detail: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(dict(detail), ensure_ascii=True, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise BadInput("the detail of an approval must be plain JSON") from None
    if len(text) > DETAIL:
        raise BadInput(f"the detail of an approval holds at most {DETAIL} bytes of JSON")
    return text


def _short(text: object) -> str:
    return str(text)[:80]
