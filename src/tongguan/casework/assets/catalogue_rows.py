"""What was judged as rows of the catalogue, and as it was kept again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from operator import attrgetter
from typing import Any, Final

from tongguan.capture.stores import Unit
from tongguan.casework.assets.judged import Judged, JudgedColumn, Persons

__all__ = ["column_of", "described", "held", "judged_of", "rows_of"]


_NAMES: Final = tuple(field.name for field in fields(JudgedColumn))
_VALUES: Final = attrgetter(*_NAMES)  # `asdict` would copy all that is in them


def rows_of(id: int, judged: Judged) -> list[dict[str, Any]]:
    return [
        dict(zip(_NAMES, _VALUES(column), strict=True), unit=id, ordinal=n) for n, column in enumerate(judged.columns)
    ]


def column_of(row: Any) -> JudgedColumn:
    """As it was kept."""
    kept: dict[str, Any] = {name: getattr(row, name) for name in _NAMES}
    for name, value in kept.items():
        kept[name] = tuple(value) if isinstance(value, list) else value
    return JudgedColumn(**kept)


def judged_of(row: Any, columns: Sequence[JudgedColumn]) -> Judged:
    """As far as rules ask for it."""
    return Judged(
        tuple(columns), row.level, row.sensitive, Persons(row.persons, row.persons_low, row.persons_high), None,
        (row.sample or {}).get("rows") or row.rows, combinations=tuple(row.combinations), found_level=row.found_level,
    )  # fmt: skip


def described(unit: Unit) -> dict[str, Any]:
    about = {"kind": unit.kind, "name": unit.name, "size": unit.size}
    return about | {"schema": getattr(unit, "schema", ""), "comment": getattr(unit, "comment", "")}


def held(judged: Judged) -> dict[str, Any]:
    return {
        "digest": judged.digest, "rows": judged.rows, "level": judged.level, "sensitive": judged.sensitive,
        "types": list(judged.types), "schema_text": judged.schema, "combinations": list(judged.combinations),
        "sample": _sample(judged), "persons": judged.persons.count, "persons_low": judged.persons.low,
        "persons_high": judged.persons.high, "found_level": judged.found_level, "document": judged.document.kind,
        "document_probability": judged.document.probability, "known": [asdict(one) for one in judged.known],
    }  # fmt: skip


def _sample(judged: Judged) -> dict[str, Any] | None:
    sample = judged.sample
    if sample is None:
        return None
    return {
        "method": sample.method,
        "rows": sample.rows,
        "of": sample.of,
        "exact": sample.exact,
        "missed": sample.missed,
    }
