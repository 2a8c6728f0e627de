"""Names and conditions in resources of HL7 FHIR (R4 and R5) as JSON: HumanName, and the text of a Condition's code.

A HumanName is `{"use": …, "text": "张三", "family": "张", "given": ["三"]}` under `name`, alone or in a list. A text
holds resources where it says `"resourceType"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.name_columns import name_of
from tongguan.identify.detect.names import candidate_of
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_MARK: Final = '"resourceType"'
_NAME: Final = re.compile(r'"name"\s{0,4}:\s{0,4}(?:\[\s{0,40})?(\{[^{}]{1,600}\})')
_PART: Final = re.compile(r'"(text|family|given)"\s{0,4}:\s{0,4}(?:\[\s{0,40})?"([^"\\\n]{1,64})"')
_CONDITION: Final = re.compile(r'\s{0,4}:\s{0,4}"Condition"')
_CODE: Final = re.compile(r'"code"\s{0,4}:\s{0,4}\{')
_DISPLAY: Final = re.compile(r'"(?:text|display)"\s{0,4}:\s{0,4}"([^"\\\n]{2,80})"')
_LATIN: Final = re.compile(r"[A-ZÀ-Þ][A-Za-zÀ-ɏ'.-]{1,30}")  # a part of a name by itself
_BRACE: Final = re.compile(r"[{}]")
_OF_CODE: Final = 600  # characters of a code's codings and text
_DETECTOR: Final = "fhir"


def find(view: View) -> Iterator[Candidate]:
    """Names of patients, their contacts and doctors, and diagnoses."""
    text, words = view.text, view.words
    marks = [at for at in words.start[words.of("marks/line")].tolist() if text.startswith(_MARK, at)]
    if not marks:
        return
    begin = text.rfind("\0", 0, marks[0]) + 1  # keys may stand in any order: a name before what says of what it is
    for name in _NAME.finditer(text, begin):
        yield from _named(text, *name.span(1))
    for before, at, until in zip([begin, *marks], marks, [*marks[1:], len(text)], strict=False):
        if not _CONDITION.match(text, at + len(_MARK)):
            continue
        end = _closing(text, at, until)
        code = _CODE.search(text, at, end)
        if not code:
            code, end = _CODE.search(text, _opening(text, before, at), at), at
        if code:
            for told in _DISPLAY.finditer(
                text, code.end(), _closing(text, code.end(), min(end, code.end() + _OF_CODE))
            ):
                yield Candidate(*told.span(1), "health", 0.85, "context", _DETECTOR, told[1])


def _opening(text: str, begin: int, at: int) -> int:
    """Where the object begins in which a place lies; the place itself where it begins before `begin`."""
    opened: list[int] = []
    for sign in _BRACE.finditer(text, begin, at):
        if sign[0] == "{":
            opened.append(sign.start())
        elif opened:
            opened.pop()
    return opened[-1] if opened else at


def _closing(text: str, at: int, until: int) -> int:
    """Where that object ends, at the latest `until`."""
    depth = 0
    for sign in _BRACE.finditer(text, at, until):
        depth += 1 if sign[0] == "{" else -1
        if depth < 0:
            return sign.start()
    return until


def _named(text: str, start: int, end: int) -> Iterator[Candidate]:
    """The whole name where it is told, else the family name and the given one."""
    parts = {part[1]: part for part in _PART.finditer(text, start, end)}
    for key in ("text",) if "text" in parts else ("family", "given"):
        part = parts.get(key)
        name = part and (name_of(part[2]) or (part[2] if _LATIN.fullmatch(part[2]) else None))
        if part and name:
            yield candidate_of(*part.span(2), name, 0.85)
