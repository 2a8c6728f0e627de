"""Destinations: what the law of the recipient's country asks when data arrives, goes on or comes back.

Facts are dated and say how they are known; a topic without a fact is reported as not verified, and a country that is
not covered says so. Pure; days are `datetime.date`, both ends of every period inclusive.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.book import Cite, book, load
from tongguan.law.naming import country_codes, country_name
from tongguan.wording import LANGUAGES, Language

__all__ = [
    "TOPICS",
    "Destination",
    "DestinationFact",
    "destination",
    "destination_json",
    "destination_text",
    "destinations",
]

UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class DestinationFact:
    """One thing that is known, or known not to be verified, of a destination.

    `since` and `until` are as they are known: a day, a month (2025-09), a year, or None. `cite` names foreign law,
    `cites` Chinese law. `source` is where it was read; `confidence` is official, secondary, memory, seed,
    interpretation or unverified.
    """

    topic: str
    text: Mapping[str, str]
    cite: str | None
    cites: tuple[Cite, ...]
    source: str | None
    confidence: str
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Destination:
    """A country or region on a day. `regime` is the card that holds for it: EU for every state of the EU and EEA."""

    country: str
    regime: str
    names: Mapping[str, str]
    as_of: date
    facts: tuple[DestinationFact, ...]
    coming: tuple[DestinationFact, ...]  # published by that day, in force later

    def topic(self, name: str) -> tuple[DestinationFact, ...]:
        """The facts of a topic; never empty for a name in TOPICS."""
        return tuple(fact for fact in self.facts if fact.topic == name)


def destination(country: str, as_of: date) -> Destination | None:
    """The card of a country (ISO 3166-1 alpha-2, or EU) on a day; None where it is not covered.

    Raises BadFacts for what is no country code.
    """
    regime = regime_of(country)
    if regime is None:
        return None
    entry = data()["destinations"][regime]
    entries = [*data()["everywhere"], *entry["facts"]]
    known = [_fact(one) for one in entries if _stands(one, as_of)]
    answered = {one["topic"] for one in entry["facts"] if _stands(one, as_of)} | {"open"}
    silent = [topic for topic in TOPICS if topic not in answered]
    known += [_unverified(topic) for topic in silent] + [_open(silent)]
    order = {topic: at for at, topic in enumerate(TOPICS)}
    known.sort(key=lambda fact: order[fact.topic])
    coming = tuple(_fact(one) for one in entries if _is_coming(one, as_of))
    return Destination(country, regime, {"zh": entry["zh"], "en": entry["en"]}, as_of, tuple(known), coming)


def regime_of(country: str) -> str | None:
    """The id of the card that holds for a country; None where none does. Raises BadFacts for what is no code."""
    return _regimes().get(_country(country))


def destinations(as_of: date) -> tuple[Destination, ...]:
    """Every card that is held, on a day."""
    cards = (destination(regime, as_of) for regime in data()["destinations"])
    return tuple(card for card in cards if card is not None)


def destination_json(country: str, as_of: date) -> dict[str, Any]:
    """The card as JSON, texts in both languages; what is not covered is an answer as well (`covered: false`)."""
    card = destination(country, as_of)
    plain: dict[str, Any] = {
        "country": country,
        "name": {language: _name(country, language) for language in LANGUAGES},
        "as_of": as_of.isoformat(),
        "covered": card is not None,
        "text": dict(data()["words"]["covered" if card else _absent(country)]),
    }
    if card is None:
        return {**plain, "regime": None, "regime_name": None, "topics": [], "coming": []}
    topics = [
        {
            "topic": topic,
            "name": dict(data()["topics"][topic]),
            "facts": [_fact_json(fact) for fact in card.topic(topic)],
        }
        for topic in TOPICS
    ]
    return {
        **plain,
        "regime": card.regime,
        "regime_name": dict(card.names),
        "topics": topics,
        "coming": [_fact_json(fact) for fact in card.coming],
    }


def destination_text(country: str, as_of: date, language: Language) -> str:
    """The card as plain text: a heading a topic, a line a fact with where it stands and how it is known."""
    card, words = destination(country, as_of), data()["words"]
    if card is None:
        return f"{_name(country, language)} ({country}): {words[_absent(country)][language]}"
    lines = [f"{card.names[language]} · {as_of}"]
    for topic in TOPICS:
        lines.append(f"\n{data()['topics'][topic][language]}")
        lines.extend(_lines(card.topic(topic), language))
    if card.coming:
        lines.append(f"\n{words['coming'][language]}")
        lines.extend(_lines(card.coming, language))
    return "\n".join(lines)


@cache
def data() -> dict[str, Any]:
    """The data of this part, read once."""
    loaded: dict[str, Any] = load("destinations")
    return loaded


TOPICS: tuple[str, ...] = tuple(data()["topics"])


def begins(entry: Mapping[str, Any]) -> date | None:
    """The first day on which a fact surely counts: its day of effect, else its publication, else not known."""
    return _last_day(entry.get("from")) or _last_day(entry.get("published"))


def _stands(entry: Mapping[str, Any], day: date) -> bool:
    first = begins(entry)
    ends: date = entry.get("to", date.max)
    return (first is None or first <= day) and day <= ends


def _is_coming(entry: Mapping[str, Any], day: date) -> bool:
    first, published = begins(entry), _last_day(entry.get("published"))
    return first is not None and published is not None and published <= day < first


def _last_day(when: date | str | None) -> date | None:
    """A day as it is; of a month (2025-09) or a year (2018), its last day."""
    if when is None or isinstance(when, date):
        return when
    year, _, month = when.partition("-")
    in_year = int(month or 12)
    return date(int(year), in_year, monthrange(int(year), in_year)[1])


@cache
def _regimes() -> dict[str, str]:
    """Country code → card. The card of several countries also answers to its own name."""
    regimes = {code: regime for regime, entry in data()["destinations"].items() for code in entry["codes"]}
    return regimes | {regime: regime for regime in data()["destinations"]}


def _country(code: str) -> str:
    if isinstance(code, str) and (code in country_codes() or code in data()["destinations"]):
        return code
    raise BadFacts(
        "country: expected a code of two capital letters (ISO 3166-1 alpha-2, or EU), such as SG; "
        f"found {str(code)[:20]!r}"
    )


def _name(country: str, language: Language) -> str:
    own = data()["destinations"].get(country, {}).get(language)
    return own or country_name(country, language)


def _absent(country: str) -> str:
    return "mainland" if country == "CN" else "not_covered"


def _fact(entry: Mapping[str, Any]) -> DestinationFact:
    return DestinationFact(
        topic=entry["topic"],
        text={language: entry[language] for language in LANGUAGES},
        cite=entry.get("cite"),
        cites=tuple(Cite(book().instruments[one["instrument"]], one["article"]) for one in entry.get("cites", ())),
        source=entry.get("source"),
        confidence=entry["confidence"],
        since=str(entry["from"]) if "from" in entry else None,
        until=str(entry["to"]) if "to" in entry else None,
    )


def _unverified(topic: str) -> DestinationFact:
    return DestinationFact(topic, data()["words"]["unverified"], None, (), None, UNVERIFIED, None, None)


def _open(silent: list[str]) -> DestinationFact:
    """What is not verified, by name."""
    words = data()["words"]["silent" if silent else "nothing_silent"]
    between = {"zh": "、", "en": ", "}
    text: dict[str, str] = {
        language: words[language].format(
            topics=between[language].join(data()["topics"][topic][language] for topic in silent)
        )
        for language in LANGUAGES
    }
    return DestinationFact("open", text, None, (), None, UNVERIFIED, None, None)


def _fact_json(fact: DestinationFact) -> dict[str, Any]:
    return {
        "text": dict(fact.text),
        "cite": fact.cite,
        "cites": [
            {"id": cite.instrument.id, "instrument": cite.instrument.title, "article": cite.article}
            for cite in fact.cites
        ],
        "source": fact.source,
        "confidence": fact.confidence,
        "from": fact.since,
        "to": fact.until,
    }


def _lines(facts: tuple[DestinationFact, ...], language: Language) -> Iterator[str]:
    for fact in facts:
        law = fact.cite or " ".join(f"《{cite.instrument.title}》{cite.article}" for cite in fact.cites)
        days = f"{fact.since or '…'} – {fact.until or '…'}" if fact.since or fact.until else ""
        notes = ", ".join(note for note in (law, days, fact.confidence) if note)
        yield f"  - {fact.text[language]} ({notes})"
