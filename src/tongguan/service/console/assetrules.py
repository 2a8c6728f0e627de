"""Classification beside the catalogue: templates and policy laid over a unit, and corrections that stay.

Next to the catalogue lie `exceptions.yaml` (corrections, written here) and, where there are any, `policy.yaml` and
`templates/*.yaml` of the organisation's own.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tongguan.errors import CannotWrite, NotFound
from tongguan.identify.tables import ColumnVerdict, Combination, Inside, Part, Subjects, TableVerdict
from tongguan.identify.templates import (
    Exception_,
    Policy,
    Rule,
    Ruling,
    TableResult,
    Template,
    classify,
    correct,
    load_exceptions,
    load_policy,
    load_templates,
    save_exceptions,
)
from tongguan.identify.templates.pack import LEVELS
from tongguan.identify.types import TYPES
from tongguan.service.console.assetlist import folder
from tongguan.service.console.workspace import Row
from tongguan.wording import wording

__all__ = [
    "LEVELS",
    "SECTORS",
    "Rules",
    "classified",
    "correction",
    "file_correction",
    "rules_of",
    "shown_templates",
    "withdraw",
]

EXCEPTIONS, POLICY, TEMPLATES = "exceptions.yaml", "policy.yaml", "templates"
SECTORS = ("automotive", "finance", "health", "industry", "retail", "telecom")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a unit is held against."""

    templates: tuple[Template, ...]
    policy: Policy
    exceptions: tuple[Exception_, ...]

    @property
    def levels(self) -> dict[str, Mapping[str, str]]:
        """Names of levels, the organisation's own where it renamed them."""
        return {level: self.policy.levels.get(level) or _texts().both("level." + level) for level in LEVELS}

    def of(self, table: str, column: str, found: str | None) -> Exception_ | None:
        """The correction that holds for a column as it is judged now: the last of several."""
        mine = (e for e in self.exceptions if (e.table, e.column, e.found) == (table, column, found))
        return max(mine, key=lambda e: e.at, default=None)


def rules_of(home: Path, sector: str | None = None) -> Rules:
    """Templates for every sector, for the given one and of the organisation's own, its policy and its corrections.

    Raises BadPack where a file of the organisation's is malformed.
    """
    place = folder(home)
    own = sorted((place / TEMPLATES).glob("*.yaml"))
    policy = load_policy(place / POLICY) if (place / POLICY).is_file() else Policy()
    return Rules(load_templates(sector=sector, paths=own), policy, load_exceptions(place / EXCEPTIONS))


def classified(unit: Row, rules: Rules) -> TableResult:
    """The templates' word on a unit of the catalogue."""
    return classify(_verdict(unit), rules.templates, policy=rules.policy, exceptions=rules.exceptions)


def shown_templates(rules: Rules, day: date) -> list[Row]:
    """Every template with its rules: switched on or off, changed, in force on a day, by which text, known how."""
    changed = {rule.id: rule for _, rule in rules.policy.rules(rules.templates)}
    return [
        {
            "id": template.id,
            "names": dict(template.names),
            "dated": template.dated.isoformat(),
            "sector": template.sector,
            "enabled": template.id not in rules.policy.disabled,
            "bases": [asdict(basis) for basis in template.bases.values()],
            "rules": [_rule(template, rule, changed.get(rule.id), day) for rule in template.rules],
        }
        for template in rules.templates
    ]


def _rule(template: Template, rule: Rule, used: Rule | None, day: date) -> Row:
    now = used or rule
    name = (now.class_id or "").rpartition("/")[2]
    return {
        "id": rule.id,
        "text": dict(rule.text),
        "scope": rule.scope,
        "class": dict(template.classes[name]) if name in template.classes else None,
        "level": now.level,
        "sensitive": now.sensitive,
        "review": dict(rule.review) if rule.review else None,
        "instrument": rule.basis.title if rule.basis else None,
        "article": rule.article,
        "known": rule.known,
        "types": sorted(rule.when.types),
        "categories": sorted(rule.when.categories),
        "words": [*rule.when.column, *rule.when.table],
        "persons": rule.when.persons,
        "enabled": used is not None,
        "changed": used is not None and used != rule,
        "in_force": rule.holds_on(day),
        "from": rule.since.isoformat() if rule.since else None,
        "to": rule.until.isoformat() if rule.until else None,
    }


# ---- corrections


def correction(one: Exception_) -> Row:
    """A correction as pages and calls show it."""
    return {
        "id": one.id, "table": one.table, "column": one.column, "found": one.found, "type": one.now.type,
        "level": one.now.level, "sensitive": one.now.sensitive, "reason": one.reason, "by": one.by, "at": one.at,
    }  # fmt: skip


def file_correction(home: Path, unit: Row, ordinal: int, ruling: Ruling, reason: str, by: str) -> Exception_:
    """Keep what a column really is. Raises NotFound for a column that is not there, BadInput, BadPack, CannotWrite."""
    columns = [column["ordinal"] for column in unit["columns"]]
    if ordinal not in columns:
        raise NotFound(f"no column {ordinal}")

    def add(before: Sequence[Exception_]) -> tuple[tuple[Exception_, ...], Exception_]:
        plain = Rules((), Policy(), ())
        made = correct(classified(unit, plain).columns[columns.index(ordinal)], ruling, reason, by=by)
        return (*before, made), made

    return _changed(home, add)


def withdraw(home: Path, ident: str) -> Exception_:
    """Take a correction back. Raises NotFound, BadPack, CannotWrite."""

    def drop(before: Sequence[Exception_]) -> tuple[tuple[Exception_, ...], Exception_]:
        gone = next((one for one in before if one.id == ident), None)
        if gone is None:
            raise NotFound("no such correction")
        return tuple(one for one in before if one.id != ident), gone

    return _changed(home, drop)


def _changed(
    home: Path, change: Callable[[Sequence[Exception_]], tuple[tuple[Exception_, ...], Exception_]]
) -> Exception_:
    with _alone(folder(home)):
        path = folder(home) / EXCEPTIONS
        after, one = change(load_exceptions(path))
        save_exceptions(path, after)
        return one


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One change of the file after another, also by several processes."""
    try:
        handle = os.open(place / f"{EXCEPTIONS}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotWrite(f"{place}: cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# ---- the catalogue's rows as the judge's verdict


def _verdict(unit: Row) -> TableVerdict:
    """As far as the catalogue kept it: the numbers of distinct values are not, nor the shares of types inside."""
    columns = unit["columns"]
    places = {column["name"]: n for n, column in enumerate(columns)}
    sample = unit["sample"] or {}
    rows = int(sample.get("rows") or unit["rows"] or 0)
    together = tuple(_combination(found, places) for found in unit["combinations"])
    persons = (unit["persons"], unit["persons_low"], unit["persons_high"])
    subjects = Subjects(0, None, (), rows, 0, 0, *persons, {"zh": "", "en": ""}) if any(persons) else None
    return TableVerdict(
        unit["name"], unit["comment"] or None, rows, tuple(_column(n, one, rows) for n, one in enumerate(columns)),
        together, subjects, unit["level"], unit["sensitive"],
    )  # fmt: skip


def _column(index: int, one: Row, rows: int) -> ColumnVerdict:
    known = TYPES.get(one["type"] or "")
    parts = tuple(Part(part["from"], part["points"], {"zh": part["zh"], "en": part["en"]}) for part in one["why"])
    return ColumnVerdict(
        index, one["name"], one["comment"] or None, one["type"] if known else None, one["score"], parts, (),
        tuple(Inside(type, 1.0, True) for type in one["inside"] if type in TYPES), one["protection"],
        known.category if known else None, one["level"], one["sensitive"], max(rows, one["found"]),
        max(0, rows - one["found"]), 0, tuple(one["samples"]), one["declared"],
    )  # fmt: skip


def _combination(found: Row, places: Mapping[str, int]) -> Combination:
    columns = tuple(places[name] for name in found["columns"] if name in places)
    text = {"zh": found["zh"], "en": found["en"]}
    return Combination(
        found["rule"], columns, found["level"], found["sensitive"], text, found["instrument"], found["article"]
    )


def _texts() -> Any:
    return wording("tongguan.identify.templates")
