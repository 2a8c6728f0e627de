"""PDF by PDFium: text of pages, notes, form fields, bookmarks, properties, attachments and pictures."""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Callable
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from .found import Found

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
_DICTIONARY = 400  # bytes before a stream that are looked at
_MOST_STREAM = 64 << 20
_BLOCK = 1 << 18


def read(data: bytes, max_bytes: int, max_members: int) -> tuple[dict[str, Any], list[bytes]]:
    """Everything in a PDF that is text, and its attachments.

    The report is that of `Found` with `blank`, the numbers of pages without text, and `pictures`, how many pictures
    stand on other pages. Both lists are for text recognition.
    """
    found = Found(max_bytes, max_members)
    nothing = {"blank": [], "pictures": 0}
    if _swells(data, max_bytes):
        found.end = "bytes"
        return {**found.report(), **nothing}, found.blobs
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        found.end = "encrypted" if locked or "assword" in str(error) else "damaged"
        return {**found.report(), **nothing}, found.blobs
    if b"%%EOF" not in data[-_END:]:
        found.damaged()
    blank, pictures, texts, notes = _pages(document, found)
    found.text(None, "\n\n".join(texts))
    found.text("annotations", "\n".join(dict.fromkeys(notes)))
    _document(document, data, found)
    return {**found.report(), "blank": blank, "pictures": pictures}, found.blobs


def _swells(data: bytes, most: int) -> bool:
    """Whether a stream that is no picture unfolds to more than any page needs, or all of them to more than `most`.

    PDFium would unfold them whole, and take a page that it has no memory for as an empty one.
    """
    total = 0
    for match in _STREAM.finditer(data):
        if b"/Image" in data[max(0, match.start() - _DICTIONARY) : match.start()]:
            continue
        engine = zlib.decompressobj()
        rest, size = data[match.end() : match.end() + _BLOCK], 0
        at = match.end() + _BLOCK
        try:
            while rest and not engine.eof:
                size += len(engine.decompress(rest, _BLOCK))
                if size > _MOST_STREAM or total + size > most:
                    return True
                rest = engine.unconsumed_tail
                if not rest:
                    rest, at = data[at : at + _BLOCK], at + _BLOCK
        except zlib.error:
            pass  # not packed, or damaged: PDFium will say
        total += size
    return False


def _pages(document: Any, found: Found) -> tuple[list[int], int, list[str], list[str]]:
    if document.get_formtype() != raw.FORMTYPE_NONE:
        document.init_forms()
    blank: list[int] = []
    texts: list[str] = []
    notes: list[str] = []
    pictures = size = 0
    for number in range(len(document)):
        if size > found.left:
            break
        try:
            page = document[number]
            words = page.get_textpage()
            text = words.get_text_range().translate(_SIGNS)
            words.close()
        except pdfium.PdfiumError:
            found.damaged()
            continue
        size += len(text)
        if text.strip():
            texts.append(text)
            pictures += sum(1 for _ in _bitmaps(page))
        else:
            blank.append(number)
        notes += _notes(document, page, found)
        page.close()
    return blank, pictures, texts, notes


def _bitmaps(page: Any) -> Any:
    """The pictures on a page that are large enough to hold text."""
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_NESTED):
        width, height = item.get_px_size()
        if width >= _SMALLEST[0] and height >= _SMALLEST[1]:
            yield item


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


def _document(document: Any, data: bytes, found: Found) -> None:
    """What belongs to the document as a whole."""
    properties = document.get_metadata_dict()
    lines = [f"{name.lower()}: {properties[name]}" for name in _PROPERTIES if properties.get(name, "").strip()]
    found.text("properties", "\n".join(line for line in lines if line.partition(": ")[2] not in _EMPTY), "form")
    for packet in _XMP.findall(data)[:10]:
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


def pages(data: bytes, first: int, blank: set[int]) -> Any:
    """For text recognition, from page `first` on: (page, picture as an RGB array) of each blank page and picture."""
    document = pdfium.PdfDocument(data)
    for number in range(first, len(document)):
        page = document[number]
        if number in blank:
            width, height = page.get_size()
            scale = min(_DOTS, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
            yield number, page.render(scale=scale).to_numpy()
        else:
            for item in _bitmaps(page):
                try:
                    yield number, item.get_bitmap(render=False).to_numpy()
                except (pdfium.PdfiumError, ValueError):
                    yield number, None
        page.close()
