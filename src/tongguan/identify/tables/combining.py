"""What columns say together: the rules of `combinations.yaml`, with what can be measured of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.tables import kernel
from tongguan.identify.tables.looks import Looks
from tongguan.identify.tables.rules import PERSON_COLUMNS
from tongguan.identify.tables.subjects import is_key
from tongguan.identify.tables.verdict import ColumnVerdict, Combination, Table
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["combination_rules", "combinations_of", "still_hold"]

_SUBJECTS: Final = PERSON_COLUMNS | {"plate", "vin", "imei", "imsi", "mac", "device_id", "username"}
_BY_VALUES: Final = frozenset({"moment", "subject", "minor"})
_CHILD: Final = 14  # years, PIPL article 28
_EPOCH: Final = range(1_000_000_000, 3_000_000_000)  # seconds, 2001 to 2065


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    each: tuple[frozenset[str], ...]
    without: frozenset[str]
    level: str
    sensitive: bool | None
    text: dict[str, str]
    instrument: str | None
    article: str | None


@cache
def _rules() -> tuple[_Rule, ...]:
    loaded: dict[str, Any] = shipped_yaml(__package__, "combinations.yaml")
    return tuple(
        _Rule(
            row["id"], tuple(map(frozenset, row["each"])), frozenset(row.get("without", ())), row["level"],
            None if row["sensitive"] == "judge" else bool(row["sensitive"]), {"zh": row["zh"], "en": row["en"]},
            row.get("instrument"), row.get("article"),
        )
        for row in loaded["rules"]
    )  # fmt: skip


def combination_rules() -> frozenset[str]:
    """Ids of the rules."""
    return frozenset(rule.id for rule in _rules())


def still_hold(combinations: Sequence[Combination], columns: Sequence[ColumnVerdict]) -> tuple[Combination, ...]:
    """Those that hold for columns whose types were corrected afterwards. What hangs on values (times, persons under
    fourteen, an organisation's own numbers), or on a rule that is not known here, is taken to be as it was."""
    rules = {rule.id: rule for rule in _rules()}
    kinds = {c.index: {c.type, *(i.type for i in c.inside)} - {None} for c in columns}
    held = []
    for combination in combinations:
        rule, left = rules.get(combination.rule), [i for i in combination.columns if i in kinds]
        met = all(each & _BY_VALUES or any(kinds[i] & each for i in left) for each in (rule.each if rule else ()))
        if met and any(kinds[i] for i in left):
            held.append(combination)
    return tuple(held)


def combinations_of(
    table: Table, columns: Sequence[ColumnVerdict], looks: Sequence[Looks], today: int
) -> tuple[Combination, ...]:
    """Every rule that holds, with its columns. `today`: yyyymmdd, on which ages are reckoned."""
    kinds = [_kinds(table, column, look) for column, look in zip(columns, looks, strict=True)]
    children = [_children(column, look, today) for column, look in zip(columns, looks, strict=True)]
    for i, (count, _) in enumerate(children):
        if count:
            kinds[i] = kinds[i] | {"minor"}
    found = []
    for rule in _rules():
        sets = [[i for i, kind in enumerate(kinds) if kind & each] for each in rule.each]
        if not all(sets) or any(kind & rule.without for kind in kinds):
            continue
        chosen = tuple(sorted({i for members in sets for i in members}))
        detail: dict[str, float] = {}
        if rule.id == "quasi-identifiers":
            detail = _uniqueness([looks[i] for i in chosen])
        elif rule.id == "minors":
            detail = {"rows": max(children[i][0] for i in chosen), "share": max(children[i][1] for i in chosen)}
        found.append(
            Combination(rule.id, chosen, rule.level, rule.sensitive, rule.text, rule.instrument, rule.article, detail)
        )
    return tuple(found)


def _kinds(table: Table, column: ColumnVerdict, look: Looks) -> frozenset[str]:
    """The types of a column and of a good part of its cells, `moment` for times, `subject` for what tells persons."""
    kinds = {inside.type for inside in column.inside if inside.share >= 0.05}
    if column.type:
        kinds.add(column.type)
    if kinds & _SUBJECTS or is_key(table, column):
        kinds.add("subject")
    if column.kind.startswith("timestamp") or look.share(look.has(kernel.DATETIME)) >= 0.5 or _is_epoch(column, look):
        kinds.add("moment")
    return frozenset(kinds)


def _is_epoch(column: ColumnVerdict, look: Looks) -> bool:
    """Seconds or milliseconds since 1970, of this century."""
    if column.type or not look.distinct:
        return False
    first = str(look.cells.texts[0].as_py())
    if not first.isascii() or not first.isdigit() or int(first[:10]) not in _EPOCH:
        return False
    return look.share(look.has(kernel.DIGITS) & ((look.size == 10) | (look.size == 13))) >= 0.95


def _children(column: ColumnVerdict, look: Looks, today: int) -> tuple[int, float]:
    """Rows of persons under fourteen, and their share of the rows with a day of birth."""
    if column.type not in ("id_card", "birth_date"):
        return 0, 0.0
    born = (look.days >= 19000101) & (look.days <= today)
    young = born & (look.days > today - _CHILD * 10000)
    rows, all_rows = int(look.cells.counts[young].sum()), int(look.cells.counts[born].sum())
    return rows, rows / all_rows if all_rows else 0.0


def _uniqueness(looks: Sequence[Looks]) -> dict[str, float]:
    """How well the columns single rows out: the share of rows that are alone with their values, the smallest group."""
    key: NDArray[np.int64] = np.zeros(looks[0].cells.rows, np.int64)
    for look in looks:
        if len(look.cells.codes) != len(key):
            return {}
        joined = key * (look.distinct + 1) + look.cells.codes + 1
        key = np.unique(joined, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(key)
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return {}
    return {"unique": float((sizes == 1).sum() / len(key)), "smallest": float(sizes.min())}
