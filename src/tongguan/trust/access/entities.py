"""How a legal entity, and whatever else has a name of one line, may be called, so that no two names look the same."""

from __future__ import annotations

import unicodedata

from tongguan.errors import BadInput

__all__ = ["entity_name", "one_line"]

LONGEST = 120  # characters


def entity_name(text: str) -> str:
    """The one form in which an entity is kept, looked up, and named in a grant. Raises BadInput."""
    return one_line(text, "an entity", LONGEST)


def one_line(text: str, what: str, most: int, *, empty: bool = False) -> str:
    """A line of text in NFC, without blanks around it and without invisible characters. Raises BadInput.

    A first character that a spreadsheet takes for a formula is refused: lists are exported and opened there.
    """
    if not isinstance(text, str):
        raise BadInput(f"{what} is text")
    composed = unicodedata.normalize("NFC", text[: most + 1])  # now and then longer than what was given
    if len(text) > most or len(composed) > most:
        raise BadInput(f"{what} has at most {most} characters")
    text = composed.strip()
    if not text and not empty:
        raise BadInput(f"{what} is empty")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in text):
        raise BadInput(f"{what} holds control or invisible characters")
    if unicodedata.normalize("NFKC", text[:1]) in ("=", "+", "-", "@", "|", "%"):  # full-width ones count as well
        raise BadInput(f"{what} begins with {text[0]}, which spreadsheets take for a formula")
    return text
