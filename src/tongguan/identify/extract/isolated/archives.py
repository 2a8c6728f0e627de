"""Archives to their members, by libarchive. Nothing is ever written to disk: paths and links are only names."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Generator, Iterator
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p, cast, create_string_buffer, string_at
from dataclasses import dataclass, field
from typing import Any

from libarchive import ffi
from libarchive.exception import ArchiveError

from . import rar
from .media import IMAGE, media
from .source import Source

__all__ = ["read"]

# Formats and filters are named one by one: "all" would also enable readers that open files or start programs.
_FORMATS = {
    "zip": ("zip",),
    "7zip": ("7zip",),
    "rar": ("rar", "rar5"),
    "rar5": ("rar5", "rar"),
    "cab": ("cab",),
    "ar": ("ar",),
    "xar": ("xar",),
    "cpio": ("cpio",),
    "lha": ("lha",),
    "iso9660": ("iso9660",),
    "tar": ("tar",),
    "compressed": ("tar", "cpio", "raw"),
}
_FILTERS = ("gzip", "bzip2", "compress", "xz", "lzma", "lzip", "zstd", "lz4")
_REGULAR = 0o100000
_BLOCK = 1 << 16
_FILE_BLOCK = 1 << 20
_FAILURES = 1000
_buffer = create_string_buffer(_BLOCK)
_SKIM = 64  # bytes that show what a member is


_PART = 4 << 20  # bytes of members that one answer holds
_PART_MEMBERS = 2000

Answer = tuple[dict[str, Any], list[bytes]]

_is_encrypted = ffi.ffi("entry_is_encrypted", [c_void_p], c_int)
_format = ffi.ffi("format", [c_void_p], c_int)
_set_option = ffi.ffi("read_set_format_option", [c_void_p, c_char_p, c_char_p, c_char_p], c_int)
_holds_encrypted = ffi.ffi("read_has_encrypted_entries", [c_void_p], c_int)


def read(source: Source, kind: str, max_bytes: int, max_members: int, skip: str, images: bool) -> Iterator[Answer]:
    """Members of an archive, up to limits; not those whose names match `skip`. `images`: whether pictures are wanted.

    Each answer is a report and the bytes of some members. A report holds `members`, each with `name`, `status` (`ok`,
    `more` where it goes on in the next answer, `cut` by the limit, `damaged`, `encrypted`, `media` for one whose first
    bytes show that it holds no text, `over` for a picture that would take too much of the limit, `link`), `detail` and
    `size`. The last holds also `end`: `ok`, `bytes`, `members`, `damaged` or `encrypted`; and `seen`, how many entries
    there were, folders too.
    """
    compressed = kind == "compressed"
    opened = _Opened(source, max_bytes, max_members, re.compile(skip) if skip else None, images)
    if kind == "rar5":
        with source.reader() as file:
            opened.sealed = rar.locked(file)
    yield from opened.answers(_FORMATS[kind], compressed)
    if compressed and opened.end == "ok" and not opened.seen:  # a file that only looks like an empty archive inside
        yield from opened.answers(("raw",), True)
    if compressed and opened.end == "damaged" and opened.left == max_bytes:
        opened.salvage(source.whole())
    yield opened.report(last=True)


@dataclass(slots=True)
class _Opened:
    """One archive being read."""

    source: Source
    left: int  # bytes
    max_members: int
    skip: re.Pattern[str] | None
    images: bool
    members: list[dict[str, Any]] = field(default_factory=list)  # of the next answer
    blobs: list[bytes] = field(default_factory=list)
    held: int = 0  # bytes of the next answer
    count: int = 0
    seen: int = 0
    sealed: set[bytes] = field(default_factory=set)  # names of members with a password
    locked: bool = False
    end: str = "ok"

    def report(self, last: bool = False) -> Answer:
        """The next answer."""
        report: dict[str, Any] = {"members": self.members}
        if last:
            locked = self.end == "damaged" and self.locked  # the reader gave up there
            report |= {"end": "encrypted" if locked else self.end, "seen": self.seen}
        blobs, self.members, self.blobs, self.held = self.blobs, [], [], 0
        return report, blobs

    def answers(self, formats: tuple[str, ...], compressed: bool) -> Iterator[Answer]:
        archive = ffi.read_new()
        keep: Any = None  # what libarchive reads from must outlive it
        try:
            for name in _FILTERS if compressed else ():
                ffi.get_read_filter_function(name)(archive)
            for name in formats:
                ffi.get_read_format_function(name)(archive)
            if "tar" in formats:
                _set_option(archive, b"tar", b"read_concatenated_archives", b"1")  # what stands behind the end, too
            if self.source.path:
                keep = self.source.reader()
                ffi.read_open_fd(archive, keep.fileno(), _FILE_BLOCK)
            else:
                keep = self.source.whole()
                ffi.read_open_memory(archive, cast(c_char_p(keep), c_void_p), len(keep))
            yield from self._entries(archive)
        except ArchiveError as error:
            known = _format(archive)  # without a format the next question would crash
            locked = _about_passwords(error) or (known and _holds_encrypted(archive) > 0)
            self.end = "encrypted" if locked else "damaged"
        finally:
            ffi.read_free(archive)
            del keep

    def _entries(self, archive: Any) -> Iterator[Answer]:
        entry = c_void_p()
        failures = 0
        while True:
            try:
                if ffi.read_next_header(archive, byref(entry)) == ffi.ARCHIVE_EOF:
                    return
            except ArchiveError as error:
                failures += 1
                if error.retcode == ffi.ARCHIVE_FATAL or failures > _FAILURES:  # it may stay where it is for ever
                    raise
                self.end = "damaged"
                continue
            self.seen += 1
            if self.count >= self.max_members:
                self.end = "members"
                return
            kind = ffi.entry_filetype(entry)
            if kind and kind != _REGULAR:
                if kind != 0o040000:
                    self._note(entry, "link", b"")
                continue
            if self.skip and self.skip.search(_name(entry)):
                continue
            self.count += 1
            if ffi.entry_pathname(entry) in self.sealed:  # what comes of them is no text
                self.locked = True
                self._note(entry, "encrypted", b"")
                continue
            status = yield from self._body(archive, entry)
            if status in ("cut", "stop"):
                self.end = "bytes" if status == "cut" else "damaged"
                return
            if self.held >= _PART or len(self.members) >= _PART_MEMBERS:
                yield self.report()

    def _body(self, archive: Any, entry: Any) -> Generator[Answer, None, str]:
        """Read one member; returns its status."""
        body = _Body()
        status, detail = "", ""
        while not status:
            status, detail = self._block(archive, entry, body)
            if not status and len(body.data) >= _PART:
                self._note(entry, "more", body.taken())
                yield self.report()
        if status == "ok" and ffi.entry_size_is_set(entry) and body.size < ffi.entry_size(entry):
            # Either the reader passes over what is encrypted, or part of the member lies in another volume.
            status = "encrypted" if _is_encrypted(entry) else "damaged"
        self.locked |= status == "encrypted"
        self._note(entry, "damaged" if status == "stop" else status, body.taken(), detail)
        return status

    def _block(self, archive: Any, entry: Any, body: _Body) -> tuple[str, str]:
        """Read a little of a member; status and detail once it is at its end."""
        try:
            got = ffi.read_data(archive, _buffer, c_size_t(_BLOCK))
        except ArchiveError as error:
            if _about_passwords(error) or (not body.size and _is_encrypted(entry)):
                return "encrypted", ""
            return ("stop" if error.retcode == ffi.ARCHIVE_FATAL else "damaged"), ""
        if got <= 0:
            return "ok", ""
        label = None if body.size else media(string_at(_buffer, min(got, _SKIM)))
        if label and not (self.images and label == IMAGE):
            return "media", label
        if label and ffi.entry_size(entry) * 2 > self.left:  # pictures leave room for text
            return "over", label
        take = min(got, self.left)
        body.data += string_at(_buffer, take)
        body.size += take
        self.left -= take
        return ("cut", "") if take < got else ("", "")

    def _note(self, entry: Any, status: str, body: bytes, detail: str = "") -> None:
        declared = ffi.entry_size(entry) if ffi.entry_size_is_set(entry) else -1
        self.members.append({"name": _name(entry), "status": status, "detail": detail, "size": declared})
        self.blobs.append(body)
        self.held += len(body)

    def salvage(self, data: bytes) -> None:
        """What can still be had of a compressed stream that was cut short."""
        if data.startswith(b"\x1f\x8b"):
            body = _inflated(zlib.decompressobj(31), data, self.left)
        elif data.startswith(b"BZh"):
            body = _inflated(bz2.BZ2Decompressor(), data, self.left)
        elif data.startswith(b"\xfd7zXZ"):
            body = _inflated(lzma.LZMADecompressor(memlimit=1 << 28), data, self.left)
        else:
            return
        self.members[:] = [{"name": "data", "status": "damaged", "detail": "", "size": -1}]
        self.blobs[:] = [body]


@dataclass(slots=True)
class _Body:
    """What was read of a member and not given out yet, and how much it was in all."""

    data: bytearray = field(default_factory=bytearray)
    size: int = 0

    def taken(self) -> bytes:
        data, self.data = bytes(self.data), bytearray()
        return data


def _inflated(engine: Any, data: bytes, max_bytes: int) -> bytes:
    """Decompressed a little at a time, so that an error loses only what comes after it."""
    out = bytearray()
    for at in range(0, len(data), 1024):
        try:
            out += engine.decompress(data[at : at + 1024], max_bytes - len(out))
        except (zlib.error, OSError, lzma.LZMAError, EOFError):
            break
        if len(out) >= max_bytes:
            break
    return bytes(out)


def _about_passwords(error: ArchiveError) -> bool:
    text = str(error).lower()
    return "encrypt" in text or "passphrase" in text or "password" in text


def _name(entry: Any) -> str:
    """The name as its maker wrote it: UTF-8, else GB18030 (Chinese Windows), else byte by byte."""
    raw = ffi.entry_pathname(entry)
    if raw is None:
        return ffi.entry_pathname_w(entry) or ""
    for encoding in ("utf-8", "gb18030"):
        try:
            return str(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return str(raw.decode("latin-1"))
