"""Where an instrument stands on a day, and which text bears a title on that day. Pure; days are `datetime.date`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tongguan.law.book import Instrument, book

__all__ = ["Status", "status", "text_of", "texts"]


class Status(StrEnum):
    """Where an instrument stands on a day."""

    NOT_PUBLISHED = "not_published"
    NOT_YET = "not_yet"  # published, or nobody knows when, and not yet in force
    IN_FORCE = "in_force"
    REPLACED = "replaced"  # another took its place
    LAPSED = "lapsed"  # it ended, and nothing took its place
    DRAFT = "draft"  # open for comment, never in force
    UNKNOWN = "unknown"  # its day of effect is not known


def status(instrument: Instrument, as_of: date) -> Status:
    """Where an instrument stands on a day. Both ends of the period in force are inclusive.

    A text that counts from a day before its release (such as an announcement with a later publication) is in force
    from its day of effect.
    """
    if as_of > instrument.until:
        return Status.REPLACED if instrument.replaced_by else Status.LAPSED
    if instrument.in_force(as_of):
        return Status.IN_FORCE
    if instrument.published is not None and as_of < instrument.published:
        return Status.NOT_PUBLISHED
    if instrument.draft:
        return Status.DRAFT
    return Status.UNKNOWN if instrument.effective is None else Status.NOT_YET


def texts(name: str) -> list[Instrument]:
    """The texts of a title (with or without 《》), or the one of an id; oldest first, none where nobody bears it."""
    name = name.strip().removeprefix("《").removesuffix("》").removeprefix("中华人民共和国")
    wanted = _plain(name)
    found = [entry for key, entry in book().instruments.items() if wanted in (_plain(key), _plain(entry.title))]
    return sorted(found, key=lambda entry: entry.effective or entry.published or date.min)


def text_of(name: str, as_of: date | None = None) -> Instrument | None:
    """The text of a title or id that is in force on a day; else the newest that was there before, else the first.

    Without a day, the newest text.
    """
    found = texts(name)
    if not found or as_of is None:
        return found[-1] if found else None
    in_force = [entry for entry in found if entry.in_force(as_of)]
    begun = [entry for entry in found if (entry.effective or date.max) <= as_of]
    return (in_force or begun or found[:1])[-1]


def _plain(name: str) -> str:
    """A title as people type it: brackets of either width, no spaces, no case."""
    return name.translate(_WIDTHS).replace(" ", "").casefold()


_WIDTHS = str.maketrans({"（": "(", "）": ")", "，": ",", "、": ",", "—": "-", "〔": "[", "〕": "]"})
