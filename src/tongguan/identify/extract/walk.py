"""Unfolds one content: what it is, its text, and what lies inside it, within limits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tongguan.identify.extract import archive, forms, mail, native, one_xml, packed, pictures, stretches, texts
from tongguan.identify.extract.arriving import Arriving
from tongguan.identify.extract.encoding import decode
from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.extract.given import Data, OnDisk, reader, sketch, view_reader
from tongguan.identify.extract.sniff import Format, hint_of, sniff
from tongguan.identify.extract.unfolding import FAULT, TOO_MUCH, Unfolding, joined
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, Content
from tongguan.plain_file import open_plain

__all__ = ["extract", "extract_file", "extract_stream"]

_AT_ONCE = 256 << 20  # bytes taken out of containers by `extract`, which holds all of them
_HEAD = 1 << 16
# What is read from a file in parts; anything else is held whole.
_FROM_FILE = ("text", "archive", "office", "sheet", "document", "table", "mail")


def extract(content: Content, limits: Limits = Limits()) -> Extraction:  # noqa: B008 (frozen)
    """The text of a content and of all that lies inside it, at once: for contents that are small.

    Never raises on bad bytes: what cannot be read becomes a blind spot. Its pieces come in reading order. The type is
    told by the bytes first, then by the declared media type, then by the name.
    """
    within = replace(limits, total_bytes=min(limits.total_bytes, _AT_ONCE))
    whole = Extraction()
    for found in extract_stream(content, within):
        whole.pieces.extend(found.pieces)
        whole.names.extend(found.names)
        whole.blind_spots.extend(found.blind_spots)
        whole = replace(whole, encoding=found.encoding, images=whole.images + found.images)
    return whole


def extract_stream(content: Content, limits: Limits = Limits()) -> Iterator[Extraction]:  # noqa: B008 (frozen)
    """The same a stretch at a time, in bounded memory however large the content is; at least one.

    A long text or table comes in several pieces, whose `start` says where in it each begins. A content whose `source`
    is a path is not read whole where that can be helped.
    """
    walk = _Walk(limits, content.name or "")
    data: Data | memoryview
    try:
        match content.source:
            case Path() as path:
                data = OnDisk(path)
            case memoryview() as view if len(view) > stretches.STRETCH:
                data = view
            case _:
                data = content.read()
    except OSError as error:
        detail = f"cannot be read: {error.strerror or type(error).__name__}"
        walk.blind(BlindKind.UNREADABLE, None, detail, content.size)
        yield walk.last()
        return
    walk.allow(len(data))
    given = 0
    try:
        for _ in walk.content(data, content):
            given += 1
            paused = time.monotonic()
            yield walk.take()
            walk.deadline += time.monotonic() - paused  # what the caller does meanwhile is not our time
        if isinstance(data, OnDisk):
            walk.changed(data.grown())
        last = walk.last()
        if last.pieces or last.names or last.blind_spots or not given:
            yield last
    finally:
        if isinstance(data, OnDisk):
            data.close()


def extract_file(path: Path, limits: Limits = Limits()) -> Iterator[Extraction]:  # noqa: B008 (frozen)
    """`extract_stream` of a file. Raises OSError where it cannot be opened."""
    os.close(open_plain(path))
    yield from extract_stream(Content(path.name, "", path.stat().st_size, path), limits)


@dataclass(slots=True)
class _Walk(Unfolding):
    """The walk over one content, member by member."""

    def changed(self, grown: int) -> None:
        """Tell of a file that did not stay as it was when it was opened."""
        if grown > 0:
            self.blind(BlindKind.TRUNCATED, None, "came while the content was read", grown)
        elif grown < 0:
            self.blind(BlindKind.UNREADABLE, None, "became shorter while it was read", -grown)

    def content(self, data: Data | memoryview, content: Content) -> Iterator[None]:
        """The content itself."""
        if isinstance(data, memoryview):
            if sniff(_ends(data), content.media_type, content.name).family == "text":
                yield from self._guarded(self._borrowed(data, content), None, len(data))
                return
            data = bytes(data)
        if len(data) > self.limits.content_bytes:
            beyond = len(data) - self.limits.content_bytes
            self.blind(BlindKind.TRUNCATED, None, "larger than what is read of one content", beyond)
            data = _cut(data, self.limits.content_bytes)
        if isinstance(data, OnDisk) and len(data) <= stretches.STRETCH:
            data = data.part(0, len(data))
        yield from self.open(data, None, content.media_type, content.name, content.charset, 0)

    def open(
        self, data: Data, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> Iterator[None]:
        """Add the pieces of one content or member. `depth` counts the containers around it."""
        if len(data):
            walking = self._open(data, member, media_type, name, charset, depth)
            yield from self._guarded(walking, member, len(data))

    def _guarded(self, walking: Iterator[None], member: str | None, size: int) -> Iterator[None]:
        try:
            yield from walking
        except Exception as error:  # a fault of ours must cost one member, not the run, and must be seen
            self.blind(BlindKind.UNREADABLE, member, f"{FAULT}: {type(error).__name__}", size)

    def _open(
        self, data: Data, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> Iterator[None]:
        found = sniff(sketch(data), media_type, name)
        if not isinstance(data, bytes) and (found.family not in _FROM_FILE or found.detail in ("xls", "compound")):
            data = self.whole(data, member)
            found = sniff(data, media_type, name)
        match found.family:
            case "text":
                yield from self._text(data, member, media_type, name, charset, depth)
            case "unsupported":
                self.blind(BlindKind.UNSUPPORTED, member, found.detail, len(data))
            case "image":
                pictures.picture(self, self.whole(data, member), member)
            case "encrypted":
                self.blind(BlindKind.ENCRYPTED, member, found.detail, len(data))
            case _ if depth >= self.limits.depth:
                self.blind(BlindKind.TRUNCATED, member, f"more than {self.limits.depth} containers deep", len(data))
            case _ if self.bytes_left <= 0 or self.members_left <= 0:
                self.blind(BlindKind.TRUNCATED, member, TOO_MUCH, len(data))
            case _ if self.late():
                self.blind(BlindKind.TRUNCATED, member, "no time left", len(data))
            case _:
                yield from self._unfold(data, member, found, depth)

    def _unfold(self, data: Data, member: str | None, found: Format, depth: int) -> Iterator[None]:
        """Open what holds others."""
        match found.family:
            case "mail":
                yield from self._mail(data, member, depth)
            case "multipart":
                yield from self._multipart(self.whole(data, member), member, depth)
            case "document":
                yield from native.document(self, data, member, found.detail, depth)
            case "sheet":
                yield from native.sheet(self, data, member, found.detail, depth)
            case "table":
                yield from native.table(self, data, member, found.detail, depth)
            case _:
                yield from archive.archive(self, data, member, found, depth)

    def _text(
        self, data: Data, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> Iterator[None]:
        hint = hint_of(media_type, name)
        if one_xml.is_document(reader(data)(_HEAD)):
            if len(data) > one_xml.MOST:
                self.blind(
                    BlindKind.TRUNCATED, member, "a document in one piece of XML, too large to be read but as text"
                )
            else:
                if (yield from one_xml.unfold(self, self.whole(data, member), member, depth)):
                    return
                self.blind(BlindKind.UNREADABLE, member, one_xml.DAMAGED, len(data))
        if isinstance(data, bytes) and len(data) <= stretches.STRETCH:
            texts.text(self, data, member, charset, hint)
            yield from packed.unpack(self, data, member, depth)
            return
        read = reader(data)
        yield from texts.long_text(self, reader(data)(_HEAD), read, len(data), member, charset, hint, depth)

    def _borrowed(self, view: memoryview, content: Content) -> Iterator[None]:
        """A long text that lies in memory, and of which no second copy is made."""
        hint = hint_of(content.media_type, content.name)
        head = bytes(view[:_HEAD])
        yield from texts.long_text(self, head, view_reader(view), len(view), None, content.charset, hint, 0)

    # ── containers that are text themselves ───────────────────────────────────────────────────────────────────────

    def _mail(self, data: Data, member: str | None, depth: int) -> Iterator[None]:
        if not mail.is_mailbox(reader(data)(_HEAD)):
            yield from self._message(data, 0, len(data), member, depth)
            return
        for number, (start, end) in enumerate(mail.messages(data), 1):
            if self.late() or self.members_left <= 0:
                self.blind(BlindKind.TRUNCATED, member, "messages that there was no time or allowance for")
                return
            self.members_left -= 1
            yield from self._message(
                data, start, end, joined(member, f"message {number}") if number > 1 else member, depth
            )
            yield from self.breath()

    def _message(self, data: Data, start: int, end: int, member: str | None, depth: int) -> Iterator[None]:
        if headers := mail.headers(data, start, end, member):
            self.add(headers)
        for number, part in enumerate(mail.parts(data, start, end)):
            if number >= mail.MAX_PARTS:
                self.blind(BlindKind.TRUNCATED, member, f"more than {mail.MAX_PARTS} parts")
                return
            path = joined(member, part.name)
            if part.inner is not None:
                about = mail.inner_headers(part.inner)
                yield from self.open(about, path, part.media_type, part.name, part.charset, depth + 1)
                continue
            size = part.end - part.start
            if part.name:
                self.called(path)
            if not self.spend(size, path):
                return
            if part.deeper:
                self.blind(BlindKind.TRUNCATED, path, f"more than {mail.DEPTH} containers deep", size)
            arriving = iter(part.pieces(data))
            first = next(arriving, b"")
            if first and size > len(first) * 2:
                long = Arriving(self, first, lambda arriving=arriving: next(arriving, None), size)  # type: ignore[misc]
                yield from long.open(path, part.media_type, part.name, part.charset, depth + 1)
            else:
                body = b"".join((first, *arriving))
                yield from self.open(body, path, part.media_type, part.name, part.charset, depth + 1)
            yield from self.breath()

    def _multipart(self, data: bytes, member: str | None, depth: int) -> Iterator[None]:
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
            path = joined(member, part.filename or part.name)
            if part.filename:
                self.called(path)
            yield from self.open(part.data, path, part.media_type, part.filename, part.charset, depth + 1)
        if fields:
            self.add(Piece("\n".join(fields), member, "form"))


def _ends(view: memoryview) -> bytes:
    return bytes(view[: 1 << 20]) + bytes(view[-(1 << 18) :])


def _cut(data: Data, size: int) -> bytes:
    return data[:size] if isinstance(data, bytes) else data.part(0, size)
