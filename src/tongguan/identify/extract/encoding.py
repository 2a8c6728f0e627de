"""Bytes to text: which encoding, and how many bytes of it could not be read."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import cchardet

from tongguan.identify.extract.escapes import ebcdic, escaped_encoding

__all__ = ["Decoded", "declared_within", "decode", "looks_binary"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Names under which servers declare an encoding that is in truth a larger one.
_LARGER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
}
_LITERALS = {"unicode-escape", "raw-unicode-escape"}  # how Python writes strings: no encoding of a text
_WEAK = {"cp1252", "latin-1", "iso8859-1"}  # decode nearly anything, so a declaration of them proves little
_DECLARATION = re.compile(rb"""\b(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_CANDIDATES = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252")
# Characters that make up text: Latin, Greek, Cyrillic, Hebrew, Arabic, Thai, kana, Han, Hangul, full-width forms.
_LETTERS = re.compile("[\0-\u024f\u0370-\u06ff\u0e00-\u0e7f\u2019\u3000-\u9fff\uac00-\U0010ffff]")
_HANJA = re.compile("[\u0400-\u2fff\u3040-\u30ff\u3100-\uabff\ud7a4-\uffff]")  # what Korean text seldom holds
_KOREAN = 16  # characters that are enough to tell Korean from Chinese in the same bytes
_KINDS = 6  # of them that differ: one sign between numbers is told from nothing
_SAMPLE = 1 << 16
_SHORT = 32  # bytes of a text that may be UTF-8 by chance
# Control bytes that text does not hold (tab, line feed, form feed, carriage return and escape do occur).
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27, 30} | {127})


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded text. `utf8` is the same text in UTF-8: the bytes that the kernels scan."""

    text: str
    utf8: bytes
    encoding: str
    unreadable: int = 0  # bytes replaced by U+FFFD
    second: str | None = None  # encoding of lines that are in another one than the rest
    second_lines: int = 0


def declared_within(data: bytes) -> str | None:
    """The charset that markup declares in its first kilobyte (`<meta charset>`, `<?xml encoding>`)."""
    if data[:256].lstrip()[:1] != b"<":
        return None
    found = _DECLARATION.search(data, 0, 1024)
    return found.group(1).decode("ascii") if found else None


def looks_binary(data: bytes) -> bool:
    """Whether one-byte or multi-byte text can be ruled out by control bytes in the first 64 KiB."""
    head = data[:_SAMPLE]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls * 50 > len(head)


def decode(data: bytes, charset: str | None = None) -> Decoded | None:
    """Decode text of unknown encoding; None where it is no text.

    In order: a byte order mark, plain ASCII (or ISO-2022, HZ and UTF-7, which are written in it), UTF-8 where it is
    valid, EBCDIC by its letters, the declared charset where it fits, UTF-16 and UTF-32 by where their zero bytes lie or
    by their characters, UTF-8 with lines of GB18030 or Big5 among its own, UTF-8 with a few broken bytes, and the best
    of the encodings used in China, Japan, Korea and the West. EUC-TW is not known; it comes out as another encoding of
    two bytes.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _forced(data[len(mark) :], name)
    if data.isascii():
        if b"\0" in data[:_SAMPLE] and (wide := _wide(data)):
            return _forced(data, wide)
        if b"+" in data and _known(charset) == "utf-7" and (found := _strict(data, "utf-7")):
            return found
        if (shifted := escaped_encoding(data, _is_frequent)) and (found := _strict(data, shifted)):
            return found
        return None if looks_binary(data) else Decoded(data.decode("ascii"), data, "ascii")
    if mainframe := ebcdic(data):
        return Decoded(*mainframe)
    declared = _known(charset)
    if declared and declared not in _WEAK and declared != "utf-8" and (found := _strict(data, declared)):
        return found
    if found := _strict(data, "utf-8"):
        if len(data) <= _SHORT and _han_by_chance(data, found.text):
            return _strict(data, "gb18030")
        return None if looks_binary(data) else found
    if b"\0" in data[:_SAMPLE]:
        wide = _wide(data)
        return _forced(data, wide) if wide else None
    if looks_binary(data):
        return _forced(data, wide) if (wide := _wide_han(data)) else None
    return _mixed(data) or _nearly_utf8(data) or _best(data, declared)


def _known(charset: str | None) -> str | None:
    try:
        name = codecs.lookup(charset.strip("\"' ")).name if charset else None
    except (LookupError, ValueError):
        return None
    return _LARGER.get(name, name) if name and name not in _LITERALS else None


def _strict(data: bytes, encoding: str) -> Decoded | None:
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError, TypeError, AssertionError):
        return None
    if not isinstance(text, str):
        return None
    if encoding == "utf-8":
        return Decoded(text, data, "utf-8")
    utf8 = text.encode("utf-8", "replace")
    return Decoded(utf8.decode("utf-8"), utf8, encoding)


def _forced(data: bytes, encoding: str) -> Decoded:
    """Decode, replacing what cannot be decoded and counting its bytes."""
    if found := _strict(data, encoding):
        return found
    text = data.decode(encoding, "replace")
    utf8 = text.encode("utf-8", "replace")
    width = 4 if encoding.startswith("utf-32") else 2 if encoding.startswith("utf-16") else 1
    already = data.count("\ufffd".encode(encoding)) if encoding.startswith("utf") else 0
    return Decoded(utf8.decode("utf-8"), utf8, encoding, max(0, text.count("\ufffd") - already) * width)


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, by which byte of each unit is mostly zero or a plane of text."""
    head = data[: _SAMPLE & ~3]
    head = head[: len(head) & ~3] or head[: len(head) & ~1]
    if len(head) < 4:
        return None
    for name in ("utf-32-le", "utf-32-be"):
        if len(head) % 4 == 0 and _plausible(head, name):
            return name
    zeros = head[0::2].count(0), head[1::2].count(0)
    order = ("utf-16-be", "utf-16-le") if zeros[0] > zeros[1] else ("utf-16-le", "utf-16-be")
    likely = [name for name in order if _plausible(head, name)]
    return max(likely, key=lambda name: _familiar(head, name), default=None)


def _familiar(head: bytes, encoding: str) -> float:
    """The share of characters that are ASCII, kana, Cyrillic or frequent Han."""
    text = head[:8192].decode(encoding, "ignore")
    good = sum(c < "\x80" or _is_frequent(c) for c in text)
    return good / len(text) if text else 0.0


@lru_cache(4096)
def _is_frequent(char: str) -> bool:
    if "\u0400" <= char < "\u0460" or "\u3000" <= char < "\u3100" or "\uff00" <= char < "\uff61":
        return True
    return max(_common(char, "gb18030"), _common(char, "big5hkscs")) == 1.0


_LEAST_FAMILIAR = 0.85


def _wide_han(data: bytes) -> str | None:
    """UTF-16 without a mark and without a zero byte: Chinese, Japanese or Cyrillic alone, without an ASCII sign."""
    head = data[:_SAMPLE]
    if len(head) % 2 or len(head) < 6:
        return None
    best = max(("utf-16-le", "utf-16-be"), key=lambda name: _familiar(head, name))
    return best if _familiar(head, best) >= _LEAST_FAMILIAR and _plausible(head, best) else None


def _mixed(data: bytes) -> Decoded | None:
    """UTF-8 in which whole lines are in GB18030 or Big5, as where logs of several programs are put together.

    The lines of UTF-8 must hold Chinese that is no accident, and every other line be good in one of the two.
    """
    good = _lines_by_validity(data)
    if good is None:
        return None
    ours = b"".join(part for part, valid in good if valid)
    others = b"".join(part for part, valid in good if not valid)
    if not _holds_chinese(ours):
        return None
    second = max(("gb18030", "big5hkscs"), key=lambda name: _score(others[:_SAMPLE], name))
    if _score(others[:_SAMPLE], second) < _LEAST_FAMILIAR:
        return None
    try:
        text = "".join(part.decode("utf-8" if valid else second) for part, valid in good)
    except UnicodeDecodeError:
        return None
    lines = sum(not valid for _, valid in good)
    return Decoded(text, text.encode(), "utf-8", second=second, second_lines=lines)


def _lines_by_validity(data: bytes) -> list[tuple[bytes, bool]] | None:
    """Stretches of lines that are valid UTF-8, and each line that is not; None where too few of many are valid."""
    parts: list[tuple[bytes, bool]] = []
    broken, at = 0, 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + _SAMPLE) + 1 or data.find(b"\n", at + _SAMPLE) + 1 or len(data)
        block = data[at:end]
        try:
            block.decode("utf-8")
        except UnicodeDecodeError as error:
            first = block.rfind(b"\n", 0, error.start) + 1
            last = block.find(b"\n", error.start) + 1 or len(block)
            parts += [(block[:first], True), (block[first:last], False)]
            at += last
            broken += 1
            if broken == _BROKEN and not _holds_chinese(b"".join(part for part, valid in parts if valid)):
                return None
        else:
            parts.append((block, True))
            at = end
    return parts


_BROKEN = 500  # lines that are not UTF-8 before any of UTF-8 was seen that holds Chinese


def _holds_chinese(data: bytes) -> bool:
    beyond = [c for c in data.decode("utf-8")[:_SAMPLE] if c >= "\x80"]
    return len(beyond) >= 4 and sum(c >= "\u2e80" for c in beyond) * 2 > len(beyond)


def _plausible(head: bytes, encoding: str) -> bool:
    text = head.decode(encoding, "ignore")
    width = 4 if encoding.startswith("utf-32") else 2
    if len(text) * width * 10 < len(head) * 9:
        return False
    good = sum(1 for c in text[:4096] if c.isprintable() or c in "\t\r\n")
    common = sum(_LETTERS.match(c) is not None for c in text[:4096])
    size = min(len(text), 4096)
    return good * 100 >= size * 97 and common * 100 >= size * 95


def _nearly_utf8(data: bytes) -> Decoded | None:
    """UTF-8 that was cut within a character, or has at most one broken byte in a hundred that are not ASCII."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    special = len(data) - len(data.translate(None, bytes(range(128, 256))))
    cut = broken == 1 and text.endswith("\ufffd") and special > 4
    if not cut and broken * 100 > special - broken:
        return None
    utf8 = text.encode("utf-8")
    return Decoded(text, utf8, "utf-8", broken)


def _best(data: bytes, declared: str | None) -> Decoded:
    """The candidate whose characters are most common in the languages that use it; ties go to GB18030."""
    special = data.translate(None, bytes(range(128)))
    sample = data[:_SAMPLE]
    guess, sure = _guess(sample) if len(special) >= 8 else (None, 0.0)
    if declared in _WEAK:
        declared = "cp1252"
    names = list(dict.fromkeys(n for n in (*_CANDIDATES, guess, declared) if n))
    wide = _wide_han(data)
    scored = sorted(
        (
            (_score(sample, n) + (0.12 * sure if n == guess else 0.0) + (0.2 if n == declared else 0.0), n)
            for n in names
        ),
        key=lambda pair: -pair[0],
    )
    if wide and scored[0][0] < _familiar(sample, wide) - 0.1:
        return _forced(data, wide)
    for _, name in scored:
        if found := _strict(data, name):
            return found
    return _forced(data, scored[0][1])


def _guess(sample: bytes) -> tuple[str | None, float]:
    found = cchardet.detect(sample)
    return _known(found["encoding"]), float(found["confidence"] or 0.0)


def _han_by_chance(data: bytes, text: str) -> bool:
    """Whether a few bytes that happen to be UTF-8 are rather a name in GB18030: 薛强 would be Ѧǿ.

    That is so where nothing else stands there, no character is one of a language of Asia, and all are frequent Han
    characters in GB18030.
    """
    beyond = [c for c in text if c >= "\x80"]
    if len(beyond) < 2 or max(beyond) >= "\u0800" or any(c.isascii() and c.isalpha() for c in text):
        return False
    return _score(data, "gb18030") == 1.0


def _score(sample: bytes, encoding: str) -> float:
    """The share of characters beyond ASCII that are common ones, -1 for each that is broken."""
    try:
        text = sample.decode(encoding, "replace")
    except (UnicodeError, LookupError, TypeError, AssertionError):
        return -1.0
    beyond = [c for c in text[:8192] if c >= "\x80"]
    if not beyond:
        return 0.0
    korean = encoding == "cp949" and len(beyond) >= _KOREAN and len(set(beyond)) >= _KINDS
    if korean and _is_korean("".join(beyond)):
        return 1.05  # as Chinese it would keep to half of the first level, which so many characters do not
    if encoding == "euc_jp" and not any("\u3040" <= c <= "\u30ff" for c in beyond):
        return 0.0  # nothing tells Han alone from GB 2312
    share = sum(_common(c, encoding) for c in beyond) / len(beyond)
    letters = sum(c.isascii() and c.isalpha() for c in text[:8192])
    # Of the letters of a Western text few are accented; those of two Han characters would all be.
    return share - 0.5 if encoding == "cp1252" and len(beyond) > max(1, letters) else share


def _is_korean(text: str) -> bool:
    """Whether all are of the everyday syllables, each of which KS X 1001 writes in two bytes."""
    try:
        return len(text.encode("euc_kr")) == 2 * len(text) and not _HANJA.search(text)
    except UnicodeError:
        return False


def _uncommon(char: str, encoding: str) -> float:
    """Characters outside the old sets: traditional ones in GB18030, and its four bytes, like which nothing looks."""
    if encoding == "gb18030":
        if len(char.encode("gb18030", "replace")) == 4:
            return 0.8 if char.isalpha() else 0.0
        with suppress(UnicodeError):
            return 0.7 if char.encode("big5")[0] <= 0xC6 else -0.1
    return -0.2


def _common(char: str, encoding: str) -> float:
    if char == "\ufffd" or "\x80" <= char <= "\x9f":  # broken, or a control sign that no text holds
        return -1.0
    if encoding in ("gb18030", "big5hkscs"):
        # The first level of both sets holds the frequent Han characters: by lead byte B0-D7, and A4-C6.
        table, low, high = ("gb2312", 0xB0, 0xD7) if encoding == "gb18030" else ("big5", 0xA4, 0xC6)
        try:
            lead = char.encode(table)[0]
        except UnicodeError:
            return _uncommon(char, encoding)
        return 1.0 if low <= lead <= high or (lead == 0xA1 or lead == 0xA3) else 0.0
    if encoding == "euc_jp":  # of Han alone it is no more likely than GB18030, which shares its forms
        return 1.0 if "\u3040" <= char <= "\u30ff" else 0.4 if "\u3000" <= char <= "\ua000" else -0.3
    if encoding == "cp949":
        return 0.5 if "\uac00" <= char <= "\ud7a3" else 0.0
    if encoding == "cp932":
        if "\uff61" <= char <= "\uff9f":
            return -0.3  # half-width kana: what other encodings read as Shift-JIS mostly turn into
        return 1.0 if "\u3040" <= char <= "\u30ff" else 0.45 if "\u3000" <= char <= "\ua000" else 0.0
    # Western text: accented letters are common, runs of symbols are not.
    return 0.6 if char.isalpha() else 0.1
