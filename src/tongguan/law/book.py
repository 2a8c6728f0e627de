"""The book of the law: dated YAML, opened at a day.

Between two days on which something begins or ends, the law stands still: `page(day)` compiles such a stretch once.
Days are `datetime.date`, both ends of every period inclusive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from tongguan.law.packs.shape import LIMITS
from tongguan.law.packs.shelf import open_shelf
from tongguan.law.packs.zone_list import ZoneList
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["Book", "Cite", "Duty", "Instrument", "Page", "Rule", "Scenario", "book"]

MOST_KEPT = 40_000  # answers, of some ten kilobytes each


@dataclass(frozen=True, slots=True)
class Instrument:
    """A law, rule, guide, list or standard, with the days on which its text is in force (both inclusive)."""

    id: str
    title: str  # Chinese, without 《》
    en: str
    kind: str  # law, administrative_regulation, departmental_rule, normative, standard, local
    issuer: Mapping[str, str]
    number: str | None
    published: date | None
    effective: date | None  # None: not known, or a draft that never was in force
    until: date
    replaced_by: str | None
    draft: bool
    described: bool  # the title is what it is commonly called, not as printed
    articles: int | None  # the highest article number; None: not known
    source: str | None
    confidence: str  # official, secondary, memory, seed, unverified
    note: Mapping[str, str] | None

    def in_force(self, day: date) -> bool:
        """Whether its text is known to be in force on that day."""
        return self.effective is not None and self.effective <= day <= self.until


@dataclass(frozen=True, slots=True)
class Cite:
    """An article of an instrument; an empty article is the instrument as a whole."""

    instrument: Instrument
    article: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force: its id names its condition in `rules`."""

    id: str
    pathway: str
    cites: tuple[Cite, ...]
    text: Mapping[str, str]  # templates


@dataclass(frozen=True, slots=True)
class Duty:
    """What a path asks for: `when` the facts are so, `unless` they are known to be otherwise.

    `due` is a fixed day, or so many months after a day among the facts.
    """

    id: str
    paths: frozenset[str]
    when: Mapping[str, Any]
    unless: Mapping[str, Any]
    cite: Cite
    due: date | Mapping[str, Any] | None
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """An entry of a zone's list. `numbers` are its own limits of persons, all four of them; empty: not known."""

    id: str
    list: str  # the id of its list
    zone: str
    zones: tuple[str, ...]  # all zones of its list, `zone` being the first
    names: Mapping[str, str]
    numbers: Mapping[str, int]
    confidence: str


@dataclass(frozen=True, slots=True)
class Page:
    """The law of one stretch of days."""

    first: date
    regime: str
    numbers: Mapping[str, int]
    window_starts: str  # current_year, previous_year
    rules: tuple[Rule, ...]
    duties: tuple[Duty, ...]
    lists: Mapping[str, str]  # zone → id of its list
    list_ids: Mapping[str, str]  # id of a list → zone: of every list in force
    trials: tuple[str, ...]  # months about which lists in force end, where the day is not known
    lists_shared: bool  # whether one zone may follow another's list
    scenarios: Mapping[str, Scenario]
    gba_recipients: frozenset[str]
    answers: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)  # trees of `tree`
    texts: dict[Any, dict[str, str]] = field(default_factory=dict, compare=False, repr=False)  # kept by `obligations`

    @property
    def of_2024(self) -> bool:
        """Whether the provisions of 2024 (order 16) are in force."""
        return self.regime in ("2024", "2026")


class Book:
    """All the dated data of this room."""

    def __init__(self) -> None:
        self.instruments = {key: _instrument(key, entry) for key, entry in load("instruments").items()}
        self.parameters: dict[str, Any] = load("parameters")
        shelf = open_shelf(load("zones")["zones"], self.instruments)
        self.zone_lists: dict[str, ZoneList] = shelf.lists  # by id; user's packs among them
        self.instruments |= {key: _packed(key, shelf.lists, entry) for key, entry in shelf.instruments.items()}
        self.zones: dict[str, dict[str, Any]] = _zones(shelf.zones, shelf.lists)
        self.scenarios: dict[str, dict[str, Any]] = _scenarios(shelf.lists)
        self.rules: list[dict[str, Any]] = load("rules")
        self.duties: list[dict[str, Any]] = load("duties")
        self.claims = frozenset(self.parameters["claims"])
        self.readings: dict[str, dict[str, str]] = self.parameters["readings"]
        self.regimes: list[dict[str, Any]] = self.parameters["regimes"]
        cities = self.parameters["greater_bay_area"]["cities"]
        self.gba_cities = frozenset(cities) | {name for names in cities.values() for name in names}
        self.list_ids = tuple(dict.fromkeys(entry["id"] for zone in self.zones.values() for entry in zone["lists"]))
        self.turns = sorted(set(self._turns()))  # days on which something begins, the first being the beginning of time
        self._pages: dict[int, Page] = {}
        self._kept = 0  # answers on all pages

    def page(self, day: date) -> Page:
        """The law of a day."""
        at = bisect_right(self.turns, day) - 1
        if at not in self._pages:
            self._pages[at] = self._sharing(self._compile(self.turns[at]))
        return self._pages[at]

    def _sharing(self, page: Page) -> Page:
        """The page, with the answers of one already opened that differs from it in regional lists only."""
        opened = list(self._pages.values())  # another thread may open one meanwhile
        same = (other for other in opened if _national(other) == _national(page))
        other = next(same, None)
        return page if other is None else replace(page, answers=other.answers)

    def pages(self) -> list[Page]:
        """Every stretch, from the oldest."""
        return [self.page(day) for day in self.turns]

    def in_greater_bay_area(self, city: str) -> bool:
        """Whether a mainland city, in Chinese or pinyin, is one of the area's."""
        return city.lower().removesuffix("市") in self.gba_cities

    def turn_anew(self) -> None:
        """Forget the compiled pages, after the data was changed."""
        self._pages.clear()
        self._kept = 0

    def make_room(self) -> None:
        """Count one more answer kept on a page. All are let go of where there are too many: memory stays bounded,
        however many questions of however many days are asked."""
        if self._kept >= MOST_KEPT:
            for page in list(self._pages.values()):  # another thread may open one meanwhile
                page.answers.clear()
            self._kept = 0
        self._kept += 1

    def _turns(self) -> Iterator[date]:
        yield date.min
        for entry in _dated([self.parameters, self.zones, self.scenarios, self.rules, self.duties]):
            if "from" in entry:
                yield entry["from"]
            if "to" in entry:
                yield entry["to"] + timedelta(days=1)

    def _compile(self, day: date) -> Page:
        parameters = self.parameters
        regime, window = _current(parameters["regimes"], day), _current(parameters["windows"], day)
        assert regime is not None and window is not None
        numbers = {
            name: entry["value"] for name, all_ in parameters["numbers"].items() if (entry := _current(all_, day))
        }
        lists = {zone: entry["id"] for zone, body in self.zones.items() if (entry := _current(body["lists"], day))}
        list_ids = {one.id: one.zones[0] for one in _negative(self.zone_lists) if one.in_force(day)}
        bay = parameters["greater_bay_area"]["recipients"]
        return Page(
            first=day,
            regime=regime["id"],
            numbers=numbers,
            window_starts=window["starts"],
            rules=tuple(self._rule(entry, day) for entry in self.rules if _in_force(entry, day)),
            duties=tuple(self._duty(entry) for entry in self.duties if _in_force(entry, day)),
            lists=lists,
            list_ids=list_ids,
            trials=tuple(end[0] for id in list_ids if (end := self.zone_lists[id].expected_end)),
            lists_shared=_current(parameters["lists_shared"], day) is not None,
            scenarios={key: _scenario(key, entry) for key, entry in self.scenarios.items() if _in_force(entry, day)},
            gba_recipients=frozenset(code for code, all_ in bay.items() if _current(all_, day)),
        )

    def _rule(self, entry: Mapping[str, Any], day: date) -> Rule:
        cites = tuple(self._cite(cite) for cite in entry["cites"] if _in_force(cite, day))
        return Rule(entry["id"], entry["pathway"], cites, {"zh": entry["zh"], "en": entry["en"]})

    def _duty(self, entry: Mapping[str, Any]) -> Duty:
        text = {"zh": entry["zh"], "en": entry["en"]}
        paths = frozenset(entry["paths"])
        return Duty(
            id=entry["id"],
            paths=paths,
            when=entry.get("when", {}),
            unless=entry.get("unless", {}),
            cite=self._cite(entry["cites"]),
            due=entry.get("due"),
            text=text,
        )

    def _cite(self, cite: Mapping[str, Any]) -> Cite:
        return Cite(self.instruments[cite["instrument"]], cite["article"])


@cache
def book() -> Book:
    """The book, read once."""
    return Book()


def load(name: str) -> Any:
    """One YAML file of this room's data."""
    return shipped_yaml("tongguan.law", f"data/{name}.yaml")


def _instrument(key: str, entry: Mapping[str, Any]) -> Instrument:
    return Instrument(
        id=key,
        title=entry["title"],
        en=entry["en"],
        kind=entry["kind"],
        issuer=entry["issuer"],
        number=entry.get("number"),
        published=entry["published"],
        effective=entry["effective"],
        until=entry.get("until", date.max),
        replaced_by=entry.get("replaced_by"),
        draft=entry.get("draft", False),
        described=entry.get("title_as") == "described",
        articles=entry["articles"],
        source=entry.get("source"),
        confidence=entry["confidence"],
        note=entry.get("note"),
    )


def _national(page: Page) -> tuple[Any, ...]:
    """What questions that concern no regional list hang on."""
    return (page.regime, page.numbers, page.window_starts, page.rules, page.duties, page.gba_recipients)


def _negative(lists: Mapping[str, ZoneList]) -> list[ZoneList]:
    """Lists of what may not leave freely: outside of them data may (art. 6). The newest first."""
    negative = [one for one in lists.values() if one.kind == "negative_list"]
    return sorted(negative, key=lambda one: one.first, reverse=True)


def _packed(key: str, lists: Mapping[str, ZoneList], entry: Mapping[str, Any]) -> Instrument:
    """An instrument that a pack brings along, or names without saying more: then only its list's names are known."""
    listed = next(one for one in lists.values() if one.instrument == key)
    unknown = {"title": listed.names["zh"], "en": listed.names["en"], "title_as": "described"}
    bare = {**unknown, "issuer": {"zh": "不明", "en": "not known"}, "confidence": "unverified"}
    plain = {"kind": "local", "published": None, "effective": None, "articles": None}
    return _instrument(key, {**plain, **({"confidence": "unverified", **entry} if entry else bare)})


def _zones(names: Mapping[str, Mapping[str, str]], lists: Mapping[str, ZoneList]) -> dict[str, dict[str, Any]]:
    """Every zone with its negative lists; the newest comes first, so that it is the one in force."""
    zones: dict[str, dict[str, Any]] = {zone: {**both, "lists": []} for zone, both in names.items()}
    for one in _negative(lists):
        for zone in one.zones:
            zones[zone]["lists"].append({"id": one.id, **_period(one), "confidence": one.confidence})
    return zones


def _scenarios(lists: Mapping[str, ZoneList]) -> dict[str, dict[str, Any]]:
    """Every scenario of a negative list, with its limits where all of them are known."""
    scenarios = {}
    for one in _negative(lists):
        for sector, scenario in one.scenarios():
            zh = " · ".join(names["zh"] for names in (one.names, sector.names, scenario.names))
            en = ", ".join(names["en"] for names in (one.names, sector.names, scenario.names))
            limits = scenario.limits if len(scenario.limits) == len(LIMITS) else {}
            known = scenario.limits_confidence if limits else scenario.confidence
            place = {"list": one.id, "zone": one.zones[0], "zones": one.zones, **_period(one), "zh": zh, "en": en}
            scenarios[scenario.id] = {**place, **limits, "confidence": known}
    return scenarios


def _period(one: ZoneList) -> dict[str, date]:
    return {"from": one.first} if one.last == date.max else {"from": one.first, "to": one.last}


def _scenario(key: str, entry: Mapping[str, Any]) -> Scenario:
    names = {"zh": entry["zh"], "en": entry["en"]}
    numbers = {name: entry[name] for name in LIMITS if name in entry}
    return Scenario(key, entry["list"], entry["zones"][0], entry["zones"], names, numbers, entry["confidence"])


def _in_force(entry: Mapping[str, Any], day: date) -> bool:
    begins: date = entry.get("from", date.min)
    ends: date = entry.get("to", date.max)
    return begins <= day <= ends


def _current(entries: list[dict[str, Any]], day: date) -> dict[str, Any] | None:
    return next((entry for entry in entries if _in_force(entry, day)), None)


def _dated(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in the data that has days."""
    if isinstance(node, dict):
        if "from" in node or "to" in node:
            yield node
        for child in node.values():
            yield from _dated(child)
    elif isinstance(node, list):
        for child in node:
            yield from _dated(child)
