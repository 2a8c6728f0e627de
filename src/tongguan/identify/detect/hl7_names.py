"""Names in HL7 version 2 messages (see `hl7`): of patients, their next of kin, the insured, and doctors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.hl7 import Field, repeated, segments, split
from tongguan.identify.detect.name_columns import name_of
from tongguan.identify.detect.names import candidate_of, is_full_name
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_NAMES: Final = {"PID": (5, 6, 9), "NK1": (2, 30), "MRG": (7,), "GT1": (3, 4), "IN1": (16,)}
"""Names: family&prefix^given^second."""
_STAFF: Final = {"PV1": (7, 8, 9, 17), "DG1": (16,)}
"""Names behind a number: number^family^given^second."""
_PART: Final = re.compile(r"[^&]*")
_LATIN_PART: Final = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ' .-]{0,30}")


def find(view: View) -> Iterator[Candidate]:
    """Names of patients, their next of kin, the insured and doctors in messages."""
    text = view.text
    for segment, fields in segments(text, view.words):
        for places, before in ((_NAMES, 0), (_STAFF, 1)):
            for number in places.get(segment, ()):
                for field in repeated(text, fields, number):
                    if name := _name(text, split(text, field, "^"), before):
                        yield name


def _name(text: str, parts: list[Field], before: int) -> Candidate | None:
    """The name that components hold, `before` of which stand before it."""
    written = [part.span() for start, end in parts if (part := _PART.match(text, start, end))]
    family, given = (written[at] if at < len(written) else (0, 0) for at in (before, before + 1))
    if text[slice(*family)] and text[slice(*given)]:
        return _of_two(text, family, given)
    start, end = written[0] if before and not text[slice(*family)] else family
    name = name_of(text[start:end])
    return candidate_of(start, end, name, 0.85) if name else None


def _of_two(text: str, family: Field, given: Field) -> Candidate | None:
    first, second = text[slice(*family)], text[slice(*given)]
    if is_full_name(second) and second.startswith(first):  # the whole name where the given one should be
        return candidate_of(*given, second, 0.85)
    if is_full_name(first + second):
        return candidate_of(family[0], given[1], first + second, 0.85)
    if is_full_name(first):  # and its pinyin behind it
        return candidate_of(*family, first, 0.85)
    if _LATIN_PART.fullmatch(first) and _LATIN_PART.fullmatch(second):
        return candidate_of(family[0], given[1], f"{second} {first}", 0.8)
    return None
