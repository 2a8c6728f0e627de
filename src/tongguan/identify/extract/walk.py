"""Unfolds one content: what it is, its text, and what lies inside it, within limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tongguan.identify.extract import archive, forms, mail, markup, native, pictures, structured, tables
from tongguan.identify.extract.encoding import Decoded, declared_within, decode
from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.extract.sniff import Hint, hint_of, sniff
from tongguan.identify.extract.unfolding import FAULT, TOO_MUCH, Unfolding, joined
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, Content

__all__ = ["extract"]

_WORDS_HTML = re.compile(
    r"<(?:!doctype html|html|head|body|div|table|form|p|span|script|meta|ul|a)[\s>]", re.IGNORECASE
)
_SQL = re.compile(r"^\s*(?:insert\s+into|create\s+table|drop\s+table|replace\s+into)\b", re.IGNORECASE | re.MULTILINE)


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
class _Walk(Unfolding):
    """The walk over one content, member by member."""

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
            case "image":
                pictures.picture(self, data, member)
            case "encrypted":
                self.blind(BlindKind.ENCRYPTED, member, found.detail, len(data))
            case _ if depth >= self.limits.depth:
                self.blind(BlindKind.TRUNCATED, member, f"more than {self.limits.depth} containers deep", len(data))
            case _ if self.bytes_left <= 0 or self.members_left <= 0:
                self.blind(BlindKind.TRUNCATED, member, TOO_MUCH, len(data))
            case _ if self.late():
                self.blind(BlindKind.TRUNCATED, member, "no time left", len(data))
            case "mail":
                self._mail(data, member, depth)
            case "multipart":
                self._multipart(data, member, depth)
            case "document":
                native.document(self, data, member, found.detail, depth)
            case "sheet":
                native.sheet(self, data, member, found.detail, depth)
            case _:
                archive.archive(self, data, member, found, depth)

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
            if not self.spend(len(part.data), joined(member, part.name)):
                return
            self.open(part.data, joined(member, part.name), part.media_type, part.name, part.charset, depth + 1)

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
                joined(member, part.filename or part.name),
                part.media_type,
                part.filename,
                part.charset,
                depth + 1,
            )
        if fields:
            self.pieces.append(Piece("\n".join(fields), member, "form"))
