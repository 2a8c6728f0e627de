"""Persons under fourteen, by the day of birth that a finding holds: all their personal information is sensitive
(PIPL article 28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from tongguan.identify.detect.view import Candidate

__all__ = ["find"]

_AGE: Final = 14


def find(candidates: Iterable[Candidate], as_of: date) -> Iterator[Candidate]:
    """A `minor` beside each identity card and date of birth of a person who is under fourteen on the day `as_of`."""
    born_after = date(as_of.year - _AGE, as_of.month, min(as_of.day, 28) if as_of.month == 2 else as_of.day)
    for candidate in candidates:
        born = _born(candidate)
        if born is not None and born_after < born <= as_of:
            yield candidate._replace(type="minor", validator="calendar", detector="ages")


def _born(candidate: Candidate) -> date | None:
    if candidate.type == "birth_date":
        return date.fromisoformat(candidate.value)
    if candidate.type == "id_card" and len(candidate.value) == 18:
        digits = candidate.value[6:14]
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    return None
