"""Search in the book: instruments, articles' matters, rules, duties, zones and whatever else has a name. Pure.

Words may be Chinese or English. Every word must be found; where nothing holds them all, any will do. A run of Chinese
that stands nowhere as it is counts by its pairs of characters. Hits are ranked, and bounded in number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from tongguan.law.book import book
from tongguan.law.index import Entry, entries
from tongguan.law.instruments import Status, status
from tongguan.wording import Language, wording

__all__ = ["MOST_HITS", "Hit", "found", "hit_json", "search"]

MOST_HITS = 100
LONGEST_QUERY, MOST_WORDS = 200, 12  # characters, words
WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
HAN = re.compile(r"[\u3400-\u9fff]{3,}")
# What a word is worth: in an id, at the start of a word of a name, elsewhere in a name, in the rest.
IN_ID, WORD_START, IN_NAME, IN_REST = 12.0, 10.0, 8.0, 3.0
WHOLE, PHRASE = 100.0, 20.0  # the words are the whole id or name; the words stand together in a name
PRECEDENCE = {"instrument": 1.3, "matter": 1.15, "rule": 1.1, "zone": 1.1, "number": 1.1}


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found. `score` only orders hits of one search. Days are inclusive; None is open."""

    kind: str
    id: str
    names: Mapping[str, str]
    first: date | None
    last: date | None
    confidence: str | None
    score: float


@dataclass(frozen=True, slots=True)
class _Text:
    """What is searched of an entry, folded."""

    entry: Entry
    id: str
    names: tuple[str, ...]
    rest: str


def search(words: str, as_of: date | None = None, limit: int = 20) -> list[Hit]:
    """The entries that match, best first, at most `limit` (at most 100); with a day, only those that hold then.

    An entry without days holds on every day, an instrument when it is in force. Any text is a question; one without
    words finds nothing.
    """
    phrase = _folded(words[:LONGEST_QUERY])
    wanted = list(dict.fromkeys(WORD.findall(phrase)))[:MOST_WORDS]
    if not wanted:
        return []
    texts = [text for text in _texts() if as_of is None or _holds(text.entry, as_of)]
    scored = [(_scores(text, wanted), text) for text in texts]
    full = [(scores, text) for scores, text in scored if all(scores)]
    found = [(_total(scores, text, phrase), text) for scores, text in full or [one for one in scored if any(one[0])]]
    found.sort(key=lambda one: (-one[0], one[1].entry.kind, one[1].id, str(one[1].entry.first)))
    return [_hit(text.entry, score) for score, text in found[: max(0, min(limit, MOST_HITS))]]


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as JSON: `{kind, id, names, from, to, confidence}`."""
    return {
        "kind": hit.kind,
        "id": hit.id,
        "names": dict(hit.names),
        "from": hit.first.isoformat() if hit.first else None,
        "to": hit.last.isoformat() if hit.last else None,
        "confidence": hit.confidence,
    }


def found(hits: Sequence[Hit], language: Language) -> str:
    """Hits as text for people, one a line: what it is, id, name, days."""
    words = wording("tongguan.law", "faces.yaml")
    if not hits:
        return words.text("search.none", language)
    lines = []
    for hit in hits:
        kind = words.text(f"entry.{hit.kind}", language) if f"entry.{hit.kind}" in words.texts else hit.kind
        days = words.text("value.days", language, first=hit.first or "…", last=hit.last or "…")
        lines.append(f"{kind}  {hit.id}  {hit.names[language]}" + (f"  ({days})" if hit.first or hit.last else ""))
    return "\n".join(lines)


def _holds(entry: Entry, day: date) -> bool:
    if entry.kind == "instrument":
        return status(book().instruments[entry.id], day) in (Status.IN_FORCE, Status.UNKNOWN)
    return entry.holds(day)


def _hit(entry: Entry, score: float) -> Hit:
    return Hit(entry.kind, entry.id, entry.names, entry.first, entry.last, entry.confidence, round(score, 3))


def _total(scores: list[float], text: _Text, phrase: str) -> float:
    total = sum(scores)
    if phrase == text.id or phrase in text.names:
        total += WHOLE
    elif any(phrase in name for name in text.names):
        total += PHRASE * len(phrase) / max(map(len, text.names))
    return total * PRECEDENCE.get(text.entry.kind, 1.0)


def _scores(text: _Text, wanted: list[str]) -> list[float]:
    return [max(_score(text, word), _score(text, _singular(word)), _by_pairs(text, word)) for word in wanted]


def _singular(word: str) -> str:
    """An English plural without its s; what is none is left as it is."""
    return word[:-1] if len(word) > 3 and word.isascii() and word.endswith("s") and not word.endswith("ss") else word


def _score(text: _Text, word: str) -> float:
    if word in text.id:
        return IN_ID
    for name in text.names:
        if word in name:
            return WORD_START if re.search(rf"(?<![a-z0-9]){word}", name) else IN_NAME
    return IN_REST if word in text.rest else 0.0


def _by_pairs(text: _Text, word: str) -> float:
    """A long run of Chinese by its pairs of characters: worth something where most of them are there."""
    if not HAN.fullmatch(word):
        return 0.0
    pairs = [word[at : at + 2] for at in range(len(word) - 1)]
    share = sum(any(pair in name for name in text.names) for pair in pairs) / len(pairs)
    return IN_NAME * share if share > 0.5 else 0.0


@cache
def _texts() -> tuple[_Text, ...]:
    return tuple(
        _Text(entry, _folded(entry.id), tuple(map(_folded, entry.names.values())), _folded(_rest(entry)))
        for entry in entries()
    )


def _rest(entry: Entry) -> str:
    """What else tells an entry: an instrument's number, issuer and note; the titles and articles of citations."""
    node, parts = entry.node, [entry.kind]
    for key in ("number", "issuer", "note", "pathway", "article"):
        value = node.get(key)
        parts += value.values() if isinstance(value, Mapping) else [str(value)] if value else []
    for cite in entry.cites:
        cited = book().instruments.get(cite.instrument)
        parts += [cite.instrument, cite.article or ""] + ([cited.title, cited.en] if cited else [])
    return " ".join(map(str, parts))


def _folded(text: str) -> str:
    """Without case, width or runs of spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
