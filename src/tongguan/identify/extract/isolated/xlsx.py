"""Large XLSX workbooks ([ECMA-376] part 1, SpreadsheetML) as they are unpacked, row by row, in bounded memory."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from xml.parsers import expat

from .rows import FULL, Rows
from .source import Source

__all__ = ["LARGE", "is_large", "is_plain", "parts", "read"]

_DAMAGE = (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)  # of a part that is read

Answer = tuple[dict[str, Any], list[bytes]]
LARGE = 32 << 20  # unpacked bytes of a sheet or of the shared strings from which on a workbook is read here
_BLOCK = 1 << 18
_MOST_STRINGS = 160 << 20  # bytes of shared strings that are held; the others come as a table of their own
_STRING = 60  # bytes of a string beside its characters
_COLUMNS = 16_384
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_ANY_SHEET = re.compile(r"xl/(?:worksheets/[^/]+\.xml$|chartsheets/|dialogsheets/|macrosheets/)")
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_DATE = re.compile(r"\"[^\"]*\"|\\.|\[[^\]]*\]|General|[@#0?]", re.IGNORECASE)
_BUILT_IN_DURATION = 46
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_OVERFLOW = "shared strings"
_STRINGS = "xl/sharedStrings.xml"
_STRETCH = 2 << 20
_MOST_ELEMENT = 16 << 20  # bytes of a row or a string
_HEAD = 1 << 12
_PLAIN = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*"
    rb"(?:<\?xml (?:(?!encoding)[^<>?])*(?:encoding=[\"'](?i:utf-8|us-ascii)[\"'][^<>?]*)?\?>)?"
    rb"\s*(?:<!--[^<>]*-->\s*)*<(?:worksheet|sst)[\s>/]"
)
"""How a part begins that is in UTF-8, and has neither prefixes nor entities of its own."""
_BESIDE = re.compile(rb"<(?:\w+:)?(?:f[\s>]|headerFooter|dataValidations|hyperlinks|scenarios|protectedRanges)")
_BESIDE_SIGNS = (b"<f", b"headerFooter", b"dataValidations", b"hyperlinks", b"scenarios", b"protectedRanges")
_PREFIXED_FORMULA = re.compile(rb":f[\s>]")


def is_large(data: Source) -> bool:
    """Whether a workbook has a part that would take too much memory at once."""
    try:
        with data.reader() as file, zipfile.ZipFile(file) as book:
            return any(
                item.file_size > LARGE
                for item in book.infolist()
                if _SHEET.fullmatch(item.filename) or item.filename == "xl/sharedStrings.xml"
            )
    except Exception:  # zipfile's errors are many: the other reader says what is wrong
        return False


def read(data: Source, left: int, unlisted: bool = False) -> Iterator[Answer]:
    """The sheets of a workbook, hidden ones too; answers as those of `sheets.read`.

    `unlisted`: only those that the workbook does not name, or of whose name there are several, which no program shows.
    """
    end = "ok"
    with data.reader() as file, zipfile.ZipFile(file) as book:
        about = _Workbook(book)
        for rows, status in about.sheets(unlisted):
            left -= rows.size
            if left < 0:
                status = "cut"
            if rows.size or status != "ok":
                one, blobs = rows.answer(status)
                yield {"sheets": [one]}, blobs
            if status == "cut":
                end = "bytes"
                break
    yield {"end": end}, []


def is_plain(data: Source) -> bool:
    """Whether the parts that hold cells are plain enough to be handed over as they are (see `parts`)."""
    try:
        with data.reader() as file, zipfile.ZipFile(file) as book:
            known = {item.filename for item in book.infolist()}
            elsewhere = {name for name in _Workbook(book).names() if name in known and not _ANY_SHEET.match(name)}
            strings = [item for item in book.infolist() if item.filename == _STRINGS]
            parts = [item for item in book.infolist() if _SHEET.fullmatch(item.filename)]
            if elsewhere or not parts or sum(item.file_size for item in strings) > _MOST_STRINGS:
                return False
            return all(_is_plain(book, item) for item in (*strings, *parts))
    except Exception:  # zipfile's errors are many: the other reader says what is wrong
        return False


def _is_plain(book: zipfile.ZipFile, item: zipfile.ZipInfo) -> bool:
    with book.open(item) as source:
        return _PLAIN.match(source.read(_HEAD)) is not None


def parts(data: Source) -> Iterator[Answer]:
    """The parts of a workbook that hold cells, as XML.

    A report holds `part` (`strings` or `sheet`), its `name`, its `status` (`more`, or for the last stretch `ok` or
    `damaged`), and with the first one `dates` (see `_Workbook`), `first`, the day from which days are counted (its
    number, 1 for 0001-01-01), and `strings`, the bytes of all stretches of shared strings at most. Each has one blob,
    which ends where a string or a row does. The last one has `end`, and `beside`: whether something may stand beside
    the cells.
    """
    beside = False
    with data.reader() as file, zipfile.ZipFile(file) as book:
        about = _Workbook(book)
        names = about.names()
        about.formats()
        strings = sum(item.file_size for item in book.infolist() if item.filename == _STRINGS)
        more: dict[str, Any] = {"dates": about.dates, "first": about.first.toordinal(), "strings": strings}
        for item in sorted(book.infolist(), key=lambda item: item.filename != _STRINGS):
            is_strings = item.filename == _STRINGS
            if not is_strings and not _SHEET.fullmatch(item.filename):
                continue
            report = {"part": "strings" if is_strings else "sheet", "name": names.get(item.filename, item.filename)}
            for block, status in _blocks(book, item, b"</si>" if is_strings else b"</row>"):
                beside = beside or (not is_strings and _stands_beside(block))
                yield {**report, **more, "status": status}, [block]
                more = {}
    yield {"end": "ok", "beside": beside}, []


def _stands_beside(block: bytes) -> bool:
    """Whether something may stand beside the cells. The signs are found several times as fast as tags are tried."""
    signs = any(sign in block for sign in _BESIDE_SIGNS) or _PREFIXED_FORMULA.search(block)
    return bool(signs) and _BESIDE.search(block) is not None


def _blocks(book: zipfile.ZipFile, item: zipfile.ZipInfo, between: bytes) -> Iterator[tuple[bytes, str]]:
    """A part in stretches that end with an element; what does not end within a stretch's length is damaged."""
    rest = b""
    try:
        with book.open(item) as source:
            while block := source.read(_STRETCH):
                block = rest + block
                end = block.rfind(between) + len(between)
                if end < len(between) and len(block) > _MOST_ELEMENT:
                    break
                rest = block[max(end, 0) :] if end >= len(between) else block
                if end >= len(between):
                    yield block[:end], "more"
            else:
                yield rest, "ok"
                return
    except (ValueError, zipfile.BadZipFile, EOFError, OSError, zlib.error):
        pass
    yield b"", "damaged"


class _Workbook:
    """Names, strings and formats of a workbook, and its sheets."""

    def __init__(self, book: zipfile.ZipFile) -> None:
        self._book = book
        self._strings: list[str] = []
        self.dates: list[int] = []  # of each cell format: 1 where it shows a date, 2 for a duration
        self.first = date(1899, 12, 30)

    def sheets(self, unlisted: bool) -> Iterator[tuple[Rows, str]]:
        """Rows of each sheet, a stretch at a time, with `ok` or `damaged`."""
        names = self.names()
        parts = [item for item in self._book.infolist() if _SHEET.fullmatch(item.filename)]
        if unlisted:
            count = Counter(item.filename.lower() for item in parts)
            parts = [item for item in parts if item.filename not in names or count[item.filename.lower()] > 1]
            if not parts:
                return
        self.formats()
        yield from self._read_strings()
        for item in parts:
            yield from self._sheet(item, names.get(item.filename, item.filename))

    def names(self) -> dict[str, str]:
        """Of each part that is a sheet its name."""
        targets: dict[str, str] = {}
        names: dict[str, str] = {}

        def relation(tag: str, about: dict[str, str]) -> None:
            if tag.endswith("Relationship"):
                target = about.get("Target", "")
                targets[about.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

        def sheet(tag: str, about: dict[str, str]) -> None:
            if tag.rpartition(":")[2] == "sheet":
                identity = next((value for key, value in about.items() if key.endswith(":id")), "")
                names[targets.get(identity, "")] = about.get("name", "")
            elif tag.rpartition(":")[2] == "workbookPr" and about.get("date1904") in ("1", "true"):
                self.first = date(1904, 1, 1)

        for part, start in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
            try:
                for _ in self._parsed(part, start):
                    pass
            except (KeyError, *_DAMAGE):
                continue
        return names

    def formats(self) -> None:
        """Read which cell formats show a date."""
        try:
            self._styles()
        except (KeyError, *_DAMAGE):
            self.dates = []

    def _styles(self) -> None:
        codes: dict[int, int] = {_BUILT_IN_DURATION: 2}
        within = False

        def start(tag: str, about: dict[str, str]) -> None:
            nonlocal within
            name = tag.rpartition(":")[2]
            if name == "numFmt":
                code = _NOT_DATE.sub("", about.get("formatCode", "")).lower()
                shows = (
                    2 if _DURATION.search(about.get("formatCode", "")) else any(letter in code for letter in "ymdhs")
                )
                codes[int(about.get("numFmtId", "-1"))] = int(shows)
            elif name == "cellXfs":
                within = True
            elif name == "cellStyles":
                within = False
            elif name == "xf" and within:
                number = int(about.get("numFmtId", "0"))
                self.dates.append(codes.get(number, int(number in _BUILT_IN_DATES)))

        for _ in self._parsed("xl/styles.xml", start):
            pass

    def _read_strings(self) -> Iterator[tuple[Rows, str]]:
        """The shared strings; rows of those that are too many to be held."""
        text: list[str] = []
        over = Rows(_OVERFLOW)
        held = 0
        silent = False

        def start(tag: str, _: dict[str, str]) -> None:
            nonlocal silent
            if tag.rpartition(":")[2] == "rPh":  # how it is read aloud
                silent = True

        def end(tag: str) -> None:
            nonlocal held, silent
            name = tag.rpartition(":")[2]
            if name == "rPh":
                silent = False
            elif name == "si":
                value = "".join(text)
                text.clear()
                if held < _MOST_STRINGS:
                    self._strings.append(value)
                    held += _STRING + 2 * len(value)
                else:
                    over.add((value,))

        def words(data: str) -> None:
            if not silent:
                text.append(data)

        try:
            for _ in self._parsed("xl/sharedStrings.xml", start, end, words):
                if over.size >= FULL:
                    yield over, "ok"
        except KeyError:
            pass  # a workbook need not have any
        except _DAMAGE:
            yield over, "damaged"
        if over.size:
            yield over, "ok"

    def _sheet(self, part: zipfile.ZipInfo, name: str) -> Iterator[tuple[Rows, str]]:
        rows, cells = Rows(name), _Cells(self._strings, self.dates, self.first)
        cells.rows = rows
        status = "ok"
        try:
            for _ in self._parsed(part, cells.start, cells.end, cells.words):
                if rows.size >= FULL:
                    yield rows, "ok"
        except _DAMAGE:
            status = "damaged"
        yield rows, status

    def _parsed(
        self,
        part: str | zipfile.ZipInfo,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        words: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Walk the XML of a part a block at a time. Raises what expat and zipfile raise."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = words
        parser.EntityDeclHandler = _no_entities
        with self._book.open(part) as source:
            while block := source.read(_BLOCK):
                try:
                    parser.Parse(block, False)
                except LookupError as error:  # an encoding that nobody knows
                    raise ValueError(str(error)) from None
                yield
        parser.Parse(b"", True)


class _Cells:
    """Gathers the cells of a sheet as the parser walks."""

    def __init__(self, strings: list[str], dates: list[int], first: date) -> None:
        self._strings, self._dates, self._first = strings, dates, first
        self.rows = Rows("")
        self._row: list[str] = []
        self._text: list[str] | None = None
        self._column, self._kind, self._style = -1, "", ""

    def start(self, tag: str, about: dict[str, str]) -> None:
        if tag[-1] in "vt":  # v, t, with or without a prefix; no other element within a cell ends so
            self._text = []
        elif tag == "c" or tag.endswith(":c"):
            self._column = _column(about.get("r", ""), self._column)
            self._kind, self._style = about.get("t", "n"), about.get("s", "")

    def words(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def end(self, tag: str) -> None:
        if self._text is not None and tag[-1] in "vt":
            self._put("".join(self._text))
            self._text = None
        elif tag == "row" or tag.endswith(":row"):
            self.rows.add(self._row)
            self._row, self._column = [], -1

    def _put(self, raw: str) -> None:
        value = self._value(raw)
        missing = self._column + 1 - len(self._row)
        if missing > 0:
            self._row += [""] * missing
        if 0 <= self._column < len(self._row):
            self._row[self._column] += value  # runs of rich text are one cell

    def _value(self, raw: str) -> str:
        if self._kind == "s":
            place = int(raw) if raw.strip().isdigit() else len(self._strings)
            return self._strings[place] if place < len(self._strings) else ""
        if self._kind == "b":
            return "TRUE" if raw.strip() == "1" else "FALSE"
        if self._kind != "n":
            return raw
        style = int(self._style) if self._style.isdigit() else -1
        if 0 <= style < len(self._dates) and self._dates[style]:
            return self._date(raw)
        return _number(raw)

    def _date(self, raw: str) -> str:
        try:
            when = datetime(self._first.year, self._first.month, self._first.day) + timedelta(days=float(raw))
        except (ValueError, OverflowError):
            return raw
        when = (when + timedelta(milliseconds=500)).replace(microsecond=0)
        return (
            when.isoformat(" ")
            if when.time().replace(microsecond=0).isoformat() != "00:00:00"
            else when.date().isoformat()
        )


def _number(raw: str) -> str:
    """A number without an exponent: 1.38E10 is written out."""
    if raw.isdigit():
        return raw
    try:
        value = float(raw)
    except ValueError:
        return raw
    return str(int(value)) if abs(value) < 1e18 and value.is_integer() else repr(value)


def _column(place: str, before: int) -> int:
    """The column of a cell, from 0: `B7` is 1. Where it does not say so, the one after the last."""
    number = 0
    for letter in place:
        if not "A" <= letter <= "Z":
            break
        number = 26 * number + ord(letter) - 64
    number = number - 1 if number else before + 1
    return min(number, _COLUMNS - 1)


def _no_entities(*_: object) -> None:
    """Entities are how XML bombs are built, and no workbook needs them."""
    raise ValueError("entities")
