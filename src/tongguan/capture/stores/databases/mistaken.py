"""Text that a database keeps as Latin letters and that is none: bytes of GBK or UTF-8 put into a Latin column.

The classic mistake of old applications: the connection says latin1, and so does the column; what lies there is Chinese
in another encoding, and reads as `ÕÅÈý`. It shows itself: every such letter stands for a byte, and the bytes are whole
characters of the other encoding, most of them common ones.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["mended", "mended_text"]

_SOME: Final = 200  # cells that are tried
_SHARE: Final = 0.75  # of those, and of their characters, that must read well
_HIGH: Final = re.compile(
    "[\u0080-\u00ff\u20ac\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u2122]{2}"
)
_ENCODINGS: Final = ("utf-8", "gb18030")


def mended(cells: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str] | None:
    """A column as it was meant, and the encoding that it is really in; None where nothing is wrong with it."""
    suspect = cells.filter(pc.match_substring_regex(cells, _HIGH.pattern))
    tried = [text for text in suspect.slice(0, _SOME).to_pylist() if text]
    encoding = _encoding_of(tried)
    if encoding is None:
        return None
    found = [text if text is None else _read(text, encoding) or text for text in cells.to_pylist()]
    return pa.chunked_array([pa.array(found, pa.large_string())]), encoding


def mended_text(text: str) -> str:
    """One name or comment as it was meant, else as it stands."""
    encoding = _encoding_of([text]) if _HIGH.search(text) else None
    return (_read(text, encoding) if encoding else None) or text


def _encoding_of(texts: list[str]) -> str | None:
    for encoding in _ENCODINGS if texts else ():
        good = sum(_is_chinese(_read(text, encoding)) for text in texts)
        if good >= _SHARE * len(texts):
            return encoding
    return None


def _read(text: str, encoding: str) -> str | None:
    """Letters as the bytes that they stand for (MySQL's latin1 is Windows' code page 1252), read in the encoding."""
    data = bytearray()
    for sign in text:
        code = ord(sign)
        if code < 0x100:
            data.append(code)
            continue
        try:
            data += sign.encode("cp1252")
        except UnicodeEncodeError:
            return None
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_chinese(text: str | None) -> bool:
    """Whether all that is not ASCII is Chinese writing, most of it the 3,755 characters of daily use that stand first
    in GB/T 2312, and two at least: by chance hardly any Latin text becomes that."""
    if text is None:
        return False
    other = [sign for sign in text if ord(sign) > 0x7F]
    return len(other) >= 2 and sum(map(_is_common, other)) >= _SHARE * len(other)


def _is_common(sign: str) -> bool:
    try:
        return sign.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False
