"""The XML parts of office documents (DOCX, PPTX, ODT, ODP, drawings and notes of workbooks) to text and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np

from tongguan.identify.extract import kernels, structured, tables
from tongguan.identify.extract.kernels.document import CELL_END, ROW_END, SILENT_TEXT, TABLE_END
from tongguan.identify.extract.signs import occurrences
from tongguan.identify.pieces import Piece

__all__ = [
    "MANIFEST",
    "flat",
    "is_flat",
    "is_furniture",
    "is_markup",
    "is_properties",
    "main_part",
    "part",
    "properties",
    "skipped",
]

MANIFEST = "META-INF/manifest.xml"  # of OpenDocument: says which parts are encrypted

# Parts that hold the look of a document and none of its content.
_FURNITURE = re.compile(
    r"(?:^|/)(?:theme/|_rels/\.rels|\[Content_Types\]\.xml|(?:styles|settings|fontTable|webSettings"
    r"|numbering|stylesWithEffects|tableStyles|presProps|viewProps|calcChain|manifest\.(?:xml|rdf)|printerSettings[^/]*"
    r"|Thumbnails?/.*|thumbnail\.[a-z]+|layout-cache|Configurations2/.*|mimetype|commentsExtended|commentsIds|people\.xml\.rels)(?:\.xml)?$)"
)
# Parts of a workbook that are read as its sheets.
_SHEETS = {
    "xlsx": (r"^xl/(?:(?:work|chart|dialog|macro)sheets/[^/]+|styles|sharedStrings|metadata)\.(?:xml|bin)$",),
    "ods": (r"^content\.xml$",),
}
# Attributes that people fill in, or that name people; of `name` and `v` only those of these elements.
_SPOKEN = {
    "author",
    "displayName",
    "displayText",
    "descr",
    "tooltip",
    "prompt",
    "promptTitle",
    "error",
    "errorTitle",
    "display",
    "string",
    "user",
    "alt",
    "connection",
    "command",
    "help-message",
    "title",
    "sourceFile",
}
_SPOKEN_OF = {("cmAuthor", "name"), ("s", "v"), ("author", "name"), ("docPr", "title"), ("definedName", "comment")}
_SPOKEN_OF.add(("listItem", "value"))  # beside what it shows
_LINKS = ("mailto:", "tel:", "file:")
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "line-break": "\n", "s": " ", "noBreakHyphen": "-"}
_BLOCKS = {"p", "h", "v", "author", "title"}
_PROPERTIES = re.compile(r"^(?:docProps/(?:core|app|custom)|meta)\.xml$")
_COUNTS = {
    "Application",
    "AppVersion",
    "Template",
    "TotalTime",
    "DocSecurity",
    "generator",
    "editing-cycles",
    "revision",
}
_COUNTS |= {
    "created",
    "modified",
    "lastPrinted",
    "creation-date",
    "date",
    "editing-duration",
    "HeadingPairs",
    "TitlesOfParts",
}
_ROWS = {"tr", "table-row"}
_CELLS = {"tc", "table-cell", "covered-table-cell"}
_TABLES = {"tbl", "table"}
_SILENT = {
    "instrText",
    "delInstrText",
    "binData",
    "fldData",
    "posOffset",
    "tableStyleId",
    "ClientData",
    "pctWidth",
    "pctHeight",
    "styles",
    "automatic-styles",
}
_VALUE_TYPES = {"lpwstr", "lpstr", "variant", "vector", "i4", "bool", "filetime", "r8"}
_MAX_DEPTH = 2000
_HEAD = 1024
_MOST_ASIDE = 1 << 16  # tags and texts of one part that are looked at by themselves
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding\s*=\s*["']([^"']*)""")
_FLAT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<office:document\s[^>]{0,8192}?opendocument")
_BINARY = re.compile(rb"<office:binary-data\b[^<>]*>[^<]*</office:binary-data>")
_VALUE = re.compile(  # of a cell whose number may be shown rounded: 1.38E+10
    rb'(<table:table-cell\b(?=[^<>]*\boffice:value-type="float")(?=[^<>]*\boffice:value="([^"<>]*)")[^<>]*>\s*<text:p)[^<>]*>[^<]*<'
)
_EMPTY_CELLS = re.compile(rb'<table:table-cell\b[^<>]*\btable:number-columns-repeated="(\d{1,2})"[^<>]*/>')
_MOST_EMPTY = 200_000  # cells that are left out of a sheet and put back
_CODES = (b"@", b"tel:", b"&#", b"<")  # what a text that tells something may be written with


def is_furniture(name: str) -> bool:
    """Whether a member of a document holds none of its content."""
    odf_styles = name == "styles.xml"  # headers and footers of OpenDocument
    return not odf_styles and _FURNITURE.search(name) is not None


def skipped(kind: str) -> str:
    """A pattern of the parts that are not unpacked: they hold none of the content, or are read as sheets."""
    return "|".join((rf"^(?!{re.escape(MANIFEST)}$|styles\.xml$)(?=.*{_FURNITURE.pattern})", *_SHEETS.get(kind, ())))


def is_markup(name: str) -> bool:
    """Whether a part is the document's own XML, rather than a file that lies in it."""
    return name.endswith((".xml", ".rels", ".vml")) and not name.startswith("customXml/")


def is_properties(name: str) -> bool:
    """Whether a part holds the document's properties: author, company, title …"""
    return _PROPERTIES.match(name) is not None


def main_part(name: str) -> bool:
    """Whether a part is the document's body, whose pieces bear the document's own name."""
    return name in ("word/document.xml", "content.xml")


def properties(data: bytes, member: str | None) -> tuple[list[Piece], bool]:
    """The properties of a document as `name: value` lines; numbers, switches and versions are left out."""
    lines: list[str] = []
    path: list[str] = []
    texts: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        path.append(attributes.get("name") or tag.rpartition(":")[2])
        texts.clear()

    def end(_: str) -> None:
        value = " ".join("".join(texts).split())
        name = next((part for part in reversed(path) if part not in _VALUE_TYPES), "")
        texts.clear()
        path.pop()
        if (
            value
            and name not in _COUNTS
            and value not in ("true", "false")
            and not (value.isdigit() and len(value) < 6)
        ):
            lines.append(f"{name}: {value}")

    whole = _parse(data, start, end, texts.append)
    text = "\n".join(lines)
    return ([Piece(text, member, "form")] if text else []), whole


@dataclass(slots=True)
class _Table:
    rows: list[list[str]] = field(default_factory=list)


class _Damaged(Exception):
    pass


@dataclass(slots=True)
class _Reader:
    """Gathers text as the parser walks: that of a table in its cells, any other as prose. Nested tables join."""

    prose: list[str] = field(default_factory=list)
    found: list[_Table] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    spoken: dict[str, None] = field(default_factory=dict)  # `name: value` of attributes, each once
    cell: list[str] | None = None
    row: list[str] | None = None
    tables: int = 0
    silent: int = 0
    depth: int = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _Damaged
        if self.silent or name in _SILENT:
            self.silent += 1
        elif name in _TABLES:
            self.tables += 1
            if self.tables == 1:
                self.found.append(_Table())
        elif self.tables == 1 and name in _ROWS:
            self.row = []
        elif self.tables == 1 and name in _CELLS:
            self.cell = []
        elif name in _BREAKS:
            self.text(_BREAKS[name])
        self.attributes(tag, attributes)

    def attributes(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        target = attributes.get("Target") or attributes.get("xlink:href") or ""
        if target.startswith(_LINKS):
            self.prose.append(target + "\n")
        for key, value in attributes.items():
            spoken = key.rpartition(":")[2]
            if (spoken in _SPOKEN or (name, spoken) in _SPOKEN_OF) and value.strip():
                self.spoken[f"{name if spoken in ('v', 'name', 'value') else spoken}: {value}"] = None

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        self.depth -= 1
        if self.silent:
            self.silent -= 1
        elif name in _TABLES:
            self.tables -= 1
        elif self.tables == 1 and name in _CELLS and self.cell is not None:
            if self.row is not None:
                self.row.append("".join(self.cell).strip())
            self.cell = None
        elif self.tables == 1 and name in _ROWS and self.row is not None:
            self.found[-1].rows.append(self.row)
            self.row = None
        elif name in _BLOCKS:
            self.text("\n")

    def text(self, text: str) -> None:
        if self.silent:
            self.silent_text(text)
        else:
            (self.prose if self.cell is None else self.cell).append(text)

    def silent_text(self, text: str) -> None:
        if "@" in text or "tel:" in text:  # a field's code: HYPERLINK "mailto:…"
            self.codes.append(text)


@dataclass(slots=True)
class _Contents:
    """What a part holds. `codes`: texts of fields that are not shown; `spoken`: attributes; `tables`: rows of cells."""

    prose: str
    codes: Iterable[str]
    spoken: Iterable[str]
    tables: Iterable[list[list[str]]]


def part(data: bytes, member: str | None) -> tuple[list[Piece], bool]:
    """The pieces of one XML part, and whether all of it could be read.

    A table with a header is a table piece, a record a row. One without is a filled-in form: one record.
    """
    whole = _parse(data)
    found = (_at_once(data) if whole else None) or _walked(data)
    pieces: list[Piece] = []
    prose = "\n".join([found.prose.strip("\n"), *found.codes]).strip("\n")
    if prose.strip():
        pieces.append(structured.prose(prose, prose.encode("utf-8", "replace"), member))
    if lines := "\n".join(found.spoken):
        pieces.append(structured.prose(lines, lines.encode("utf-8", "replace"), member, "form"))
    for rows in found.tables:
        if piece := _table(rows, member):
            pieces.append(piece)
    return pieces, whole


def is_flat(data: bytes) -> bool:
    """Whether it is an OpenDocument file in one piece of XML (.fodt, .fods, .fodp)."""
    return _FLAT.match(data) is not None


def flat(data: bytes, member: str | None) -> tuple[list[Piece], bool, int]:
    """Pieces of such a file, whether all of it could be read, and how many pictures and objects lie in it, which are
    not opened. OASIS OpenDocument 1.3, element `office:document`."""
    text, binary = _BINARY.subn(b"", data)
    text = _VALUE.sub(rb"\1>\2<", text)
    if sum(map(int, _EMPTY_CELLS.findall(text))) <= _MOST_EMPTY:  # columns stay where they are
        text = _EMPTY_CELLS.sub(lambda found: b"<table:table-cell/>" * int(found[1]), text)
    return *part(text, member), binary


def _walked(data: bytes) -> _Contents:
    """Tag by tag, as far as the XML goes."""
    reader = _Reader()
    _parse(data, reader.start, reader.end, reader.text)
    if reader.row:  # cut within a table
        reader.found[-1].rows.append([*reader.row, *(["".join(reader.cell)] if reader.cell else [])])
    return _Contents("".join(reader.prose), reader.codes, reader.spoken, (table.rows for table in reader.found))


def _at_once(data: bytes) -> _Contents | None:
    """The same of a part that is well formed, and faster; None where it is no plain UTF-8 or not built as usual."""
    head = data[:_HEAD]
    declared = _ENCODING.match(head)
    if b"\0" in head or (declared and declared[1].lower() != b"utf-8"):
        return None
    prose, grids = np.empty(len(data), dtype=np.uint8), np.empty(len(data), dtype=np.uint8)
    view = np.frombuffer(data, dtype=np.uint8)
    aside = np.empty((min(2 * occurrences(view, b"<"), _MOST_ASIDE), 4), dtype=np.int64)
    size, in_grids, noted = kernels.document(view, _MAX_DEPTH, prose, grids, aside)
    if size < 0:
        return None
    text = prose[:size].tobytes()
    told = _Reader()
    parts, done = [], 0
    for kind, start, end, before in aside[:noted].tolist():
        if kind == SILENT_TEXT:
            if any(sign in data[start:end] for sign in _CODES):
                _parse(b"<a>" + data[start:end] + b"</a>", text=told.silent_text)
            continue
        tag = data[start:end].rstrip(b"/>") + b"/>"
        _parse(tag, told.attributes)
        if told.prose:
            parts += [text[done:before], "".join(told.prose).encode("utf-8", "replace")]
            told.prose.clear()
            done = before
    text = b"".join((*parts, text[done:]))
    return _Contents(text.decode("utf-8", "replace"), told.codes, told.spoken, _tables(grids[:in_grids].tobytes()))


def _tables(written: bytes) -> Iterator[list[list[str]]]:
    """The rows of each table, as the kernel wrote them."""
    for table in written.decode("utf-8", "replace").split(chr(TABLE_END))[:-1]:
        rows = table.split(chr(ROW_END))[:-1]
        yield [[cell.strip() for cell in row.split(chr(CELL_END))[:-1]] for row in rows]


def _parse(
    data: bytes,
    start: Callable[[str, dict[str, str]], None] | None = None,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> bool:
    """Walk XML; False where it ends before its end, or uses entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _no_entities
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _Damaged, ValueError, LookupError):  # the last: an encoding that nobody knows
        return False
    return True


def _no_entities(*_: object) -> None:
    """Entities are how XML bombs are built, and no office document needs them."""
    raise _Damaged


def _table(rows: list[list[str]], member: str | None) -> Piece | None:
    piece = tables.from_rows(rows, member)
    if piece is None or piece.columns or len(rows) > 60:
        return piece
    text = "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
    return Piece(text, member, "form")
