"""OLE compound files: old office documents, mail messages of Outlook, and what is embedded in any of them.

[MS-CFB] is read by olefile; what the streams hold is read here, one storage at a time, since a storage may hold a
whole document of its own.
"""

from __future__ import annotations

import struct
from typing import Any

import olefile  # type: ignore[import-untyped]

from . import biff, message, properties, slides, vba, word
from .found import Found
from .pictures import pictures

__all__ = ["Storage", "read"]

_DEPTH = 10
_EMBEDDINGS = ("package", "contents")  # streams that are a file as it was


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
    """Texts, properties, macros, pictures and embedded files of a compound file.

    `cells`: whether the cells of a workbook at the top were read already, as a sheet. The report is that of `Found`
    with `kind`: `word`, `slides`, `workbook`, `message` or `other`, by what the root holds.
    """
    found = Found(max_bytes, max_members)
    try:
        file = olefile.OleFileIO(data)
    except Exception:  # olefile's errors are many, and each means that the directory cannot be read
        return {"end": "damaged", "parts": [], "unseen": [], "kind": "other"}, []
    if file.parsing_issues:
        found.damaged()
    root = Storage(file, (), file.root)
    kind = _walk(root, found, 0, cells)
    return {**found.report(), "kind": kind}, found.blobs


def _walk(storage: Storage, found: Found, depth: int, cells: bool) -> str:
    if depth > _DEPTH:
        found.blind("truncated", "storages nested too deep")
        return "other"
    kind = "other"
    try:
        kind = _document(storage, found, cells)
        _aside(storage, found)
    except (OSError, struct.error, IndexError, ValueError, AttributeError):
        found.damaged()
    for inner in storage.inner():
        if kind == "message" and message.is_own(inner.path[-1]):
            continue
        _walk(inner, found, depth + 1, False)
    return kind


def _document(storage: Storage, found: Found, cells: bool) -> str:
    """Read the document that a storage holds; says which kind that is."""
    if storage.has("EncryptedPackage"):
        found.end = "encrypted"
    elif storage.has("WordDocument"):
        word.read(storage, found)
        return "word"
    elif storage.has("PowerPoint Document"):
        slides.read(storage, found)
        return "slides"
    elif storage.has("Workbook", "Book"):
        biff.read(storage, found, cells)
        return "workbook"
    elif storage.has("__properties_version1.0") and not message.is_own(storage.path[-1] if storage.path else ""):
        message.read(storage, found)
        return "message"
    return "other"


def _aside(storage: Storage, found: Found) -> None:
    """What any storage may hold beside its document."""
    for name in ("\x05SummaryInformation", "\x05DocumentSummaryInformation"):
        if storage.has(name):
            found.text(storage.called("properties"), properties.lines(storage.stream(name) or b""), "form")
    for name in _EMBEDDINGS:
        if storage.has(name):
            found.inside(storage.called(name), storage.stream(name) or b"")
    if native := storage.stream("\x01Ole10Native"):
        package(native, storage.called(), found)
    for name in ("Pictures", "Data"):
        if storage.has(name):
            for number, picture in enumerate(pictures(storage.stream(name) or b"", found)):
                found.inside(storage.called(f"picture {number + 1}"), picture)
    if storage.path and storage.path[-1].lower() == "vba":
        for name in storage.streams:
            if source := vba.source(storage.stream(name) or b""):
                found.inside(storage.called(f"{name}.bas"), source)
    if storage.has("_sx_db_cur") or (storage.path and storage.path[-1].lower() == "_sx_db_cur"):
        for name in storage.streams:
            found.text(storage.called(name), biff.pivot(storage.stream(name) or b""))


def package(native: bytes, path: str, found: Found) -> None:
    """A file that was dragged into a document: its name, where it lay, and its bytes ([MS-OLEDS] 2.3.6)."""
    if native[4:6] != b"\x02\0":
        found.inside(path, native[4:])
        return
    label, _, rest = native[6:].partition(b"\0")
    origin, _, rest = rest.partition(b"\0")
    (length,) = struct.unpack_from("<I", rest, 4)
    interim, rest = rest[8 : 8 + length].rstrip(b"\0"), rest[8 + length :]
    (size,) = struct.unpack_from("<I", rest)
    names = [_name(raw) for raw in (label, origin, interim)]
    found.text(path, "\n".join(f"file: {name}" for name in dict.fromkeys(names) if name), "form")
    body = rest[4 : 4 + size]
    if len(body) < size:
        found.damaged()
    found.inside(f"{path}/{names[0] or 'package'}".lstrip("/"), body)


def _name(raw: bytes) -> str:
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
