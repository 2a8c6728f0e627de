"""Names in Latin letters, where a form of address or the end of a letter says that one stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.view import Candidate, View

__all__ = ["beside_address", "find"]

_DETECTOR: Final = "salutations"
_WORD: Final = (
    r"[A-ZÀ-ÞŁŚŻŽŠČ](?:['’][A-ZÀ-Þ]|c(?=[A-Z])|ac(?=[A-Z]))?(?:[A-Z]?[a-zß-ɏ]+|\.)(?:['’-][A-ZÀ-Þ][a-zß-ɏ]+)?"
)
_NAME: Final = re.compile(rf"{_WORD}(?: (?:(?:van|von|de|der|da|di|bin|al|el) )?{_WORD}){{0,3}}(?![A-Za-z0-9])")
_GAP: Final = re.compile(r"\.? ")
_BELOW: Final = re.compile(r"[,!]? ?\r?\n(?:\r?\n)?[ \t]{0,4}")
_BEFORE: Final = re.compile(rf"(?:^|[\n:,;\"] ?\"?)({_WORD}[^\n<>:,;\"]{{2,50}})\"? $")
_FULL: Final = re.compile(rf"{_WORD}(?: (?:(?:van|von|de|der|da|di|bin|al|el) )?{_WORD}){{1,3}}(?![A-Za-z0-9])")

_NAME_ENDS: Final = re.compile(r"(?: ?(?:\(|,|\|)[^\r\n]{0,60}| ?[\u3400-\u9fff]{2,4})?[ \t]*(?:[\r\n\x00]|$)")

_LISTED: Final = re.compile(rf"(?:^|[\n:：>] ?)({_WORD}(?: {_WORD}){{1,2}})(?:, | \| )$")

_APART: Final = (", ", " | ")
"""What stands between a name in a list and the address."""
_GREETINGS: Final = frozenset({"Dear", "Hello", "Hi", "Hallo"})
_ENDINGS: Final = frozenset({
    "regards", "sincerely", "yours", "faithfully", "wishes", "cheers", "best", "thanks", "grüßen", "grüße",
    "cordialement", "saludos",
})  # fmt: skip
_NO_NAME: Final = frozenset({
    "Admin", "Again", "Folks", "Guys", "Kitty",
    "All", "And", "Both", "Center", "Centre", "Colleague", "Colleagues", "Committee", "Contact", "Corporation",
    "Customer", "Customers", "Dear", "Department", "Diary", "Editor", "Everyone", "Foundation", "Friend", "Friends",
    "From", "God", "Hiring", "Lord", "Madam", "Manager", "Member", "Members", "My", "Office", "Or", "Our", "Sales",
    "Santa", "Service", "Services", "Sir", "Sirs", "Support", "Team", "The", "There", "University", "Us", "User",
    "Users", "Valued", "World", "Your",
})  # fmt: skip
"""Words behind a greeting that are nobody's name."""


def find(view: View) -> Iterator[Candidate]:
    """Names behind Mr. and the like; behind Dear, up to the comma; under `Best regards,`. A name that stands alone in a
    sentence is not found."""
    text, words = view.text, view.words
    chosen = words.of("marks/letter")
    for first, end in zip(words.start[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        word = text[first:end]
        if word.lower() in _ENDINGS:
            yield from _ending(text, end)
        elif word == word.capitalize() and (gap := _GAP.match(text, end)):
            greeting = word in _GREETINGS
            yield from _named(text, gap.end(), _NAME, 0.6 if greeting else 0.7, ",:-–—，：\n\r" if greeting else "")


def beside_address(text: str, start: int) -> Iterator[Candidate]:
    """The name before an address, in angle brackets as headers of mail have it, or at the head of a line or a list;
    `start` is that of the address."""
    apart = text[max(0, start - 4) : start].removesuffix("\n")
    if apart.endswith(_APART) and (found := _LISTED.search(text, max(0, start - 60), start)):
        yield from _named(text, found.start(1), _FULL, 0.65, ",|")
    if text[start - 1 : start] == "<" and (found := _BEFORE.search(text, max(0, start - 70), start - 1)):
        yield from _named(text, found.start(1), _FULL, 0.7, '"<')


def _ending(text: str, end: int) -> Iterator[Candidate]:
    """The name on a line of its own below the end of a letter."""
    below = _BELOW.match(text, end)
    if below is None:
        return
    for candidate in _named(text, below.end(), _NAME, 0.65, ""):
        if _NAME_ENDS.match(text, candidate.end):
            yield candidate


def _named(text: str, start: int, form: re.Pattern[str], score: float, ends: str = "") -> Iterator[Candidate]:
    found = form.match(text, start, start + 60)
    if found is None or not _NO_NAME.isdisjoint(found.group().split()):
        return
    follows = text[found.end() : found.end() + 4].lstrip(" ")[:1]
    if ends and (follows not in ends or not follows) and found.end() < len(text):
        return
    end = found.end() - (found.group().endswith("."))
    value = " ".join(text[start:end].upper().split())
    if len(value) > 1:
        yield Candidate(start, end, "person_name", score, "dictionary", _DETECTOR, value)
