"""What a unit turned out to hold: columns with their types, levels, counts; no values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tongguan.capture.stores import Sample, Unseen

__all__ = ["LEVELS", "Document", "Judged", "JudgedColumn", "Known", "Persons", "highest"]

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
class Document:
    """What kind of document a file is (`identify.kinds`); `kind` None where that is not known."""

    kind: str | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Something registered (a table, a document) of which fingerprints stand in a file. `share`: of the registered
    document, 0 … 1; `rows`: of the registered table."""

    store: str
    name: str
    share: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class JudgedColumn:
    """A column, or a type that was found in text. `samples` are masked. What the judge found stands in `found_…`; what
    counts, by the rules of classification and the corrections of people, in `type`, `level` and `sensitive`."""

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
    within: str = ""  # the table of a file that it is of: a sheet, a member of an archive
    found_type: str | None = None
    found_level: str | None = None
    found_sensitive: bool = False
    rule: str | None = None  # that decides: template/rule, or exception/id
    class_id: str | None = None
    correction: str | None = None  # id of the one that holds
    lapsed: str | None = None  # id of one that does not hold any more: something else is found here now
    left_out: str | None = None  # why, where a filter of the policy takes it
    no_data: bool = False  # corrected: no data that a type names

    @property
    def types(self) -> tuple[str, ...]:
        if self.left_out is not None or self.no_data:
            return ()
        return tuple(dict.fromkeys((*([self.type] if self.type else []), *self.inside)))


@dataclass(frozen=True, slots=True)
class Judged:
    """A unit as judged. `columns` of a table: all of them; of a file: those of the tables in it, all of them, then one
    for each type found in other text, named by nothing but that type."""

    columns: tuple[JudgedColumn, ...] = ()
    level: str | None = None
    sensitive: bool = False
    persons: Persons = Persons()
    sample: Sample | None = None  # None for files
    rows: int | None = None  # of a table, or of a file that is one
    digest: str = ""  # keyed hash of the content of a file
    unseen: tuple[Unseen, ...] = ()
    combinations: tuple[Mapping[str, Any], ...] = ()  # what columns say together: {"rule", "columns", "level", …}
    document: Document = Document()
    known: tuple[Known, ...] = ()
    found_level: str | None = None  # by the judge alone

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(type for column in self.columns for type in column.types))

    @property
    def schema(self) -> str:
        """The columns as they are declared, as one text: another text, another schema. Of a file the tables in it."""
        named = (column for column in self.columns if column.name)
        return "\n".join(f"{column.name}\t{column.declared}\t{column.comment}" for column in named)
