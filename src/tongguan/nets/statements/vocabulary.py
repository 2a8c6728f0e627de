"""Text to the pieces that the encoder knows, each with its place in the text.

The vocabulary is a SentencePiece unigram model (Kudo, ACL 2018): of all ways to cut a line into known pieces the
likeliest is taken. A character that no piece holds is a piece of its own.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["BEGIN", "END", "Pieces", "Vocabulary"]

UNKNOWN: Final = 0
BEGIN: Final = 1  # of a line
END: Final = 2
_BLANK: Final = "\u2581"
_UNKNOWN_COSTS: Final = 10.0  # more than the least likely piece


class Pieces(NamedTuple):
    """Of one line: numbers of its pieces, and where each starts and ends in it."""

    numbers: list[int]
    starts: list[int]
    ends: list[int]


class Vocabulary:
    """The pieces of a SentencePiece model file, with their logarithms of probability."""

    def __init__(self, path: Path) -> None:
        self._known: dict[str, tuple[int, float]] = {}
        lowest = 0.0
        for number, (piece, score) in enumerate(_pieces(path.read_bytes())):
            self._known[piece] = number, score
            lowest = min(lowest, score)
        self._longest = max(map(len, self._known))
        self._unknown = lowest - _UNKNOWN_COSTS

    def pieces(self, line: str) -> Pieces:
        """The likeliest pieces of a line. Blanks stand with what follows them; writings that NFKC makes one are one."""
        written, places = _normalised(line)
        if not places:
            return Pieces([], [], [])
        numbers, lengths = self._cut(written)
        starts, ends, at = [], [], 0
        for length in lengths:
            starts.append(places[at])
            at += length
            ends.append(places[at - 1] + 1)
        return Pieces(numbers, starts, ends)

    def _cut(self, text: str) -> tuple[list[int], list[int]]:
        """Numbers and lengths of the pieces on the likeliest way through the text (Viterbi)."""
        size = len(text)
        best = [0.0] + [float("-inf")] * size
        last = [(0, UNKNOWN)] * (size + 1)  # where the piece that ends here starts, and its number
        for start in range(size):
            base = best[start]
            for end in range(start + 1, min(size, start + self._longest) + 1):
                known = self._known.get(text[start:end])
                if known is not None and base + known[1] > best[end]:
                    best[end], last[end] = base + known[1], (start, known[0])
            if base + self._unknown > best[start + 1]:
                best[start + 1], last[start + 1] = base + self._unknown, (start, UNKNOWN)
        numbers, lengths, at = [], [], size
        while at:
            start, number = last[at]
            numbers.append(number)
            lengths.append(at - start)
            at = start
        return numbers[::-1], lengths[::-1]


def _normalised(line: str) -> tuple[str, list[int]]:
    """The line as the vocabulary writes it, and for each of its characters the place in the line."""
    written, places = [_BLANK], [0]
    for at, character in enumerate(line):
        for one in unicodedata.normalize("NFKC", character):
            if not one.isspace():
                written.append(one)
            elif written[-1] == _BLANK:
                continue
            else:
                written.append(_BLANK)
            places.append(at)
    while len(written) > 1 and written[-1] == _BLANK:
        written.pop()
        places.pop()
    if len(written) == 1:
        return "", []
    places[0] = places[1]
    return "".join(written), places


def _pieces(model: bytes) -> Iterator[tuple[str, float]]:
    """Pieces and scores of a model file: field 1 of its Protocol Buffers message, each a message of its own."""
    for field, value in _fields(model):
        if field == 1 and isinstance(value, bytes):
            piece, score = "", 0.0
            for inner, part in _fields(value):
                if inner == 1 and isinstance(part, bytes):
                    piece = part.decode("utf-8")
                elif inner == 2 and isinstance(part, float):
                    score = part
            yield piece, score


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int | float]]:
    """Numbers and values of a message's fields (Protocol Buffers' wire format)."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
        elif kind == 2:
            size, at = _varint(message, at)
            yield tag >> 3, message[at : at + size]
            at += size
        elif kind == 5:
            yield tag >> 3, struct.unpack_from("<f", message, at)[0]
            at += 4
        elif kind == 1:
            at += 8
        else:
            raise ValueError(f"wire type {kind}; expected 0, 1, 2 or 5")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
