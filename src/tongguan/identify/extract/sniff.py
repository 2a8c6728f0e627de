"""What a content is: by its bytes first, by what was declared and by its name only where the bytes leave it open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tongguan.identify.extract.isolated.dbase import is_dbase
from tongguan.identify.extract.isolated.media import IMAGE, media

__all__ = ["Format", "Hint", "hint_of", "sniff"]

Family = Literal[
    "archive", "office", "sheet", "document", "table", "image", "encrypted", "unsupported", "mail", "multipart", "text"
]
Hint = Literal["", "json", "csv", "html", "xml", "code", "form", "mail", "sql", "contacts"]


@dataclass(frozen=True, slots=True)
class Format:
    """A family of formats, and within it: libarchive's formats, the parser's name, or a reason."""

    family: Family
    detail: str = ""


_ARCHIVES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK00PK", "zip"),
    (0, b"PK\x07\x08PK", "zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7zip"),
    (0, b"Rar!\x1a\x07\x00", "rar"),
    (0, b"Rar!\x1a\x07\x01", "rar5"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0, b"!<arch>\n", "ar"),
    (0, b"xar!", "xar"),
    (0, b"070701", "cpio"),
    (0, b"070707", "cpio"),
    (2, b"-lh", "lha"),
    (257, b"ustar", "tar"),
    (0, b"\x1f\x8b", "compressed"),
    (0, b"BZh", "compressed"),
    (0, b"\xfd7zXZ\0", "compressed"),
    (0, b"\x28\xb5\x2f\xfd", "compressed"),
    (0, b"\x04\x22\x4d\x18", "compressed"),
    (0, b"\x02\x21\x4c\x18", "compressed"),
    (0, b"LZIP\1", "compressed"),
    (0, b"\x1f\x9d", "compressed"),
    (0, b"\x5d\0\0", "compressed"),
    (0x8001, b"CD001", "iso9660"),
)
_ENVELOPED = re.compile(rb"0[\x80-\x84].{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x03\x06]", re.DOTALL)  # RFC 5652
_OFD = re.compile(rb"PK\x01\x02.{42}OFD\.xml", re.DOTALL)  # in the directory, as its part at the root
_TABLES = ((b"SQLite format 3\0", "sqlite"), (b"PAR1", "parquet"), (b"ARROW1\0\0", "arrow"), (b"ORC", "orc"))
_AT_START = tuple(magic for offset, magic, _ in _ARCHIVES if offset == 0)
_WITHIN = tuple(entry for entry in _ARCHIVES if entry[0] > 0)
_TEXT_FIRST = b"{[<\"' \t\r\n"  # no format that is not text begins so, but for RTF
_ENTRY = 128  # bytes of an entry in the directory of a compound file, which begin with its name
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADERS = rb"from|to|cc|date|subject|received|return-path|message-id|mime-version|delivered-to|reply-to|content-type"
_MAIL = re.compile(
    rb"(?:From [^\r\n]*\r?\n)?(?:(?:x-|dkim-|arc-|authentication-|list-|content-|thread-)?[a-z][a-z0-9-]{0,60}:[^\r\n]*"
    rb"(?:\r?\n[ \t][^\r\n]*)*\r?\n){2,}",
    re.IGNORECASE,
)
_MAIL_FIELD = re.compile(rb"^(" + _HEADERS + rb"):", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"--([0-9A-Za-z'()+_,./:=? -]{1,70})\r?\nContent-", re.IGNORECASE)

_TYPES: dict[str, Hint] = {
    "application/json": "json",
    "text/json": "json",
    "application/x-ndjson": "json",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/javascript": "code",
    "application/javascript": "code",
    "application/x-javascript": "code",
    "text/css": "code",
    "application/sql": "code",
    "application/x-www-form-urlencoded": "form",
    "message/rfc822": "mail",
    **dict.fromkeys(("text/vcard", "text/x-vcard", "text/directory", "text/calendar", "text/ldif"), "contacts"),
}
_EXTENSIONS: dict[str, Hint] = {
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "csv": "csv",
    "tsv": "csv",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "xml": "xml",
    "eml": "mail",
    **dict.fromkeys(("vcf", "vcard", "ics", "ldif", "ldf"), "contacts"),
    **dict.fromkeys(
        ("js", "mjs", "ts", "css", "sql", "py", "java", "c", "h", "cpp", "go", "rs", "sh", "php", "rb", "cs"), "code"
    ),
}


def hint_of(media_type: str, name: str | None) -> Hint:
    """What the declared media type, or else the extension, says of a text."""
    hint = _TYPES.get(media_type)
    if hint is None and media_type.endswith("+json"):
        hint = "json"
    if hint is None and media_type.endswith("+xml"):
        hint = "xml"
    if hint is None and name and "." in name:
        hint = _EXTENSIONS.get(name.rpartition(".")[2].lower())
    return hint or ""


def sniff(data: bytes, media_type: str, name: str | None) -> Format:
    """The format of `data`, which is not empty."""
    head = data[:64]
    if head[0] not in _TEXT_FIRST or head.startswith(b"{\\rtf"):
        if label := media(head):
            return Format("image") if label == IMAGE else Format("unsupported", label)
        if head.startswith(_AT_START) or any(data.startswith(magic, offset) for offset, magic, _ in _WITHIN):
            kind = next(kind for offset, magic, kind in _ARCHIVES if data.startswith(magic, offset))
            return _zip(data) if kind == "zip" else Format("archive", kind)
        if head.startswith(_OLE):
            return _ole(data)
        if _ENVELOPED.match(head):
            return Format("encrypted", "an encrypted message (S/MIME, OpenPGP)")
        for magic, kind in _TABLES:
            if head.startswith(magic) and (len(magic) > 4 or data[-len(magic) :] == magic or magic in data[-20:]):
                return Format("table", kind)
        if is_dbase(data):
            return Format("table", "dbase")
        if head.startswith(b"{\\rtf"):
            return Format("document", "rtf")
        if head.startswith(b"!BDN"):
            return Format("document", "mailbox")
        if head.startswith(b"--") and _BOUNDARY.match(data[:4096]):
            return Format("multipart")
        if _is_mail(data, media_type, name):
            return Format("mail")
    if b"%PDF-" in data[:1024]:
        return Format("document", "pdf")
    return Format("text")


def _is_mail(data: bytes, media_type: str, name: str | None) -> bool:
    head = data[:16384]
    colon = head.find(b":", 0, 80)
    if colon < 0 and not head.startswith(b"From "):
        return False
    found = _MAIL.match(head)
    if not found:
        return False
    fields = {field.lower() for field in _MAIL_FIELD.findall(found.group())}
    sure = hint_of(media_type, name) == "mail"
    return len(fields) >= (1 if sure else 3) and (sure or bool(fields & {b"from", b"received", b"message-id"}))


def _zip(data: bytes) -> Format:
    """A ZIP that is an office document, a workbook, or just an archive."""
    name = data[30 : 30 + int.from_bytes(data[26:28], "little")]
    if name == b"mimetype":
        body = data[38 : 38 + 80]
        if b"opendocument.spreadsheet" in body:
            return Format("sheet", "ods")
        return Format("office" if b"opendocument" in body else "archive", "zip")
    if _OFD.search(data, max(0, len(data) - (1 << 18))):
        return Format("document", "ofd")
    if not name.startswith(
        (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/", b"xl/", b"ppt/", b"visio/", b"customXml/")
    ):
        return Format("archive", "zip")
    tail = data[-(1 << 18) :]  # the central directory, where there is one
    for mark, family in (
        (b"word/", "office"),
        (b"ppt/", "office"),
        (b"visio/", "office"),
        (b"xl/worksheets/", "sheet"),
        (b"xl/", "sheet"),
    ):
        if mark in tail or mark in data[: 1 << 16]:
            return Format("sheet", "xlsx") if family == "sheet" else Format("office", "zip")
    return Format("archive", "zip")


def _ole(data: bytes) -> Format:
    """An old office file, by the names of its streams: a workbook has its cells read first."""

    def holds(name: str) -> bool:
        entry = name.encode("utf-16-le") + b"\0\0"
        at = data.find(entry)
        while at >= 0 and at % _ENTRY:
            at = data.find(entry, at + 1)
        return at >= 0

    book = holds("Workbook") or holds("Book")
    alone = not holds("WordDocument") and not holds("PowerPoint Document") and not holds("__properties_version1.0")
    return Format("sheet", "xls") if book and alone else Format("document", "compound")
