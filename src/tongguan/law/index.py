"""Everything in the book that has a name, as entries of one shape: for search and show.

Instruments, matters, rules, duties, zones, scenarios, readings, regimes and numbers have kinds of their own. Whatever
else the data holds with a name in both languages and something to say of the law is an entry of the kind of its file;
its id is the way to it: security_assessment.extension_window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from string import Formatter
from typing import Any

from tongguan.law.book import book
from tongguan.law.citing import Quoted, citations, documents
from tongguan.wording import LANGUAGES, wording

__all__ = ["KINDS", "Entry", "entries", "fill"]

KINDS = {  # (document, first key) → kind; the order in which an id is looked for
    ("instruments", ""): "instrument",
    ("rules", ""): "rule",
    ("zones", "zones"): "zone",
    ("zones", "lists"): "zone_list",
    ("zones", "scenarios"): "scenario",
    ("parameters", "numbers"): "number",
    ("parameters", "readings"): "reading",
    ("parameters", "regimes"): "regime",
    ("articles", "subjects"): "matter",
    ("duties", ""): "duty",
}

SUBSTANCE = frozenset(
    {"confidence", "instrument", "cites", "facts", "steps", "default"}
)  # one of these, or only a word


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the data with a name. Days are inclusive; None is open. `cites` are the citations that it makes."""

    kind: str
    id: str
    document: str
    names: Mapping[str, str]  # {"zh": …, "en": …}
    first: date | None
    last: date | None
    confidence: str | None
    node: Mapping[str, Any]
    cites: tuple[Quoted, ...]

    def holds(self, day: date) -> bool:
        """Whether the entry's days hold that day."""
        return (self.first or date.min) <= day <= (self.last or date.max)


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, in the order of `KINDS`, then by file."""
    found = [*_instruments(), *_numbers(), *_zones()]
    for document, content in documents().items():
        if document != "instruments" and document.partition("/")[0] != "zones":
            found += _named(document, content, ())
    order = {kind: at for at, kind in enumerate(KINDS.values())}
    return tuple(sorted(found, key=lambda entry: order.get(entry.kind, len(order))))


def _instruments() -> Iterator[Entry]:
    for key, one in book().instruments.items():
        node = documents()["instruments"].get(key, {})  # a user's pack may bring its own
        last = None if one.until == date.max else one.until
        names = {"zh": one.title, "en": one.en}
        yield Entry("instrument", key, "instruments", names, one.effective, last, one.confidence, node, ())


def _numbers() -> Iterator[Entry]:
    texts = wording("tongguan.law", "faces.yaml").texts
    for name, periods in book().parameters["numbers"].items():
        plain = name.replace("_", " ")
        names = texts.get(f"number.{name}", {"zh": plain, "en": plain})
        for node in periods:
            yield _entry("number", name, "parameters", names, node)


def _zones() -> Iterator[Entry]:
    """Zones, and the lists and scenarios of the packs."""
    for zone, node in book().zones.items():
        yield _entry("zone", zone, "zones", {"zh": node["zh"], "en": node["en"]}, node)
    for key, one in book().zone_lists.items():
        last = None if one.last == date.max else one.last
        node = {"zones": list(one.zones), "edition": one.edition, "instrument": one.instrument}
        cites = (Quoted(f"zones/{key}", key, one.instrument, None, one.first, last),)
        yield Entry("zone_list", key, "zones", one.names, one.first, last, one.confidence, node, cites)
    for key, node in book().scenarios.items():
        yield _entry("scenario", key, "zones", {"zh": node["zh"], "en": node["en"]}, node)


def _named(document: str, node: Any, path: tuple[str, ...]) -> Iterator[Entry]:
    """The entries below a node of a document, outermost first."""
    children: list[tuple[str, Any]] = []
    if isinstance(node, list):
        children = [("", child) for child in node]
    elif isinstance(node, dict):
        kind = KINDS.get((document, path[0] if path else ""))
        if all(isinstance(node.get(language), str) for language in LANGUAGES):
            names: Mapping[str, str] = {"zh": node["zh"], "en": node["en"]}
            if kind in ("rule", "duty"):
                names = fill(names, book().page(node.get("from", date.min)).numbers)
            if kind:
                yield _entry(kind, str(node.get("id") or path[-1]), document, names, node)
                return
            if SUBSTANCE & node.keys():
                yield _entry(document, _way(document, node, path), document, names, node)
        children = [(str(key), child) for key, child in node.items()]
    for key, child in children:
        if isinstance(child, dict | list):
            yield from _named(document, child, (*path, key) if key else path)


def _way(document: str, node: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """The keys that lead to an entry, its file's own name left out; an id or topic stands for its list's key."""
    keys = path[1:] if path[:1] == (document,) else path
    own = node.get("id") or node.get("topic")
    return ".".join((*keys[:-1], str(own)) if own else keys)


def _entry(kind: str, key: str, document: str, names: Mapping[str, str], node: Mapping[str, Any]) -> Entry:
    first, last, known = node.get("from"), node.get("to"), node.get("confidence")
    return Entry(
        kind=kind,
        id=key,
        document=document,
        names=names,
        first=first if isinstance(first, date) else None,
        last=last if isinstance(last, date) else None,
        confidence=known if isinstance(known, str) else None,
        node=node,
        cites=tuple(citations(node, document, key)),
    )


def fill(templates: Mapping[str, str], numbers: Mapping[str, int]) -> dict[str, str]:
    """Texts with the numbers in them; a number that is not known is written …"""
    return {language: _Open().vformat(template, (), numbers) for language, template in templates.items()}


class _Open(Formatter):
    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(key)

    def format_field(self, value: Any, format_spec: str) -> str:
        return "…" if value is None else format(value, format_spec)
