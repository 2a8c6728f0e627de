"""Which part of a text is read: all of a short one, and of a long one its beginning, its end and windows between.

At most `READ_MAX` characters, so that the time of an answer does not grow with the text. Windows lie at even distances
and begin where a line does, if one does near by.
"""

from __future__ import annotations

from typing import Final

__all__ = ["READ_MAX", "Sample", "sample"]

_HEAD, _TAIL, _WINDOWS, _WINDOW = 8192, 2048, 4, 1536  # characters
READ_MAX: Final = _HEAD + _TAIL + _WINDOWS * _WINDOW
_NEAR = 256


class Sample:
    """What was read: `text`, its windows joined by ends of line, and where each stood."""

    __slots__ = ("_places", "text")

    def __init__(self, text: str, places: list[tuple[int, int]]) -> None:
        self.text = text
        self._places = places  # offset in `text`, offset in the original; ascending

    def original(self, offset: int) -> int:
        """The offset in the original text of an offset in `text`, in characters."""
        here, there = next(place for place in reversed(self._places) if place[0] <= offset)
        return there + offset - here


def sample(text: str) -> Sample:
    """The part of a text that is read."""
    if len(text) <= READ_MAX:
        return Sample(text, [(0, 0)])
    spans = [(0, _HEAD)]
    room = len(text) - _HEAD - _TAIL - _WINDOW
    for number in range(_WINDOWS):
        start = max(spans[-1][1], _HEAD + room * (number + 1) // (_WINDOWS + 1))
        line = text.find("\n", start, start + _NEAR)
        start = line + 1 if line >= 0 else start
        spans.append((start, min(start + _WINDOW, len(text) - _TAIL)))
    spans.append((len(text) - _TAIL, len(text)))
    places, length = [], 0
    for start, end in spans:
        places.append((length, start))
        length += end - start + 1
    return Sample("\n".join(text[start:end] for start, end in spans), places)
