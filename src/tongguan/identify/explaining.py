"""Why a finding is one: what was checked, which word stands beside it, how it is written. Asked for findings that are
shown, never while text is read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import fold_text, units_of
from tongguan.identify.detect.words import Words, label_id, label_of, read_words
from tongguan.identify.pieces import Piece
from tongguan.identify.types import TYPES
from tongguan.model import Finding
from tongguan.wording import wording

__all__ = ["explain"]

Texts = dict[str, str]

_BEFORE: Final = 120  # characters in which a label is looked for, as the detectors do
_NEAR: Final = 24  # characters from a label to a number, or between a term and its cue
_LONGEST: Final = 64  # characters of a finding whose writing is looked at
_SPECIAL: Final = frozenset(
    {("id_card", "checksum"), ("uscc", "checksum"), ("bank_card", "luhn"), ("phone", "prefix"), ("vin", "checksum")}
)
_ALIKE: Final = (
    frozenset({"phone", "landline", "wechat"}),
    frozenset(
        {
            "id_card",
            "driving_licence",
            "social_security",
            "passport",
            "hk_macao_permit",
            "taiwan_permit",
            "foreign_permit",
        }
    ),
    frozenset({"birth_date", "minor"}),
    frozenset({"bank_card", "card_track"}),
    frozenset({"location", "track", "location_track"}),
)
"""Types whose labels the detectors take for each other's."""


def explain(piece: Piece, finding: Finding) -> list[Texts]:
    """What made the score of a finding in this piece, strongest first: {"zh": …, "en": …} each.

    Words that are quoted are those of our own dictionaries, never what was found.
    """
    return list(_reasons(piece, finding))


def _reasons(piece: Piece, finding: Finding) -> Iterator[Texts]:
    if piece.kind == "name":
        yield _say("name")
    yield _checked(finding)
    near = _words_near(piece.text, finding)
    header = _header(piece, finding)
    if header is not None:
        yield _say("column", header=header)
    elif label := _label(piece.text, finding, near):
        yield label
    if cue := _cue(piece.text, finding, near):
        yield _say("cue", word=cue)
    if written := _written(piece.text[finding.start : min(finding.end, finding.start + _LONGEST)]):
        yield _say(f"written.{written}")
    yield _say("score", score=f"{finding.score:.2f}")


def _say(key: str, **values: object) -> Texts:
    return wording(__package__, "explaining.yaml").both(key, **values)


def _checked(finding: Finding) -> Texts:
    """What the value itself was held against."""
    if (finding.type, finding.validator) in _SPECIAL:
        return _say(f"checked.{finding.type}")
    key = f"validator.{finding.validator}"
    known = wording(__package__, "explaining.yaml").texts
    return _say(key if key in known else "validator.other", validator=finding.validator)


# ---- words beside it


def _words_near(text: str, finding: Finding) -> tuple[int, Words]:
    """Known words around a finding, and where their text begins."""
    first = max(0, finding.start - _BEFORE)
    return first, read_words(units_of(text[first : finding.end + _NEAR]))


def _header(piece: Piece, finding: Finding) -> str | None:
    """The word in the name of its column that says what the column holds."""
    if piece.cells is None or not len(piece.cells) or not piece.columns:
        return None
    row = int(np.searchsorted(piece.cells[:, 0], finding.start, side="right")) - 1
    if row < 0 or finding.start >= piece.cells[row, 1] or piece.cells[row, 2] >= len(piece.columns):
        return None
    header = piece.columns[int(piece.cells[row, 2])]
    if label_of(header) < 0:
        return None
    words = read_words(units_of(header)).labels()
    return header[int(words.start[-1]) : int(words.end[-1])]


def _label(text: str, finding: Finding, near: tuple[int, Words]) -> Texts | None:
    """The label that stands before it: its own, or one that says otherwise."""
    first, words = near
    labels = words.labels()
    at = int(np.searchsorted(labels.end, finding.start - first, side="right")) - 1
    if at < 0 or "\n\n" in text[first + int(labels.end[at]) : finding.start]:
        return None
    word = text[first + int(labels.start[at]) : first + int(labels.end[at])]
    direct = int(labels.value[at]) >= finding.start - first
    if not direct and finding.start - first - int(labels.end[at]) > _NEAR:
        return None
    if int(labels.label[at]) == label_id("number"):
        return _say("label.against", word=word) if direct else None
    own = _label_types().get(int(labels.label[at]))
    if own == finding.type or any(own in group and finding.type in group for group in _ALIKE):
        return _say("label.direct" if direct else "label.near", word=word)
    return None


@cache
def _label_types() -> dict[int, str]:
    """The data type that each label names."""
    found = {}
    for type in TYPES:
        try:
            found[label_id(type)] = type
        except ValueError:
            continue  # nothing in the dictionary names it
    return found


def _cue(text: str, finding: Finding, near: tuple[int, Words]) -> str | None:
    """The word that makes a sensitive term one about somebody."""
    if finding.detector != "terms":
        return None
    first, words = near
    try:
        cues = words.of(f"cues/{finding.type}")
    except ValueError:  # minors have none
        return None
    start, end = finding.start - first, finding.end - first
    apart = [
        (max(int(words.start[i]) - end, start - int(words.end[i])), i)
        for i in cues.tolist()
        if int(words.start[i]) != start
    ]
    apart = [(distance, i) for distance, i in apart if distance <= _NEAR]
    if not apart:
        return None
    _, nearest = min(apart)
    return text[first + int(words.start[nearest]) : first + int(words.end[nearest])]


# ---- how it is written


def _written(value: str) -> str | None:
    """ "folded" for full-width or other digits, "joined" for a number in groups."""
    if any(c.isdigit() and not c.isascii() for c in value) or fold_text(value) != value:
        return "folded"
    digits = [c.isdigit() for c in value]
    if (
        sum(digits) >= 6
        and any(c in " -\u2010\u2011\u2013." for c in value)
        and all(c.isdigit() or c in " -\u2010\u2011\u2013.+()xX" for c in value)
    ):
        return "joined"
    return None
