"""What templates say of a table and its columns: level, class, the rule that decides and what met it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tongguan.identify.tables import ColumnVerdict, TableVerdict
from tongguan.identify.templates.pack import Text

__all__ = ["ColumnResult", "Evidence", "Match", "TableResult"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What met a condition."""

    kind: str  # type, inside, category, column, table, combination, persons, exception, filter
    text: Text


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds, with what met it."""

    rule: str  # template/rule
    text: Text
    class_id: str | None  # template/class
    class_name: Text | None
    level: str | None
    sensitive: bool
    review: Text | None
    instrument: str | None  # Chinese title without 《》
    article: str | None
    known: str  # text, digest, unverified
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ColumnResult:
    """Class and level of a column. `match` is the rule that decides; `matches` are all that hold, it first."""

    table: str
    index: int
    name: str
    type: str | None
    level: str | None  # one of `LEVELS`; None: nothing was found that a rule speaks of
    level_name: Text | None
    sensitive: bool
    match: Match | None
    matches: tuple[Match, ...]
    exception: str | None  # id of the correction that was applied
    filtered: str | None  # why it was left out
    verdict: ColumnVerdict  # as the judge gave it, before any correction
    context: TableVerdict  # its table, likewise


@dataclass(frozen=True, slots=True)
class TableResult:
    """A table with its columns; `matches` are the rules of tables that hold."""

    name: str
    level: str | None
    level_name: Text | None
    sensitive: bool
    matches: tuple[Match, ...]
    columns: tuple[ColumnResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the verdicts."""
        plain = asdict(replace(self, columns=()))
        kept = [f.name for f in fields(ColumnResult) if f.name not in ("verdict", "context")]
        plain["columns"] = [{name: _plain(getattr(column, name)) for name in kept} for column in self.columns]
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if isinstance(value, Match) else value
