"""Unfolds one content: what it is, its text, and what lies inside it, within limits."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tongguan.identify.extract import forms, mail, markup, office, structured, tables, worker
from tongguan.identify.extract.encoding import Decoded, declared_within, decode
from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.extract.sniff import Format, Hint, hint_of, sniff
from tongguan.identify.pieces import Kind, Piece
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["extract"]

_WORDS_HTML = re.compile(
    r"<(?:!doctype html|html|head|body|div|table|form|p|span|script|meta|ul|a)[\s>]", re.IGNORECASE
)
_SQL = re.compile(r"^\s*(?:insert\s+into|create\s+table|drop\s+table|replace\s+into)\b", re.IGNORECASE | re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_TOO_MUCH = "unfolds to more than allowed"
FAULT = "fault of the reader"
# Storages of old office documents in which other files lie (UTF-16), and RTF's word for one.
_EMBEDDED = ("ObjectPool".encode("utf-16-le"), "MBD0".encode("utf-16-le"), b"\\objdata")
_EMPTY = 100  # bytes that an archive of nothing may have
_ZIP_END = 22 + (1 << 16)  # the end record and the longest comment
_PATIENCE = 10.0  # seconds that a parser may take for any content …
_BYTES_A_SECOND = 200_000  # … and for more the larger it is
_CROWD = 200  # blind spots told one by one
_NAME_LIMIT = 255
_PATH_LIMIT = 1000


def extract(content: Content, limits: Limits = Limits()) -> Extraction:  # noqa: B008 (frozen)
    """The text of a content and of all that lies inside it.

    Never raises on bad bytes: what cannot be read becomes a blind spot. Its pieces come in reading order. The type is
    told by the bytes first, then by the declared media type, then by the name.
    """
    walk = _Walk(limits, content.name or "")
    try:
        data = content.read()
    except OSError as error:
        walk.blind(
            BlindKind.UNREADABLE, None, f"cannot be read: {error.strerror or type(error).__name__}", content.size
        )
        return walk.result()
    if len(data) > limits.content_bytes:
        walk.blind(
            BlindKind.TRUNCATED, None, "larger than what is read of one content", len(data) - limits.content_bytes
        )
        data = data[: limits.content_bytes]
    walk.allow(len(data))
    walk.open(data, None, content.media_type, content.name, content.charset, 0)
    return walk.result()


@dataclass(slots=True)
class _Walk:
    limits: Limits
    name: str
    pieces: list[Piece] = field(default_factory=list)
    blind_spots: list[BlindSpot] = field(default_factory=list)
    crowd: dict[tuple[BlindKind, str], tuple[int, int]] = field(default_factory=dict)  # count and bytes
    encoding: str | None = None
    bytes_left: int = 0
    members_left: int = 0
    deadline: float = 0.0

    def allow(self, size: int) -> None:
        """Set what may be taken out of a content of `size` bytes."""
        limits = self.limits
        self.bytes_left = min(limits.total_bytes, max(limits.ratio_floor, limits.ratio * size))
        self.members_left = limits.members
        self.deadline = time.monotonic() + limits.seconds

    def result(self) -> Extraction:
        rest = [BlindSpot(kind, self.name, detail, *sums) for (kind, detail), sums in self.crowd.items()]
        return Extraction(self.pieces, self.blind_spots + rest, self.encoding)

    def blind(self, kind: BlindKind, member: str | None, detail: str, size: int = 0, count: int = 1) -> None:
        """Note a blind spot; after many, by kind and detail only."""
        spot = BlindSpot(kind, member or self.name, detail, count, size)
        if spot in self.blind_spots[-3:]:
            return  # two parsers say the same of one content
        if len(self.blind_spots) < _CROWD:
            self.blind_spots.append(spot)
        else:
            seen, bytes_ = self.crowd.get((kind, detail), (0, 0))
            self.crowd[kind, detail] = seen + count, bytes_ + size

    def open(
        self, data: bytes, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> None:
        """Add the pieces of one content or member. `depth` counts the containers around it."""
        if not data:
            return
        try:
            self._open(data, member, media_type, name, charset, depth)
        except Exception as error:  # a fault of ours must cost one member, not the run, and must be seen
            self.blind(BlindKind.UNREADABLE, member, f"{FAULT}: {type(error).__name__}", len(data))

    def _open(
        self, data: bytes, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> None:
        found = sniff(data, media_type, name)
        match found.family:
            case "text":
                self._text(data, member, media_type, name, charset)
            case "unsupported":
                self.blind(BlindKind.UNSUPPORTED, member, found.detail, len(data))
            case "encrypted":
                self.blind(BlindKind.ENCRYPTED, member, found.detail, len(data))
            case _ if depth >= self.limits.depth:
                self.blind(BlindKind.TRUNCATED, member, f"more than {self.limits.depth} containers deep", len(data))
            case _ if self.bytes_left <= 0 or self.members_left <= 0:
                self.blind(BlindKind.TRUNCATED, member, _TOO_MUCH, len(data))
            case _ if time.monotonic() >= self.deadline:
                self.blind(BlindKind.TRUNCATED, member, "no time left", len(data))
            case "mail":
                self._mail(data, member, depth)
            case "multipart":
                self._multipart(data, member, depth)
            case "document":
                self._document(data, member, found.detail)
            case "sheet":
                self._sheet(data, member, found, depth)
            case _:
                self._archive(data, member, found, depth)

    # ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _text(self, data: bytes, member: str | None, media_type: str, name: str | None, charset: str | None) -> None:
        decoded = decode(data, charset or declared_within(data))
        if decoded is None:
            self.blind(BlindKind.UNSUPPORTED, member, "binary data of an unknown format", len(data))
            return
        if member is None:
            self.encoding = decoded.encoding
        if decoded.unreadable:
            detail = f"bytes that are not {decoded.encoding}"
            self.blind(BlindKind.UNREADABLE, member, detail, decoded.unreadable, decoded.unreadable)
        self.pieces.extend(self._shaped(decoded, data, member, hint_of(media_type, name)))

    def _shaped(self, decoded: Decoded, data: bytes, member: str | None, hint: Hint) -> list[Piece]:
        text, utf8 = decoded.text, decoded.utf8
        begin = text[:256].lstrip()[:1]
        if text.isspace():
            return []
        if begin in "{[" or (hint == "json" and begin):
            piece = structured.json_piece(text, utf8, member, declared=hint == "json")
            if piece:
                return [piece]
        if begin == "<":
            if hint != "xml" and (hint == "html" or (_WORDS_HTML.search(text, 0, 4096) and "<?xml" not in text[:256])):
                return markup.html(utf8, member) or [structured.xml(text, utf8, member)]
            if (hint != "csv" and text.rstrip()[-1:] == ">") or hint == "xml":
                return [structured.xml(text, utf8, member)]
        if hint == "html" and _WORDS_HTML.search(text):
            return markup.html(utf8, member) or [structured.prose(text, utf8, member)]
        if hint in ("", "form") and forms.is_urlencoded(utf8, hint == "form"):
            piece, lost = forms.urlencoded(utf8, member)
            if lost:
                self.blind(BlindKind.UNREADABLE, member, "escaped bytes of no known encoding", lost, lost)
            return [piece]
        if hint == "code":
            sql = _SQL.search(text, 0, 1 << 16)
            return [structured.sql(text, utf8, member) if sql else structured.code(text, utf8, member)]
        if _SQL.search(text, 0, 4096):
            return [structured.sql(text, utf8, member)]
        delimiter = tables.delimiter_of(utf8, hint == "csv")
        if delimiter is not None:
            return [tables.delimited(text, utf8, delimiter, member)]
        if begin != "<" and (jsonp := structured.json_piece(text, utf8, member, declared=False, kind="code")):
            return [jsonp]
        return [structured.prose(text, utf8, member)]

    # ── containers that are text themselves ───────────────────────────────────────────────────────────────────────

    def _mail(self, data: bytes, member: str | None, depth: int) -> None:
        headers, parts, more = mail.mail(data, member)
        if headers:
            self.pieces.append(headers)
        if more:
            self.blind(BlindKind.TRUNCATED, member, f"more than {mail.MAX_PARTS} parts")
        for part in parts:
            if not self._spend(len(part.data), _joined(member, part.name)):
                return
            self.open(part.data, _joined(member, part.name), part.media_type, part.name, part.charset, depth + 1)

    def _multipart(self, data: bytes, member: str | None, depth: int) -> None:
        fields: list[str] = []
        parts, more = forms.multipart(data)
        if more:
            self.blind(BlindKind.TRUNCATED, member, f"more than {forms.MAX_PARTS} parts")
        for part in parts:
            if part.filename is None and not part.media_type.startswith(("application/", "multipart/", "image/")):
                value = decode(part.data, part.charset)
                if value and not value.unreadable:
                    fields.append(f"{part.name}={value.text}")
                    continue
            self.open(
                part.data,
                _joined(member, part.filename or part.name),
                part.media_type,
                part.filename,
                part.charset,
                depth + 1,
            )
        if fields:
            self.pieces.append(Piece("\n".join(fields), member, "form"))

    # ── formats read by native parsers ────────────────────────────────────────────────────────────────────────────

    def _ask(self, what: str, kind: str, data: bytes, member: str | None) -> tuple[dict[str, Any], list[bytearray]]:
        """Ask the worker. Where it fails the report's `end` is `failed`, and the blind spot is noted."""
        request = {"what": what, "kind": kind, "max_bytes": self.bytes_left, "max_members": self.members_left}
        patience = min(self.deadline - time.monotonic(), _PATIENCE + len(data) / _BYTES_A_SECOND)
        try:
            report, blobs = worker.shared(self.limits.worker_memory).ask(request, data, max(0.1, patience))
        except worker.Failed as failure:
            if failure.why == "time":
                self.blind(BlindKind.TRUNCATED, member, "took longer than the time limit", len(data))
            else:
                self.blind(
                    BlindKind.UNREADABLE, member, "the parser ended: damaged, or made to exhaust memory", len(data)
                )
            return {"end": "failed"}, []
        match report["end"]:
            case "memory":
                self.blind(BlindKind.UNREADABLE, member, "needs more memory than a parser may have", len(data))
            case "encrypted":
                self.blind(BlindKind.ENCRYPTED, member, "protected by a password", len(data))
            case "damaged":
                self.blind(BlindKind.UNREADABLE, member, "damaged or cut short", len(data))
            case "bytes" if what != "archive":  # an archive's members say it themselves
                self.blind(BlindKind.TRUNCATED, member, _TOO_MUCH)
            case "members":
                self.blind(BlindKind.TRUNCATED, member, "has more members than allowed")
        return report, blobs

    def _document(self, data: bytes, member: str | None, media_type: str) -> None:
        report, blobs = self._ask("document", media_type, data, member)
        if report.get("blank"):
            detail = "pages without text: text recognition is not installed"
            self.blind(BlindKind.UNSUPPORTED, member, detail, count=report["blank"])
        if report.get("lost"):
            self.blind(BlindKind.UNSUPPORTED, member, "attachments that cannot be read", count=report["lost"])
        if media_type == "application/pdf" and b"/AcroForm" in data:
            self.blind(BlindKind.UNSUPPORTED, member, "fields of a PDF form are not read")
        if media_type != "application/vnd.ms-outlook" and any(mark in data for mark in _EMBEDDED):
            self.blind(BlindKind.UNSUPPORTED, member, "objects embedded in an old office document are not read")
        for name, blob in zip(report.get("parts", ()), blobs, strict=True):
            self.bytes_left -= len(blob)
            text = str(blob, "utf-8", "replace")
            if text.strip():
                kind: Kind = "form" if name == "properties" else "prose"
                self.pieces.append(structured.prose(text, text.encode("utf-8", "replace"), _joined(member, name), kind))

    def _sheet(self, data: bytes, member: str | None, found: Format, depth: int) -> None:
        report, blobs = self._ask("sheet", found.detail, data, member)
        for index, sheet in enumerate(report.get("sheets", ())):
            utf8, cells, rows = blobs[3 * index : 3 * index + 3]
            path = _joined(member, sheet["name"])
            if sheet["status"] == "damaged":
                self.blind(BlindKind.UNREADABLE, path, "a sheet that is damaged")
            self._spend(len(utf8), path)
            text = str(utf8, "utf-8")
            if text.strip():
                spans = np.frombuffer(cells, dtype=np.int64).reshape(-1, 3).copy()
                self.pieces.append(tables.from_cells(text, spans, np.frombuffer(rows, dtype=np.int64).copy(), path))
        if found.detail in ("xlsx", "ods"):
            # Notes, drawings and attachments; and all that is left of a workbook that could not be read as one.
            sheets = report.get("sheets")
            family = "sheet" if sheets and all(sheet["status"] != "damaged" for sheet in sheets) else "office"
            extra = any(
                mark in data for mark in (b"xl/comments", b"xl/drawings", b"xl/embeddings", b"xl/threaded", b"Object")
            )
            if family == "office" or extra:
                self._archive(data, member, Format("office", family), depth)

    def _archive(self, data: bytes, member: str | None, found: Format, depth: int) -> None:
        office_file = found.family == "office"
        kind = "zip" if office_file else found.detail
        report, blobs = self._ask("archive", kind, data, member)
        skipped: dict[tuple[BlindKind, str], list[int]] = {}
        entries = list(zip(report.get("members", ()), blobs, strict=False))
        blobs.clear()
        self.members_left -= len(entries)
        self.bytes_left -= sum(len(blob) for _, blob in entries)
        if report["end"] == "ok" and not report["seen"] and len(data) > _EMPTY:
            self.blind(BlindKind.UNREADABLE, member, "an archive in which nothing could be found", len(data))
        if kind == "zip" and report["end"] == "ok" and b"PK\x05\x06" not in data[-_ZIP_END:]:
            self.blind(BlindKind.UNREADABLE, member, "cut short: the archive's directory is missing", 0)
        if office_file:
            entries.sort(
                key=lambda pair: (not office.main_part(pair[0]["name"]), office.is_properties(pair[0]["name"]))
            )
        entries.reverse()
        while entries:  # each is let go before the next is opened
            entry, blob = entries.pop()
            body = bytes(blob)
            del blob
            self._member(entry, body, data, member, found, depth, skipped)
        for (why, detail), sizes in skipped.items():
            self.blind(why, member, detail, sum(sizes), len(sizes))

    def _member(
        self,
        entry: dict[str, Any],
        data: bytes,
        outer: bytes,
        parent: str | None,
        found: Format,
        depth: int,
        skipped: dict[tuple[BlindKind, str], list[int]],
    ) -> None:
        """One member. Kinds of blind spots that come in crowds are counted per archive in `skipped`."""
        name, status = entry["name"], entry["status"]
        plain = found.detail == "compressed" and name in ("data", "")
        path = parent if plain else _joined(parent, name)
        if found.family == "office" and office.is_furniture(name, found.detail):
            return
        match status:
            case "media":
                skipped.setdefault((BlindKind.UNSUPPORTED, entry["detail"]), []).append(entry["size"])
                return
            case "encrypted":
                skipped.setdefault((BlindKind.ENCRYPTED, "members protected by a password"), []).append(entry["size"])
                return
            case "link":
                return
            case "ok" if plain and data == outer:
                self.blind(BlindKind.UNREADABLE, path, "damaged or cut short", len(data))
                return
            case "damaged":
                self.blind(BlindKind.UNREADABLE, path, "damaged or cut short", max(0, entry["size"] - len(data)))
            case "cut":
                self.blind(BlindKind.TRUNCATED, path, _TOO_MUCH, max(0, entry["size"] - len(data)))
        if time.monotonic() >= self.deadline:
            skipped.setdefault((BlindKind.TRUNCATED, "no time left"), []).append(len(data))
        elif found.family == "office":
            self._part(name, data, parent, path, depth)
        else:
            self.open(
                data, path, "", _inner_name(name, plain, self.name if parent is None else parent), None, depth + 1
            )

    def _part(self, name: str, data: bytes, parent: str | None, path: str | None, depth: int) -> None:
        """One part of an office document."""
        if not data:
            return
        if name.endswith((".xml", ".rels", ".vml")) and not name.startswith("customXml/"):
            read = office.properties if office.is_properties(name) else office.part
            pieces, whole = read(data, parent if office.main_part(name) else path)
            self.pieces.extend(pieces)
            if not whole:
                self.blind(BlindKind.UNREADABLE, path, "XML that is damaged or uses entities", len(data))
        else:
            self.open(data, path, "", name, None, depth + 1)

    def _spend(self, size: int, member: str | None) -> bool:
        """Count bytes taken out; False, with a blind spot, where none are left."""
        if self.bytes_left < size:
            self.blind(BlindKind.TRUNCATED, member, _TOO_MUCH, size)
            return False
        self.bytes_left -= size
        return True


def _joined(parent: str | None, name: str | None) -> str | None:
    """A member path: names only, whatever they say; control characters out, length bounded."""
    if not name:
        return parent
    clean = _CONTROL.sub("\ufffd", name)[-_NAME_LIMIT:]
    return clean if parent is None else f"{parent}/{clean}"[-_PATH_LIMIT:]


def _inner_name(name: str, plain: bool, outer: str) -> str:
    """What a compressed file without a name of its own is called: `list.csv.gz` holds `list.csv`."""
    return outer.rpartition(".")[0] if plain else name
