"""Corrections by people: each becomes an exception that stays, and a case that shows whether it still holds.

An exception is of one column of one table. It holds while the judge finds there what it found when the correction was
made: a column that became something else is judged anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from tongguan import whole_file
from tongguan.errors import BadInput
from tongguan.identify.tables import ColumnVerdict, Combination, Inside, TableVerdict, still_hold
from tongguan.identify.templates.pack import LEVELS, rank
from tongguan.identify.templates.reading import Document, read_path
from tongguan.identify.templates.results import ColumnResult
from tongguan.identify.types import TYPES
from tongguan.wording import wording

__all__ = [
    "Exception_",
    "Ruling",
    "correct",
    "corrected",
    "exceptions_text",
    "judged_then",
    "load_exceptions",
    "save_exceptions",
]

_say: Final = wording("tongguan.identify.templates", "faults.yaml").both
_DUMPER: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_LONGEST: Final = 1000  # characters of a reason
_FILE: Final = "exceptions"
_LARGEST: Final = 16 << 20  # bytes of a file of exceptions: some ten thousand


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a column really is. `type` None: no data that a type names; "as found": the type is right.

    `level`, `class_id` (template/class) and `sensitive` are given where the rules would say otherwise.
    """

    type: str | None = "as found"
    level: str | None = None
    class_id: str | None = None
    sensitive: bool | None = None


@dataclass(frozen=True, slots=True)
class Exception_:
    """A correction of one column."""

    id: str
    table: str
    column: str
    found: str | None  # the type that the judge had found
    now: Ruling
    reason: str
    by: str
    at: str  # ISO 8601, UTC
    case: Mapping[str, Any]  # what was judged then, without values; see `cases`


def correct(
    result: ColumnResult, verdict: Ruling | str | None, reason: str, *, by: str = "unknown", at: datetime | None = None
) -> Exception_:
    """The exception that makes a column what it really is: a type's id, None for no personal data, or a `Ruling`.

    Raises BadInput for a type or level that does not exist, a correction that changes nothing, or one without reason.
    """
    ruling = verdict if isinstance(verdict, Ruling) else Ruling(verdict)
    found = result.verdict.type
    if ruling.type not in (None, "as found") and ruling.type not in TYPES:
        raise BadInput(_say("type.none", given=repr(ruling.type), known=", ".join(sorted(TYPES))))
    if ruling.level is not None and ruling.level not in LEVELS:
        raise BadInput(_say("level.none", given=repr(ruling.level), known=", ".join(LEVELS)))
    if ruling == Ruling() or (ruling == Ruling(found) and ruling.level is None):
        raise BadInput(_say("correction.same", column=f"{result.table}.{result.name}"))
    if not reason.strip() or len(reason) > _LONGEST:
        raise BadInput(_say("correction.reason", most=_LONGEST))
    moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    what = "\x00".join(map(str, (result.table, result.name, found, ruling, moment)))
    case = _snapshot(result, ruling)
    id = hashlib.blake2b(what.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return Exception_(id, result.table, result.name, found, ruling, reason.strip(), by, moment, case)


def corrected(verdict: TableVerdict, exceptions: Sequence[Exception_]) -> tuple[TableVerdict, dict[int, Exception_]]:
    """A verdict with the types that people gave, and which exception was applied to which column."""
    applied: dict[int, Exception_] = {}
    columns = list(verdict.columns)
    by_place: dict[tuple[str, str], list[Exception_]] = {}
    for exception in exceptions:
        by_place.setdefault((exception.table, exception.column), []).append(exception)
    for i, column in enumerate(columns):
        held = [e for e in by_place.get((verdict.name, column.name), ()) if e.found == column.type]
        if held:
            applied[i] = held[-1]  # of several the last
            columns[i] = _as_ruled(column, held[-1].now)
    if not applied:
        return verdict, applied
    together = still_hold(verdict.combinations, columns)
    return replace(verdict, columns=tuple(columns), combinations=together), applied


def _as_ruled(column: ColumnVerdict, ruling: Ruling) -> ColumnVerdict:
    if ruling.type == "as found":
        return column
    if ruling.type is None:
        return replace(column, type=None, score=1.0, category=None, level=None, sensitive=False, inside=(), samples=())
    about = TYPES[ruling.type]
    levels = [about.level, *(TYPES[i.type].level for i in column.inside)]
    sensitive = about.sensitive or any(TYPES[i.type].sensitive for i in column.inside)
    return replace(
        column, type=ruling.type, score=1.0, category=about.category, level=max(levels, key=rank), sensitive=sensitive
    )


def _snapshot(result: ColumnResult, ruling: Ruling) -> dict[str, Any]:
    """What a case needs, as plain values; no values of the column."""
    column, table = result.verdict, result.context
    expected: dict[str, Any] = {"type": column.type if ruling.type == "as found" else ruling.type}
    for key in ("level", "sensitive"):
        if getattr(ruling, key) is not None:
            expected[key] = getattr(ruling, key)
    return {
        "comment": column.comment,
        "table_comment": table.comment,
        "score": round(column.score, 4),
        "kind": column.kind,
        "rows": column.rows,
        "nulls": column.nulls,
        "distinct": column.distinct,
        "inside": [asdict(inside) for inside in column.inside],
        "combinations": [c.rule for c in table.combinations if column.index in c.columns],
        "expected": expected,
    }


def judged_then(exception: Exception_) -> TableVerdict:
    """The table as it was when it was corrected, with nothing but the column in question."""
    kept = exception.case
    type = TYPES.get(exception.found or "")
    column = ColumnVerdict(
        0,
        exception.column,
        kept["comment"],
        exception.found,
        kept["score"],
        (),
        (),
        tuple(Inside(**row) for row in kept["inside"]),
        "clear",
        type.category if type else None,
        type.level if type else None,
        type.sensitive if type else False,
        kept["rows"],
        kept["nulls"],
        kept["distinct"],
        (),
        kept["kind"],
    )
    text = {"zh": "", "en": ""}
    together = tuple(Combination(rule, (0,), "general-4", None, text, None, None) for rule in kept["combinations"])
    place = (exception.table, kept["table_comment"], kept["rows"])
    return TableVerdict(*place, (column,), together, None, column.level, column.sensitive)


def save_exceptions(path: Path | str, exceptions: Sequence[Exception_]) -> None:
    """Write the file anew, whole or not at all. Raises CannotWrite, BadInput where it would be too large to read."""
    path = Path(path)
    text = exceptions_text(exceptions)
    whole_file.replace(path, text.encode())


def exceptions_text(exceptions: Sequence[Exception_]) -> str:
    """As YAML. Raises BadInput for more than can be read again."""
    rows = [asdict(e) for e in exceptions]
    text = yaml.dump({"format": 1, _FILE: rows}, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=10_000)
    if len(text.encode()) > _LARGEST:
        raise BadInput(_say("correction.many", most=f"{_LARGEST:,}"))
    return str(text)


def load_exceptions(path: Path | str) -> tuple[Exception_, ...]:
    """Exceptions from their file; none where there is no file. Raises BadPack, naming the line."""
    path = Path(path)
    if not path.exists():
        return ()
    document = read_path(path, _LARGEST)
    rows = document.values.get(_FILE)
    if document.values.get("format") != 1 or not isinstance(rows, list):
        raise document.fault((), "exceptions")
    return tuple(_exception(document, i, row) for i, row in enumerate(rows))


def _exception(document: Document, i: int, row: Any) -> Exception_:
    way = (_FILE, i)
    try:
        ruling = Ruling(**row["now"])
        made = Exception_(**{**row, "now": ruling})
        judged_then(made)
        sound = _is_case(made.case)
    except (TypeError, KeyError, AttributeError):
        raise document.fault(way, "exception.keys") from None
    texts = (made.id, made.table, made.column, made.reason, made.by, made.at)
    bad_type = made.now.type not in (None, "as found", *TYPES) or made.found not in (None, *TYPES)
    if any(not isinstance(text, str) for text in texts) or bad_type or not _is_ruling(made.now):
        raise document.fault(way, "exception.unknown")
    if not sound:
        raise document.fault((*way, "case"), "exception.case")
    return made


def _is_ruling(now: Ruling) -> bool:
    level = now.level is None or now.level in LEVELS
    return level and isinstance(now.class_id, str | None) and isinstance(now.sensitive, bool | None)


def _is_case(case: Mapping[str, Any]) -> bool:
    """Whether a case holds what `_snapshot` puts into it."""
    expected, inside, together = case["expected"], case["inside"], case["combinations"]
    return (
        all(isinstance(case[name], str | None) for name in ("comment", "table_comment"))
        and isinstance(case["kind"], str)
        and all(_is_number(case[name]) for name in ("score", "rows", "nulls", "distinct"))
        and all(row["type"] in TYPES and all(map(_is_number, {**row, "type": 0}.values())) for row in inside)
        and all(isinstance(rule, str) for rule in together)
        and _is_ruling(Ruling(level=expected.get("level"), sensitive=expected.get("sensitive")))
        and {"type"} <= set(expected) <= {"type", "level", "sensitive"}
        and expected["type"] in (None, *TYPES)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
