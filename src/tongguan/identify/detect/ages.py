"""Persons under fourteen, by the day of birth that a finding holds: all their personal information is sensitive
(PIPL article 28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from tongguan.identify.detect.view import Candidate

__all__ = ["find"]

_AGE: Final = 14
_BORN: Final = ("id_card", "birth_date")


def find(candidates: Iterable[Candidate], as_of: date) -> Iterator[Candidate]:
    """A `minor` beside each identity card and date of birth of a person who is under fourteen on the day `as_of`."""
    born_after = date(as_of.year - _AGE, as_of.month, min(as_of.day, 28) if as_of.month == 2 else as_of.day)
    low, high = f"{born_after:%Y%m%d}", f"{as_of:%Y%m%d}"
    for candidate in candidates:
        if candidate.type in _BORN and low < _born(candidate) <= high:
            yield candidate._replace(type="minor", validator="calendar", detector="ages")


def _born(candidate: Candidate) -> str:
    """Day of birth as yyyymmdd; "" where a part is missing. Holders of identity cards of 15 digits are older."""
    if candidate.type == "birth_date":
        return candidate.value.replace("-", "") if len(candidate.value) == 10 else ""
    return candidate.value[6:14] if len(candidate.value) == 18 else ""
