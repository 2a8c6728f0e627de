"""OLE compound files: old office documents, mail messages of Outlook, and what is embedded in any of them.

[MS-CFB] is read by olefile; what the streams hold is read here, one storage at a time, since a storage may hold a
whole document of its own.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import olefile  # type: ignore[import-untyped]

from . import biff, message, properties, slides, vba, word
from .found import Found
from .pictures import pictures

__all__ = ["Storage", "read"]

_DEPTH = 10
_HARMLESS = ("incorrect OLE stream size", "incorrect OLE header (transaction_signature_number")  # old writers do so


class Storage:
    """One storage of a compound file: its streams by name in lower case."""

    def __init__(self, file: Any, path: tuple[str, ...], entry: Any) -> None:
        self._file = file
        self.path = path
        self.streams: dict[str, Any] = {}
        self.storages: list[tuple[str, Any]] = []
        for kid in entry.kids:
            if kid.entry_type == olefile.STGTY_STREAM:
                self.streams[kid.name.lower()] = kid
            elif kid.entry_type == olefile.STGTY_STORAGE:
                self.storages.append((kid.name, kid))

    def has(self, *names: str) -> bool:
        return any(name.lower() in self.streams for name in names)

    def stream(self, name: str) -> bytes | None:
        """The bytes of a stream; None where there is none. Raises OSError where it is damaged."""
        entry = self.streams.get(name.lower())
        if entry is None:
            return None
        with self._file._open(entry.isectStart, entry.size) as source:
            data: bytes = source.read()
        if len(data) < entry.size:
            raise OSError("cut short")
        return data

    def inner(self) -> list[Storage]:
        return [Storage(self._file, (*self.path, name), entry) for name, entry in self.storages]

    def called(self, name: str = "") -> str:
        """A member path without the control characters that such names begin with."""
        return "/".join("".join(c for c in part if c >= " ") for part in (*self.path, name) if part)


def read(data: bytes, max_bytes: int, max_members: int, cells: bool) -> tuple[dict[str, Any], list[bytes]]:
    """Texts, properties, macros, pictures and embedded files of a compound file; the report is that of `Found`.

    `cells`: whether the cells of a workbook at the top were read already, as a sheet.
    """
    found = Found(max_bytes, max_members)
    try:
        file = olefile.OleFileIO(io.BytesIO(data))  # short bytes it would take for the name of a file
    except Exception:  # olefile's errors are many, and each means that the directory cannot be read
        found.damaged()
        return found.report(), []
    if any(not str(issue[1]).startswith(_HARMLESS) for issue in file.parsing_issues):
        found.damaged()
    _walk(Storage(file, (), file.root), found, 0, cells)
    return found.report(), found.blobs


def _walk(storage: Storage, found: Found, depth: int, cells: bool) -> None:
    if depth > _DEPTH:
        found.blind("truncated", "storages nested too deep")
        return
    kind, read_document = _kind(storage)
    if kind == "encrypted":
        found.end = "encrypted"
    elif kind == "workbook":
        _guarded(found, biff.read, storage, found, cells)
    elif read_document:
        _guarded(found, read_document, storage, found)
    elif not depth or storage.has("\x01CompObj", "\x01Ole"):
        _unknown(storage, found, "an OLE object of an unknown kind" if depth else "OLE compound file")
    for step in (_properties, _embedded, _pictures, _macros, _pivots):
        _guarded(found, step, storage, found)
    for inner in storage.inner():
        if kind != "message" or not message.is_own(inner.path[-1]):
            _walk(inner, found, depth + 1, False)


def _unknown(storage: Storage, found: Found, detail: str) -> None:
    unknown = sum(not _is_known(name) for name in storage.streams)
    if unknown:
        found.blind("unsupported", detail, unknown)


def _guarded(found: Found, step: Callable[..., None], *arguments: Any) -> None:
    """One step of reading, whose failure costs no more than what it reads."""
    try:
        step(*arguments)
    except (OSError, struct.error, zlib.error, IndexError, ValueError):
        found.damaged()


def _kind(storage: Storage) -> tuple[str, Callable[..., None] | None]:
    """What document a storage holds, and what reads it."""
    if storage.has("EncryptedPackage"):
        return "encrypted", None
    if storage.has("WordDocument"):
        return "word", word.read
    if storage.has("PowerPoint Document"):
        return "slides", slides.read
    if storage.has("Workbook", "Book"):
        return "workbook", biff.read
    if storage.has("__properties_version1.0") and not (storage.path and message.is_own(storage.path[-1])):
        return "message", message.read
    return "other", None


def _is_known(name: str) -> bool:
    """Whether a stream is read here, or holds the look and the class of an object and no more."""
    return name < " " or name in ("package", "contents", "project", "projectwm", "projectlk", "pictures", "data")


def _properties(storage: Storage, found: Found) -> None:
    for name in ("\x05SummaryInformation", "\x05DocumentSummaryInformation"):
        if storage.has(name):
            found.text(storage.called("properties"), properties.lines(storage.stream(name) or b""), "form")


def _embedded(storage: Storage, found: Found) -> None:
    for name in ("Package", "CONTENTS"):  # a file as it was
        found.inside(storage.called(name), storage.stream(name) or b"")
    if native := storage.stream("\x01Ole10Native"):
        package(native, storage.called(), found)


def _pictures(storage: Storage, found: Found) -> None:
    for name in ("Pictures", "Data"):
        for number, picture in enumerate(pictures(storage.stream(name) or b"", found)):
            found.inside(storage.called(f"picture {number + 1}"), picture)


def _macros(storage: Storage, found: Found) -> None:
    if storage.path and storage.path[-1].lower() == "vba":
        for name in storage.streams:
            if source := vba.source(storage.stream(name) or b""):
                found.inside(storage.called(f"{name}.bas"), source)


def _pivots(storage: Storage, found: Found) -> None:
    if storage.path and storage.path[-1].lower() == "_sx_db_cur":
        for name in storage.streams:
            found.text(storage.called(name), biff.pivot(storage.stream(name) or b""))


def package(native: bytes, path: str, found: Found) -> None:
    """A file that was dragged into a document: its name, where it lay, and its bytes ([MS-OLEDS] 2.3.6)."""
    try:
        label, origin, interim, body = _native(native)
    except (struct.error, ValueError):  # the data of some other object, with no more than its size before it
        found.inside(path, native[4:])
        return
    names = [_name(raw) for raw in (label, origin, interim)]
    found.text(path, "\n".join(f"file: {name}" for name in dict.fromkeys(names) if name), "form")
    found.inside(f"{path}/{names[0] or 'package'}".lstrip("/"), body)


def _native(native: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Label, path, temporary path and content of a packaged file."""
    label, _, rest = native[6:].partition(b"\0")
    origin, _, rest = rest.partition(b"\0")
    (length,) = struct.unpack_from("<I", rest, 4)
    (size,) = struct.unpack_from("<I", rest, 8 + length)
    body = rest[12 + length : 12 + length + size]
    if native[4:6] != b"\2\0" or len(body) < size:
        raise ValueError("not a packaged file")
    return label, origin, rest[8 : 8 + length].rstrip(b"\0"), body


def _name(raw: bytes) -> str:
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
