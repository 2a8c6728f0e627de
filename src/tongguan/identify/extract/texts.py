"""Text to pieces: which encoding it is in, and what shape it has. A long one is read stretch by stretch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tongguan.identify.detect import heads
from tongguan.identify.extract import contacts, forms, grids, markup, packed, pictures, stretches, structured, tables
from tongguan.identify.extract.encoding import Decoded, declared_within, decode, looks_binary
from tongguan.identify.extract.given import Read
from tongguan.identify.extract.isolated.media import IMAGE, media
from tongguan.identify.extract.sniff import Hint
from tongguan.identify.extract.unfolding import Unfolding
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind

__all__ = ["UNKNOWN", "long_text", "text"]

UNKNOWN = "binary data of an unknown format"
_NULS = "NULs in a text, taken for line ends"
_RUN = re.compile(rb"\0+")
_HEAD = 1 << 16
_WIDE = ("utf-16", "utf-32")
_WORDS_HTML = re.compile(
    r"<(?:!doctype html|html|head|body|div|table|form|p|span|script|meta|ul|a)[\s>]", re.IGNORECASE
)
_SQL = re.compile(
    r"^[ \t]*+(?:insert\s+into|create\s+table|drop\s+table|replace\s+into)\b", re.IGNORECASE | re.MULTILINE
)


def text(walk: Unfolding, data: bytes, member: str | None, charset: str | None, hint: Hint) -> None:
    """Add the pieces of a text."""
    decoded, nuls = _decoded(data, charset or declared_within(data))
    if decoded is None:
        walk.blind(BlindKind.UNSUPPORTED, member, UNKNOWN, len(data))
        return
    if nuls:
        walk.blind(BlindKind.UNREADABLE, member, _NULS, nuls)
    walk.add(*_shaped(walk, decoded, member, hint)[0])


def long_text(
    walk: Unfolding,
    head: bytes,
    read: Read,
    size: int,
    member: str | None,
    charset: str | None,
    hint: Hint,
    depth: int = 0,
) -> Iterator[None]:
    """Add the pieces of a text of about `size` bytes that `read` gives from its beginning, which `head` is.

    A stretch is in the encoding and has the shape that the first one was found to have; the header of a table stands
    above each of its stretches.
    """
    sample = head[:_HEAD]
    first, _ = _decoded(sample, charset or declared_within(sample))
    if first is None and sample.strip(b"\0"):
        walk.blind(BlindKind.UNSUPPORTED, member, UNKNOWN, size)
        return
    wide = first.encoding if first and first.encoding.startswith(_WIDE) else None
    if wide:
        read, charset = stretches.transcoded(read, wide), "utf-8"
    form, inner = _Form(hint, charset or declared_within(sample)), packed.Packed(walk, member, depth)
    for data in stretches.stretches(read):
        if data.strip(b"\0"):
            yield from form.next(walk, data, member, wide)
            yield from inner.next(data)
        else:  # as a power cut leaves them in a log
            form.passed(len(data))
    yield from inner.close()
    if form.nuls:
        nothing = form.start == 0
        kind, detail = (BlindKind.UNSUPPORTED, UNKNOWN) if nothing else (BlindKind.UNREADABLE, _NULS)
        walk.blind(kind, member, detail, form.nuls)


@dataclass(slots=True)
class _Form:
    """What is known of a long text from its earlier stretches."""

    hint: Hint
    charset: str | None
    start: int = 0  # characters
    header: bytes = b""  # what stands above each of the next stretches
    headed: bool = False  # it is that of a statement or a message, and changes
    nuls: int = 0  # bytes

    def passed(self, size: int) -> None:
        """A stretch of nothing but NULs."""
        self.nuls += size

    def next(self, walk: Unfolding, data: bytes, member: str | None, wide: str | None) -> Iterator[None]:
        decoded, nuls = _decoded(self.header + data, self.charset)
        if decoded is None:
            walk.blind(BlindKind.UNSUPPORTED, member, UNKNOWN, len(data))
            return
        self.nuls += nuls
        found = replace(decoded, encoding=wide or decoded.encoding)
        before = len(self.header.decode(decoded.encoding, "replace"))
        pieces, hint = _shaped(walk, found, member, self.hint, self.start > 0)
        walk.add(*(replace(piece, start=self.start - before) for piece in pieces))
        if not self.start:
            self.hint = hint  # what follows begins in the midst of it
            if pieces and pieces[0].kind == "table" and pieces[0].columns:
                self.header = data[: data.find(b"\n") + 1]
            self.headed = not self.header and heads.are_in(decoded.text[:_HEAD])
        if self.headed:
            head, begun = heads.above_of(decoded.text)
            self.header = (head + decoded.text[begun:]).encode(decoded.encoding, "replace") if head else b""
        if decoded.encoding != "ascii":
            self.charset = decoded.encoding
        self.start += len(decoded.text) - before
        del decoded, found, pieces
        yield


def _decoded(data: bytes, charset: str | None) -> tuple[Decoded | None, int]:
    """The text, and how many NULs in it, each run as one, were taken for line ends: what is no text but for them is
    read."""
    found = decode(data, charset)
    if b"\0" not in data or (found and (found.encoding.startswith(_WIDE) or "\0" not in found.text)):
        return found, 0
    plain = data.translate(None, b"\0")
    if not plain or looks_binary(plain):
        return found, 0
    return decode(_RUN.sub(b"\n", data), charset), len(data) - len(plain)


def _shaped(
    walk: Unfolding, decoded: Decoded, member: str | None, hint: Hint, midst: bool = False
) -> tuple[list[Piece], Hint]:
    """The pieces of one text, and what it turned out to be. `midst`: it begins in the midst of what `hint` says."""
    if member is None:
        walk.encoding = decoded.encoding
    if decoded.unreadable:
        detail = f"bytes that are not {decoded.encoding}"
        walk.blind(BlindKind.UNREADABLE, member, detail, decoded.unreadable, decoded.unreadable)
    if decoded.second:
        detail = f"lines that are {decoded.second} and not {decoded.encoding}, read as such"
        walk.blind(BlindKind.UNREADABLE, member, detail, count=decoded.second_lines)
    whole, utf8 = decoded.text, decoded.utf8
    if sealed := whole.count("-----BEGIN PGP MESSAGE-----") + whole.count("-----BEGIN AGE ENCRYPTED FILE-----"):
        walk.blind(BlindKind.ENCRYPTED, member, "an encrypted message (S/MIME, OpenPGP)", 0, sealed)
    begin = whole[:256].lstrip()[:1]
    if whole.isspace():
        return [], hint
    if not midst and (grid := grids.read(whole, member)):
        return grid, hint
    if contacts.is_contacts(whole) or (midst and hint == "contacts"):
        return [_contacts(walk, whole, member)], "contacts"
    if begin in "{[" or (hint == "json" and begin):
        piece = structured.json_piece(whole, utf8, member, declared=hint == "json", midst=midst)
        if piece:
            return [piece], "json"
    if begin == "<":
        if hint != "xml" and (hint == "html" or (_WORDS_HTML.search(whole, 0, 4096) and "<?xml" not in whole[:256])):
            return markup.html(utf8, member) or [_xml(whole, utf8, member)], "html"
        if (hint != "csv" and whole.rstrip()[-1:] == ">") or hint == "xml":
            return [_xml(whole, utf8, member)], "xml"
    if midst and hint == "xml":
        return [_xml(whole, utf8, member)], hint
    if hint == "html" and (_WORDS_HTML.search(whole) or midst):
        return markup.html(utf8, member) or [structured.prose(whole, utf8, member)], hint
    if hint in ("", "form") and forms.is_urlencoded(utf8, hint == "form"):
        piece, lost = forms.urlencoded(utf8, member)
        if lost:
            walk.blind(BlindKind.UNREADABLE, member, "escaped bytes of no known encoding", lost, lost)
        return [piece], hint
    if hint == "sql" or _SQL.search(whole, 0, 1 << 16 if hint == "code" else 4096):
        return [structured.sql(whole, utf8, member)], "sql"
    if hint == "code":
        return [structured.code(whole, utf8, member)], hint
    delimiter = tables.delimiter_of(utf8, hint == "csv")
    if delimiter is not None:
        return [tables.delimited(whole, utf8, delimiter, member)], "csv"
    if begin != "<" and (jsonp := structured.json_piece(whole, utf8, member, declared=False, kind="code")):
        return [jsonp], hint
    return [structured.prose(whole, utf8, member)], hint


def _xml(whole: str, utf8: bytes, member: str | None) -> Piece:
    joined = markup.spans_joined(whole)
    return structured.xml(joined, utf8 if joined is whole else joined.encode("utf-8", "replace"), member)


def _contacts(walk: Unfolding, whole: str, member: str | None) -> Piece:
    found = contacts.read(whole, member)
    for blob in found.blobs:
        if media(blob[:64]) == IMAGE:
            pictures.picture(walk, blob, member)
        else:
            walk.blind(BlindKind.UNSUPPORTED, member, "sounds, keys and other bytes in contacts", len(blob))
    if found.lost:
        walk.blind(BlindKind.UNREADABLE, member, "values of contacts that cannot be decoded", found.lost, found.lost)
    return found.piece
