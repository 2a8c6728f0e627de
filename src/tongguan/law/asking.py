"""What a form needs to know of a question: the choices of a fact, which facts are claims, which days may be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from tongguan.law.book import Page, book
from tongguan.law.facts import ACTS, FIELDS, GROUNDS, PARTS, PATHS_FILED, STATES_FILED
from tongguan.law.naming import country_codes

__all__ = ["choices", "is_claim", "known_days"]

Choices = Callable[[Page | None], tuple[str, ...]]


def choices(path: str, day: date | None = None) -> tuple[str, ...]:
    """The values that a fact may have, none where it is free (yes or no, a count, a day, a text).

    Lists and scenarios: those in force on the day, all where none is named.
    """
    page = book().page(day) if day else None
    return _CHOICES[FIELDS[path]](page) if FIELDS[path] in _CHOICES else ()


def is_claim(path: str) -> bool:
    """Whether a fact that is absent counts as not claimed; any other absent fact is unknown."""
    return path in book().claims


def known_days() -> tuple[date, date]:
    """The first and the last day that may be asked for."""
    known = book().parameters["known"]
    return known["first"], known["until"]


_CHOICES: Mapping[str, Choices] = {
    "act": lambda page: ACTS,
    "ground": lambda page: tuple(GROUNDS),
    "country": lambda page: tuple(sorted(country_codes())),
    "zone": lambda page: tuple(book().zones),
    "list": lambda page: tuple(page.list_ids if page else book().list_ids),
    "scenario": lambda page: tuple(page.scenarios if page else book().scenarios),
    "part": lambda page: PARTS,
    "filed_path": lambda page: PATHS_FILED,
    "filed_state": lambda page: STATES_FILED,
}
