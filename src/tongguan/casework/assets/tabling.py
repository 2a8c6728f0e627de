"""Tables judged by what the detectors find in their cells."""

from __future__ import annotations

from functools import cache
from itertools import accumulate

import numpy as np

from tongguan import identify
from tongguan.casework.assets.judged import highest
from tongguan.identify.tables import Column, ColumnVerdict, Inside, Table, TableVerdict
from tongguan.model import Finding

__all__ = ["judge_table"]

MOST = 0.5  # share of its cells from which on a column is of a type


@cache
def _detector() -> identify.Detector:
    return identify.Detector(b"tables")


def judge_table(table: Table) -> TableVerdict:
    """Columns by the types that are found in most of their cells."""
    pieces = [_piece(column) for column in table.columns]
    found = _detector().scan(pieces)
    columns = tuple(_verdict(n, column, found[n]) for n, column in enumerate(table.columns))
    rows = len(table.columns[0].values) if table.columns else 0
    return TableVerdict(
        table.name, table.comment, rows, columns, (), None, highest(c.level for c in columns),
        any(c.sensitive for c in columns),
    )  # fmt: skip


def _piece(column: Column) -> identify.Piece:
    texts = [("" if cell is None else str(cell)).replace("\n", " ") for cell in _values(column)]
    ends = list(accumulate(len(text) + 1 for text in texts))
    starts = np.array([0, *ends[:-1]] if ends else [], np.int64)
    spans = np.column_stack((starts, np.array(ends, np.int64) - 1, np.zeros(len(ends), np.int64)))
    records = starts if len(starts) else np.zeros(1, np.int64)
    return identify.Piece("\n".join(texts), None, "table", records, (column.name,), spans)


def _values(column: Column) -> list[object]:
    values = column.values
    return list(values.to_pylist() if hasattr(values, "to_pylist") else values)


def _verdict(ordinal: int, column: Column, findings: list[Finding]) -> ColumnVerdict:
    cells = [cell for cell in _values(column) if cell not in (None, "")]
    rows: dict[str, set[int]] = {}
    for finding in findings:
        rows.setdefault(finding.type, set()).add(finding.record)
    shares = {type: len(seen) / max(1, len(cells)) for type, seen in rows.items()}
    best = max(shares, key=lambda type: shares[type], default=None)
    type = best if best and shares[best] >= MOST else None
    inside = tuple(Inside(one, share) for one, share in sorted(shares.items()) if one != type)
    about = [identify.TYPES[one] for one in shares]
    samples = tuple(dict.fromkeys(f.masked for f in findings if type in (None, f.type)))[:5]
    length = len(_values(column))
    return ColumnVerdict(
        ordinal, column.name, column.comment, type, shares.get(best, 0.0) if best else 0.0, (), (), inside, "clear",
        identify.TYPES[type].category if type else None, highest(one.level for one in about),
        any(one.sensitive for one in about), length, length - len(cells), len(set(map(str, cells))), samples, "",
    )  # fmt: skip
