"""Encodings that are written in ASCII alone (ISO-2022-JP and -KR, HZ, UTF-7), and EBCDIC, which has nothing of it."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["ebcdic", "escaped_encoding"]

_SAMPLE = 1 << 16
_HZ = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")
_UTF7 = re.compile(rb"\+([A-Za-z0-9+/]+)(-|(?![A-Za-z0-9+/=]))")
_LEAST_EBCDIC = 32  # bytes that show it
_SHORTEST = 5  # characters of base64 that hold two of Unicode
# Letters, digits, the space, line ends and usual signs of all EBCDIC code pages; Han stands between 0E and 0F.
_EBCDIC = bytes(range(0x81, 0x8A)) + bytes(range(0x91, 0x9A)) + bytes(range(0xA2, 0xAA))
_EBCDIC += bytes(range(0xC1, 0xCA)) + bytes(range(0xD1, 0xDA)) + bytes(range(0xE2, 0xEA)) + bytes(range(0xF0, 0xFA))
_EBCDIC += b"\x40\x4b\x4d\x5d\x60\x61\x6b\x6d\x7a\x7c\x15\x25\x0d"
_TWO_BYTES = re.compile(rb"\x0e((?:[\x40-\xfe]{2})+)\x0f")


def ebcdic(data: bytes) -> tuple[str, bytes, str, int] | None:
    """Text, the same in UTF-8, "ebcdic", and how many bytes of it were not read; None where it is something else.

    Characters of two bytes (code page 1388 and others) are not known.
    """
    head = data[:_SAMPLE]
    if head.count(b"@") * 50 < len(head) or len(head) < _LEAST_EBCDIC:
        return None
    narrow = _TWO_BYTES.sub(b"", head)
    good = len(narrow) - len(narrow.translate(None, _EBCDIC))
    ascii_spaces = narrow.count(b" ") + narrow.count(b"\n")
    if good * 20 < len(narrow) * 19 or ascii_spaces * 100 > len(narrow) or not narrow:
        return None
    lost = sum(len(pairs) for pairs in _TWO_BYTES.findall(data))
    text = _TWO_BYTES.sub(b"\x3f", data).decode("cp037").replace("\x85", "\n").replace("\x1a", "\ufffd")
    return text, text.encode(), "ebcdic", lost


def escaped_encoding(data: bytes, is_frequent: Callable[[str], bool]) -> str | None:
    """The encoding of which ASCII bytes are the writing, by its escapes; None for plain ASCII.

    `is_frequent` tells the characters that Chinese and Japanese text is made of.
    """
    if b"\x1b$" in data:
        head = data[:_SAMPLE]
        if b"\x1b$)C" in head:
            return "iso2022_kr"
        if b"\x1b$B" in head or b"\x1b$@" in head:
            return "iso2022_jp_2"
    if b"~{" in data and _is_hz(data[:_SAMPLE]):
        return "hz"
    if b"+" in data and _is_utf7(data[:_SAMPLE], is_frequent):
        return "utf-7"
    return None


def _is_hz(head: bytes) -> bool:
    """Whether what stands between the signs are pairs of GB 2312, most of them of its first level."""
    pairs = b"".join(_HZ.findall(head))
    frequent = sum(0x30 <= lead <= 0x57 or lead in (0x21, 0x23) for lead in pairs[::2])
    return len(pairs) >= 4 and frequent * 20 >= len(pairs) * 9 and head.count(b"~{") == len(_HZ.findall(head))


def _is_utf7(head: bytes, is_frequent: Callable[[str], bool]) -> bool:
    """Whether every run behind a + is base64 of Chinese or Japanese text, with ASCII in it or not."""
    runs = [run for run, _ in _UTF7.findall(head.replace(b"+-", b""))]
    if not runs or head.count(b"+") != len(runs) + head.count(b"+-") or max(map(len, runs)) < _SHORTEST:
        return False
    text = ""
    for run in runs:
        try:
            text += (b"+" + run + b"-").decode("utf-7")
        except UnicodeDecodeError:
            return False
    beyond = [c for c in text if not " " <= c < "\x7f" and c not in "\r\n\t"]
    return len(beyond) >= 2 and all(is_frequent(c) or c in "“”‘’…—" for c in beyond)
