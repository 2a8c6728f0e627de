"""Names in rows that nothing announces: lists of three at least, and the heads of numbered items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.names import HAN_CLASS, LIKELY_NAME, LONG_NAME, begins_name, candidate_of, is_no_name
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_ENDED: Final = rf"(?=[等的]|[^{HAN_CLASS}]|$)"
_ROW: Final = re.compile(
    rf"{LIKELY_NAME}(?:、{LIKELY_NAME}(?![{HAN_CLASS}])){{2,}}|(?:{LIKELY_NAME}、){{2,}}{LIKELY_NAME}{_ENDED}"
)
_FIRST: Final = re.compile(rf"{LIKELY_NAME}$")
_NUMBERED: Final = re.compile(r"(?:^|[\n；;（(\x00])[ \t]*\d{1,2}$")
_ITEM: Final = re.compile(rf"({LONG_NAME})(?=[\d：:，,（( ]|$)")


def find(view: View) -> Iterator[Candidate]:
    """Names of rows such as 王小明、李雪、赵一鸣, and at the heads of items such as `2、赵一鸣3月离职`."""
    text, units = view.text, view.units
    if units.dtype == np.uint8:  # no Han in it
        return
    marks = np.flatnonzero(units == ord("、"))
    done = 0
    for at in marks[begins_name(units, marks + 1)].tolist():
        if at < done:
            continue
        first = _FIRST.search(text, max(0, at - 4), at)
        if first and (row := _ROW.match(text, first.start(), at + 80)):
            done = row.end()
            names = row.group().split("、")
            if any(len(name) > 2 for name in names) and not any(is_no_name(n) or is_no_name(n[:2]) for n in names):
                yield from _items(row.start(), names)
            continue
        item = _ITEM.match(text, at + 1, at + 8)
        if item and not is_no_name(item[1][:2]) and _NUMBERED.search(text, max(0, at - 8), at):
            yield candidate_of(*item.span(1), item[1], 0.6)


def _items(start: int, names: list[str]) -> Iterator[Candidate]:
    for name in names:
        yield candidate_of(start, start + len(name), name, 0.65)
        start += len(name) + 1
