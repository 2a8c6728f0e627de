"""Encodings that are written in ASCII alone: ISO-2022-JP and -KR, HZ, UTF-7."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["escaped_encoding"]

_SAMPLE = 1 << 16
_HZ = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")
_UTF7 = re.compile(rb"\+([A-Za-z0-9+/]+)(-|(?![A-Za-z0-9+/=]))")
_SHORTEST = 5  # characters of base64 that hold two of Unicode


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
    """Whether every run behind a + is base64 of Chinese or Japanese text: of anything else it is not."""
    runs = [run for run, _ in _UTF7.findall(head.replace(b"+-", b""))]
    if not runs or head.count(b"+") != len(runs) + head.count(b"+-") or max(map(len, runs)) < _SHORTEST:
        return False
    text = ""
    for run in runs:
        try:
            text += (b"+" + run + b"-").decode("utf-7")
        except UnicodeDecodeError:
            return False
    return len(text) >= 2 and all(is_frequent(c) or c in "“”‘’…—" for c in text)
