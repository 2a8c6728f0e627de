"""A template: classes, and rules that say which class and level a column or table has. Frozen, typed, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

__all__ = ["LEVELS", "Basis", "Condition", "Known", "Rule", "Template", "Text", "rank"]

Text = Mapping[str, str]
"""{"zh": …, "en": …}"""

Known = Literal["text", "digest", "unverified"]
"""The article's own words were read; known from descriptions of it; not found, and shown as such."""

LEVELS: Final = ("general-1", "general-2", "general-3", "general-4", "important", "core")
"""Levels of GB/T 43697-2024 from the lowest, general data in the four steps that the standard suggests."""


def rank(level: str | None) -> int:
    """-1 for no level."""
    return LEVELS.index(level) if level else -1


@dataclass(frozen=True, slots=True)
class Basis:
    """An instrument that a template rests on."""

    id: str
    title: str  # Chinese, without 《》
    en: str
    known: Known
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be so. Everything that is given must hold; of a list, one entry is enough."""

    types: frozenset[str] = frozenset()  # keys of `identify.TYPES`
    categories: frozenset[str] = frozenset()  # keys of `identify.CATEGORIES`
    column: tuple[str, ...] = ()  # words in the column's name or comment
    table: tuple[str, ...] = ()  # words in the table's name or comment
    combinations: frozenset[str] = frozenset()  # rules of `identify.tables` that hold with this column
    persons: int | None = None  # persons in the table, at least
    score: float = 0.5  # of the type

    @property
    def weight(self) -> int:
        """How many things it asks for: of two rules of one level the narrower one stands."""
        named = (self.types, self.categories, self.column, self.table, self.combinations)
        return sum(map(bool, named)) + (self.persons is not None) - (not self.types and bool(self.categories))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `level` None: that of the type. `sensitive` None: that of the type."""

    id: str  # template/rule
    text: Text
    when: Condition
    unless: Condition | None
    scope: Literal["column", "table"]
    class_id: str | None
    level: str | None
    sensitive: bool | None
    review: Text | None  # what a person must look at: whether it is important data, and the like
    basis: Basis | None
    article: str | None
    known: Known
    since: date | None = None  # first and last day, both inclusive
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Template:
    """A data pack of rules."""

    id: str
    names: Text
    dated: date
    sector: str | None  # None: for every sector
    bases: Mapping[str, Basis]
    classes: Mapping[str, Text] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
