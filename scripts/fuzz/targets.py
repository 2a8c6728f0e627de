"""What is fuzzed, and what must hold: bad bytes end in blind spots or one of our errors, and promises are kept."""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

Target = Callable[[bytes], object]

# Parts of office documents that are replaced as a whole: inside a packed archive no change of a bit gets far.
PARTS = (
    "word/document.xml", "word/comments.xml", "word/footnotes.xml", "docProps/core.xml", "docProps/app.xml",
    "word/_rels/document.xml.rels", "[Content_Types].xml", "ppt/slides/slide1.xml", "ppt/notesSlides/notesSlide1.xml",
    "content.xml", "meta.xml", "styles.xml", "META-INF/manifest.xml",
)  # fmt: skip
SHEET_PARTS = (
    "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
    "xl/styles.xml", "xl/comments1.xml",
)  # fmt: skip
# Streams of compound files, likewise.
STREAMS = (
    "WordDocument", "1Table", "Workbook", "Book", "PowerPoint Document", "Current User", "\x05SummaryInformation",
    "\x05DocumentSummaryInformation", "__properties_version1.0", "__substg1.0_1000001F", "__substg1.0_10090102",
    "\x01Ole10Native", "\x01CompObj", "dir", "Pictures", "Data", "EncryptedPackage", "EncryptionInfo",
)  # fmt: skip
CHARSETS = (
    "", "utf-8", "gb2312", "gb18030", "big5", "big5hkscs", "utf-16", "utf-32", "utf-7", "iso-2022-jp", "hz", "euc-kr",
    "cp1252", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "base64", "rot13", "undefined", "no such",
)  # fmt: skip
KINDS_HEAD = struct.Struct("<8sII32s")  # of a model's file: magic, version, length of the manifest, digest


def unfolded(data: bytes, media_type: str = "", name: str | None = None) -> list[object]:
    """The pieces of a content, held against what they promise."""
    import numpy as np

    from tongguan.identify.extract import extract
    from tongguan.identify.extract.unfolding import FAULT
    from tongguan.model import Content

    found = extract(Content(name, media_type, len(data), data))
    for spot in found.blind_spots:
        if FAULT in spot.detail:
            raise AssertionError(spot.detail)
    for piece in found.pieces:
        ordered = piece.records[0] == 0 and (np.diff(piece.records) > 0).all()
        if not ordered or piece.records[-1] > len(piece.text):
            raise AssertionError("records")
        if piece.cells is not None and len(piece.cells):
            start, end, _ = piece.cells.T
            if not (start < end).all() or not (start[1:] >= end[:-1]).all() or end[-1] > len(piece.text):
                raise AssertionError("cells")
        piece.text.encode()
    return list(found.pieces)


def declared(media_type: str, name: str) -> Target:
    return lambda data: unfolded(data, media_type, name)


def decoded() -> Target:
    """The first byte chooses the charset that the rest is declared to have."""
    from tongguan.identify.extract.encoding import decode

    def read(data: bytes) -> None:
        found = decode(data[1:], CHARSETS[data[0] % len(CHARSETS)] or None)
        if found is not None and found.text.encode() != bytes(found.utf8):
            raise AssertionError("text and bytes differ")

    return read


def judged() -> Target:
    """CSV or JSON, by the first byte, to tables, and these to a verdict."""
    from tongguan.identify.tables import Judge
    from tongguan.identify.tables.pieces import table_of

    judge = Judge(b"fuzz")

    def read(data: bytes) -> None:
        kind, name = ("text/csv", "a.csv") if data[0] & 1 else ("application/json", "a.json")
        for piece in unfolded(data[1:], kind, name):
            if (table := table_of(piece, "t")) is not None:  # type: ignore[arg-type]
                judge.judge(table).to_dict()

    return read


def detected() -> Target:
    """Any text through all recognisers."""
    from tongguan.identify import Detector, Piece

    detector = Detector(b"fuzz")

    def read(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        [found] = detector.scan([Piece(text)])
        for finding in found:
            if not 0 <= finding.start < finding.end <= len(text):
                raise AssertionError("a finding beyond the text")

    return read


REQUESTS: dict[str, dict[str, object]] = {
    "archive": {"what": "archive", "kind": "compressed", "skip": "", "images": False},
    "zip": {"what": "archive", "kind": "zip", "skip": "", "images": True},
    "tar": {"what": "archive", "kind": "tar", "skip": "", "images": False},
    "sheet": {"what": "sheet", "kind": "xlsx"},
    "old_sheet": {"what": "sheet", "kind": "xls"},
    "database": {"what": "table", "kind": "sqlite"},
    "parquet": {"what": "table", "kind": "parquet"},
    "compound": {"what": "compound", "cells": False},
    "pdf": {"what": "pdf"},
    "rtf": {"what": "rtf"},
    "outlook": {"what": "mailbox"},
    "ofd": {"what": "ofd"},
    "dbase": {"what": "table", "kind": "dbase"},
}


def parser(name: str) -> Target:
    """A parser of the worker, called as the worker calls it: any exception but these is a fault."""
    from isolated import serve, source

    request = {"max_bytes": 1 << 22, "max_members": 100, **REQUESTS[name]}

    def parse(data: bytes) -> None:
        for report, blobs in serve._answers(request, source.Source(data)):
            if sum(map(len, blobs)) > 1 << 26 or not isinstance(report, dict):
                raise AssertionError("more than allowed")

    return parse


def packed(part: str, content: bytes) -> bytes:
    """An office document that holds little but one part."""
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            if part in ("content.xml", "meta.xml", "styles.xml", "META-INF/manifest.xml"):
                archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
            elif part != "[Content_Types].xml":
                archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr(part, content)
            if part == "[Content_Types].xml":
                archive.writestr("word/document.xml", "<w:document/>")
        return buffer.getvalue()


def parts() -> Target:
    """The first byte chooses the part of a document that the rest takes the place of."""
    return lambda data: unfolded(packed(PARTS[data[0] % len(PARTS)], data[1:]))


def sheet_parts() -> Target:
    """Likewise of a workbook, read in this process."""
    parse = parser("sheet")
    return lambda data: parse(packed(SHEET_PARTS[data[0] % len(SHEET_PARTS)], data[1:]))


def ofd_page() -> Target:
    """A page of an OFD document, which is its template too."""
    from test_ofd_and_dbase import ofd

    parse = parser("ofd")
    return lambda data: parse(ofd(data, tpl=data))


def streams() -> Target:
    """The first byte chooses the stream of a compound file that the rest takes the place of."""
    from compound_files import compound

    parse = parser("compound")

    def read(data: bytes) -> None:
        name = STREAMS[data[0] % len(STREAMS)]
        beside = {"WordDocument": bytes(600)} if name == "1Table" else {}
        parse(compound({**beside, name: data[1:], "Macros": {"VBA": {"dir": data[1:]}}}))

    return read


def file(load: Callable[[Path], object], change: Callable[[bytes], bytes] = bytes) -> Target:
    """What reads a file of ours: it may refuse with a message, and nothing else."""
    from tongguan.errors import TongguanError

    place = Path(tempfile.mkdtemp()) / "a.yaml"

    def read(data: bytes) -> None:
        place.write_bytes(change(data))
        with contextlib.suppress(TongguanError):
            load(place)

    return read


def template() -> Target:
    from tongguan.identify.templates import check_template

    return file(check_template)


def template_policy() -> Target:
    from tongguan.identify.templates.policy import load_policy, policy_text

    return file(lambda path: policy_text(load_policy(path)))


def exceptions() -> Target:
    from tongguan.identify.templates import cases, load_exceptions

    return file(lambda path: cases(load_exceptions(path)))


def type_pack() -> Target:
    from tongguan.identify.type_packs import read_pack
    from tongguan.identify.types import CATEGORIES, TYPES

    return file(lambda path: [one.compiled() for one in read_pack(path, TYPES, CATEGORIES)])


def zone_list() -> Target:
    from tongguan.law.packs.checking import check, checked_json

    return file(lambda path: checked_json(check([path])))


def policy() -> Target:
    from tongguan.identify.fingerprints.policy import load_policy, policy_in_words

    return file(lambda path: policy_in_words(load_policy(path)))


def fingerprints() -> Target:
    from tongguan.identify.fingerprints.files import open_fingerprints

    return file(lambda path: open_fingerprints(path, bytes(32)))


def record() -> Target:
    from tongguan.identify.fingerprints.records import read_record

    return file(lambda path: read_record(path, bytes(32)))


def kinds() -> Target:
    """Models whose digest is right: whoever alters one can reckon it too."""
    from tongguan.identify import kinds

    def honest(data: bytes) -> bytes:
        if len(data) < KINDS_HEAD.size:
            return data
        magic, version, length, _ = KINDS_HEAD.unpack_from(data)
        body = data[KINDS_HEAD.size :]
        return KINDS_HEAD.pack(magic, version, length, hashlib.sha256(body).digest()) + body

    return file(lambda path: kinds.load(path).classify("合同编号 2026-01 甲方：某公司\n" * 20), honest)


TARGETS: dict[str, Callable[[], Target]] = {
    "extract": lambda: unfolded,
    "mail": lambda: declared("message/rfc822", "a.eml"),
    "mailbox": lambda: declared("", "a.mbox"),
    "html": lambda: declared("text/html", "a.html"),
    "contacts": lambda: declared("text/vcard", "a.vcf"),
    "encoding": decoded,
    "tables": judged,
    "detect": detected,
    **{name: lambda name=name: parser(name) for name in REQUESTS},  # type: ignore[misc]
    "parts": parts,
    "sheet_parts": sheet_parts,
    "ofd_page": ofd_page,
    "streams": streams,
    "template": template,
    "template_policy": template_policy,
    "exceptions": exceptions,
    "type_pack": type_pack,
    "zone_list": zone_list,
    "policy": policy,
    "fingerprints": fingerprints,
    "record": record,
    "kinds": kinds,
}
