"""What stands in a text in another writing: %2B86…, \\u59d3, &#49;, soft line ends of mail, JSON in base64 (JWT), and
short runs of hexadecimal digits or base64 (`encoded`).

Around each escape a stretch is decoded with a map back to the text; what the recognisers find in it that reaches over
an escape is a finding at its place in the text. Each stretch is bounded, and all of them together are not longer than
the text. What was decoded is not decoded again.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import Units
from tongguan.identify.detect.encoded import decoded_runs
from tongguan.identify.detect.overlaps import INSIDE, resolve
from tongguan.identify.detect.view import BREAK, Candidate, View, view_of
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

Stretch = tuple[str, list[int]]  # decoded text, and where each character begins in the text; one more for the end

_MARGIN: Final = 40  # characters to either side of an escape that may belong to the same value, or be its label
_LONGEST: Final = 4096  # characters of a stretch
_LONGEST_TOKEN: Final = 16384  # characters of base64
_BEFORE: Final = 12  # characters between a label and what is encoded
_SECRET: Final = label_id("credential")  # which is one as it stands
_ESCAPE: Final = re.compile(
    r"((?:%[0-9A-Fa-f]{2})+)|\\\\?u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|(&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|nbsp|amp|quot|commat);)"
    r"|(=\r?\n)|((?:=[0-9A-F]{2})+)"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{20,16384}={0,2}")
_HEX: Final = np.zeros(65536, np.bool_)
_HEX[[ord(c) for c in "0123456789abcdefABCDEF"]] = True


def find(view: View, recognisers: Iterable[Callable[[View], Iterable[Candidate]]]) -> Iterator[Candidate]:
    """Findings that reach over an escape, or stand in base64."""
    stretches = [_decoded(view.text, *place) for place in _places(view.units)]
    tokens = [stretch for first, last in _tokens(view) if (stretch := _from_base64(view.text, first, last))]
    runs = _runs(view, tokens)
    whole = [*stretches, *tokens, *((said, origin) for _, said, origin, _ in runs)]
    if not whole:
        return
    starts = np.cumsum([0] + [len(text) + len(BREAK) for text, _ in whole])
    first_run = len(whole) - len(runs)
    hexadecimal = {place for place, run in enumerate(runs, first_run) if run[0]}
    cells = [
        (start, start + len(text), label)
        for start, (_, text, _, label) in zip(starts[first_run:].tolist(), runs, strict=False)
        if label >= 0
    ]
    labels = np.array(cells, np.int64).reshape(-1, 3)
    inner = view_of(BREAK.join(text for text, _ in whole), view.latest, labels)
    for candidate in resolve(chain.from_iterable(recogniser(inner) for recogniser in recognisers)):
        place = int(np.searchsorted(starts, candidate.start, side="right")) - 1
        text, origin = whole[place]
        first, last = candidate.start - int(starts[place]), candidate.end - int(starts[place])
        if last > len(text):
            continue
        start, end = origin[first], origin[last]
        if place >= len(stretches):
            if place not in hexadecimal:
                end += (end - origin[0]) % 4 > 0  # the character of base64 that holds the last bits
            yield candidate._replace(start=start, end=end, detector=INSIDE)
        elif end - start > last - first or origin[first] - origin[max(0, first - 1)] > 1:  # an escape in it, or before
            yield candidate._replace(start=start, end=end)


def _places(units: Units) -> list[tuple[int, int]]:
    """Stretches around escapes: those near each other are one, up to its longest size."""
    n = len(units)
    front = units[: max(0, n - 2)]
    at = np.flatnonzero((front == ord("%")) | (front == ord("\\")) | (front == ord("&")) | (front == ord("=")))
    if not len(at):
        return []
    sign, one, two = units[at], units[at + 1], units[at + 2]
    quoted = ((sign == ord("=")) & (one == ord("3")) & (two == ord("D"))).any()  # who writes so writes = itself as =3D
    escape = (sign == ord("%")) & _HEX[one] & _HEX[two]
    escape |= (sign == ord("\\")) & ((one == ord("u")) | (one == ord("x")) | (one == ord("\\"))) & (two != ord("\\"))
    escape |= (sign == ord("&")) & ((one == ord("#")) | (one == ord("n")) | (one == ord("c")))
    escape |= (sign == ord("=")) & ((one == 10) | ((one == 13) & (two == 10)))
    if quoted:
        escape |= (sign == ord("=")) & _HEX[one] & _HEX[two]
    at = at[escape]
    places: list[tuple[int, int]] = []
    for start in at.tolist():
        if places and start - places[-1][1] <= 0 and start - places[-1][0] < _LONGEST:
            places[-1] = (places[-1][0], min(n, start + _MARGIN))
        else:
            first = max(start - _MARGIN, places[-1][1] if places else 0)
            places.append((first, min(n, start + _MARGIN)))
    return places


def _decoded(text: str, first: int, last: int) -> Stretch:
    out: list[str] = []
    origin: list[int] = []
    at = first
    for found in _ESCAPE.finditer(text, first, last):
        out.append(text[at : found.start()])
        origin.extend(range(at, found.start()))
        for char, start in _meaning(found):
            out.append(char)
            origin.append(start)
        at = found.end()
    out.append(text[at:last])
    origin.extend(range(at, last + 1))
    return "".join(out), origin


def _meaning(found: re.Match[str]) -> Iterator[tuple[str, int]]:
    """The characters that an escape means, each with its place."""
    percent, unicode, byte, entity, _, quoted = found.groups()
    if percent or quoted:
        yield from _utf8(bytes.fromhex((percent or quoted).replace("%", "").replace("=", "")), found.start(), 3)
    elif unicode or byte:
        yield chr(int(unicode or byte, 16)), found.start()
    elif entity:
        for char in html.unescape(entity)[:1]:
            yield char, found.start()


def _utf8(data: bytes, start: int, size: float) -> Iterator[tuple[str, int]]:
    """Characters of UTF-8 bytes, of which each is `size` characters of the text; broken ones are U+FFFD."""
    at = 0
    for char in data.decode("utf-8", "replace"):
        yield char, start + int(at * size)
        at += 1 if char == "\ufffd" else len(char.encode())


def _tokens(view: View) -> Iterator[tuple[int, int]]:
    """Base64 that begins as a JSON object does; none inside another."""
    reach = 0
    for start in view.words.start[view.words.of("marks/key")].tolist():
        if start < reach or not view.text.startswith("eyJ", start):
            continue
        if found := _BASE64.match(view.text, start, start + _LONGEST_TOKEN):
            reach = found.end()
            yield start, reach


def _runs(view: View, tokens: Sequence[Stretch]) -> list[tuple[bool, str, list[int], int]]:
    """What is text in hexadecimal digits (True) or base64, with the label that stands before it or heads its column."""
    runs = list(decoded_runs(view))
    if not runs:
        return []
    starts = np.array([run.origin[0] for run in runs], np.int32)
    ends = [origin[-1] for _, origin in tokens]
    known = np.searchsorted([origin[0] for _, origin in tokens], starts, side="right") - 1
    labels, direct = view.label_before(starts, _BEFORE)
    return [
        (run.is_hex, run.said, run.origin, label if is_direct and label != _SECRET else -1)
        for run, within, label, is_direct in zip(runs, known.tolist(), labels.tolist(), direct.tolist(), strict=True)
        if within < 0 or run.origin[0] >= ends[within]
    ]


def _from_base64(text: str, start: int, end: int) -> Stretch | None:
    """The JSON that text[start:end] is in base64; None where it is none."""
    body = text[start:end].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(body[: len(body) - (len(body) % 4 == 1)] + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(b'{"'):
        return None
    pairs = list(_utf8(data, start, 4 / 3))
    return "".join(char for char, _ in pairs), [*(place for _, place in pairs), end]
