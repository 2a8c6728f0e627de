"""PDF by PDFium: text of pages, notes, form fields, bookmarks, properties, attachments and pictures."""

from __future__ import annotations

import ctypes
import io
import re
import zlib
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any, BinaryIO

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from .found import Found
from .source import Source

__all__ = ["pages", "read"]

_PROPERTIES = ("Title", "Author", "Subject", "Keywords")
_EMPTY = {"untitled", "unspecified", "anonymous"}
_NOTE_KEYS = (b"T", b"Contents", b"V", b"DV", b"TU", b"RC")
_XMP = re.compile(rb"<x:xmpmeta.{0,1000000}?</x:xmpmeta>", re.DOTALL)
_END = 2048  # bytes before the end in which the end marker stands
_DOTS = 200 / 72  # of a rendered page per point
_MOST_PIXELS = 25_000_000
_SMALLEST = (48, 16)  # pixels that a picture with legible text has at least
_SIGNS = str.maketrans({"\r": None, "\ufffe": "-", "\x02": "-", "\0": None})
_NESTED = 5
_STREAM = re.compile(rb"stream\r?\n(?=[\x08\x18\x28\x38\x48\x58\x68\x78])")  # what begins as zlib does
_FLATE = re.compile(rb"/Filter\s*\[?\s*/(?:FlateDecode|Fl)\b")  # unpacked before all else
_DICTIONARY = 400  # bytes before a stream that are looked at
_MOST_STREAM = 64 << 20
_BLOCK = 1 << 18
_WINDOW = 32 << 20
_PACKET = 1 << 20
_MOST_PACKETS = 10
_ANSWER = 4 << 20  # characters
_KEPT = 96 << 20  # bytes of a file that PDFium may have read since it was opened


def read(data: Source, max_bytes: int, max_members: int) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """Everything in a PDF that is text, and its attachments.

    Reports are those of `Found`; the last one has `blank`, the numbers of pages without text, and `pictures`, how many
    pictures stand on other pages. Both are for text recognition.
    """
    found = Found(max_bytes, max_members)
    nothing = {"blank": [], "pictures": 0}
    streams = _streams(data, max_bytes)
    if streams is _Streams.SWELL:
        found.end = "bytes"
        yield {**found.report(), **nothing}, found.blobs
        return
    try:
        document = _Document(data, forms=True)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        found.end = "encrypted" if locked or "assword" in str(error) else "damaged"
        yield {**found.report(), **nothing}, found.blobs
        return
    torn = streams is _Streams.TORN and raw.FPDF_GetSecurityHandlerRevision(document.pdf.raw) < 0  # ciphers look torn
    if torn or b"%%EOF" not in data.tail(_END):
        found.damaged()
    pages = _Pages()
    for number in range(len(document.pdf)):
        pages.read(document.fresh(), number, found)
        if pages.size >= _ANSWER:
            pages.tell(found)
            yield found.answer()
        if found.left <= 0:
            break
    pages.tell(found)
    _document(document.pdf, data, found)
    yield {**found.report(), "blank": pages.blank, "pictures": pages.pictures}, found.blobs


class _Document:
    """A PDF that is opened anew when much of it was read: PDFium keeps all that it reads of an open one."""

    def __init__(self, data: Source, *, forms: bool = False) -> None:
        self._data, self._forms = data, forms
        self._open()

    def fresh(self) -> Any:
        """The document as PDFium has it. Pages of it that were asked for before must be closed."""
        if self._file and self._file.count > self._most:
            self.pdf.close()
            self._file.close()
            self._open()
        return self.pdf

    def _open(self) -> None:
        self._file = _Counted(self._data.reader()) if self._data.path else None
        self.pdf = pdfium.PdfDocument(self._file or self._data.whole())
        if self._forms and self.pdf.get_formtype() != raw.FORMTYPE_NONE:
            self.pdf.init_forms()
        read = self._file.count if self._file else 0
        self._most = read + max(_KEPT, 4 * read)  # opening it may take long itself


class _Counted(io.RawIOBase):
    """A file, and how many bytes were read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.count = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, into: Any) -> int:
        size: int = self._file.readinto(into)  # type: ignore[attr-defined]
        self.count += size
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


class _Streams(Enum):
    """What the packed streams of a file are."""

    SOUND = auto()
    TORN = auto()
    SWELL = auto()


def _streams(data: Source, most: int) -> _Streams:
    """Whether a stream that is no picture unfolds to more than any page needs, or all of them to more than `most`; else
    whether one of them cannot be unfolded to its end.

    PDFium would unfold them whole, take a page that it has no memory for as an empty one, and not tell of a torn one.
    """
    total = at = 0
    told = _Streams.SOUND
    with data.reader() as file:
        while True:
            file.seek(at)
            window = file.read(_WINDOW)
            for match in _STREAM.finditer(window):
                if match.end() > _WINDOW - _DICTIONARY:
                    break  # it begins the next window
                about = window[max(0, match.start() - _DICTIONARY) : match.start()]
                if b"/Image" not in about:
                    size, whole = _unfolded(file, at + match.end(), min(_MOST_STREAM, most - total))
                    total += size
                    if size > _MOST_STREAM or total > most:
                        return _Streams.SWELL
                    if not whole and _FLATE.search(about, about.rfind(b" obj") + 1):
                        told = _Streams.TORN
            if len(window) < _WINDOW:
                return told
            at += _WINDOW - 2 * _DICTIONARY


def _unfolded(file: BinaryIO, at: int, most: int) -> tuple[int, bool]:
    """How many bytes the stream at `at` unfolds to, or more than `most`; and whether its end was come to, if it is one.

    A wrong check sum at the end takes nothing from what was unfolded.
    """
    engine, size = zlib.decompressobj(), 0
    file.seek(at)
    try:
        while not engine.eof and size <= most:
            rest = engine.unconsumed_tail or file.read(_BLOCK)
            if not rest:
                return size, False
            size += len(engine.decompress(rest, _BLOCK))
    except zlib.error as error:
        return size, "incorrect" in str(error)  # not packed, or only its sum is wrong
    return size, True


class _Pages:
    """What the pages of a document hold, until it is told."""

    def __init__(self) -> None:
        self.blank: list[int] = []  # pages without text
        self.pictures = 0
        self.size = 0  # characters not told yet
        self._texts: list[str] = []
        self._notes: dict[str, None] = {}

    def read(self, document: Any, number: int, found: Found) -> None:
        # Called as they are: PDFium's binding in objects takes a twentieth of the time that PDFium takes for a page.
        page, forms = raw.FPDF_LoadPage(document.raw, number), document.formenv and document.formenv.raw
        if not page:
            found.damaged()
            return
        if forms:
            raw.FORM_OnAfterLoadPage(page, forms)
        try:
            self._page(document, page, number, found)
        finally:
            if forms:
                raw.FORM_OnBeforeClosePage(page, forms)
            raw.FPDF_ClosePage(page)

    def _page(self, document: Any, page: Any, number: int, found: Found) -> None:
        text = _text(page)
        if text is None:
            found.damaged()
            return
        if text.strip():
            self._texts.append(text)
            self.pictures += sum(map(_is_legible, _pictures(page, raw.FPDFPage_CountObjects, _OBJECT, 1)))
        else:
            self.blank.append(number)
        notes = dict.fromkeys(_notes(document, page, found))
        self.size += len(text) + sum(map(len, notes))
        self._notes |= notes

    def tell(self, found: Found) -> None:
        found.text(None, "\n\n".join(self._texts))
        found.text("annotations", "\n".join(self._notes))
        self._texts, self._notes, self.size = [], {}, 0


def _text(page: Any) -> str | None:
    """The text of a page, as PDFium puts it in order; None where it cannot."""
    words = raw.FPDFText_LoadPage(page)
    if not words:
        return None
    count = raw.FPDFText_CountChars(words)
    room = (ctypes.c_ushort * (2 * max(0, count) + 1))()  # a character beyond the basic plane takes two
    size = raw.FPDFText_GetText(words, 0, count, room) if count > 0 else 1
    raw.FPDFText_ClosePage(words)
    return None if count < 0 else str(memoryview(room)[: size - 1], "utf-16-le", "ignore").translate(_SIGNS)


def _bitmaps(page: Any) -> Iterator[Any]:
    """The pictures on a page that are large enough to hold text."""
    for handle in _pictures(page.raw, raw.FPDFPage_CountObjects, _OBJECT, 1):
        if _is_legible(handle):
            yield pdfium.PdfObject(ctypes.cast(handle, raw.FPDF_PAGEOBJECT), page=page, pdf=page.pdf)


def _is_legible(picture: int) -> bool:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    told = raw.FPDFImageObj_GetImagePixelSize(ctypes.cast(picture, raw.FPDF_PAGEOBJECT), width, height)
    return not told or (width.value >= _SMALLEST[0] and height.value >= _SMALLEST[1])


def _bare(function: Any, result: Any, *given: Any) -> Callable[..., Any]:
    """A function of PDFium with handles as numbers: no Python object is made of each of the thousands on a page."""
    return ctypes.CFUNCTYPE(result, *given)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_OBJECT = _bare(raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_OBJECT_WITHIN = _bare(raw.FPDFFormObj_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)
_TYPE = _bare(raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)


def _pictures(parent: Any, count: Callable[..., int], get: Callable[..., int], level: int) -> Iterator[int]:
    """PDFium's handles of the pictures among its objects, thousands of which are text."""
    for index in range(count(parent)):
        handle = get(parent, index)
        type = _TYPE(handle)
        if type == raw.FPDF_PAGEOBJ_IMAGE:
            yield handle
        elif type == raw.FPDF_PAGEOBJ_FORM and level < _NESTED:
            form = ctypes.cast(handle, raw.FPDF_PAGEOBJECT)
            yield from _pictures(form, raw.FPDFFormObj_CountObjects, _OBJECT_WITHIN, level + 1)


def _notes(document: Any, page: Any, found: Found) -> list[str]:
    """Texts and authors of comments, values of fields, and the addresses that links lead to."""
    out: list[str] = []
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        out += [_wide(raw.FPDFAnnot_GetStringValue, note, key) for key in _NOTE_KEYS]
        if document.formenv:
            out.append(_wide(raw.FPDFAnnot_GetFormFieldValue, document.formenv, note))
        if link := raw.FPDFAnnot_GetLink(note):
            out.append(_narrow(raw.FPDFAction_GetURIPath, document, raw.FPDFLink_GetAction(link)))
        if attached := raw.FPDFAnnot_GetFileAttachment(note):
            _attachment(pdfium.PdfAttachment(attached, document), found)
        raw.FPDFPage_CloseAnnot(note)
    return [text for text in out if text.strip()]


def _document(document: Any, data: Source, found: Found) -> None:
    """What belongs to the document as a whole."""
    properties = document.get_metadata_dict()
    lines = [f"{name.lower()}: {properties[name]}" for name in _PROPERTIES if properties.get(name, "").strip()]
    found.text("properties", "\n".join(line for line in lines if line.partition(": ")[2] not in _EMPTY), "form")
    for packet in _packets(data):
        found.inside("metadata.xml", packet)
    found.text("bookmarks", "\n".join(mark.get_title() for mark in document.get_toc(max_depth=_NESTED)))
    for index in range(document.count_attachments()):
        _attachment(document.get_attachment(index), found)
    for index in range(max(0, raw.FPDF_GetXFAPacketCount(document))):
        needed = ctypes.c_ulong()
        raw.FPDF_GetXFAPacketContent(document, index, None, 0, needed)
        buffer = ctypes.create_string_buffer(min(needed.value, found.left))
        raw.FPDF_GetXFAPacketContent(document, index, buffer, len(buffer), needed)
        found.inside(f"form {index + 1}.xml", buffer.raw)


def _packets(data: Source) -> Iterator[bytes]:
    """Metadata in XML, which lies open in the file."""
    at = count = done = 0
    with data.reader() as file:
        while count < _MOST_PACKETS:
            file.seek(at)
            window = file.read(_WINDOW)
            for match in _XMP.finditer(window, max(0, done - at)):
                count, done = count + 1, at + match.end()
                yield match.group()
            if len(window) < _WINDOW:
                return
            at += _WINDOW - _PACKET


def _attachment(attachment: Any, found: Found) -> None:
    name = attachment.get_name() or "attachment"
    try:
        found.inside(name, bytes(attachment.get_data()))
    except pdfium.PdfiumError:
        found.blind("unreadable", "an attachment that is damaged")


def _wide(function: Callable[..., int], *about: Any) -> str:
    """A string that PDFium writes in UTF-16 once it is told how much room there is."""
    size = function(*about, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(*about, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")


def _narrow(function: Callable[..., int], *about: Any) -> str:
    size = function(*about, None, 0)
    if size <= 1:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(*about, buffer, size)
    return buffer.raw[:-1].decode("utf-8", "replace")


def pages(data: Source, first: int, blank: set[int]) -> Any:
    """For text recognition, from page `first` on: (page, picture as an RGB array) of each blank page and picture."""
    document = _Document(data)
    for number in range(first, len(document.pdf)):
        try:
            page = document.fresh()[number]
        except pdfium.PdfiumError:  # its text could not be read either
            yield number, None
            continue
        if number in blank:
            yield number, _rendered(page)
        else:
            yield from ((number, picture) for picture in _drawn(page))
        page.close()


def _rendered(page: Any) -> Any:
    width, height = page.get_size()
    scale = min(_DOTS, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    return page.render(scale=scale).to_numpy()


def _drawn(page: Any) -> Iterator[Any]:
    """The pictures on a page, None for one that is damaged; in place of any that is vast the page as it is shown."""
    vast = False
    for item in _bitmaps(page):
        try:
            width, height = item.get_px_size()
            if width * height > _MOST_PIXELS:
                vast = True
                continue
            yield item.get_bitmap(render=False).to_numpy()
        except (pdfium.PdfiumError, ValueError):
            yield None
    if vast:
        yield _rendered(page)
