"""Short runs of hexadecimal digits and of base64 within a text that are text themselves, each mapped back to its place.

Hexadecimal stands in dumps of databases (`0x…` of MySQL and SQL Server, `X'…'` of SQLite and DB2, `\\x…`
of PostgreSQL), base64 (RFC 4648) in headers, tokens and JSON. The first bytes are tried for all runs of a text at once;
what they could be text of is decoded, and counts only where every character of it is clean. Runs of 384 characters and
more are opened as files are (`extract/packed`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.kernels import I32, OUT8, OUT32, U8, U16
from tongguan.identify.detect.view import View

__all__ = ["Run", "decoded_runs"]


class Run(NamedTuple):
    """What a run says, and where each character of that begins in the text; one more for the end."""

    is_hex: bool
    said: str
    origin: list[int]


_LONGEST: Final = 383  # characters of a run that is read here
_SHORTEST_HEX: Final = 12  # digits behind a sign that they are such: two Han characters of UTF-8 …
_SHORTEST_BARE: Final = 22  # … and without one: a telephone number
_SHORTEST: Final = 11  # characters of base64 before its padding: eight bytes
_HEX_RUN: Final = re.compile(r"[0-9A-Fa-f]+(?![A-Za-z0-9_])")
_RUN: Final = re.compile(r"[A-Za-z0-9+/]+(?![A-Za-z0-9+/_-])={0,2}|[A-Za-z0-9_-]+(?![A-Za-z0-9+/_-])={0,2}")
_NONE: Final = 255  # no digit


def _values(*runs: str) -> NDArray[np.uint8]:
    """(65536,) what each unit is worth as a digit; `_NONE` for no digit."""
    table = np.full(65536, _NONE, np.uint8)
    for run in runs:
        table[[ord(c) for c in run]] = np.arange(len(run))
    return table


_HEX: Final = _values("0123456789ABCDEF", "0123456789abcdef")
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SEXTETS: Final = _values(_CAPITALS + "+/", _CAPITALS + "-_")
_TEXT, _LEAD, _NEXT = 1, 2, 4  # what a byte may be in UTF-8: a sign by itself, the first of three bytes, a later one
_ROLE: Final = np.zeros(256, np.uint8)
_ROLE[0x20:0x7F] = _TEXT
_ROLE[[9, 10, 13]] = _TEXT
_ROLE[0xE2:0xF0] = _LEAD
_ROLE[0x80:0xC0] = _NEXT
_ZERO, _X, _QUOTE = ord("0"), ord("x"), ord("'")


def decoded_runs(view: View) -> Iterator[Run]:
    """The runs of a text that say something, in order, none inside another."""
    text = view.text
    reach = 0
    for start, is_hex in _plausible(view):
        if start < reach:
            continue
        found = (_HEX_RUN if is_hex else _RUN).match(text, start, min(len(text), start + _LONGEST + 4))
        if not found:
            continue
        reach = found.end()
        if len(found[0].rstrip("=")) <= _LONGEST and (run := (_of_hex if is_hex else _of_base64)(text, start, reach)):
            yield run


@njit
def _next_due(role, due):  # type: ignore[no-untyped-def]
    """How many later bytes of a character are due behind a byte of this role, where `due` were; -1 for no text."""
    if due > 0:
        return due - 1 if role == _NEXT else -1
    return 2 if role == _LEAD else 0 if role == _TEXT else -1


@njit
def _hex_said(units, at, signed, values, roles):  # type: ignore[no-untyped-def]
    """Whether the 12 units from `at` are hexadecimal digits (1) and may say something (2)."""
    due, plain, wide = 0, signed, signed
    for pair in range(6):
        high, low = values[units[at + 2 * pair]], values[units[at + 2 * pair + 1]]
        if high > 15 or low > 15:
            return 0
        octet = high << 4 | low
        role = roles[octet]
        due = _next_due(role, due) if due >= 0 else -1
        plain = plain and (role == _TEXT or 0x81 <= octet < 0xFF)
        wide = wide and (pair % 2 == 0 or octet in (0, 0x30, 0xFF) or 0x4E <= octet < 0xA0)
    return 2 if due >= 0 or plain or wide else 1


@njit
def _base64_said(units, at, values, roles):  # type: ignore[no-untyped-def]
    """Whether the 11 units from `at` are base64 of bytes that may say something."""
    due, whole = 0, 0
    for place in range(_SHORTEST):
        value = values[units[at + place]]
        if value == _NONE:
            return False
        whole = (whole << 6 | value) & 0xFFFF
        bits = place % 4 * 2
        if bits:  # of this digit are left beyond the byte that it ends: 4, 2, 0
            due = _next_due(roles[whole >> (6 - bits) & 0xFF], due)
            if due < 0:
                return False
    return True


@njit([types.int64(units, I32, I32, U8, U8, U8, OUT32, OUT8) for units in (U8, U16)], cache=True)
def _find(units, starts, ends, hex_values, values, roles, places, kinds):  # type: ignore[no-untyped-def]
    """Fill in where runs begin whose first bytes may be text, and whether they are hexadecimal; gives their number."""
    found, n = 0, len(units)
    for token in range(len(starts)):
        at, end = starts[token], ends[token]
        if end - at < _SHORTEST:
            continue
        signed = False
        if units[at] == _ZERO and units[at + 1] | 32 == _X:
            at, signed = at + 2, True
        elif at > 0:  # \x, of which the token does not hold the x, or X'
            signed = units[at - 1] | 32 == _X or (at > 1 and units[at - 1] == _QUOTE and units[at - 2] | 32 == _X)
        said = 0
        if end - at >= _SHORTEST_HEX and at + _SHORTEST_HEX <= n:
            said = _hex_said(units, at, signed, hex_values, roles)
        if said == 1 or (said == 2 and not signed and end - at < _SHORTEST_BARE):
            continue
        if said == 2 or (not signed and at + _SHORTEST <= n and _base64_said(units, at, values, roles)):
            places[found], kinds[found] = at, said == 2
            found += 1
    return found


def _plausible(view: View) -> list[tuple[int, bool]]:
    """Where runs begin whose first bytes may be text, and whether they are of hexadecimal digits."""
    tokens = view.tokens
    places, kinds = np.empty(len(tokens.start), np.int32), np.empty(len(tokens.start), np.uint8)
    found = _find(view.units, tokens.start, tokens.end, _HEX, _SEXTETS, _ROLE, places, kinds)
    return list(zip(places[:found].tolist(), kinds[:found].astype(np.bool_).tolist(), strict=True))


def _of_hex(text: str, start: int, end: int) -> Run | None:
    signed = text[start - 1 : start] in ("x", "X") or text[max(0, start - 2) : start] in ("x'", "X'")
    if (end - start) % 2 or end - start < (_SHORTEST_HEX if signed else _SHORTEST_BARE):
        return None
    data = bytes.fromhex(text[start:end])
    for encoding in ("utf-8", "utf-16-le", "gb2312") if signed else ("utf-8",):
        if (said := _said(data, encoding)) is not None:
            return Run(True, said, _origin(said, encoding, start, 2))
    return None


def _of_base64(text: str, start: int, end: int) -> Run | None:
    body = text[start:end].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if base64.b64encode(data).decode().rstrip("=") != body or (said := _said(data, "utf-8")) is None:
        return None
    return Run(False, said, _origin(said, "utf-8", start, 4 / 3))


def _said(data: bytes, encoding: str) -> str | None:
    """The text that bytes are, None where they hold anything that is not clean."""
    try:
        said = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding == "utf-16-le" and not all(" " <= c <= "~" or c.encode("gb2312", "ignore") for c in said):
        return None  # any two bytes are a character; these are in use
    return said if said.translate(_SPACES).isprintable() else None


_SPACES: Final = dict.fromkeys(map(ord, "\t\r\n\u3000\u00a0"), " ")


def _origin(said: str, encoding: str, start: int, width: float) -> list[int]:
    """Where each character of a decoded text begins, of whose bytes each is `width` wide, and the end."""
    sizes = [len(c.encode(encoding)) for c in said]
    return [start + int(at * width) for at in np.concatenate(([0], np.cumsum(sizes))).tolist()]
