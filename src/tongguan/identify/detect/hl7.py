"""Fields of HL7 version 2 messages, by their place in the segment: patients, next of kin, insured, diagnoses, doctors.

A message begins with MSH|^~\\& and holds a segment a line; `|` sets fields apart, `~` repetitions, `^` components, `&`
their parts (HL7 2.5.1, chapter 2). What each field holds: chapters 3 (PID, NK1, PV1, MRG, AL1) and 6 (GT1, DG1, IN1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.words import Words, label_id

__all__ = ["Field", "head_at", "message_cells", "repeated", "segments", "split"]

Field = tuple[int, int]
"""Where it begins and ends."""

_HEAD: Final = "MSH|^~\\&"
_SEGMENT: Final = re.compile(r"(?<![^\n\r\x00\x0b])(PID|NK1|PV1|MRG|AL1|GT1|DG1|IN1)\|([^\n\r\x00]*)")
_END: Final = "\x00"  # of the text that the message stands in

_FIRST: Final = 1  # component of which most fields are
_TEXT: Final = 2  # that says what a code means
_CELLS: Final[dict[str, dict[int, tuple[str, int]]]] = {
    "PID": {
        7: ("birth_date", _FIRST), 8: ("gender", _FIRST), 11: ("address", _FIRST), 13: ("phone", _FIRST),
        14: ("phone", _FIRST), 17: ("religion", _TEXT), 19: ("us_ssn", _FIRST), 20: ("driving_licence", _FIRST),
        22: ("ethnicity", _TEXT), 28: ("nationality", _TEXT),
    },
    "NK1": {
        4: ("address", _FIRST), 5: ("phone", _FIRST), 6: ("phone", _FIRST), 15: ("gender", _FIRST),
        16: ("birth_date", _FIRST), 37: ("us_ssn", _FIRST),
    },
    "AL1": {3: ("health", _TEXT)},
    "GT1": {
        5: ("address", _FIRST), 6: ("phone", _FIRST), 7: ("phone", _FIRST), 8: ("birth_date", _FIRST),
        9: ("gender", _FIRST), 12: ("us_ssn", _FIRST),
    },
    "DG1": {3: ("health", _TEXT), 4: ("health", _FIRST)},
    "IN1": {
        18: ("birth_date", _FIRST), 19: ("address", _FIRST), 36: ("social_security", _FIRST),
        43: ("gender", _FIRST), 49: ("social_security", _FIRST),
    },
}  # fmt: skip
"""Segment: field: label, component."""
_IDENTIFIERS: Final = {"PID": (2, 3, 4), "MRG": (1, 2), "NK1": (33,)}
"""Lists of identifiers: number^check digit^scheme^who gave it^type."""
_BY_TYPE: Final = {
    "": "medical_record", "MR": "medical_record", "PI": "medical_record", "PT": "medical_record",
    "SS": "us_ssn", "PPN": "passport", "DL": "driving_licence", "NI": "id_card", "NNCHN": "id_card",
}  # fmt: skip
"""Types of identifiers (HL7 table 0203) and what they are; a patient's without a type is the hospital's."""
_LABELS: Final = {
    name: label_id(name)
    for name in {*_BY_TYPE.values(), *(label for fields in _CELLS.values() for label, _ in fields.values())}
}
_CODE: Final = re.compile(r"[\w.+/-]*", re.ASCII)


def message_cells(text: str, words: Words) -> NDArray[np.int64]:
    """(n, 3) start, end, label of the fields of messages in a text, ascending."""
    cells = [cell for segment, fields in segments(text, words) for cell in sorted(_labelled(text, segment, fields))]
    return np.array(cells, np.int64).reshape(-1, 3)


def segments(text: str, words: Words) -> Iterator[tuple[str, list[Field]]]:
    """Segments of messages with their fields, the first of which is what stands behind the segment's name."""
    end = 0
    for at in words.start[words.of("marks/line")].tolist():
        if at >= end and text.startswith(_HEAD, at):
            end = text.find(_END, at)
            end = len(text) if end < 0 else end
            for found in _SEGMENT.finditer(text, at, end):
                yield found[1], split(text, found.span(2), "|")


def head_at(text: str, places: Iterable[int], until: int) -> tuple[str, int] | None:
    """The head of the message that a place lies in, and where its line begins; None for no message."""
    begun = max((at for at in places if at < until and text.startswith(_HEAD, at)), default=-1)
    if begun < 0 or text.find(_END, begun, until) >= 0:
        return None
    return _HEAD + "|\n", max(text.rfind(sign, begun, until) for sign in "\r\n") + 1 or until


def split(text: str, field: Field, sign: str) -> list[Field]:
    """The parts of a stretch of text between a sign."""
    parts = []
    at = field[0]
    for part in text[field[0] : field[1]].split(sign):
        parts.append((at, at + len(part)))
        at += len(part) + 1
    return parts


def repeated(text: str, fields: list[Field], number: int) -> list[Field]:
    """What a field holds, each of its repetitions."""
    return split(text, fields[number - 1], "~") if number <= len(fields) else []


def _labelled(text: str, segment: str, fields: list[Field]) -> Iterator[tuple[int, int, int]]:
    for number, (label, component) in _CELLS.get(segment, {}).items():
        for field in repeated(text, fields, number):
            parts = split(text, field, "^")
            if component == _TEXT and not _CODE.fullmatch(text, *parts[0]):  # words where the code should be
                start, end = parts[0]
            elif component <= len(parts):
                start, end = parts[component - 1]
            else:
                continue
            if start < end:
                yield start, end, _LABELS[label]
    for number in _IDENTIFIERS.get(segment, ()):
        for field in repeated(text, fields, number):
            parts = split(text, field, "^")
            kind = text[slice(*parts[4])] if len(parts) > 4 else ""
            if parts[0][0] < parts[0][1] and kind in _BY_TYPE:
                yield *parts[0], _LABELS[_BY_TYPE[kind]]
