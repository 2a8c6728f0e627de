"""What a path asks for: the duties of the day that the facts call for, each with its day where one can be told."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tongguan.law.book import Duty
from tongguan.law.verdict import Verdict
from tongguan.model import Obligation, Pathway

__all__ = ["filled", "obligations"]

LENIENT = {"data.personal": True}  # unless personal information is known to be absent, its duties are named


def obligations(verdict: Verdict, options: tuple[str, ...]) -> Iterator[Obligation]:
    """The duties that go with the pathway or one of its options, in the order of the book."""
    pathway = verdict.pathway
    paths = {pathway.value} if pathway in (Pathway.ZONE_REGISTRATION, Pathway.EXEMPT) else {pathway.value, *options}
    for duty in verdict.page.duties:
        if duty.paths & paths and called_for(duty, verdict.given):
            due = due_day(duty.due, verdict.given)
            text = filled(duty.text, verdict)
            yield Obligation(
                duty.id, duty.cite.instrument.title, duty.cite.article, due.isoformat() if due else None, text
            )


def called_for(duty: Duty, given: Mapping[str, Any]) -> bool:
    """Whether the duty's facts are so, and none is known to be otherwise."""
    return all(_fits(given.get(path, LENIENT.get(path)), wanted) for path, wanted in duty.when.items()) and not any(
        path in given and _fits(given[path], excluded) for path, excluded in duty.unless.items()
    )


def _fits(value: Any, wanted: Any) -> bool:
    """A fact against what a duty says of it: a value, one of several, `known`, or `{from: day}`."""
    if value is None:
        return False
    if wanted == "known":
        return True
    if isinstance(wanted, Mapping):
        return bool(value >= wanted["from"])
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def due_day(due: date | Mapping[str, Any] | None, given: Mapping[str, Any]) -> date | None:
    """A fixed day, or so many months after a fact's day: the same day of that month, or its last."""
    if not isinstance(due, Mapping):
        return due
    start: date = given[due["after"]]
    months = start.month - 1 + due["months"]
    year, month = start.year + months // 12, months % 12 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def filled(templates: Mapping[str, str], verdict: Verdict) -> dict[str, str]:
    """Texts with the numbers of the day in them, and those of the scenario claimed."""
    page, scenario = verdict.page, verdict.given.get("activity.zone_scenario", "")
    key = ("text", templates["en"], scenario)
    text: dict[str, str] | None = page.texts.get(key)
    if text is None:
        numbers = dict(page.numbers)
        if scenario in page.scenarios:
            numbers |= {f"zone_{name}": value for name, value in page.scenarios[scenario].numbers.items()}
        text = page.texts[key] = {language: template.format(**numbers) for language, template in templates.items()}
    return text
