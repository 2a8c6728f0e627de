"""What left held against policies: rows of the ledger for each rule that fired, alerts out of these, and kinds of
documents. What a rule could not decide is a blind spot, counted by rule."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tongguan.border.ledger import Ledger
from tongguan.border.rows import LedgerBatch
from tongguan.border.summarise import may_have_left
from tongguan.border.summary import iso
from tongguan.identify import Piece
from tongguan.identify.fingerprints import DocumentSegments, TableSegments
from tongguan.identify.fingerprints.policy import (
    Asked,
    Evidence,
    Judged,
    Outcome,
    Policy,
    RuleOutcome,
    evaluate_many,
    file_types_of,
)
from tongguan.identify.kinds import kinds_of, shipped
from tongguan.model import Alert, BlindKind, BlindSpot, Content, Crossing, Finding, Role
from tongguan.wording import wording

__all__ = ["HeldBatch", "InForce", "Watch", "kinds_by_recipient", "policy_alerts"]

SHOWN: Final = 5  # exchanges shown for one rule and recipient
_PLACES: Final = 3  # places told of one exchange
_ROOM: Final = 16 << 20  # characters of one exchange that policies are held against
_BATCH: Final = 64 << 20  # characters of all exchanges of a batch
_TOO_LONG: Final = "longer than what policies are held against"
_FROM: Final = re.compile(rb"^From:[^\r\n]{0,200}?([^\s<>\"@:,]+@[A-Za-z0-9.-]+)", re.MULTILINE | re.IGNORECASE)

Taken = tuple[Crossing, Sequence[tuple[int, int]], Sequence[BlindSpot]]
"""An exchange, which pieces each of its contents has, and what could not be seen of them."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy that a run holds content against. `digest`: of what was written."""

    name: str
    digest: str
    policy: Policy


class Watch:
    """Holds the exchanges of a run against policies, and tells kinds of documents where asked.

    `mark` tells this from another set of policies, fingerprints and models: rows of one are not those of another.
    """

    def __init__(
        self,
        policies: Sequence[InForce],
        tables: Mapping[str, TableSegments],
        documents: Mapping[str, DocumentSegments],
        *,
        kinds: bool = False,
        stores: Sequence[str] = (),
    ) -> None:
        self.policies = tuple(policies)
        self.tables, self.documents = tables, documents
        self.kinds = kinds
        self.asked = Asked([one.policy for one in policies])
        parts = [*(f"{one.name} {one.digest}" for one in policies), *stores]
        if kinds or self.asked.kinds:
            parts.append(f"kinds {shipped().digest}")
        self.mark = hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""


@dataclass(slots=True)
class HeldBatch:
    """The texts of one batch, until they are judged."""

    watch: Watch
    pieces: list[Piece] = field(default_factory=list)
    cut: set[int] = field(default_factory=set)  # pieces that were left out for their length
    _room: int = _ROOM
    _left: int = _BATCH

    def exchange(self) -> None:
        """What comes now is of another exchange."""
        self._room = _ROOM

    def keep(self, pieces: Sequence[Piece]) -> None:
        """Pieces in their order. Beyond the room of an exchange or of the batch they are left out, and that is told."""
        for piece in pieces:
            size = len(piece.text)
            if size > min(self._room, self._left):
                self.cut.add(len(self.pieces))
                self.pieces.append(Piece(""))
                continue
            self._room -= size
            self._left -= size
            self.pieces.append(piece)

    def judge(
        self, taken: Sequence[Taken], found: Sequence[Sequence[Finding]], rows: LedgerBatch
    ) -> dict[str, Counter[str]]:
        """Rows for all exchanges; gives for each the rules that fired, with how much was found."""
        kinds = [self._kinds(one) if self.watch.kinds or self.watch.asked.kinds else Counter[str]() for one in taken]
        for (crossing, _, _), counted in zip(taken, kinds, strict=True) if self.watch.kinds else ():
            told = Counter[str]()
            for kind, count in counted.items():
                told[kind if kind in shipped().kinds else "unknown"] += count
            for kind, count in told.items():
                rows.kind(crossing, kind, count)
        evidences = [self._evidence(one, found, counted) for one, counted in zip(taken, kinds, strict=True)]
        judged = evaluate_many([one.policy for one in self.watch.policies], evidences)
        undecided: Counter[tuple[str, str]] = Counter()
        fired: dict[str, Counter[str]] = {}
        for one, outcomes in zip(taken, judged, strict=True):
            for policy, outcome in zip(self.watch.policies, outcomes, strict=True):
                undecided.update((policy.name, rule.rule) for rule in outcome.rules if rule.truth is None)
                self._fired(one[0], policy, outcome, rows, fired)
        rows.blind(
            BlindSpot(BlindKind.UNDECIDED, f"{policy}/{rule}", "a rule of a policy that something hides", count)
            for (policy, rule), count in undecided.items()
        )
        return fired

    def _fired(
        self, crossing: Crossing, policy: InForce, outcome: Outcome, rows: LedgerBatch, fired: dict[str, Counter[str]]
    ) -> None:
        for rule in outcome.rules:
            if rule.truth:
                count = max(1, _found(rule.when))
                rows.hold(crossing, policy.name, policy.policy.name, rule.rule, rule.severity, count, _said(rule))
                fired.setdefault(crossing.exchange.uid, Counter())[f"{policy.name}/{rule.rule}"] += count

    def _kinds(self, taken: Taken) -> Counter[str]:
        """Kinds of the documents of an exchange; why not, of those without one."""
        counted: Counter[str] = Counter()
        for content, (first, last) in zip(taken[0].exchange.contents, taken[1], strict=True):
            for _, verdict in kinds_of(shipped(), self.pieces[first:last], content.name):
                counted[verdict.kind or str(verdict.reason)] += 1
        return counted

    def _evidence(self, taken: Taken, found: Sequence[Sequence[Finding]], kinds: Counter[str]) -> Evidence:
        crossing, spans, unseen = taken
        exchange, asked = crossing.exchange, self.watch.asked
        places = [i for first, last in spans for i in range(first, last)]
        spots = [*exchange.blind_spots, *unseen]
        if not self.cut.isdisjoint(places):
            spots.append(BlindSpot(BlindKind.TRUNCATED, exchange.uid, _TOO_LONG))
        contents = exchange.contents
        return Evidence(
            [self.pieces[i] for i in places],
            [found[i] for i in places],
            spots,
            size=exchange.size,
            file_types=self._file_types(contents, spans) if asked.file_types else None,
            sender=_sender(contents) if asked.sender and exchange.protocol == "smtp" else None,
            recipients=_recipients(crossing),
            kinds=frozenset(kinds) if asked.kinds else None,
            sha256=_digest(contents) if asked.sha256 else None,
            tables=self.watch.tables,
            documents=self.watch.documents,
        )

    def _file_types(self, contents: Sequence[Content], spans: Sequence[tuple[int, int]]) -> frozenset[str]:
        each = zip(contents, spans, strict=False)
        return frozenset[str]().union(*(file_types_of(c, self.pieces[first:last]) for c, (first, last) in each))


def _found(judged: Judged) -> int:
    """How many places speak for a rule."""
    return max(judged.found, sum(_found(part) for part in judged.parts if part.truth))


def _said(rule: RuleOutcome) -> dict[str, str]:
    """What fired, in words: the conditions that hold, one behind the other."""
    told = list(_holding(rule.when))
    return {language: "; ".join(part[language] for part in told[:6]) for language in ("zh", "en")}


def _holding(judged: Judged) -> list[dict[str, str]]:
    if not judged.parts:
        return [judged.text] if judged.truth else []
    parts = [text for part in judged.parts if part.truth for text in _holding(part)]
    return parts or [judged.text]


def _recipients(crossing: Crossing) -> tuple[str, ...] | None:
    """Domains that it went to: of a mail those of its recipients, of other requests the names of the server."""
    exchange = crossing.exchange
    if exchange.protocol == "smtp":
        return (exchange.application.lower(),) if exchange.application else None
    if exchange.role is Role.REQUEST and exchange.server_names:
        return tuple(name.lower() for name in exchange.server_names)
    return None


def _sender(contents: Sequence[Content]) -> str | None:
    for content in contents[:1]:
        if found := _FROM.search(content.read()[:16384]):
            return found[1].decode("ascii", "replace").lower()
    return None


def _digest(contents: Sequence[Content]) -> str | None:
    return hashlib.sha256(contents[0].read()).hexdigest() if len(contents) == 1 else None


# ---- out of the ledger


def policy_alerts(ledger: Ledger, window: tuple[date, date]) -> list[Alert]:
    """One alert for each rule and recipient: how many exchanges, how much was found, and the plainest of them."""
    with ledger.cursor() as cursor:
        rows = cursor.execute(
            f"""
        WITH e AS (SELECT uid, ts, operation, application, types, coalesce(recipient_id, recipient) AS who, recipient
                   {may_have_left(window)})
        SELECT h.policy, h.title, h.rule, h.severity, e.who, any_value(e.recipient), count(*), sum(h.found),
               min({{'few': -h.found, 'ts': e.ts, 'exchange': e.uid, 'operation': e.operation,
                     'application': e.application, 'types': e.types, 'zh': h.zh, 'en': h.en}}, {SHOWN})
        FROM e JOIN held h USING (uid) GROUP BY h.policy, h.title, h.rule, h.severity, e.who
        ORDER BY h.policy, h.rule, e.who
        """
        ).fetchall()
    return [_alert(*row) for row in rows]


def _alert(
    policy: str, title: str, rule: str, severity: str, who: str, recipient: str, exchanges: int, found: int, shown: Any
) -> Alert:
    return Alert(
        rule="policy_matched",
        severity=severity,
        title=wording(__package__).both(
            "policy_matched", policy=title, rule=rule, recipient=recipient, count=f"{exchanges:,}"
        ),
        recipient=who,
        activity=None,
        evidence=tuple(
            {
                "exchange": one["exchange"], "ts": iso(one["ts"]), "operation": one["operation"],
                "application": one["application"], "types": list(one["types"]), "found": -one["few"],
                "masked": [{"zh": one["zh"], "en": one["en"]}],
            }
            for one in shown
        ),
        citations=(),
        detail={
            "policy": policy, "title": title, "policy_rule": rule, "crossings": exchanges, "found": int(found),
            "types": [],
        },
    )  # fmt: skip


def kinds_by_recipient(ledger: Ledger, window: tuple[date, date]) -> dict[str, dict[str, int]]:
    """Of each recipient the kinds of documents that left for it, and how many of each."""
    with ledger.cursor() as cursor:
        rows = cursor.execute(
            f"""
        WITH e AS (SELECT uid, coalesce(recipient_id, recipient) AS who {may_have_left(window)})
        SELECT e.who, k.kind, sum(k.count) FROM e JOIN kinds k USING (uid) GROUP BY ALL ORDER BY 1, 3 DESC, 2
        """
        ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for who, kind, count in rows:
        found.setdefault(who, {})[kind] = int(count)
    return found
