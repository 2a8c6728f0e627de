"""Mutants of the law's data: one value changed at a time, in the parsed files themselves.

Shifted by one, both ways: every whole number, every day (a month or a year where only that is known), every article,
paragraph and item of a citation, every number and day written out in a text. Beside that: a path or a default reading
exchanged for the other, "or more" for "more than", a flag turned, a citation left out. Left alone are the names and numbers
of foreign law (`cite`), addresses, and numerals written in Chinese in a text (the other language's number is held against
them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tongguan.law.citing import PARTS, article_number

DAY = timedelta(days=1)
PATHS = ("exempt", "security_assessment")
COMPARED = {"at_least": "more_than", "more_than": "at_least", "reached": "exceeded", "exceeded": "reached"}
NO_LAW = {"format"}  # of a file, not of the law
WRITTEN = ("zh", "en", "title")  # what people read
NUMERAL = re.compile("[一二三四五六七八九十百]+")
IN_TEXT = re.compile(r"(?<![\d.,/-])(\d{4}-\d{2}-\d{2}|\d{1,3}(?:,\d{3})+|\d+)(?![\d]|[./-]\d)")
DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Mutant:
    """A value of the data and what it becomes. `holder[key]` is where it stands; DROPPED leaves it out of its list."""

    document: str
    way: tuple[str, ...]  # the keys that lead to it, an entry's id standing for its place in a list
    kind: str  # number, day, article, text, path, default, comparison, flag, citation
    holder: Any
    key: Any
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.document}: {'.'.join(self.way)}: {told(self.old)} -> {told(self.new)}"

    def words(self) -> set[Any]:
        """What a test of this value is likely to name: the value, its neighbours, and the entries around it."""
        near = {self.old, self.new} if not isinstance(self.old, dict | list) else set()
        if isinstance(self.old, date):
            near |= {self.old + DAY, self.old - DAY}
        if isinstance(self.old, int):
            near |= {self.old - 1, self.old + 1}
        around = self.holder.values() if isinstance(self.holder, dict) else self.holder
        return near | {self.document, *self.way} | {value for value in around if isinstance(value, str | date)}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The value is changed inside, and right again afterwards."""
        try:
            if self.new is DROPPED:
                del self.holder[self.key]
            else:
                self.holder[self.key] = self.new
            yield
        finally:
            if self.new is DROPPED:
                self.holder.insert(self.key, self.old)
            else:
                self.holder[self.key] = self.old


class Dropped:
    __slots__ = ()

    def __repr__(self) -> str:
        return "left out"


DROPPED = Dropped()


def told(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) < 160 else text[:157] + "…"


def mutants(document: str, tree: Any) -> list[Mutant]:
    """All mutants of a file. A value that several entries share (by an anchor) is changed once, for all of them."""
    seen: set[tuple[int, Any]] = set()
    found = []
    for way, holder, key in places(tree, ()):
        if (id(holder), key) not in seen:
            seen.add((id(holder), key))
            for kind, new in changes(way, holder, key):
                found.append(Mutant(document, way, kind, holder, key, holder[key], new))
    return found


def places(node: Any, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Every place in a tree, outermost first."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(pairs):
        step = str(key)
        if isinstance(child, dict) and isinstance(key, int):
            step = str(child.get("id") or child.get("topic") or child.get("instrument") or key)
        yield (*way, step), node, key
        yield from places(child, (*way, step))


def changes(way: tuple[str, ...], holder: Any, key: Any) -> Iterator[tuple[str, Any]]:
    """What a value may become, each with its kind."""
    value, name = holder[key], str(key)
    if name in NO_LAW:
        return
    if isinstance(value, bool):
        yield "flag", not value
    elif isinstance(value, int):
        yield from (("number", value + by) for by in (1, -1))
    elif isinstance(value, date):
        yield from (("day", value + by) for by in (DAY, -DAY))
    elif isinstance(value, str):
        yield from of_text(name, value, way)
        if name == "default" and "other" in holder:
            yield "default", holder["other"]
        if name == "boundary":
            yield "comparison", COMPARED[value]
        if name == "pathway":
            yield from (("path", path) for path in PATHS if path != value)
    elif isinstance(value, dict) and any(isinstance(value.get(word), int) for word in COMPARED):
        yield "comparison", {COMPARED.get(key, key): child for key, child in value.items()}
    elif "cites" in way[-2:-1] and isinstance(holder, list):
        yield "citation", DROPPED


def of_text(name: str, value: str, way: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if partial := partly_known(value):
        yield from (("day", shifted(value, by)) for by in (1, -1) if partial)
    elif PARTS.fullmatch(value) and article_number(value):
        yield from (("article", new) for new in articles(value))
    elif name in WRITTEN:
        yield from (("text", new) for new in texts(value))


def partly_known(value: str) -> bool:
    """A month (2025-09), or a day of every year (12-15)."""
    return bool(re.fullmatch(r"\d{4}-\d{2}|\d{2}-\d{2}|20\d{2}", value))


def shifted(value: str, by: int) -> str:
    if re.fullmatch(r"\d{4}", value):
        return str(int(value) + by)
    if re.fullmatch(r"\d{4}-\d{2}", value):
        year, month = divmod(int(value[:4]) * 12 + int(value[5:]) - 1 + by, 12)
        return f"{year}-{month + 1:02}"
    return f"{date(2025, *map(int, value.split('-'))) + by * DAY:%m-%d}"


def articles(value: str) -> Iterator[str]:
    """第四条第二项: each of its numbers one higher and one lower, where it stays one."""
    for found in NUMERAL.finditer(value):
        number = article_number(f"第{found[0]}条")
        for new in (number + 1, number - 1):
            if new > 0:
                yield value[: found.start()] + numeral(new) + value[found.end() :]


def numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else DIGITS[tens]) + ("十" if tens else "") + (DIGITS[ones] if ones else "")


def texts(value: str) -> Iterator[str]:
    """A text with each of its days and numbers shifted; what stands in braces is filled in by the code."""
    for found in IN_TEXT.finditer(re.sub(r"\{[^}]*\}", lambda hole: "·" * len(hole[0]), value)):
        for new in written(found[0]):
            yield value[: found.start()] + new + value[found.end() :]


def written(text: str) -> Iterator[str]:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        yield from ((date.fromisoformat(text) + by).isoformat() for by in (DAY, -DAY))
    else:
        number = int(text.replace(",", ""))
        yield from (f"{new:,}" if "," in text else str(new) for new in (number + 1, number - 1))
