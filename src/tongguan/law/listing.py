"""The book as lists: every entry of a kind with how it stands on a day, and the days on which the law turns. Pure.

Days are `datetime.date`, both ends of every period inclusive; in what is given as JSON they are YYYY-MM-DD, None open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from tongguan.law.book import Instrument, book
from tongguan.law.citing import Provision, Quoted, articles
from tongguan.law.index import KINDS, Entry, entries
from tongguan.law.instruments import Status, status
from tongguan.law.searching import MOST_HITS, search
from tongguan.wording import Language, wording

__all__ = [
    "Turn",
    "book_word",
    "checked_day",
    "entry_names",
    "entry_of",
    "kinds",
    "listing",
    "matter_history",
    "periods",
    "turns",
    "zone_list_ids",
]

ONE_DAY = timedelta(days=1)
ENDED = (Status.REPLACED, Status.LAPSED)
AHEAD = (Status.NOT_YET, Status.NOT_PUBLISHED)


@dataclass(frozen=True, slots=True)
class Turn:
    """A day on which something begins, or has ended on the day before; each as (kind, id)."""

    day: date
    begins: tuple[tuple[str, str], ...]
    ends: tuple[tuple[str, str], ...]


def kinds() -> tuple[str, ...]:
    """Every kind of entry, the chief ones first."""
    return tuple(dict.fromkeys([*KINDS.values(), *(entry.kind for entry in entries())]))


def listing(as_of: date, kind: str | None = None, words: str = "") -> list[dict[str, Any]]:
    """Entries of a kind (None: of every kind) in the order of the book, or the best hits for words; ready for JSON.

    Each: `{kind, id, names, from, to, confidence, status, standing, cites}` with what its kind has beside: `form,
    issuer, number, published, replaced_by, source, draft` of an instrument, `order` and `pathway` of a rule, `value` of
    a number, `default, other, says` of a reading, `due` (a day), `due_after` (`{months, after}`, a fact) and
    `paths` of a duty. `status` is a value of `Status`,
    `standing` in_force, ended, ahead or unclear. A matter's `cites` are those of that day, a rule's and a duty's too;
    an entry without a confidence of its own has that of the text it rests on: a matter of its leading article, others
    the weakest. A reading is an interpretation.
    """
    found = _found(words) if words else entries()
    order = {entry.id: at for at, entry in enumerate((e for e in entries() if e.kind == "rule"), start=1)}
    return [_row(entry, as_of, order) for entry in found if kind is None or entry.kind == kind]


def turns(first: date, last: date) -> list[Turn]:
    """The days from `first` to `last` on which something begins or has just ended, ascending."""
    return [turn for turn in _turns() if first <= turn.day <= last]


def periods() -> list[dict[str, Any]]:
    """The periods of the rules, and the chief texts that rules cite, for a picture: `{kind, id, names, from, to}`."""
    cited = {cite.instrument for entry in entries() if entry.kind == "rule" for cite in entry.cites}
    regimes = [entry for entry in entries() if entry.kind == "regime"]
    chief = [entry for entry in entries() if entry.kind == "instrument" and entry.id in cited and entry.first]
    shown = [*regimes, *sorted(chief, key=_title_then_day)]
    return [
        {"kind": one.kind, "id": one.id, "names": dict(one.names), "from": _iso(one.first), "to": _iso(one.last)}
        for one in shown
    ]


def matter_history(matter: str) -> list[dict[str, Any]]:
    """How the articles on a matter changed: stretches of days, each with what regulated it, the leading one first.

    `{from, to, articles: [{instrument, title, article, confidence, source}]}`. Raises NotFound for the matter.
    """
    cites = [cite for entry in entries() if entry.kind == "matter" and entry.id == matter for cite in entry.cites]
    if not cites:
        articles(matter, date.max)  # says which matters there are
    days = {cite.first or date.min for cite in cites} | {cite.last + ONE_DAY for cite in cites if cite.last}
    edges = sorted(days)
    found = []
    for at, day in enumerate(edges):
        last = edges[at + 1] - ONE_DAY if at + 1 < len(edges) else None
        on = [{**_provision(one), "source": one.instrument.source} for one in articles(matter, day)]
        if on:
            found.append({"from": _iso(day), "to": _iso(last), "articles": on})
    return found


def entry_of(document: str, ident: str) -> str | None:
    """The name by which `show` opens what stands under an id in a file of the data; None where it has no entry."""
    return _by_document().get((document, ident))


def checked_day() -> date:
    """The day on which the book was last held against its sources: what was published later is not in it."""
    day: date = book().parameters["known"]["checked"]
    return day


def zone_list_ids() -> tuple[str, ...]:
    """Every list of a zone or region on file, whether or not it is in force, in the order of the book."""
    return tuple(book().zone_lists)


@cache
def entry_names() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """(kind, id) → what an entry is called in both languages; of several versions, the newest."""
    return {(entry.kind, entry.id): dict(entry.names) for entry in entries()}


def book_word(family: str, ident: str, language: Language) -> str:
    """What an identifier of the book is called: family kind (of instruments), status, confidence, entry (kinds).

    The identifier itself where it has no name.
    """
    texts = wording("tongguan.law", "faces.yaml")
    key = f"{family}.{ident}"
    return texts.text(key, language) if key in texts.texts else ident


# ---- Rows --------------------------------------------------------------------------------------------------------


def _found(words: str) -> list[Entry]:
    """Search gives hits; the entry behind each has the same kind, id and days."""
    known = {(one.kind, one.id, one.first, one.last): one for one in entries()}
    return [known[hit.kind, hit.id, hit.first, hit.last] for hit in search(words, None, MOST_HITS)]


def _row(entry: Entry, as_of: date, order: Mapping[str, int]) -> dict[str, Any]:
    one = book().instruments.get(entry.id) if entry.kind == "instrument" else None
    stands = status(one, as_of) if one else _status(entry, as_of)
    cites = _cites(entry, as_of)
    return {
        "kind": entry.kind,
        "id": entry.id,
        "names": dict(entry.names),
        "from": _iso(entry.first),
        "to": _iso(entry.last),
        "confidence": entry.confidence or _own_confidence(entry.kind, cites),
        "status": stands.value,
        "standing": _standing(stands),
        "cites": cites,
        **(_of_instrument(one) if one else _own(entry, order)),
    }


def _status(entry: Entry, as_of: date) -> Status:
    if entry.kind == "matter" and not articles(entry.id, as_of):
        began = [cite.first for cite in entry.cites if cite.first]
        return Status.NOT_YET if began and min(began) > as_of else Status.LAPSED
    if entry.last is not None and entry.last < as_of:
        return Status.LAPSED
    return Status.IN_FORCE if entry.holds(as_of) else Status.NOT_YET


def _standing(stands: Status) -> str:
    if stands is Status.IN_FORCE:
        return "in_force"
    return "ended" if stands in ENDED else "ahead" if stands in AHEAD else "unclear"


def _of_instrument(one: Instrument) -> dict[str, Any]:
    return {
        "form": one.kind,
        "issuer": dict(one.issuer),
        "number": one.number,
        "published": _iso(one.published),
        "replaced_by": one.replaced_by,
        "source": one.source,
        "draft": one.draft,
    }


def _own(entry: Entry, order: Mapping[str, int]) -> dict[str, Any]:
    node = entry.node
    if entry.kind == "rule":
        return {"order": order[entry.id], "pathway": node["pathway"]}
    if entry.kind == "number":
        return {"value": node["value"]}
    if entry.kind == "reading":
        says = {option: dict(text) for option, text in node.get("says", {}).items()}
        return {"default": node["default"], "other": node["other"], "says": says}
    if entry.kind == "duty":
        due = node.get("due")
        fixed = due if isinstance(due, date) else None
        after = dict(due) if isinstance(due, Mapping) else None
        return {"due": _iso(fixed), "due_after": after, "paths": list(node["paths"])}
    return {}


def _cites(entry: Entry, as_of: date) -> list[dict[str, Any]]:
    """What an entry cites; of one that ended or is ahead, what it cites on its own days."""
    if entry.kind == "matter":
        return [_provision(one) for one in articles(entry.id, as_of)]
    day = min(max(as_of, entry.first or date.min), entry.last or date.max)
    return [_cited(cite) for cite in entry.cites if (cite.first or date.min) <= day <= (cite.last or date.max)]


def _provision(one: Provision) -> dict[str, Any]:
    title, article = one.instrument.title, one.article
    return {"instrument": one.instrument.id, "title": title, "article": article, "confidence": one.confidence}


def _cited(cite: Quoted) -> dict[str, Any]:
    one = book().instruments.get(cite.instrument)
    return {
        "instrument": cite.instrument,
        "title": one.title if one else cite.instrument,
        "article": cite.article or "",
        "confidence": one.confidence if one else None,
    }


def _own_confidence(kind: str, cites: list[dict[str, Any]]) -> str | None:
    if kind == "reading":
        return "interpretation"
    return cites[0]["confidence"] if cites and kind == "matter" else _least(cites)


def _least(cites: list[dict[str, Any]]) -> str | None:
    """The weakest confidence among the texts that are cited."""
    order = ("official", "secondary", "seed", "interpretation", "memory", "unverified")
    known = [cite["confidence"] for cite in cites if cite["confidence"] in order]
    return max(known, key=order.index) if known else None


# ---- Days --------------------------------------------------------------------------------------------------------


@cache
def _turns() -> tuple[Turn, ...]:
    begins: dict[date, set[tuple[str, str]]] = {}
    ends: dict[date, set[tuple[str, str]]] = {}
    for kind, ident, first, last in _dated():
        if first is not None:
            begins.setdefault(first, set()).add((kind, ident))
        if last is not None:
            ends.setdefault(last + ONE_DAY, set()).add((kind, ident))
    days = sorted({*begins, *ends})
    return tuple(Turn(day, tuple(sorted(begins.get(day, ()))), tuple(sorted(ends.get(day, ())))) for day in days)


def _dated() -> Iterator[tuple[str, str, date | None, date | None]]:
    """Everything of Chinese law that has days: entries and the articles on a matter. Foreign law turns elsewhere."""
    for entry in entries():
        if entry.kind == "matter":
            for cite in entry.cites:
                yield "matter", entry.id, cite.first, cite.last
        elif entry.kind in KINDS.values():
            drafted = entry.kind == "instrument" and book().instruments[entry.id].draft
            if not drafted:
                yield entry.kind, entry.id, entry.first, entry.last


def _title_then_day(entry: Entry) -> tuple[date, str, date]:
    """Texts of one title stand together, the titles in the order in which they first came into force."""
    assert entry.first is not None
    same = [one.first for one in entries() if one.kind == "instrument" and one.names["zh"] == entry.names["zh"]]
    return min(day for day in same if day is not None), entry.names["zh"], entry.first


@cache
def _by_document() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for entry in entries():
        name = f"{entry.kind}/{entry.id}"
        found.setdefault((entry.document, entry.id), name)
        found.setdefault((entry.document, entry.id.rpartition(".")[2]), name)
    return found


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
