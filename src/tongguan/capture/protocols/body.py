"""Bodies of messages, held within limits: borrowed from the capture's buffers, copied, or spooled to disk."""

from __future__ import annotations

import mmap
import re
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from tongguan.capture.limits import Limits
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["Body", "Store", "is_text", "slices"]

_TEXT_TYPES = re.compile(
    r"text/|application/(.*\+)?(json|xml|javascript|x-ndjson|jsonlines|csv|sql|yaml|x-www-form-urlencoded|graphql)\b"
)
_TABLES = ("text/csv", "application/csv", "text/tab-separated-values")
_TAIL = 1 << 20  # a slice ends at the last line end in its last megabyte
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]|^(%PDF-|PK\x03\x04|\x1f\x8b|Rar!|BZh)")


class Store:
    """What all layers of a run hold together, in bytes of memory and of disk."""

    def __init__(self, limits: Limits, logs: bool = True) -> None:
        self.limits = limits
        self.logs = logs  # whether rows for the logs are wanted
        self.memory = 0
        self.disk = 0
        self._given = [0, 0]

    def give(self, memory: int, disk: int) -> None:
        """Bytes that went out with an exchange: they are free when the next batch is asked for."""
        self._given[0] += memory
        self._given[1] += disk

    @property
    def given(self) -> int:
        """Copied bytes that went out with this batch."""
        return self._given[0]

    def next_batch(self) -> None:
        """The exchanges given so far have been dropped."""
        self.memory -= self._given[0]
        self.disk -= self._given[1]
        self._given = [0, 0]


class Body:
    """The bytes of one body as they come, given back as contents.

    A text grows in slices (`ready`), so that it may have any length; anything else is given whole, up to
    `Limits.content`.
    """

    __slots__ = (
        "_file",
        "_header",
        "_owned",
        "_parts",
        "_spooled",
        "_text",
        "charset",
        "first",
        "gaps",
        "lost",
        "media_type",
        "name",
        "seen",
        "size",
        "store",
        "unwritten",
        "whole",
    )  # fmt: skip

    def __init__(
        self,
        store: Store,
        media_type: str = "",
        name: str | None = None,
        charset: str | None = None,
        whole: bool = False,
    ) -> None:
        self.store = store
        self.media_type = media_type
        self.name = name
        self.charset = charset
        self.whole = whole  # even a text is wanted in one piece
        self.seen = 0  # bytes that came
        self.size = 0  # bytes held now
        self.gaps = 0  # bytes that the capture never held
        self.lost = 0  # bytes beyond the limits
        self.unwritten = False  # the disk refused them
        self._parts: list[bytes | memoryview] = []  # views are borrowed, bytes are our own
        self._owned = 0
        self._file: BinaryIO | None = None
        self._spooled = 0
        self.first = b""
        self._text: bool | None = None
        self._header = b""

    def add(self, piece: bytes | memoryview) -> None:
        """The next bytes."""
        limit = self.store.limits
        if not self.seen:
            self.first = bytes(piece[:512])
        self.seen += len(piece)
        if self._file is not None or self.size + len(piece) > limit.slice:
            if self.sliceable:
                self._parts.append(piece)
                self.size += len(piece)
                return
            room = limit.content - self.size
            if len(piece) > room:
                self.lost += len(piece) - max(room, 0)
                piece = piece[: max(room, 0)]
        self._parts.append(piece)
        self.size += len(piece)
        if isinstance(piece, bytes):
            self._own(len(piece))
            if self._owned > limit.slice or self.store.memory > limit.memory:
                self._spool()

    def gap(self, size: int) -> None:
        """Bytes missing here: a line end in a text, so that its halves make no false value; zeros elsewhere."""
        self.gaps += size
        if not self.size:
            return
        if is_text(self.media_type, self.first) or size > self.store.limits.slice:
            self.add(b"\n")
        else:
            self.add(bytes(size))

    def keep(self) -> None:
        """Make borrowed bytes our own, in memory or on disk."""
        borrowed = sum(len(part) for part in self._parts if isinstance(part, memoryview))
        if not borrowed:
            return
        limit = self.store.limits
        if self._file is None and self.size <= limit.slice and self.store.memory + borrowed <= limit.memory:
            self._parts = [b"".join(self._parts)]
            self._own(borrowed)
        else:
            self._spool()

    @property
    def sliceable(self) -> bool:
        """Whether it may be cut at line ends."""
        if self._text is None:
            if not self.seen:
                return False
            self._text = not self.whole and is_text(self.media_type, self.first)
        return self._text

    def ready(self) -> list[Content]:
        """Slices of a long text that are complete."""
        size = self.store.limits.slice
        if self.size < size or not self.sliceable:
            return []
        contents: list[Content] = []
        rest = self.view()
        while len(rest) >= size:
            end = _cut(rest[:size])
            contents.append(self._content(rest[:end]))
            rest = rest[end:]
        self._parts = [rest] if len(rest) else []
        self.size = len(rest)
        return contents

    def finish(self) -> list[Content]:
        """What is left."""
        contents = self.ready()
        if self.size:
            contents.append(self._content(self.view()))
        self._parts, self.size = [], 0
        return contents

    def view(self) -> memoryview:
        """All that is held, as one piece."""
        if self._file is not None:
            self._spool()
        if self._file is not None:
            view = memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ))
            self._file.close()  # the mapping keeps the bytes
            self._file = None
        elif len(self._parts) == 1:
            view = memoryview(self._parts[0])
        else:
            view = memoryview(b"".join(self._parts))
        self.store.give(self._owned, self._spooled)
        self._owned = self._spooled = 0
        self._parts = [view]
        return view

    def spots(self, where: str) -> tuple[BlindSpot, ...]:
        """What is missing of it."""
        found = []
        if self.gaps:
            found.append(BlindSpot(BlindKind.GAP, where, "bytes missing from the capture", size=self.gaps))
        if self.lost:
            detail = "no room on disk for a temporary file" if self.unwritten else "longer than the limit"
            found.append(BlindSpot(BlindKind.TRUNCATED, where, detail, size=self.lost))
        return tuple(found)

    def _content(self, view: memoryview) -> Content:
        source = view
        if self._header:
            source = memoryview(b"".join((self._header, view)))
        elif self.media_type in _TABLES:
            self._header = header_line(view)
        return Content(self.name, self.media_type, len(source), source, self.charset)

    def _own(self, size: int) -> None:
        self._owned += size
        self.store.memory += size

    def _spool(self) -> None:
        """Move the parts to a temporary file."""
        waiting = sum(map(len, self._parts))
        try:
            if self.store.disk + waiting > self.store.limits.disk:
                raise OSError("the limit of all temporary files")
            if self._file is None:
                # It outlives this call and closes with its mapping.
                self._file = tempfile.TemporaryFile(prefix="tongguan-")  # noqa: SIM115
            self._file.writelines(self._parts)
            self._file.flush()
        except OSError:
            self.lost += waiting
            self.size -= waiting
            self.unwritten = True
        else:
            self._spooled += waiting
            self.store.disk += waiting
        self.store.memory -= self._owned
        self._owned = 0
        self._parts = []
        if self._file is not None and not self._spooled:
            self._file.close()
            self._file = None


def is_text(media_type: str, first: bytes) -> bool:
    """Whether a body may be cut at line ends, by its declared type, or else by its first bytes."""
    if _BINARY.search(first):
        return False
    return media_type in ("", "application/octet-stream", "binary/octet-stream") or bool(_TEXT_TYPES.match(media_type))


def slices(view: memoryview, size: int) -> Iterator[memoryview]:
    """A text cut at line ends into slices of at most `size` bytes."""
    while len(view) > size:
        end = _cut(view[:size])
        yield view[:end]
        view = view[end:]
    yield view


def header_line(view: memoryview) -> bytes:
    """The first line of a table, repeated before each later slice so that its columns keep their names."""
    first = bytes(view[:65536])
    end = first.find(b"\n")
    return first[: end + 1]


def _cut(view: memoryview) -> int:
    """Where to end a slice: after a line, else after an object, else after a blank, else anywhere."""
    tail = bytes(view[-_TAIL:])
    for mark, after in ((b"\n", 1), (b"},", 2), (b" ", 1)):
        at = tail.rfind(mark)
        if at >= 0:
            return len(view) - len(tail) + at + after
    return len(view)
