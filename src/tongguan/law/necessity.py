"""Is it necessary that this data leaves? The four factors, each with its article and what is missing.

Personal Information Protection Law art. 6 and 19; official questions and answers of April 2025 (no. 4) and, for
recruitment, July 2026 (no. 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongguan.law.answers import Sheet
from tongguan.law.checklist import Derived, Findings, Truth, judge_list

__all__ = ["necessity"]


def necessity(answers: Mapping[str, Any]) -> Findings:
    """Judge each factor met, unmet or unknown.

    `answers`: nested as the dotted paths under `necessity.answers` in data/checklists.yaml; `date` is required, what is
    absent or null is unknown. Raises BadFacts naming the field, what was expected and an example.
    """
    return judge_list("necessity", answers, DERIVED)


def persons_within(sheet: Sheet) -> Truth:
    """No more persons than the purpose needs."""
    return _at_most(sheet, "scope.persons_sent", "scope.persons_needed")


def items_within(sheet: Sheet) -> Truth:
    """No data item that the purpose does not need; the surplus is the detail."""
    sent, needed = sheet("scope.items_sent"), sheet("scope.items_needed")
    if sent == ():
        return Truth(True)
    if sent is None or needed is None:
        return _unknown({"scope.items_sent": sent, "scope.items_needed": needed})
    surplus = tuple(sorted(set(sent) - set(needed)))
    return Truth(not surplus, detail=surplus)


def retention_within(sheet: Sheet) -> Truth:
    """Kept no longer than needed, unless a law or administrative regulation fixes the time (art. 19)."""
    fixed = sheet("retention.fixed_by_law")
    if fixed:
        return Truth(True)
    enough = _at_most(sheet, "retention.days_abroad", "retention.days_needed")
    if enough.value is True or fixed is False:
        return enough
    return Truth(None, enough.missing | {"retention.fixed_by_law"})


def _at_most(sheet: Sheet, number: str, limit: str) -> Truth:
    value, most = sheet(number), sheet(limit)
    if value == 0:
        return Truth(True)
    if value is None or most is None:
        return _unknown({number: value, limit: most})
    return Truth(value <= most, detail=() if value <= most else (f"{value:,} > {most:,}",))


def _unknown(values: Mapping[str, Any]) -> Truth:
    return Truth(None, frozenset(path for path, value in values.items() if value is None))


DERIVED: Derived = {
    "persons_within": persons_within,
    "items_within": items_within,
    "retention_within": retention_within,
}
