"""Rich text: everything that is text, comments, headers, deleted and hidden text and properties included."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, replace
from typing import Any

from .found import Found

__all__ = ["read"]

_TOKEN = re.compile(
    rb"\\(?:'([0-9a-fA-F]{2})|([a-zA-Z]{1,32})(-?\d{1,10})? ?|([^a-zA-Z']))|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
# Groups that hold the look of the document, or numbers.
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet listtable listoverridetable rsidtbl themedata colorschememapping latentstyles"
    b" generator xmlnstbl blipuid datastore pgptbl mmathPr listpicture pnseclvl operator2 wgrffmtfilter protusertbl"
    b" picprop sp objclass objname ftnsep ftnsepc aftnsep aftnsepc ftncn bkmkstart bkmkend panose falt".split()
)
_PROPERTIES = frozenset(
    b"title subject author manager company operator category keywords comment doccomm hlinkbase".split()
)
# Groups that stand apart from the running text: other text must not be torn by them.
_APART = frozenset(
    b"annotation atnauthor atnid atnref atndate footnote header headerl headerr headerf footer footerl footerr footerf"
    b" revtbl info userprops docvar fldinst filetbl shpinst shptxt do txfieldname xmlattrname xmlattrvalue".split()
)
_HEX = {b"pict": "picture", b"objdata": "object"}
_SIGNS = {
    b"par": "\n", b"line": "\n", b"page": "\n", b"sect": "\n", b"row": "\n", b"nestrow": "\n", b"cell": "\t",
    b"nestcell": "\t", b"tab": "\t", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“",
    b"rdblquote": "”", b"bullet": "•", b"emspace": " ", b"enspace": " ", b"column": "\n",
}  # fmt: skip
_SYMBOLS = {b"~": " ", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n", b"\t": "\t"}
_CHARSETS = {128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5hkscs", 204: "cp1251", 161: "cp1253", 238: "cp1250"}
_PAGES = {936: "gb18030", 950: "big5hkscs", 65001: "utf-8", 10000: "mac-roman"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_GROUPS = 10_000


@dataclass(slots=True)
class _Group:
    out: list[str] | None  # where text goes; None where it is passed over
    codec: str
    skip: int = 1  # bytes that stand in for a character written as \\u
    hexadecimal: str = ""  # picture or object: text is bytes in hexadecimal
    fonts: bool = False
    name: bytes = b""


class _Reader:
    def __init__(self, found: Found) -> None:
        self.found = found
        self.body: list[str] = []
        self.apart: list[tuple[bytes, list[str]]] = []
        self.hexadecimal: list[tuple[str, list[bytes]]] = []
        self.fonts: dict[int, str] = {}
        self.font = 0
        self.page = "cp1252"
        self.raw = bytearray()
        self.group = _Group(self.body, self.page)
        self.stack: list[_Group] = []
        self.passed = 0  # characters still to be passed over after \\u

    def read(self, data: bytes) -> None:
        at = 0
        scan = _TOKEN.scanner(data)  # type: ignore[attr-defined]
        while token := scan.match():
            at = token.end()
            high, word, number, symbol, brace, text = token.groups()
            if high is not None:
                self._bytes(bytes((int(high, 16),)))
            elif word is not None:
                if word == b"bin" and number:
                    at += max(0, int(number))
                    scan = _TOKEN.scanner(data, at)  # type: ignore[attr-defined]
                else:
                    self._word(word, int(number) if number else None)
            elif symbol is not None:
                self._write(_SYMBOLS.get(symbol, ""))
            elif brace == b"{":
                if len(self.stack) >= _MOST_GROUPS:
                    self.found.damaged()
                    break
                self._flush()
                self.stack.append(self.group)
                self.group = replace(self.group, name=b"")
            elif brace == b"}":
                self._close()
                if not self.stack:
                    break
            elif text is not None:
                self._bytes(text)
        self._flush()
        if self.stack:
            self.found.damaged()

    def _close(self) -> None:
        self._flush()
        if self.stack:
            self.group = self.stack.pop()
            self.passed = 0

    def _word(self, word: bytes, number: int | None) -> None:
        group = self.group
        if word == b"u" and number is not None:
            self._write(chr(number & 0xFFFF))
            self.passed = group.skip
        elif word in _SIGNS:
            self._write(_SIGNS[word])
        elif word == b"uc":
            group.skip = min(max(number or 0, 0), 10)
        elif word == b"ansicpg" and number:
            self._flush()
            self.page = group.codec = _known(_PAGES.get(number, f"cp{number}"))
        elif word == b"f" and number is not None:
            self._flush()
            self.font = number
            group.codec = self.fonts.get(number, self.page)
        elif word == b"fcharset" and group.fonts:
            self.fonts[self.font] = _CHARSETS.get(number or 0, self.page)
        elif word in (b"plain", b"pard"):
            self._flush()
            group.codec = self.page if word == b"plain" else group.codec
        elif word in _SILENT:
            self._flush()
            group.out, group.fonts = None, word == b"fonttbl"
        elif word in _HEX:
            self._flush()
            group.hexadecimal = _HEX[word]
            self.hexadecimal.append((_HEX[word], []))
        elif (word in _APART or word in _PROPERTIES) and group.out is not None and not group.hexadecimal:
            self._flush()
            group.out, group.name = [], word
            self.apart.append((word, group.out))

    def _bytes(self, data: bytes) -> None:
        group = self.group
        if group.hexadecimal:
            self.hexadecimal[-1][1].append(data)
            return
        if self.passed:
            taken = min(self.passed, len(data))
            self.passed -= taken
            data = data[taken:]
        if group.out is not None:
            self.raw += data

    def _write(self, text: str) -> None:
        self._flush()
        if self.group.out is not None and not self.group.hexadecimal:
            self.group.out.append(text)

    def _flush(self) -> None:
        if self.raw and self.group.out is not None:
            self.group.out.append(self.raw.decode(self.group.codec, "replace"))
        self.raw.clear()


def read(data: bytes, max_bytes: int, max_members: int) -> tuple[dict[str, Any], list[bytes]]:
    """Texts, properties, pictures and embedded objects of a document in RTF; the report is that of `Found`."""
    found = Found(max_bytes, max_members)
    reader = _Reader(found)
    reader.read(data)
    found.text(None, _joined(reader.body))
    texts = [(name, _joined(parts)) for name, parts in reader.apart]
    codes = [text for name, text in texts if name == b"fldinst" and ("@" in text or "tel:" in text)]
    other = [text.strip() for name, text in texts if name not in _PROPERTIES and name != b"fldinst"]
    found.text("comments, headers and notes", "\n\n".join(filter(None, other + codes)))
    lines = [f"{name.decode()}: {text.strip()}" for name, text in texts if name in _PROPERTIES and text.strip()]
    found.text("properties", "\n".join(lines), "form")
    for number, (kind, parts) in enumerate(reader.hexadecimal):
        _open(f"{kind} {number + 1}", kind, b"".join(parts), found)
    return found.report(), found.blobs


def _open(name: str, kind: str, digits: bytes, found: Found) -> None:
    """A picture, or an object in the form of OLE 1.0, which may hold a compound file or a file as it was."""
    digits = b"".join(digits.split())
    try:
        body = binascii.unhexlify(digits[: len(digits) & ~1])
    except binascii.Error:
        found.blind("unreadable", f"a damaged {kind} in rich text")
        return
    if kind == "picture":
        found.inside(name, body)
        return
    begin = body.find(_OLE)
    if begin >= 0:
        found.inside(name, body[begin:])
    elif (at := body.find(b"Package\0", 0, 64)) >= 0:
        from .compound import package

        package(body[at + 16 :], name, found)
    elif body:
        found.blind("unsupported", "an object of an unknown kind in rich text")


def _joined(parts: list[str]) -> str:
    """Text whose characters beyond the first plane were written as two."""
    return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _known(codec: str) -> str:
    try:
        "".encode(codec)
    except LookupError:
        return "cp1252"
    return codec
