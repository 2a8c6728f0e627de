"""Citations: which article regulates a matter on a day, whether a citation stands, and every citation in the data.

Articles are written 第三十七条, with 第一款第二项 where it matters. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from tongguan.errors import NotFound
from tongguan.law.book import Instrument, book, load
from tongguan.law.instruments import Status, status, text_of
from tongguan.wording import wording

__all__ = [
    "FIXED_ARTICLES",
    "Provision",
    "Quoted",
    "Standing",
    "article",
    "article_number",
    "articles",
    "citations",
    "cite_as_of",
    "documents",
    "faults",
]

FIXED_ARTICLES = frozenset({"law", "administrative_regulation", "departmental_rule"})  # kinds cited by 第…条 only
DIGITS = "零一二三四五六七八九"
NUMERAL = "[零〇一二三四五六七八九十百]+|[0-9]{1,4}"
PARTS = re.compile(rf"第({NUMERAL})条(?:之[一二三四五六七八九])?(?:第(?:{NUMERAL})[款项目])*")
BARE = re.compile(r"(?:art(?:icle)?\.?\s*)?([0-9]{1,4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Provision:
    """An article of an instrument, and how its number is known."""

    instrument: Instrument
    article: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a citation stands on a day.

    `why`: stands, unchecked (the highest article is not known), moved (what bore this number before now is `now`),
    gives_way (in force, but `now` prevails where they differ), no_such_article, not_published, not_yet, replaced,
    lapsed, draft, unknown, unknown_instrument, not_an_article.
    `now`: what the provision is called on that day, where that is known to be another.
    """

    stands: bool
    why: str
    instrument: Instrument | None
    now: Provision | None
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A citation somewhere in the data: the file, the entry that makes it, and the days on which it does.

    `among`: the instruments of a list of which those in force on the day are cited; empty where it stands for itself.
    """

    document: str
    entry: str
    instrument: str
    article: str | None  # None: the instrument as a whole
    first: date | None
    last: date | None
    among: tuple[str, ...] = ()


# ---- Where a matter is regulated ---------------------------------------------------------------------------------


def article(subject: str, as_of: date) -> Provision | None:
    """The leading article on a matter (`subjects` in data/articles.yaml) on a day. Raises NotFound for the matter."""
    return next(iter(articles(subject, as_of)), None)


def articles(subject: str, as_of: date) -> tuple[Provision, ...]:
    """All articles on a matter on a day, the leading one first."""
    entry = _moves()["subjects"].get(subject)
    if entry is None:
        raise NotFound(f"no such matter {subject[:80]!r}; expected one of {', '.join(_moves()['subjects'])}")
    return tuple(
        Provision(book().instruments[at["instrument"]], at["article"], at["confidence"])
        for at in entry["at"]
        if at["from"] <= as_of <= at.get("to", date.max)
    )


# ---- Whether a citation stands -----------------------------------------------------------------------------------


def cite_as_of(instrument: str, article: str, as_of: date) -> Standing:
    """Whether a citation stands on a day, and what the provision is called then.

    `instrument` is a title (with or without 《》), read as the text of that day, or an id, read as that very text.
    `article` is 第三十七条, 第37条, 37, or empty for the instrument as a whole.
    """
    found = text_of(instrument, as_of)
    if found is None:
        return _told(False, "unknown_instrument", None, None, instrument, article)
    base = article_number(article)
    if base is None and article.strip() and found.kind in FIXED_ARTICLES:
        return _told(False, "not_an_article", found, None, instrument, article)
    stood = status(found, as_of)
    if stood is not Status.IN_FORCE:
        return _told(False, stood.value, found, _successor(found, base, as_of), instrument, article)
    if base is None:
        why = "unchecked" if article.strip() else "stands"
        return _told(True, why, found, None, instrument, article)
    if base < 1 or (found.articles is not None and base > found.articles):
        return _told(False, "no_such_article", found, None, instrument, article)
    if by_law := _gives_way(found, base, as_of):
        return _told(True, "gives_way", found, by_law, instrument, article)
    if moved := _formerly(found, base):
        return _told(True, "moved", found, moved, instrument, article)
    return _told(True, "unchecked" if found.articles is None else "stands", found, None, instrument, article)


def article_number(text: str) -> int | None:
    """The number of 第三十七条, 第三十七条第一款, 第37条 or 37; None where the text is no article."""
    text = text.strip()
    if parts := PARTS.fullmatch(text):
        return _numeral(parts[1])
    bare = BARE.fullmatch(text)
    return int(bare[1]) if bare else None


def article_name(number: int) -> str:
    """第三十七条 of 37; numbers up to 999."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return f"第{text}{DIGITS[ones] if ones or not number else ''}条"


def _numeral(text: str) -> int:
    """A Chinese numeral below 1000, or Arabic digits."""
    if text.isascii():
        return int(text)
    total = digit = 0
    for character in text.replace("〇", "零"):
        if character in "十百":
            total += max(digit, 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = DIGITS.index(character)
    return total + digit


def _successor(found: Instrument, base: int | None, as_of: date) -> Provision | None:
    """Along the texts that replaced one another, the one in force on the day, and the article's number there."""
    number, sure = base, found.confidence
    seen = {found.id}
    while found.replaced_by and found.replaced_by not in seen:
        after = book().instruments[found.replaced_by]
        move = next((m for m in _moves()["renumbered"] if (m["before"], m["after"]) == (found.id, after.id)), None)
        moved_to = None if move is None or number is None else move["articles"].get(article_name(number))
        number, sure = article_number(moved_to or ""), move["confidence"] if move else after.confidence
        found = after
        seen.add(found.id)
        if found.in_force(as_of):
            return Provision(found, article_name(number) if number else "", sure)
    return None


def _formerly(found: Instrument, base: int) -> Provision | None:
    """What an article of this number in the text before is called in this one."""
    for move in _moves()["renumbered"]:
        if move["after"] == found.id and article_name(base) in move["articles"]:
            return Provision(found, move["articles"][article_name(base)], move["confidence"])
    return None


def _gives_way(found: Instrument, base: int, as_of: date) -> Provision | None:
    for entry in _moves()["gives_way"]:
        same = entry["instrument"] == found.id and entry["article"] == article_name(base)
        if same and entry["from"] <= as_of:
            return Provision(book().instruments[entry["to_instrument"]], entry["to_article"], entry["confidence"])
    return None


def _told(
    stands: bool, why: str, found: Instrument | None, now: Provision | None, title: str, article: str
) -> Standing:
    values = {"title": found.title if found else title, "article": article, "highest": found.articles if found else 0}
    text = wording("tongguan.law", "faces.yaml").both(f"standing.{why}", **values)
    if now is not None:
        named = {"title": now.instrument.title, "article": now.article}
        more = wording("tongguan.law", "faces.yaml").both("standing.now", **named)
        text = {language: text[language] + more[language] for language in text}
    return Standing(stands, why, found, now, text)


@cache
def _moves() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = load("articles")
    return loaded


# ---- Every citation in the data ----------------------------------------------------------------------------------


@cache
def documents() -> Mapping[str, Any]:
    """All YAML of this room's data by its path under data/, without the suffix."""
    return {name: load(name) for name in sorted(_names(files("tongguan.law").joinpath("data"), ""))}


def _names(folder: Traversable, above: str) -> Iterator[str]:
    for child in folder.iterdir():
        if child.is_dir():
            yield from _names(child, f"{above}{child.name}/")
        elif child.name.endswith(".yaml"):
            yield above + child.name.removesuffix(".yaml")


def citations(node: Any = None, document: str = "", owner: str | None = None) -> Iterator[Quoted]:
    """Every citation in the data, or below one node of it, with the days of the innermost entry that has any.

    A citation is a mapping with an `instrument` (and `article`), or one of a list of pairs [instrument, article] under
    `cites`, of which those in force on the day are meant.
    """
    return iter(_everywhere()) if node is None else _quoted(node, document, owner, owner or document, None, None)


@cache
def _everywhere() -> tuple[Quoted, ...]:
    contents = ((name, content) for name, content in documents().items() if name != "instruments")
    return tuple(cite for name, content in contents for cite in _quoted(content, name, None, name, None, None))


def _quoted(
    node: Any, document: str, owner: str | None, key: str, first: date | None, last: date | None
) -> Iterator[Quoted]:
    """`owner` is the entry with an id or a name in which we are; where there is none, the last key stands for it."""
    if isinstance(node, list):
        for child in node:
            yield from _quoted(child, document, owner, key, first, last)
    if not isinstance(node, dict):
        return
    first, last = _day(node.get("from"), first), _day(node.get("to"), last)
    if isinstance(node.get("id"), str):
        owner = node["id"]
    for named, at in (("instrument", "article"), ("to_instrument", "to_article")):
        if isinstance(node.get(named), str):
            yield Quoted(document, owner or key, node[named], node.get(at), first, last)
    yield from _pairs(node, document, owner or key)
    for below, child in node.items():
        if isinstance(child, dict | list):
            named_entry = isinstance(child, dict) and "zh" in child
            yield from _quoted(child, document, str(below) if named_entry else owner, str(below), first, last)


def _pairs(node: Mapping[str, Any], document: str, entry: str) -> Iterator[Quoted]:
    """The pairs under `cites`. Their days are the entry's own, or the fixed day by which it is due."""
    cites = node.get("cites")
    pairs = [pair for pair in cites if isinstance(pair, list) and len(pair) == 2] if isinstance(cites, list) else []
    due = _day(node.get("due"), None)
    first, last = (due, due) if due else (_day(node.get("from"), None), _day(node.get("to"), None))
    for instrument, at in pairs:
        yield Quoted(document, entry, instrument, at, first, last, tuple(pair[0] for pair in pairs))


def _day(value: Any, otherwise: date | None) -> date | None:
    return value if isinstance(value, date) else otherwise


# ---- What is wrong with a citation -------------------------------------------------------------------------------


def faults(cite: Quoted) -> list[str]:
    """What is wrong with a citation on the days on which it is made, in words; nothing where it stands on all of them.

    Wrong are: an instrument that is not on file, a draft, days before it was in force or after it ended, and an article
    that it cannot have. Where a day of effect or a highest article is not known, nothing is held against a citation.
    """
    one = book().instruments.get(cite.instrument)
    if one is None:
        return [f"no instrument {cite.instrument!r}"]
    found = [f"{one.id} is a draft and never was in force"] if one.draft else []
    if one.effective is not None and not one.draft:
        found += [f"{one.id} is not in force on {day}" for day in _days_without(cite, one)]
    if cite.article and one.kind in FIXED_ARTICLES:
        number = article_number(cite.article)
        if number is None or PARTS.fullmatch(cite.article) is None:
            found.append(f"{cite.article!r} is no article; expected such as 第三十七条第一款")
        elif number < 1 or (one.articles is not None and number > one.articles):
            found.append(f"{one.id} has no {cite.article}; it has {one.articles} articles")
    return found


def _days_without(cite: Quoted, one: Instrument) -> Iterator[date]:
    """Days on which the citation is made and nothing that it names is in force: the first of each such stretch."""
    together = [book().instruments[key] for key in cite.among if key in book().instruments] or [one]
    begun = [other.effective for other in together if other.effective is not None]
    first = cite.first or max(min(begun), date.min)
    last = cite.last or (date.max if cite.first else max(other.until for other in together))
    ends = {other.until + timedelta(days=1) for other in together if other.until < date.max}
    for day in sorted({first, last, *ends}):
        if first <= day <= last and not any(other.in_force(day) for other in together):
            yield day
    if cite.among and not (one.effective is not None and one.effective <= last and first <= one.until):
        yield first
