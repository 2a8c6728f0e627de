"""What stands above the rows of a long text that is read in parts: the head of a statement or message begun earlier.

Rows of INSERT and COPY and segments of HL7 messages are known by what their head says. Where a text is cut behind it,
that is written once more before what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tongguan.identify.detect import hl7, inserts
from tongguan.identify.detect.words import Words

__all__ = ["above", "above_of", "are_in"]

_FARTHEST: Final = 1 << 20  # characters of a row that was begun
_LONGEST: Final = 64 << 10  # characters of definitions of tables
_MARKS: Final = re.compile(r"INSERT\s|insert\s|CREATE TABLE|create table|FROM stdin|from stdin|MSH\|\^~")


def above(text: str, words: Words, until: int) -> tuple[str, int]:
    """What must stand above text[place:], and that place, where the row begins in which `until` lies; "" for nothing.

    `until` is the place itself where no row has begun.
    """
    places = words.start[words.of("marks/sql")].tolist()
    lines = words.start[words.of("marks/line")].tolist()
    return _above(text, places, lines, until) if places or lines else ("", until)


def are_in(text: str) -> bool:
    """Whether a text holds any such head."""
    return _MARKS.search(text) is not None


def above_of(text: str) -> tuple[str, int]:
    """The same of all that a text holds, whose words were not looked for."""
    places = [found.start() for found in _MARKS.finditer(text)]
    return _above(text, places, places, len(text)) if places else ("", len(text))


def _above(text: str, places: Iterable[int], lines: Iterable[int], until: int) -> tuple[str, int]:
    if message := hl7.head_at(text, lines, until):
        return message
    tables, head, begun = inserts.heads_at(text, list(places), until)
    if until - begun > _FARTHEST:
        head, begun = "", until
    kept: list[str] = []
    room = _LONGEST
    for table in reversed(tables):  # those of late
        room -= len(table)
        if room < 0:
            break
        kept.append(table)
    return "".join(reversed(kept)) + head, begun
