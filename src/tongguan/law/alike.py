"""Questions that no rule tells apart have one answer: worked out once, then told with each question's own facts.

Rules compare numbers of persons with lines and never use them otherwise, so all numbers between two lines are alike.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongguan.law.book import Page, book
from tongguan.law.changes import with_difference
from tongguan.law.facts import FIELDS
from tongguan.model import Decision, Reason

__all__ = ["answered"]

Values = Mapping[str, Any]
MOST = 20_000  # answers kept for one stretch of days
COUNTS = tuple(path for path, kind in FIELDS.items() if kind == "count")
DAYS = tuple(path for path, kind in FIELDS.items() if kind == "date" and path != "date")
TOLD_APART_BY_PRESENCE = ("recipient.city",)
SUMMED = {"persons_of_both_kinds": "left_out", "persons_of_2022": "together"}  # readings that add numbers up


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and which of its entries hold a number of the question."""

    decision: Decision
    counted: tuple[bool, ...]  # of `would_change`


def answered(
    page: Page, given: Values, day: date, readings: Mapping[str, str], decide: Callable[[], Decision]
) -> Decision:
    """The answer to a question of that day; `decide` works it out where none alike was asked before."""
    key = _signature(page, given, day, readings)
    kept: Kept | None = page.answers.get(key)
    if kept is not None:
        return _told(kept, given, day)
    decision = decide()
    if len(page.answers) >= MOST:
        page.answers.clear()
    page.answers[key] = Kept(decision, tuple(entry["difference"] is not None for entry in decision.would_change))
    return decision


def _signature(page: Page, given: Values, day: date, readings: Mapping[str, str]) -> tuple[Any, ...]:
    """All that an answer hangs on: equal signatures have equal answers but for the numbers of the question itself."""
    values = dict(given)
    if "exporter.city" in values:
        values["exporter.city"] = book().in_greater_bay_area(values["exporter.city"])
    for path in TOLD_APART_BY_PRESENCE:
        if path in values:
            values[path] = True
    if not any(readings.get(name) == taken for name, taken in SUMMED.items()):
        lines = _lines(page, given.get("activity.zone_scenario"))
        for path in COUNTS:
            if path in values:
                values[path] = bisect_right(lines[path], values[path])
        values["together"] = _together(page, given)
    values["day"] = day if any(path in values for path in DAYS) else day > book().parameters["known"]["checked"]
    return (*values.items(), *sorted(readings.items()))


def _together(page: Page, given: Values) -> tuple[bool, ...]:
    """Comparisons of numbers with each other."""
    persons, sensitive = given.get("data.persons", 0), given.get("data.sensitive_persons", 0)
    return (
        persons + sensitive >= page.numbers.get("persons_for_assessment", 0),
        given.get("data.persons_before_split", 0) > persons,
        given.get("data.sensitive_persons_before_split", 0) > sensitive,
    )


def _lines(page: Page, scenario: str | None) -> Mapping[str, list[int]]:
    """The numbers from which something may differ, ascending, by fact."""
    key = ("lines", scenario)
    if key not in page.answers:
        sources = [page.numbers]
        if scenario and scenario in page.scenarios:
            sources.append(page.scenarios[scenario].numbers)
        page.answers[key] = {
            path: sorted({1, *(number for source in sources for name, number in source.items() if _of(name, path))})
            for path in COUNTS
        }
    lines: Mapping[str, list[int]] = page.answers[key]
    return lines


def _of(number: str, path: str) -> bool:
    """Whether a number of the law is a line for a fact."""
    if path == "exporter.processes_persons":
        return number.startswith("processed_persons_") or number == "small_handler"
    return number.startswith(f"{path.removeprefix('data.').removesuffix('_before_split')}_for_")


def _told(kept: Kept, given: Values, day: date) -> Decision:
    """The answer with this question's day and numbers."""
    decision = kept.decision
    return Decision(
        date=day.isoformat(),
        regime=decision.regime,
        pathway=decision.pathway,
        options=decision.options,
        reasons=tuple(
            Reason(
                reason.instrument,
                reason.article,
                reason.rule,
                {path: given[path] for path in reason.facts},
                reason.text,
            )
            for reason in decision.reasons
        ),
        missing=decision.missing,
        obligations=decision.obligations,
        warnings=decision.warnings,
        would_change=tuple(
            with_difference(entry, entry["value"] - given[entry["fact"]]) if counted else entry
            for entry, counted in zip(decision.would_change, kept.counted, strict=True)
        ),
    )
