"""Conditions that must all be met, judged with three values: met, not met, not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongguan.law.book import Cite
from tongguan.law.clocks.procedure import Checklist, Condition, Text

__all__ = ["Answer", "Checked", "check"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One condition: whether it is met (None: not known), and the facts that would settle it."""

    id: str
    text: Text
    met: bool | None
    facts: Mapping[str, Any]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """All conditions, and whether they are met in full."""

    id: str
    text: Text
    met: bool | None
    answers: tuple[Answer, ...]
    cites: tuple[Cite, ...]
    confidence: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that still matter: none where a condition already fails."""
        if self.met is not None:
            return ()
        return tuple(dict.fromkeys(fact for answer in self.answers for fact in answer.missing))


def check(checklist: Checklist, facts: Mapping[str, Any], happened: frozenset[str]) -> Checked:
    """The checklist on facts and on the events that happened since the result."""
    changed = bool(checklist.never & happened)
    answers = (
        Answer("precondition", checklist.never_text, not changed, {}, ()),
        *(_answer(condition, facts) for condition in checklist.conditions),
    )
    met = _all([answer.met for answer in answers])
    return Checked(checklist.id, checklist.text, met, answers, checklist.cites, checklist.confidence)


def _answer(condition: Condition, facts: Mapping[str, Any]) -> Answer:
    asked = [*([condition.only] if condition.only else []), *condition.holds, *(condition.growth or ())[:2]]
    known = {str(fact): facts[str(fact)] for fact in asked if fact in facts}
    met = _met(condition, facts)
    missing = tuple(str(fact) for fact in asked if fact not in facts) if met is None else ()
    return Answer(condition.id, condition.text, met, known, missing)


def _met(condition: Condition, facts: Mapping[str, Any]) -> bool | None:
    matters = facts.get(condition.only) if condition.only else True
    if matters is False:
        return True
    held = [None if fact not in facts else facts[fact] is value for fact, value in condition.holds.items()]
    if condition.growth:
        held.append(_within(*condition.growth, facts))
    met = _all(held)
    return met if matters or met else None


def _within(of: str, over: str, percent: int, facts: Mapping[str, Any]) -> bool | None:
    """Whether `of` exceeds `over` by no more than so many percent; exactly so many is within."""
    if of not in facts or over not in facts:
        return None
    return bool(facts[of] * 100 <= facts[over] * (100 + percent))


def _all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True
