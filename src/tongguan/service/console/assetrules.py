"""Classification beside the catalogue: templates and policy laid over a unit, corrections that stay, and what a change
of the rules would do.

All of it lies beside the catalogue, in the rulebook of `identify.templates`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any, Final

from tongguan.casework.assets import Catalogue
from tongguan.errors import BadInput, NotFound
from tongguan.identify.tables import ColumnVerdict, Combination, Inside, Part, Subjects, TableVerdict
from tongguan.identify.templates import (
    ChangeRule,
    Edit,
    Exception_,
    LeaveOut,
    Policy,
    Record,
    RenameLevel,
    Rule,
    Rulebook,
    Ruling,
    SetScope,
    Switch,
    TableResult,
    TakeIn,
    Template,
    classify,
    edited,
)
from tongguan.identify.templates.pack import LEVELS
from tongguan.identify.types import TYPES
from tongguan.service.console import assetlist
from tongguan.service.console.assetlist import folder
from tongguan.service.console.workspace import Row
from tongguan.wording import wording

__all__ = [
    "EDITS",
    "LEVELS",
    "SECTORS",
    "Rules",
    "book_of",
    "classified",
    "correction",
    "corrections_of",
    "edit_of",
    "file_correction",
    "own_templates",
    "preview",
    "rules_of",
    "shown_templates",
    "withdraw",
]

SECTORS: Final = ("automotive", "finance", "health", "industry", "retail", "telecom")
EDITS: Final = ("switch", "change", "rename", "leave_out", "take_in", "scope")
PREVIEW_UNITS, PREVIEW_S = 3_000, 4.0  # of the catalogue that a preview looks at, and for how long
PREVIEW_ROWS = 20  # columns that it names


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


def book_of(home: Path) -> Rulebook:
    """The organisation's rules."""
    return Rulebook(folder(home))


def rules_of(home: Path, sector: str | None = None) -> Rules:
    """Templates for every sector, for the given one, those that were switched on and the organisation's own, its policy
    and its corrections.

    Raises BadPack where a file of the organisation's is malformed.
    """
    found = book_of(home).rules(sector)
    return Rules(found.templates, found.policy, found.exceptions)


def own_templates(home: Path) -> frozenset[str]:
    """Ids of the organisation's own templates."""
    from tongguan.identify.templates import check_template

    return frozenset(check_template(path).id for path in sorted((folder(home) / "templates").glob("*.yaml")))


def classified(unit: Row, rules: Rules) -> TableResult:
    """The templates' word on a unit of the catalogue."""
    return classify(_verdict(unit), rules.templates, policy=rules.policy, exceptions=rules.exceptions)


def shown_templates(rules: Rules, day: date, every: tuple[Template, ...] | None = None) -> list[Row]:
    """Every template with its rules: switched on or off, changed, in force on a day, by which text, known how. `every`:
    also those that are not used."""
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
        for template in every or rules.templates
    ]


def _rule(template: Template, rule: Rule, used: Rule | None, day: date) -> Row:
    now = used or rule
    name = (now.class_id or "").rpartition("/")[2]
    return {
        "id": rule.id,
        "text": dict(rule.text),
        "scope": rule.scope,
        "class": dict(template.classes[name]) if name in template.classes else None,
        "class_id": name or None,
        "as_written": {
            "level": rule.level,
            "class": (rule.class_id or "").rpartition("/")[2] or None,
            "sensitive": rule.sensitive,
        },
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


def corrections_of(catalogue: Catalogue | None, rules: Rules) -> list[Exception_]:
    """Corrections, the newest first. They go by the name of a table, of whatever source: of a catalogue of some sources
    alone, those of tables that are in it."""
    found = rules.exceptions
    if catalogue is None or catalogue.only is not None:
        names = assetlist.tables_of(catalogue, {one.table for one in found}) if catalogue is not None else ()
        found = tuple(one for one in found if one.table in names)
    return sorted(found, key=lambda one: one.at, reverse=True)


def file_correction(home: Path, unit: Row, ordinal: int, ruling: Ruling, reason: str, by: str, record: Record) -> Row:
    """Keep what a column really is, in the log first; the correction. Raises NotFound for a column that is not there,
    BadInput, BadPack, CannotWrite."""
    places = [column["ordinal"] for column in unit["columns"]]
    if ordinal not in places:
        raise NotFound(f"no column {ordinal}")
    result = classified(unit, Rules((), Policy(), ())).columns[places.index(ordinal)]

    def noted(kind: str, actor: str, body: Mapping[str, Any]) -> int:
        about = {"unit": unit["id"], "source": unit["source"], "reason": reason.strip(), "by": by}
        return record(kind, actor, {**about, **body})

    return correction(book_of(home).correct(result, ruling, reason, by=by, record=noted))


def withdraw(home: Path, ident: str, by: str, record: Record) -> Row:
    """Take a correction back, in the log first. Raises NotFound, BadPack, CannotWrite."""
    return correction(book_of(home).withdraw(ident, by=by, record=record))


# ---- changes of the rules


def edit_of(given: Mapping[str, Any]) -> Edit:
    """A change of the rules by its fields: `what`, one of EDITS, and what that asks for. Texts as forms have them,
    or values as calls have them. Raises BadInput."""
    what, ident = given.get("what"), str(given.get("id") or "")
    match what:
        case "switch":
            return Switch(ident, _truth(given.get("on")) is not False)
        case "change":
            sensitive = _truth(given.get("sensitive"))
            return ChangeRule(ident, given.get("level") or None, given.get("class") or None, sensitive)
        case "rename":
            zh, en = str(given.get("zh") or "").strip(), str(given.get("en") or "").strip()
            return RenameLevel(str(given.get("level") or ""), {"zh": zh, "en": en} if zh or en else None)
        case "leave_out":
            table, column = str(given.get("table") or "*"), str(given.get("column") or "*")
            return LeaveOut(table.strip(), column.strip(), str(given.get("why") or ""))
        case "take_in":
            return TakeIn(str(given.get("table") or "*"), str(given.get("column") or "*"))
        case "scope":
            return SetScope(given.get("tables") or None, given.get("columns") or None)
    raise BadInput(f"no such change; expected one of {', '.join(EDITS)}")


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool) or value is None:
        return value
    return {"1": True, "0": False}.get(str(value))


def preview(catalogue: Catalogue | None, home: Path, edit: Edit) -> Row:
    """What a change would do to what the catalogue holds: tables and files, and their columns, by level before and
    after. Of a long catalogue a part is looked at, `looked` of `of`. Raises NotFound, BadInput, BadPack."""
    book = book_of(home)
    was = book.rules()
    policy = edited(was.policy, edit, book.every_template())
    after = _with(book, policy)
    before = Rules(was.templates, was.policy, was.exceptions)
    counts = {kind: (Counter[str](), Counter[str]()) for kind in ("units", "columns")}
    sensitive = {kind: [0, 0] for kind in ("units", "columns")}
    changed: list[Row] = []
    looked, total, moved = 0, 0, 0
    if catalogue is not None:
        ids, total = assetlist.with_findings(catalogue, PREVIEW_UNITS)
        ends = monotonic() + PREVIEW_S
        for ident in ids:
            unit = assetlist.unit(catalogue, ident)
            if unit is None:
                continue
            looked += 1
            pair = classified(unit, before), classified(unit, after)
            for n, result in enumerate(pair):
                counts["units"][n][result.level or ""] += 1
                sensitive["units"][n] += result.sensitive
                for column in result.columns:
                    counts["columns"][n][column.level or ""] += 1
                    sensitive["columns"][n] += column.sensitive
            for one, other in zip(pair[0].columns, pair[1].columns, strict=True):
                if (one.level, one.sensitive, _class(one)) != (other.level, other.sensitive, _class(other)):
                    moved += 1
                    if len(changed) < PREVIEW_ROWS:
                        place = {"id": ident, "path": unit["path"], "column": one.name, "ordinal": one.index}
                        changed.append(
                            {**place, "before": one.level, "after": other.level, "sensitive": other.sensitive}
                        )
            if monotonic() > ends:
                break
    order = ("", *LEVELS)
    return {
        "changes": policy != was.policy,
        "looked": looked,
        "of": total,
        "levels": [
            {"level": level or None, **{f"{kind}_{when}": counts[kind][n][level]
             for kind in counts for n, when in enumerate(("before", "after"))}}
            for level in order
            if any(counts[kind][n][level] for kind in counts for n in (0, 1))
        ],
        "sensitive": {kind: {"before": pair[0], "after": pair[1]} for kind, pair in sensitive.items()},
        "changed": moved,
        "rows": changed,
    }  # fmt: skip


def _class(column: Any) -> str | None:
    return column.match.class_id if column.match else None


def _with(book: Rulebook, policy: Policy) -> Rules:
    """The rules as they would be under another policy."""
    was = book.rules()
    used = {template.id for template in was.templates} | policy.enabled
    kept = [
        t for t in book.every_template() if t.id in used and (t.id not in was.policy.enabled or t.id in policy.enabled)
    ]
    return Rules(tuple(kept), policy, was.exceptions)


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
        together, subjects, unit["found_level"], unit["sensitive"],
    )  # fmt: skip


def _column(index: int, one: Row, rows: int) -> ColumnVerdict:
    known = TYPES.get(one["found_type"] or "")
    parts = tuple(Part(part["from"], part["points"], {"zh": part["zh"], "en": part["en"]}) for part in one["why"])
    return ColumnVerdict(
        index, one["name"], one["comment"] or None, one["found_type"] if known else None, one["score"], parts, (),
        tuple(Inside(type, 1.0, True) for type in one["inside"] if type in TYPES), one["protection"],
        known.category if known else None, one["found_level"], one["found_sensitive"], max(rows, one["found"]),
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
