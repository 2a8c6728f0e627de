"""The flow list's filter: read from the address, turned into a condition over the ledger's exchanges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from tongguan.model import Direction
from tongguan.service.console import figures
from tongguan.service.console.workspace import Row

__all__ = ["DIRECTIONS", "LEAVING", "UNKNOWN", "Filter", "read_filter"]

LEAVING = (str(Direction.EXPORT), str(Direction.UNDETERMINED))  # what left, or may have left
DIRECTIONS = ("leaving", *(str(d) for d in Direction))
UNKNOWN = "ZZ"  # ISO 3166-1 user-assigned: a country that we could not tell
SEARCHED = ("recipient", "application", "operation", "system", "source_ip", "destination_ip", "uid", "activity")
LONGEST = 200  # characters of one parameter


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list shows; an empty value does not narrow it."""

    q: str = ""
    recipient: str = ""  # register id, or the name where there is none
    country: str = ""
    system: str = ""
    type: str = ""
    direction: str = "leaving"
    protocol: str = ""
    pathway: str = ""
    act: str = ""
    day_from: str = ""
    day_to: str = ""
    sensitive: str = ""

    def asked(self) -> dict[str, str]:
        """The parameters that go into an address: those that differ from the default."""
        plain = {f.name: f.default for f in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != plain[name]}

    @property
    def narrowed(self) -> bool:
        return bool(self.asked())

    def where(self, result: Row) -> tuple[str, list[Any]]:
        """The condition and its parameters. A pathway is a fact of the recipient, so the result is asked for it."""
        terms: list[str] = []
        values: list[Any] = []

        def term(sql: str, *given: Any) -> None:
            terms.append(sql)
            values.extend(given)

        if self.direction == "leaving":
            term("direction in (?, ?)", *LEAVING)
        elif self.direction != "all":
            term("direction = ?", self.direction)
        if self.recipient:
            term("(recipient_id = ? or recipient = ?)", self.recipient, self.recipient)
        if self.country:
            term("country is null") if self.country == UNKNOWN else term("country = ?", self.country)
        for column in ("system", "protocol", "act"):
            if value := getattr(self, column):
                term(f"{column} = ?", value)
        if self.type:
            term("list_contains(types, ?)", self.type)
        if self.sensitive:
            term("len(sensitive_types) > 0")
        if self.day_from:
            term("cast(day as varchar) >= ?", self.day_from)
        if self.day_to:
            term("cast(day as varchar) <= ?", self.day_to)
        if self.pathway:
            keys = [key for r in result["recipients"] if r["decision"]["pathway"] == self.pathway for key in _keys(r)]
            term("(list_contains(?, recipient_id) or list_contains(?, recipient))", keys, keys)
        if self.q:
            columns = (
                "recipient",
                "application",
                "operation",
                "system",
                "source_ip",
                "destination_ip",
                "uid",
                "activity",
            )
            found = " or ".join(f"contains(lower(coalesce({column}, '')), ?)" for column in columns)
            term(f"({found})", *[self.q.lower()] * len(columns))
        return " and ".join(terms) or "true", values


def read_filter(get: Callable[[str], str]) -> tuple[Filter, list[str]]:
    """The filter of an address, and the names of parameters that were not understood and are left out."""
    given = {f.name: get(f.name)[:LONGEST] for f in fields(Filter) if get(f.name)}
    ignored: list[str] = [name for name in ("day_from", "day_to") if name in given and figures.day(given[name]) is None]
    if given.get("direction", "all") not in (*DIRECTIONS, "all"):
        ignored.append("direction")
    return Filter(**{name: value for name, value in given.items() if name not in ignored}), ignored


def _keys(recipient: Row) -> Iterable[str]:
    return [key for key in (recipient["id"], recipient["name"]) if key]
