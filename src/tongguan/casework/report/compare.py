"""Filed against observed, row by row, for one recipient of a completed result.

What differs is the border's finding (`differences`); here it is put beside what was filed. `filed` speaks for the main
activity only: where the recipient has several, the border compared each with its own filing, and the row says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tongguan.casework.report.words import Words

__all__ = ["Row", "filing", "other_differences"]

TOLD_IN_ROWS = {"path_not_taken", "scale_above_filed", "type_not_filed", "activity_expired"}


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` is the mark of the difference: more, add, same, blind, or none where there is nothing to compare."""

    item: str
    filed: str
    observed: str
    kind: str
    difference: str


def filing(recipient: dict[str, Any], as_of: str, words: Words) -> list[Row]:
    """What was filed and what was seen; empty where no declared activity covers the recipient."""
    filed = recipient["filed"]
    if not filed:
        return []
    found = {difference["kind"]: difference for difference in recipient["differences"]}
    several = len(recipient["activities"]) > 1
    unseen = bool(recipient["unread"]) and not recipient["types"]
    rows = [_path(recipient, filed, found, words)]
    if filed["number"]:
        rows.append(Row(words("filed.number"), filed["number"], "", "", ""))
    for what in ("persons", "sensitive_persons"):
        if filed[what] is not None or what == "persons":
            row = _scale(what, recipient, filed, found, several, words)
            rows.append(_unseen(row, words) if unseen else row)
    row = _types(recipient, filed, found, several, words)
    rows.append(_unseen(row, words) if unseen else row)
    if filed["expires"]:
        late = "activity_expired" in found
        text = words("filed.expired" if late else "filed.valid")
        observed = words("range", first=recipient["first"][:10], last=recipient["last"][:10])
        rows.append(Row(words("filed.expires"), filed["expires"], observed, "more" if late else "same", text))
    return rows


def other_differences(recipient: dict[str, Any]) -> list[dict[str, Any]]:
    """Differences that no row of `filing` tells."""
    told = TOLD_IN_ROWS if recipient["filed"] else set()
    return [difference for difference in recipient["differences"] if difference["kind"] not in told]


def _unseen(row: Row, words: Words) -> Row:
    """Nothing was read, so nothing agrees."""
    return replace(row, kind="blind", difference=words("filed.unseen"))


def _path(recipient: dict[str, Any], filed: dict[str, Any], found: dict[str, Any], words: Words) -> Row:
    decision = recipient["decision"]
    name = words.pathway(filed["path"]) if filed["path"] else words("filed.missing")
    asked = words("filed.asked", path=words.pathway(decision["pathway"]))
    if "path_not_taken" in found:
        kind, text = "more", words("difference.path_not_taken")
    elif decision["pathway"] == "undetermined":
        kind, text = "", words("not_compared")
    else:
        kind, text = "same", words("same")
    return Row(words("filed.path"), name, asked, kind, text)


def _scale(
    what: str, recipient: dict[str, Any], filed: dict[str, Any], found: dict[str, Any], several: bool, words: Words
) -> Row:
    seen, item = recipient[what], words(f"filed.{what}")
    observed = words.aside(
        words("flow.persons", persons=words.exact(seen["count"])), words.bounds(seen, recipient["unread"])
    )
    if filed[what] is None:
        return Row(item, words("filed.missing"), observed, "", words("not_compared"))
    count = words("flow.persons", persons=words.exact(filed[what]))
    above = found.get("scale_above_filed", {}).get(what)
    if not above:
        beside = several and seen["count"] > filed[what]
        return Row(item, count, observed, "same", words("filed.several" if beside else "same"))
    more = above["seen"]["count"] - above["filed"]
    return Row(item, count, observed, "more", words("filed.beyond", count=words.exact(more)))


def _types(recipient: dict[str, Any], filed: dict[str, Any], found: dict[str, Any], several: bool, words: Words) -> Row:
    item, observed = words("filed.types"), words.types(recipient["types"]) or words("none")
    extra = found.get("type_not_filed", {}).get("types", [])
    if extra:
        text = words("filed.extra", count=len(extra), types=words.types(extra))
        return Row(item, words.types(filed["types"]), observed, "add", text)
    if not filed["types"]:
        return Row(item, words("filed.missing"), observed, "", words("not_compared"))
    beside = several and not set(recipient["types"]) <= set(filed["types"])
    return Row(item, words.types(filed["types"]), observed, "same", words("filed.several" if beside else "same"))
