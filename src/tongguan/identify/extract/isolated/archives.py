"""Archives to their members, by libarchive. Nothing is ever written to disk: paths and links are only names."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p, cast, create_string_buffer, string_at
from dataclasses import dataclass
from typing import Any

from libarchive import ffi
from libarchive.exception import ArchiveError

from .media import IMAGE, media

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
_FILTERS = ("gzip", "bzip2", "compress", "xz", "lzma", "zstd", "lz4")
_REGULAR = 0o100000
_BLOCK = 1 << 16
_SKIM = 64  # bytes that show what a member is


@dataclass(frozen=True, slots=True)
class _Wanted:
    max_bytes: int
    max_members: int
    skip: re.Pattern[str] | None
    images: bool


_is_encrypted = ffi.ffi("entry_is_encrypted", [c_void_p], c_int)
_holds_encrypted = ffi.ffi("read_has_encrypted_entries", [c_void_p], c_int)


def read(
    data: bytes, kind: str, max_bytes: int, max_members: int, skip: str, images: bool
) -> tuple[dict[str, Any], list[bytes]]:
    """Members of an archive, up to limits; not those whose names match `skip`. `images`: whether pictures are wanted.

    Returns a report and the bytes of the members. The report holds `members`, each with `name`, `status` (`ok`, `cut`
    by the limit, `damaged`, `encrypted`, `media` for one whose first bytes show that it holds no text, `over` for a
    picture that would take too much of the limit, `link`), `detail` and `size`; `end`: `ok`, `bytes`, `members`,
    `damaged` or `encrypted`; and `seen`, how many entries there were, folders too.
    """
    wanted = _Wanted(max_bytes, max_members, re.compile(skip) if skip else None, images)
    report, blobs = _opened(data, _FORMATS[kind], kind == "compressed", wanted)
    if kind == "compressed":
        if report["end"] == "ok" and not report["seen"]:  # a file that only looks like an empty archive inside
            report, blobs = _opened(data, ("raw",), True, wanted)
        if report["end"] == "damaged" and not any(blobs):
            _salvage(data, report, blobs, max_bytes)
    return report, blobs


def _opened(
    data: bytes, formats: tuple[str, ...], compressed: bool, wanted: _Wanted
) -> tuple[dict[str, Any], list[bytes]]:
    report: dict[str, Any] = {"members": [], "end": "ok", "seen": 0}
    blobs: list[bytes] = []
    archive = ffi.read_new()
    buffer = create_string_buffer(_BLOCK)
    try:
        for name in _FILTERS if compressed else ():
            ffi.get_read_filter_function(name)(archive)
        for name in formats:
            ffi.get_read_format_function(name)(archive)
        ffi.read_open_memory(archive, cast(c_char_p(data), c_void_p), len(data))
        _members(archive, buffer, report, blobs, wanted)
    except ArchiveError as error:
        report["end"] = "encrypted" if _about_passwords(error) or _holds_encrypted(archive) > 0 else "damaged"
    finally:
        ffi.read_free(archive)
    if report["end"] == "damaged" and any(member["status"] == "encrypted" for member in report["members"]):
        report["end"] = "encrypted"  # the reader gave up there
    return report, blobs


def _salvage(data: bytes, report: dict[str, Any], blobs: list[bytes], max_bytes: int) -> None:
    """What can still be had of a compressed stream that was cut short."""
    if data.startswith(b"\x1f\x8b"):
        body = _inflated(zlib.decompressobj(31), data, max_bytes)
    elif data.startswith(b"BZh"):
        body = _inflated(bz2.BZ2Decompressor(), data, max_bytes)
    elif data.startswith(b"\xfd7zXZ"):
        body = _inflated(lzma.LZMADecompressor(memlimit=1 << 28), data, max_bytes)
    else:
        return
    report["members"] = [{"name": "data", "status": "damaged", "detail": "", "size": 0, "held": len(body)}]
    blobs[:] = [body]


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


def _members(archive: Any, buffer: Any, report: dict[str, Any], blobs: list[bytes], wanted: _Wanted) -> None:
    entry = c_void_p()
    left = wanted.max_bytes
    while True:
        try:
            if ffi.read_next_header(archive, byref(entry)) == ffi.ARCHIVE_EOF:
                return
        except ArchiveError as error:
            if error.retcode == ffi.ARCHIVE_FATAL:
                raise
            report["end"] = "damaged"
            continue
        report["seen"] += 1
        if len(report["members"]) >= wanted.max_members:
            report["end"] = "members"
            return
        kind = ffi.entry_filetype(entry)
        if kind and kind != _REGULAR:
            if kind != 0o040000:
                _note(report, blobs, entry, "link", b"")
            continue
        if wanted.skip and wanted.skip.search(_name(entry)):
            continue
        status, body, detail = _body(archive, entry, buffer, left, wanted.images)
        if status == "ok" and ffi.entry_size_is_set(entry) and len(body) < ffi.entry_size(entry):
            # Either the reader passes over what is encrypted, or part of the member lies in another volume.
            status = "encrypted" if _is_encrypted(entry) else "damaged"
        _note(report, blobs, entry, status, body, detail)
        left -= len(body)
        if status == "cut":
            report["end"] = "bytes"
            return
        if status == "stop":
            report["members"][-1]["status"] = "damaged"
            report["end"] = "damaged"
            return


def _note(report: dict[str, Any], blobs: list[bytes], entry: Any, status: str, body: bytes, detail: str = "") -> None:
    declared = ffi.entry_size(entry) if ffi.entry_size_is_set(entry) else len(body)
    report["members"].append(
        {"name": _name(entry), "status": status, "detail": detail, "size": declared, "held": len(body)}
    )
    blobs.append(body)


def _body(archive: Any, entry: Any, buffer: Any, left: int, images: bool) -> tuple[str, bytes, str]:
    """Status, bytes and detail of one member."""
    body = bytearray()
    try:
        while True:
            got = ffi.read_data(archive, buffer, c_size_t(_BLOCK))
            if got <= 0:
                return "ok", bytes(body), ""
            label = None if body else media(string_at(buffer, min(got, _SKIM)))
            if label and not (images and label == IMAGE):
                return "media", b"", label
            if label and ffi.entry_size(entry) * 2 > left:  # pictures leave room for text
                return "over", b"", label
            take = min(got, left - len(body))
            body += string_at(buffer, take)
            if take < got:
                return "cut", bytes(body), ""
    except ArchiveError as error:
        if _about_passwords(error) or (not body and _is_encrypted(entry)):
            return "encrypted", b"", ""
        return ("stop" if error.retcode == ffi.ARCHIVE_FATAL else "damaged"), bytes(body), ""


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
