"""Office documents in one piece of XML: OpenDocument, Word 2003, Excel 2003, and packages written flat (Flat OPC)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from xml.parsers import expat

from tongguan.identify.extract import office, tables
from tongguan.identify.extract.unfolding import Unfolding, joined
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind

__all__ = ["DAMAGED", "MOST", "is_document", "unfold"]

MOST = 32 << 20  # bytes of one that is held whole
DAMAGED = "XML that is damaged or uses entities"
_OTHERS = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<(?:(?P<word>[\w.-]{1,20}:wordDocument)|(?P<flat>[\w.-]{1,20}:package)"
    rb"|(?P<excel>(?:[\w.-]{1,20}:)?Workbook))\s[^>]{0,8192}?schemas[.-](?:microsoft|openxmlformats)"
)
_PART = re.compile(
    rb'<[\w.-]{1,20}:part\s[^>]*?\bname="(?P<name>[^"<>]{1,500})"[^>]*>\s*'
    rb"<(?P<tag>[\w.-]{1,20}:(?:xmlData|binaryData))\b[^>]*>(?P<body>.*?)</(?P=tag)>",
    re.DOTALL,
)
_WIDEST = 16_384
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")


def is_document(head: bytes) -> bool:
    """Whether a text begins as such a document."""
    return office.is_flat(head) or _OTHERS.match(head) is not None


def unfold(walk: Unfolding, data: bytes, member: str | None, depth: int) -> Generator[None, None, bool]:
    """Add what it holds; False where it is damaged, and is to be read as text as well."""
    kind = _OTHERS.match(data)
    if kind is None:
        pieces, whole, binary = office.flat(data, member)
        if whole:
            walk.add(*pieces)
        if whole and binary:
            detail = "pictures and objects within an OpenDocument file of one piece"
            walk.blind(BlindKind.UNSUPPORTED, member, detail, 0, binary)
        return whole
    if kind["flat"]:
        return (yield from _package(walk, data, member, depth))
    pieces, whole = office.part(data, member) if kind["word"] else _workbook(data, member)
    if whole:
        walk.add(*pieces)
    return whole


def _package(walk: Unfolding, data: bytes, member: str | None, depth: int) -> Generator[None, None, bool]:
    """The parts of a package, which stand one behind the other. ISO/IEC 29500-2, and Word's "Flat OPC"."""
    whole = data.rstrip().endswith(b":package>")
    for found in _PART.finditer(data):
        name = found["name"].decode("utf-8", "replace").lstrip("/")
        path = joined(member, name)
        if found["tag"].endswith(b"binaryData"):
            try:
                body = base64.b64decode(found["body"])
            except (binascii.Error, ValueError):
                whole = False
                continue
            yield from walk.open(body, path, "", name, None, depth + 1)
        elif not office.is_furniture(name):
            read = office.properties if office.is_properties(name) else office.part
            pieces, good = read(found["body"].strip(), member if office.main_part(name) else path)
            whole &= good
            walk.add(*pieces)
        yield from walk.breath()
    return whole


@dataclass(slots=True)
class _Sheets:
    """Rows of each sheet of Excel 2003's XML (Microsoft's "XML Spreadsheet Reference")."""

    sheets: list[tuple[str, list[list[str]]]] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)  # properties and comments
    text: list[str] = field(default_factory=list)
    column: int = 0
    number: bool = False
    comment: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        told = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if name == "Worksheet":
            self.sheets.append((told.get("Name", ""), []))
        elif name == "Row" and self.sheets:
            self.sheets[-1][1].append([])
            self.column = 0
        elif name == "Cell" and self.sheets and self.sheets[-1][1]:
            index = told.get("Index", "")
            self.column = min(int(index) if index.isdecimal() and len(index) < 6 else self.column + 1, _WIDEST)
            row = self.sheets[-1][1][-1]
            row += [""] * (self.column - len(row))
            self.asides += [told["HRef"]] if told.get("HRef") else []
        elif name == "Comment":
            self.comment = True
            self.asides += [told["Author"]] if told.get("Author") else []
        elif name == "Data":
            self.number = told.get("Type") == "Number"
        if name in ("Data", "Comment", "Cell") or not self.sheets:
            self.text.clear()

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        value = " ".join("".join(self.text).split())
        if name == "Data" and not self.comment and self.sheets and self.sheets[-1][1]:
            row = self.sheets[-1][1][-1]
            if row:
                row[-1] = f"{row[-1]} {_plain(value) if self.number else value}".strip()
        elif value and (name == "Data" or not self.sheets):
            self.asides.append(value)
        if name in ("Data", "Comment") or not self.sheets:
            self.text.clear()
        self.comment = self.comment and name != "Comment"


def _plain(value: str) -> str:
    """A whole number as it is meant: 1.3812345678E10."""
    return f"{float(value):.0f}" if _SCIENTIFIC.fullmatch(value) and float(value) < 1e15 else value


def _workbook(data: bytes, member: str | None) -> tuple[list[Piece], bool]:
    reader = _Sheets()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text.append
    parser.EntityDeclHandler = _no_entities
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        return [], False
    pieces = [tables.from_rows(rows, joined(member, name)) for name, rows in reader.sheets]
    if reader.asides:
        lines = "\n".join(reader.asides)
        pieces.append(Piece(lines, member, "form"))
    return [piece for piece in pieces if piece], True


def _no_entities(*_: object) -> None:
    raise ValueError("entities")
