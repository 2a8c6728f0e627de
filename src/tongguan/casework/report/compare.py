"""Filed against observed, row by row, for one recipient of a completed result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tongguan.casework.report.words import Words

__all__ = ["Row", "filing"]


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` is the mark of the difference: more, add, same, or none where there is nothing to compare."""

    item: str
    filed: str
    observed: str
    kind: str
    difference: str


def filing(recipient: dict[str, Any], as_of: str, words: Words) -> list[Row]:
    """What was filed and what was seen; empty where nothing was filed."""
    filed = recipient["filed"]
    if not filed:
        return []
    rows = [_path(recipient, filed, words), _persons(recipient, filed, words), _types(recipient, filed, words)]
    if filed["expires"]:
        expired = filed["expires"] < as_of
        rows.append(_row("expires", filed["expires"], as_of, "more" if expired else "same", "expired", words))
    if filed["number"]:
        rows.insert(1, Row(words("filed.number"), filed["number"], "", "", ""))
    return rows


def _path(recipient: dict[str, Any], filed: dict[str, Any], words: Words) -> Row:
    decision = recipient["decision"]
    ways = {decision["pathway"], *decision["options"]}
    shown = words("filed.asked", path=words.pathway(decision["pathway"]))
    if not filed["path"] or decision["pathway"] == "undetermined":
        return Row(words("filed.path"), _path_name(filed, words), shown, "", words("not_compared"))
    kind = "same" if filed["path"] in ways or decision["pathway"] == "exempt" else "more"
    return _row("path", _path_name(filed, words), shown, kind, "other_path", words)


def _path_name(filed: dict[str, Any], words: Words) -> str:
    return words.pathway(filed["path"]) if filed["path"] else words("filed.missing")


def _persons(recipient: dict[str, Any], filed: dict[str, Any], words: Words) -> Row:
    seen = recipient["persons"]
    observed = words("flow.persons", persons=words.exact(seen["count"])) + f" ({words.bounds(seen)})"
    if filed["persons"] is None:
        return Row(words("filed.persons"), words("filed.missing"), observed, "", words("not_compared"))
    count = words("flow.persons", persons=words.exact(filed["persons"]))
    more = seen["count"] - filed["persons"]
    kind = "more" if more > 0 else "same"
    return _row("persons", count, observed, kind, "beyond", words, count=words.exact(max(more, 0)))


def _types(recipient: dict[str, Any], filed: dict[str, Any], words: Words) -> Row:
    seen, known = recipient["types"], filed["types"]
    extra = [type for type in seen if type not in known]
    names = words.types(seen) or words("none")
    if not known:
        return Row(words("filed.types"), words("filed.missing"), names, "", words("not_compared"))
    kind = "add" if extra else "same"
    return _row("types", words.types(known), names, kind, "extra", words, count=len(extra), types=words.types(extra))


def _row(item: str, filed: str, observed: str, kind: str, text: str, words: Words, **values: object) -> Row:
    difference = words("same") if kind == "same" else words(f"filed.{text}", **values)
    return Row(words(f"filed.{item}"), filed, observed, kind, difference)
