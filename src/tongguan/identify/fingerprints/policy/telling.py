"""A policy in words: what each rule asks, part by part, as somebody reads it who did not write it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from tongguan.identify.fingerprints.policy.conditions import (
    All,
    AnyOf,
    Condition,
    Documents,
    Identifier,
    Keyword,
    NearBy,
    Not,
    Regex,
    Table,
)
from tongguan.identify.fingerprints.policy.evaluation import Policy, Rule
from tongguan.identify.fingerprints.policy.evidence import Said, both, said, say
from tongguan.identify.fingerprints.table_match import Near
from tongguan.wording import LANGUAGES

__all__ = ["conditions_of", "leaves", "policy_in_words", "stores_of"]


def policy_in_words(policy: Policy) -> list[dict[str, Any]]:
    """Each rule: `rule, severity, when, except`; a condition is `text` ({"zh", "en"}) and `parts`."""
    return [
        {
            "rule": rule.id, "severity": rule.severity, "when": _told(rule.when),
            "except": _told(rule.unless) if rule.unless else None,
        }
        for rule in policy.rules
    ]  # fmt: skip


def _told(condition: Condition) -> dict[str, Any]:
    return {"text": said(both(condition.what, _more(condition))), "parts": [_told(part) for part in _parts(condition)]}


def _more(condition: Condition) -> Said:
    """How many of it, and how near."""
    if isinstance(condition, Table) and condition.near is not None:
        return both(_near(condition.near), say("asked.rows", count=condition.count))
    if isinstance(condition, Table) or (isinstance(condition, Identifier) and condition.distinct):
        return say("asked.distinct", count=condition.count)
    if isinstance(condition, Keyword | Regex | Identifier) and condition.count > 1:
        return say("asked", count=condition.count)
    return ()


def _near(near: Near) -> Said:
    columns = dict.fromkeys((*near.columns, *near.required))
    named = {"zh": "、".join(columns), "en": ", ".join(columns)}
    shown = named if columns else {language: said(say("near.any"))[language] for language in LANGUAGES}
    key, within = ("near.columns", near.characters) if near.records is None else ("near.records", near.records)
    return say(key, columns=shown, least=near.least, within=within)


def _parts(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, All | AnyOf):
        return condition.parts
    if isinstance(condition, NearBy):
        return cast(tuple[Condition, ...], condition.parts)
    return (condition.part,) if isinstance(condition, Not) else ()


def leaves(condition: Condition) -> Iterator[Condition]:
    """The conditions that it is joined of."""
    parts = _parts(condition)
    if not parts:
        yield condition
    for part in parts:
        yield from leaves(part)


def conditions_of(policies: Iterable[Policy]) -> Iterator[Condition]:
    """All that some policies ask, leaf by leaf."""
    for policy in policies:
        for rule in policy.rules:
            yield from _of(rule)


def _of(rule: Rule) -> Iterator[Condition]:
    yield from leaves(rule.when)
    if rule.unless:
        yield from leaves(rule.unless)


def stores_of(policy: Policy) -> dict[str, set[str]]:
    """Names of the fingerprints that it asks: {"table": …, "documents": …}."""
    found: dict[str, set[str]] = {"table": set(), "documents": set()}
    for condition in conditions_of([policy]):
        if isinstance(condition, Table):
            found["table"].add(condition.index)
        elif isinstance(condition, Documents):
            found["documents"].add(condition.store)
    return found
