"""Questions that no rule tells apart have one answer: worked out once, then told with each question's own facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongguan.law.book import Page, book
from tongguan.law.changes import with_difference
from tongguan.law.tree import Tree, Values, planted
from tongguan.model import Decision, Reason

__all__ = ["answered"]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and which entries of its `would_change` hold a number of the question."""

    decision: Decision
    counted: tuple[bool, ...]


def answered(
    page: Page, given: Values, day: date, readings: Mapping[str, str], decide: Callable[[Values], Decision]
) -> Decision:
    """The answer to a question of that day. `decide` works it out, from facts that it asks for by name, where none
    alike was asked before."""
    tree: Tree[Kept] = planted(page, given, "answers")
    root = _root(page, given, day, readings)
    kept = tree.find(root, given)
    if kept is not None:
        return _told(kept, given, day)
    return tree.work_out(root, given, readings, lambda facts: _kept(decide(facts))).decision


def _kept(decision: Decision) -> Kept:
    return Kept(decision, tuple(entry["difference"] is not None for entry in decision.would_change))


def _root(page: Page, given: Values, day: date, readings: Mapping[str, str]) -> tuple[Any, ...]:
    """What an answer hangs on beside single facts: the day within its page, numbers against each other, readings."""
    persons, sensitive = given.get("data.persons", 0), given.get("data.sensitive_persons", 0)
    return (
        day > book().parameters["known"]["checked"],
        page.regime == "2022" and persons + sensitive >= page.numbers["persons_for_assessment"],
        given.get("data.persons_before_split", 0) > persons,
        given.get("data.sensitive_persons_before_split", 0) > sensitive,
        tuple(f"{day:%Y-%m}" >= end for end in page.trials) if page.trials and "exporter.zone" in given else (),
        tuple(sorted(readings.items())) if readings else (),
    )


def _told(kept: Kept, given: Values, day: date) -> Decision:
    """The answer with this question's day and numbers."""
    decision = kept.decision
    return Decision(
        date=day.isoformat(),
        regime=decision.regime,
        pathway=decision.pathway,
        options=decision.options,
        reasons=tuple(
            Reason(one.instrument, one.article, one.rule, {path: given[path] for path in one.facts}, one.text)
            for one in decision.reasons
        ),
        missing=decision.missing,
        obligations=decision.obligations,
        warnings=decision.warnings,
        would_change=tuple(
            with_difference(entry, entry["value"] - given[entry["fact"]]) if counted else entry
            for entry, counted in zip(decision.would_change, kept.counted, strict=True)
        ),
    )
