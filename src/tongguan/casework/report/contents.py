"""What the chapters say beyond the numbers of `result.json`: grouped, ordered, cut to what a reader can take in.

All take a completed result (`shape.complete`). What is cut is counted, and the reader is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tongguan.casework.report.pictures import Zone
from tongguan.casework.report.words import Words

__all__ = [
    "Blind",
    "Cell",
    "Matrix",
    "alerts",
    "asked",
    "blind",
    "exchanges_read",
    "facts_used",
    "filed_head",
    "matrix",
    "method",
    "next_line",
    "recipients",
    "rules",
    "sentence",
    "strip",
]

SEVERITIES = {"high": 0, "mid": 1, "low": 2}


@dataclass(slots=True)
class Blind:
    """All that could not be seen for one reason."""

    kind: str
    count: int = 0
    size: int = 0
    places: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Cell:
    """Persons of one country and data type."""

    persons: int = 0
    recipients: int = 0  # more than one: the same person may stand in several, so the sum is an upper bound
    counted: bool = True  # False: the type was seen, its persons were not counted apart
    unfiled: bool = False
    sensitive: bool = False


@dataclass(slots=True)
class Matrix:
    """Countries down, data types across, both from the most persons to the fewest."""

    countries: list[str]
    types: list[str]
    cells: dict[tuple[str, str], Cell]

    @property
    def most(self) -> int:
        return max((cell.persons for cell in self.cells.values()), default=0)


def recipients(result: dict[str, Any]) -> list[dict[str, Any]]:
    """By persons, most first; of equals the one with more crossings."""
    return sorted(result["recipients"], key=lambda r: (-r["persons"]["count"], -r["crossings"], r["name"]))


def alerts(result: dict[str, Any]) -> list[dict[str, Any]]:
    """By severity, as they came within one."""
    return sorted(result["alerts"], key=lambda alert: SEVERITIES.get(alert["severity"], 3))


def blind(result: dict[str, Any]) -> list[Blind]:
    """By reason, the one that hides most bytes first."""
    found: dict[str, Blind] = {}
    for spot in result["blind_spots"]:
        group = found.setdefault(spot["kind"], Blind(spot["kind"]))
        group.count += spot["count"]
        group.size += spot["size"]
        group.places.append(spot)
    for group in found.values():
        group.places.sort(key=lambda spot: (-spot["size"], -spot["count"]))
    return sorted(found.values(), key=lambda group: (-group.size, -group.count, group.kind))


def matrix(result: dict[str, Any]) -> Matrix:
    """Who got what, by country. Persons of several recipients in one country are added up."""
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    for recipient in result["recipients"]:
        unfiled = {t for d in recipient["differences"] if d["kind"] == "type_not_filed" for t in d["types"]}
        counts = recipient["type_persons"]
        for type in {*recipient["types"], *counts}:
            cell = cells[recipient["country"], type]
            cell.recipients += 1
            cell.persons += counts.get(type, 0)
            cell.counted &= type in counts
            cell.unfiled |= type in unfiled
            cell.sensitive |= type in recipient["sensitive_types"]
    return Matrix(_ranked(cells, 0), _ranked(cells, 1), dict(cells))


def _ranked(cells: dict[tuple[str, str], Cell], axis: int) -> list[str]:
    sums: dict[str, int] = defaultdict(int)
    for key, cell in cells.items():
        sums[key[axis]] += cell.persons
    return sorted(sums, key=lambda name: (-sums[name], name))


def facts_used(decision: dict[str, Any]) -> dict[str, Any]:
    """The facts of all reasons, each once."""
    facts: dict[str, Any] = {}
    for reason in decision["reasons"]:
        facts |= reason["facts"]
    return facts


def rules(decision: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The reasons, those of one rule together: one text, several citations."""
    found: dict[str, list[dict[str, Any]]] = {}
    for number, reason in enumerate(decision["reasons"]):
        found.setdefault(reason["rule"] or str(number), []).append(reason)
    return list(found.values())


def filed_head(recipient: dict[str, Any], words: Words) -> str:
    """Over what was filed: where a recipient has several activities, which one it is of."""
    several = len(recipient["activities"]) > 1 and recipient["activity"]
    return words("filed.of", activity=recipient["activity"]) if several else words("filed")


def next_line(words: Words, zones: Sequence[Zone], count: int) -> str:
    """How far it is to the next legal line."""
    if not zones:
        return words("lines.none")
    following = next((zone for zone in zones if zone.start > count), None)
    if following is None:
        return words("lines.over")
    return words("lines.left", line=following.line, left=words.exact(following.start - count))


# ---- sentences that page and document share


def sentence(result: dict[str, Any], words: Words) -> str:
    """The verdict: what is asked, what differs, what could not be seen."""
    found = result["alerts"]
    high = sum(alert["severity"] == "high" for alert in found)
    unread = result["coverage"]["unread"]
    told = [asked(result, words)]
    told.append(words("verdict.alerts", count=len(found), high=high) if found else words("verdict.no_alerts"))
    if unread:
        told.append(words("verdict.blind", count=words.short(unread)))
    return words("sentence.join").join(told)


def asked(result: dict[str, Any], words: Words) -> str:
    """What the law of the day asks, in a sentence."""
    pathway, counted = result["decision"]["pathway"], result["totals"]["counted"]
    if f"verdict.{pathway}" not in words:
        return words.pathway(pathway)
    numbers = {"persons": counted["persons"]["count"], "sensitive": counted["sensitive_persons"]["count"]}
    return words(f"verdict.{pathway}", **{key: words.short(number) for key, number in numbers.items()})


def strip(groups: list[Blind], words: Words) -> str:
    """What could not be seen, in a line beside the totals."""
    if not groups:
        return words("blind.clear")
    return words(
        "blind.strip",
        count=words.short(sum(group.count for group in groups)),
        kinds=words("list.join").join(words.known("kind", group.kind) for group in groups),
        size=words.bytes(sum(group.size for group in groups)),
    )


def exchanges_read(coverage: dict[str, Any], words: Words) -> str:
    """How many exchanges were read, and of how many the direction is unknown."""
    numbers = {key: words.exact(coverage[key]) for key in ("read", "unread")}
    undetermined = words.exact(coverage["directions"]["undetermined"])
    return words("blind.exchanges", count=words.exact(coverage["exchanges"]), undetermined=undetermined, **numbers)


def method(result: dict[str, Any], words: Words) -> list[str]:
    """How the numbers came about, and what they do not say."""
    coverage, run = result["coverage"], result["run"]
    read = words(
        "method.capture",
        sources=len(run["sources"]),
        packets=words.exact(coverage["packets"]),
        bytes=words.bytes(coverage["bytes"]),
        flows=words.exact(coverage["flows"]),
        exchanges=words.exact(coverage["exchanges"]),
    )
    took = words("method.took", seconds=run["seconds"])
    rest = [words(f"method.{key}") for key in ("identify", "locate", "persons", "law", "values", "limits")]
    return [words("sentence.join").join((read, took)), *rest, words("clock")]
