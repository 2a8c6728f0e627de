"""A policy from YAML: every fault is told with its line, and rules that can never decide anything are refused."""

from __future__ import annotations

import importlib
import itertools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tongguan.errors import BadInput, Missing
from tongguan.identify.fingerprints.policy.conditions import (
    All,
    AnyOf,
    Attribute,
    Condition,
    Documents,
    FoundCondition,
    Identifier,
    Keyword,
    NearBy,
    Not,
    Regex,
    Size,
    Table,
)
from tongguan.identify.fingerprints.policy.evaluation import Policy, Rule
from tongguan.identify.fingerprints.policy.words import bad_word
from tongguan.identify.fingerprints.table_match import Near
from tongguan.identify.kinds.corpus import known_names
from tongguan.identify.types import TYPES
from tongguan.wording import system_error, wording
from tongguan.yaml_values import Value, read_yaml

__all__ = ["load_policy", "parse_policy"]

_say: Final = wording(__package__, "faults.yaml").both
_MOST_RULES: Final = 1000
_MOST_FARTHEST: Final = 1_000_000  # characters between things that are near
_MOST_LEAVES: Final = 12  # different conditions of a rule up to which all their cases are tried
_UNITS: Final = {"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_SIZE: Final = re.compile(r"\s*(\d{1,15})\s*([a-z]{0,2})\s*", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def load_policy(path: Path) -> Policy:
    """The policy in a file. Raises BadInput where it cannot be read or is malformed, with file and line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(_say("not_utf8", path=path, byte=error.start)) from None
    except OSError as error:
        raise BadInput(_say("closed", path=path, why=system_error(error))) from None
    return parse_policy(text, str(path))


def parse_policy(text: str, name: str) -> Policy:
    """The policy in a text; `name` is that of its file, for messages. Raises BadInput with line and expectation."""
    top = read_yaml(text, name).table(required=("policy", "rules"))
    rules = top["rules"].items()
    if len(rules) > _MOST_RULES:
        top["rules"].refuse(_say("rules.many", count=len(rules), most=_MOST_RULES))
    read: dict[str, Rule] = {}
    for value in rules:
        rule = _rule(value)
        if rule.id in read:
            value.refuse(_say("rule.second", rule=repr(rule.id)))
        read[rule.id] = rule
    return Policy(top["policy"].text(), tuple(read.values()))


def _rule(value: Value) -> Rule:
    fields = value.table(required=("id", "when"), optional=("severity", "except"))
    when = _condition(fields["when"])
    unless = _condition(fields["except"]) if "except" in fields else None
    severity = fields["severity"].choice(("high", "mid", "low")) if "severity" in fields else "mid"
    _decides(value, when, unless)
    return Rule(fields["id"].text(100), severity, when, unless)


def _condition(value: Value) -> Condition:
    """One condition: a mapping of its kind to what it asks. Several in one mapping would leave open how they join."""
    if not isinstance(value.value, dict) or len(value.value) != 1:
        value.refuse(_say("condition.one", kinds=", ".join(_KINDS)))
    ((kind, asked),) = value.value.items()
    if kind not in _KINDS:
        asked.refuse(_say("condition.kind", kinds=", ".join(_KINDS)))
    return _KINDS[kind](asked)


# ---- joined


def _parts(value: Value) -> tuple[Condition, ...]:
    if not isinstance(value.value, list):
        value.refuse(_say("conditions"))
    return tuple(_condition(item) for item in value.items())


def _near(value: Value) -> Condition:
    fields = value.table(required=("within", "of"))
    parts: list[FoundCondition] = []
    for item, part in zip(fields["of"].items(), _parts(fields["of"]), strict=True):
        absent = isinstance(part, Keyword) and part.mode == "none"
        if absent or not isinstance(part, (Keyword, Regex, Identifier, Table, Documents, NearBy)):
            item.refuse(_say("near.placeless"))
        parts.append(part)
    if len(parts) < 2:
        fields["of"].refuse(_say("near.one"))
    return NearBy(tuple(parts), fields["within"].whole(1, _MOST_FARTHEST))


# ---- of what stands in the content


def _keyword(value: Value) -> Condition:
    fields = value.table(optional=("any", "all", "none", "count"))
    modes = [mode for mode in ("any", "all", "none") if mode in fields]
    if len(modes) != 1:
        value.refuse(_say("keyword.mode"))
    words = fields[modes[0]].texts()
    for word in words:
        if fault := bad_word(word):
            fields[modes[0]].refuse(fault)
    if "count" in fields and modes[0] == "none":
        fields["count"].refuse(_say("keyword.count"))
    return Keyword(words, modes[0], fields["count"].whole(1) if "count" in fields else 1)


def _regex(value: Value) -> Condition:
    fields = value.table(required=("pattern",), optional=("count", "ignore_case"))
    pattern = fields["pattern"].text()
    ignore = fields["ignore_case"].flag() if "ignore_case" in fields else False
    compiled = _compiled(fields["pattern"], pattern, ignore)
    if compiled.fullmatch(""):
        fields["pattern"].refuse(_say("regex.empty"))
    return Regex(
        f"(?i){pattern}" if ignore else pattern, compiled, fields["count"].whole(1) if "count" in fields else 1
    )


def _compiled(value: Value, pattern: str, ignore_case: bool) -> Any:
    try:
        re2: Any = importlib.import_module("re2")
    except ImportError:
        raise Missing(_say("regex.re2")) from None
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
        value.refuse(_say("regex.bad", reason=reason))


def _identifier(value: Value) -> Condition:
    fields = value.table(required=("type",), optional=("count", "confidence", "distinct"))
    types = fields["type"].texts()
    for type in types:
        if type not in TYPES:
            fields["type"].refuse(_say("identifier.unknown", type=repr(type)))
    return Identifier(
        types,
        fields["count"].whole(1) if "count" in fields else 1,
        fields["confidence"].share() if "confidence" in fields else 0.5,
        fields["distinct"].flag() if "distinct" in fields else True,
    )


def _table(value: Value) -> Condition:
    rows = ("rows", "columns", "required", "least", "within", "records")
    fields = value.table(required=("index",), optional=("cells", *rows))
    index = fields["index"].text(100)
    if "cells" in fields:
        for name in rows:
            if name in fields:
                fields[name].refuse(_say("table.cells"))
        return Table(index, None, fields["cells"].whole(1))
    columns = fields["columns"].texts() if "columns" in fields else ()
    required = fields["required"].texts() if "required" in fields else ()
    least = fields["least"].whole(1, 64) if "least" in fields else max(2, len(required))
    if columns and least > len({*columns, *required}):
        fields.get("least", value).refuse(_say("table.least", least=least, columns=len({*columns, *required})))
    if "within" in fields and "records" in fields:
        fields["records"].refuse(_say("table.near"))
    within = fields["within"].whole(1, _MOST_FARTHEST) if "within" in fields else 300
    records = fields["records"].whole(1, _MOST_FARTHEST) if "records" in fields else None
    near = Near(least, columns, required, within, records)
    return Table(index, near, fields["rows"].whole(1) if "rows" in fields else 1)


def _documents(value: Value) -> Condition:
    fields = value.table(required=("store", "share"), optional=("of",))
    measure = fields["of"].choice(("document", "text", "resemblance")) if "of" in fields else "document"
    return Documents(fields["store"].text(100), fields["share"].share(), measure)


# ---- of what is known of it


def _bytes(value: Value) -> int:
    found = _SIZE.fullmatch(str(value.value).lower())
    if not found or isinstance(value.value, bool) or found.group(2) not in _UNITS:
        value.refuse(_say("size.bytes"))
    return int(found.group(1)) * _UNITS[found.group(2)]


def _size(value: Value) -> Condition:
    fields = value.table(optional=("over", "under"))
    over = _bytes(fields["over"]) if "over" in fields else None
    under = _bytes(fields["under"]) if "under" in fields else None
    if over is None and under is None:
        value.refuse(_say("size.none"))
    if over is not None and under is not None and under <= over + 1:
        value.refuse(_say("size.empty", over=f"{over:,}", under=f"{under:,}"))
    return Size(over, under)


def _attribute(name: str) -> Callable[[Value], Condition]:
    def read(value: Value) -> Condition:
        values = tuple(text.casefold().strip().lstrip("." if name == "file_type" else "") for text in value.texts())
        if name in ("sender", "recipient"):
            values = tuple(text.lstrip("@").rstrip(".") for text in values)
            if not all(values):
                value.refuse(_say("addresses"))
        for text in values if name == "kind" else ():
            if text not in known_names():
                value.refuse(_say("kind.unknown", kind=repr(text), known=", ".join(known_names())))
        if name == "sha256" and not all(map(_SHA256.fullmatch, values)):
            value.refuse(_say("digests"))
        return Attribute(name, values)

    return read


_KINDS: Final[Mapping[str, Callable[[Value], Condition]]] = {
    "all": lambda value: All(_parts(value)),
    "any": lambda value: AnyOf(_parts(value)),
    "not": lambda value: Not(_condition(value)),
    "near": _near,
    "keyword": _keyword,
    "regex": _regex,
    "identifier": _identifier,
    "table": _table,
    "documents": _documents,
    "size": _size,
    "sender": _attribute("sender"),
    "recipient": _attribute("recipient"),
    "label": _attribute("label"),
    "sha256": _attribute("sha256"),
    "file_type": _attribute("file_type"),
    "kind": _attribute("kind"),
}


# ---- whether a rule can decide anything


def _decides(value: Value, when: Condition, unless: Condition | None) -> None:
    """Refuse a rule that never fires, or always does, whatever holds of its conditions."""
    leaves = list(dict.fromkeys(_leaves(when) + (_leaves(unless) if unless else [])))
    if len(leaves) > _MOST_LEAVES:
        return
    fires = {
        _holds(when, case) and not (unless and _holds(unless, case))
        for each in itertools.product((False, True), repeat=len(leaves))
        for case in [dict(zip(leaves, each, strict=True))]
    }
    if len(fires) == 1:
        value.refuse(_say("rule.never") if False in fires else _say("rule.always"))


def _leaves(condition: Condition) -> list[Condition]:
    if isinstance(condition, (All, AnyOf)):
        return [leaf for part in condition.parts for leaf in _leaves(part)]
    if isinstance(condition, Not):
        return _leaves(condition.part)
    if isinstance(condition, Keyword) and condition.mode == "none":
        return [Keyword(condition.words)]
    return [condition]


def _holds(condition: Condition, case: Mapping[Condition, bool]) -> bool:
    if isinstance(condition, All):
        return all(_holds(part, case) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_holds(part, case) for part in condition.parts)
    if isinstance(condition, Not):
        return not _holds(condition.part, case)
    if isinstance(condition, Keyword) and condition.mode == "none":
        return not case[Keyword(condition.words)]
    return case[condition]
