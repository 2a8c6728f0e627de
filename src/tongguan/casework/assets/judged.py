"""What a unit turned out to hold: columns with their types, levels, counts; no values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tongguan.capture.stores import Sample, Unseen

__all__ = ["LEVELS", "Judged", "JudgedColumn", "Persons", "highest"]

LEVELS = ("general-1", "general-2", "general-3", "general-4", "important", "core")
"""Levels of GB/T 43697-2024 with its grades of general data, from the lowest to the highest."""


def highest(levels: Iterable[str | None]) -> str | None:
    """The highest of some levels, None where there is none."""
    known = [level for level in levels if level in LEVELS]
    return max(known, key=LEVELS.index, default=None)


@dataclass(frozen=True, slots=True)
class Persons:
    """Distinct natural persons of a unit: an estimate with what it is at least and at most."""

    count: int = 0
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class JudgedColumn:
    """A column, or a part of a document in which something was found. `samples` are masked."""

    name: str
    declared: str = ""
    comment: str = ""
    type: str | None = None  # what the column is
    inside: tuple[str, ...] = ()  # what is found within its cells
    level: str | None = None
    sensitive: bool = False
    score: float = 0.0
    found: int = 0  # cells or findings seen
    samples: tuple[str, ...] = ()
    protection: str = "clear"  # clear, masked, hashed: how the values stand there
    why: tuple[Mapping[str, Any], ...] = ()  # the evidence: {"from", "points", "zh", "en"}

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*([self.type] if self.type else []), *self.inside)))


@dataclass(frozen=True, slots=True)
class Judged:
    """A unit as judged. `columns` of a table: all of them; of a file: the columns of tables in it with a type, then one
    for each type found in text, named by nothing but that type."""

    columns: tuple[JudgedColumn, ...] = ()
    level: str | None = None
    sensitive: bool = False
    persons: Persons = Persons()
    sample: Sample | None = None  # None for files
    rows: int | None = None
    digest: str = ""  # keyed hash of the content of a file
    unseen: tuple[Unseen, ...] = ()
    combinations: tuple[Mapping[str, Any], ...] = ()  # what columns say together: {"rule", "columns", "level", …}

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(type for column in self.columns for type in column.types))

    @property
    def schema(self) -> str:
        """The columns as they are declared, as one text: another text, another schema."""
        if self.sample is None:
            return ""
        return "\n".join(f"{column.name}\t{column.declared}\t{column.comment}" for column in self.columns)
