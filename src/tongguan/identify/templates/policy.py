"""How an organisation uses templates: what is switched on, changed, left out, and what its levels are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal, cast

import yaml

from tongguan.identify.templates.pack import LEVELS, Rule, Template, Text
from tongguan.identify.templates.reading import Document, read_bytes, read_path

__all__ = ["Change", "Filter", "Policy", "load_policy", "parse_policy", "policy_text"]

_HEAD: Final = "# How this organisation uses the templates. Written anew at each change; comments are not kept.\n"


@dataclass(frozen=True, slots=True)
class Change:
    """What is other in a rule; None leaves it as it is."""

    level: str | None = None
    class_id: str | None = None
    sensitive: bool | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Tables and columns that are left out; patterns such as `tmp_*`, without regard to case."""

    table: str = "*"
    column: str = "*"
    why: str = ""

    def takes(self, table: str, column: str) -> bool:
        return fnmatchcase(table.lower(), self.table.lower()) and fnmatchcase(column.lower(), self.column.lower())


@dataclass(frozen=True, slots=True)
class Policy:
    """`tables`: a table has the highest level of its columns and of what they say together, or of its columns alone.
    `columns`: a column has its own level, or that of its table."""

    enabled: frozenset[str] = frozenset()  # templates of sectors that are used
    disabled: frozenset[str] = frozenset()  # rules (template/rule) and templates
    changes: Mapping[str, Change] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    levels: Mapping[str, Text] = field(default_factory=dict)  # names of levels
    tables: Literal["highest", "columns"] = "highest"
    columns: Literal["own", "table"] = "own"

    def rules(self, templates: tuple[Template, ...]) -> list[tuple[Template, Rule]]:
        """The rules that are switched on, as they are changed."""
        return [
            (template, self._changed(rule))
            for template in templates
            for rule in template.rules
            if not {template.id, rule.id} & self.disabled
        ]

    def _changed(self, rule: Rule) -> Rule:
        change = self.changes.get(rule.id)
        if change is None:
            return rule
        return replace(
            rule,
            level=change.level or rule.level,
            class_id=change.class_id or rule.class_id,
            sensitive=rule.sensitive if change.sensitive is None else change.sensitive,
        )

    def filter_for(self, table: str, column: str) -> Filter | None:
        return next((f for f in self.filters if f.takes(table, column)), None)


def load_policy(path: Path | str) -> Policy:
    """A policy from YAML. Raises BadPack with one message: file, line, field, and what was expected."""
    return _policy_of(read_path(Path(path)))


def parse_policy(raw: bytes, name: str) -> Policy:
    """Likewise of a file's bytes."""
    return _policy_of(read_bytes(raw, name))


def policy_text(policy: Policy) -> str:
    """The policy as YAML that `parse_policy` reads as the same; empty for one that changes nothing but what it must."""
    values: dict[str, Any] = {
        "enabled": sorted(policy.enabled),
        "disabled": sorted(policy.disabled),
        "changes": {rule: _plain(change) for rule, change in sorted(policy.changes.items())},
        "filters": [{"table": f.table, "column": f.column, "why": f.why} for f in policy.filters],
        "levels": {level: dict(policy.levels[level]) for level in LEVELS if level in policy.levels},
        "tables": policy.tables,
        "columns": policy.columns,
    }
    kept = {key: value for key, value in values.items() if value}
    return _HEAD + yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=10_000)


def _plain(change: Change) -> dict[str, Any]:
    given = {"level": change.level, "class": change.class_id, "sensitive": change.sensitive}
    return {key: value for key, value in given.items() if value is not None}


def _policy_of(document: Document) -> Policy:
    top = document.values
    _known(document, (), top, {"enabled", "disabled", "changes", "filters", "levels", "tables", "columns"})
    changes = {}
    for rule, row in _mapping(document, ("changes",), top.get("changes")).items():
        _known(document, ("changes", rule), row, {"level", "class", "sensitive"})
        if row.get("level") is not None and row["level"] not in LEVELS:
            raise document.fault(("changes", rule, "level"), "one_of", known=", ".join(LEVELS))
        if row.get("sensitive") is not None and not isinstance(row["sensitive"], bool):
            raise document.fault(("changes", rule, "sensitive"), "flag")
        if row.get("class") is not None and not isinstance(row["class"], str):
            raise document.fault(("changes", rule, "class"), "class.id")
        changes[rule] = Change(row.get("level"), row.get("class"), row.get("sensitive"))
    filters = []
    for i, row in enumerate(_list(document, ("filters",), top.get("filters"))):
        _known(document, ("filters", i), row, {"table", "column", "why"})
        if any(not isinstance(value, str) for value in row.values()):
            raise document.fault(("filters", i), "filter.texts")
        filters.append(Filter(**row))
    levels = _mapping(document, ("levels",), top.get("levels"))
    for level, names in levels.items():
        if level not in LEVELS:
            raise document.fault(("levels", level), "level.unknown", known=", ".join(LEVELS))
        if (
            not isinstance(names, dict)
            or set(names) != {"zh", "en"}
            or not all(isinstance(n, str) for n in names.values())
        ):
            raise document.fault(("levels", level), "level.names")
    switches = {key: _list(document, (key,), top.get(key)) for key in ("enabled", "disabled")}
    for key, ids in switches.items():
        if any(not isinstance(one, str) for one in ids):
            raise document.fault((key,), "switches")
    tables, columns = top.get("tables", "highest"), top.get("columns", "own")
    if tables not in ("highest", "columns"):
        raise document.fault(("tables",), "tables")
    if columns not in ("own", "table"):
        raise document.fault(("columns",), "columns")
    return Policy(
        frozenset(switches["enabled"]),
        frozenset(switches["disabled"]),
        changes,
        tuple(filters),
        levels,
        cast(Literal["highest", "columns"], tables),
        cast(Literal["own", "table"], columns),
    )


def _known(document: Document, way: tuple[str | int, ...], row: Any, known: set[str]) -> None:
    if not isinstance(row, dict):
        raise document.fault(way, "mapping")
    for key in row:
        if key not in known:
            raise document.fault((*way, key), "key.unknown", known=", ".join(sorted(known)))


def _mapping(document: Document, way: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise document.fault(way, "mapping")
    return value or {}


def _list(document: Document, way: tuple[str | int, ...], value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise document.fault(way, "list")
    return value or []
