"""Days of birth in lists whose head names them, with one blank between the columns: crews, passengers, players.

No Name Rank Nationality Date of birth
1 SHA WENTAO Master Chinese 1970-01-29

The columns of such a list cannot be told apart; but where each line holds one day, it is the one that the head names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.dates import birth_date
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "rosters"
_BIRTH: Final = label_id("birth_date")
_DAY: Final = re.compile(
    r"(?<![\w.-])(?:(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]?[A-Za-z]{3}[-/. ]?(?:19|20)\d\d"
    r"|\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d)(?![\w-])"
)
_OTHER_DAY: Final = re.compile(
    r"valid|expir|until|issue|hire|join|entry|start|departure|arrival|check|有效|签发|入职|到期|日期.*日期|时间",
    re.IGNORECASE,
)
_LABELS: Final = 3  # names of columns that a head has at least
_WIDEST: Final = 200  # characters of a line
_MOST: Final = 2_000  # lines of a list


def find(view: View) -> Iterator[Candidate]:
    """The days of birth below heads."""
    text, labels = view.text, view.labelled
    for i in np.flatnonzero((labels.label == _BIRTH) & (labels.value > labels.end)).tolist():
        end = int(labels.end[i])
        stop = text.find("\n", end, end + _WIDEST)
        if stop < 0 or int(labels.value[i]) <= stop:
            continue
        start = text.rfind("\n", max(0, end - _WIDEST), end) + 1
        low, high = np.searchsorted(labels.start, (start, stop))
        head = text[start:stop]
        if high - low >= _LABELS and not any(c.isdigit() or c in ":：,|" for c in head) and not _OTHER_DAY.search(head):
            yield from _days(view, stop + 1)


def _days(view: View, at: int) -> Iterator[Candidate]:
    """The day of each line from `at`, up to a line with none or several."""
    for _ in range(_MOST):
        stop = view.text.find("\n", at, at + _WIDEST)
        stop = min(len(view.text), at + _WIDEST) if stop < 0 else stop
        days = list(_DAY.finditer(view.text, at, stop))
        found = birth_date(view.text, days[0].start(), stop, True) if len(days) == 1 else None
        if found is None:
            return
        start, end, value, _ = found
        yield Candidate(start, end, "birth_date", 0.75, "calendar", _DETECTOR, value)
        at = stop + 1
