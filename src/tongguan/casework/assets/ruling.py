"""What users decided, laid over what the judge found: templates and policy, and corrections that stay."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from tongguan.casework.assets.judged import Judged, JudgedColumn, highest
from tongguan.identify.tables import ColumnVerdict, Combination, Inside, Part, Protection, Subjects, TableVerdict
from tongguan.identify.templates import ColumnResult, Exception_, Policy, Rules, TableResult, classify
from tongguan.identify.types import TYPES

__all__ = ["digest_of", "ruled", "verdict_of"]

_DEFAULT: Final = Policy()


def ruled(judged: Judged, name: str, comment: str, rules: Rules) -> Judged:
    """A unit as the rules see it. `name`: that of the table or the file, which corrections and filters go by."""
    verdict = verdict_of(judged, name, comment)
    result = classify(verdict, rules.templates, policy=rules.policy, exceptions=rules.exceptions)
    by_place: dict[str, list[Exception_]] = {}
    for one in rules.exceptions:
        if one.table == name:
            by_place.setdefault(one.column, []).append(one)
    unspoken = _unspoken(verdict, result, rules)
    columns = tuple(
        _column(column, found, by_place.get(column.name, ()), n in unspoken)
        for n, (column, found) in enumerate(zip(judged.columns, result.columns, strict=True))
    )
    left = [column for column in columns if column.left_out is None]
    return replace(
        judged,
        columns=columns,
        level=highest((result.level, *(column.level for column in left))),
        sensitive=result.sensitive or any(column.sensitive for column in left),
    )


def digest_of(rules: Rules) -> str:
    """Equal for rules that come to the same."""
    said = "\n".join(map(repr, (*rules.templates, rules.policy, *rules.exceptions)))
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=12).hexdigest()


def verdict_of(judged: Judged, name: str, comment: str) -> TableVerdict:
    """What the judge found, as it was before any rule. The numbers of distinct values were not kept, nor the shares of
    types inside."""
    places = {column.name: n for n, column in enumerate(judged.columns)}
    rows = judged.sample.rows if judged.sample is not None else judged.rows or 0
    persons = (judged.persons.count, judged.persons.low, judged.persons.high)
    subjects = Subjects(0, None, (), rows, 0, 0, *persons, {"zh": "", "en": ""}) if any(persons) else None
    return TableVerdict(
        name, comment or None, rows, tuple(_found(n, one, rows) for n, one in enumerate(judged.columns)),
        tuple(_combination(one, places) for one in judged.combinations), subjects, judged.found_level,
        any(column.found_sensitive for column in judged.columns),
    )  # fmt: skip


def _column(column: JudgedColumn, found: ColumnResult, known: Sequence[Exception_], unspoken: bool) -> JudgedColumn:
    kept = next((one for one in known if one.id == found.exception), None)
    lapsed = max(known, key=lambda one: one.at).id if known and kept is None else None
    if unspoken:
        level, sensitive = column.found_level, column.found_sensitive
    else:
        level, sensitive = found.level, found.sensitive
    return replace(
        column, type=found.type, level=level, sensitive=sensitive,
        rule=found.match.rule if found.match else None, class_id=found.match.class_id if found.match else None,
        correction=found.exception, lapsed=lapsed, left_out=found.filtered,
        no_data=kept is not None and kept.now.type is None,
    )  # fmt: skip


def _unspoken(verdict: TableVerdict, result: TableResult, rules: Rules) -> frozenset[int]:
    """Columns with types of which no rule speaks, also none that was switched off: the types' own levels hold."""
    silent = [
        n
        for n, (found, column) in enumerate(zip(result.columns, verdict.columns, strict=True))
        if column.level and not found.matches and found.filtered is None and found.exception is None
    ]
    if not silent or not rules.policy.disabled:
        return frozenset(silent)
    plain = classify(verdict, rules.templates, policy=_DEFAULT)
    return frozenset(n for n in silent if not plain.columns[n].matches)


def _found(index: int, one: JudgedColumn, rows: int) -> ColumnVerdict:
    known = TYPES.get(one.found_type or "")
    parts = tuple(Part(part["from"], part["points"], {"zh": part["zh"], "en": part["en"]}) for part in one.why)
    return ColumnVerdict(
        index, one.name, one.comment or None, one.found_type if known else None, one.score, parts, (),
        tuple(Inside(type, 1.0, True) for type in one.inside if type in TYPES), cast(Protection, one.protection),
        known.category if known else None, one.found_level, one.found_sensitive, max(rows, one.found),
        max(0, rows - one.found), 0, one.samples, one.declared,
    )  # fmt: skip


def _combination(found: Mapping[str, Any], places: Mapping[str, int]) -> Combination:
    columns = tuple(places[name] for name in found["columns"] if name in places)
    text = {"zh": found["zh"], "en": found["en"]}
    return Combination(
        found["rule"], columns, found["level"], found["sensitive"], text, found["instrument"], found["article"]
    )
