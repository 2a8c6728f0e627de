"""What there is to read: captures told by their first bytes, folders, and any other files."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tongguan.capture.limits import Limits
from tongguan.capture.protocols.body import header_line, is_text
from tongguan.errors import BadCapture, BadInput
from tongguan.model import BlindKind, BlindSpot, Content, Endpoint, Exchange, Role
from tongguan.plain_file import files_below, open_plain

__all__ = ["Source", "SourceInfo", "came_later", "file_exchanges", "find_sources", "is_capture"]

_CAPTURE_MAGIC = frozenset(
    bytes.fromhex(magic) for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a")
)
_CAPTURE_SUFFIXES = frozenset({".pcap", ".pcapng", ".cap"})
_NOWHERE = Endpoint("0.0.0.0")
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One file that is read."""

    path: str
    kind: str  # capture, file
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, or what stood in its place: a member of a folder that cannot be read."""

    info: SourceInfo
    path: Path
    explicit: bool  # named by the user, not found in a folder
    blind_spot: BlindSpot | None = None


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """All files under `paths`, folders sorted. Raises `BadInput` where a path is absent or cannot be read."""
    found: list[Source] = []
    for path in paths:
        if not path.exists():
            raise BadInput(f"{path}: no such file or folder")
        if path.is_dir():
            found += _members(path)
        else:
            found.append(_explicit(path))
    return found


def _explicit(path: Path) -> Source:
    try:
        info = _info(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    if info is None:
        raise BadInput(f"{path}: is no file; expected a capture, a file or a folder")
    if info.kind == "file" and path.suffix.lower() in _CAPTURE_SUFFIXES:
        raise BadCapture(f"{path}: not a capture; expected pcap or pcapng")
    return Source(info, path, True)


def _members(folder: Path) -> Iterator[Source]:
    """The files below a folder. Raises `BadInput` where the folder itself cannot be listed."""
    for path, why_not in files_below(folder):
        if path == folder:
            raise BadInput(f"{folder}: cannot be listed: {why_not}")
        yield _unread(path, why_not) if why_not else _member(path)


def _member(path: Path) -> Source:
    """One file in a folder; what cannot be read is told."""
    try:
        info = _info(path)
    except OSError as error:
        return _unread(path, error.strerror or "cannot be read")
    if info is None:
        return _unread(path, "no regular file")
    if info.kind == "file" and path.suffix.lower() in _CAPTURE_SUFFIXES:
        return _unread(path, "not a capture", info.size)
    return Source(info, path, False)


def _info(path: Path) -> SourceInfo | None:
    """None for what is no regular file: opening it could wait for ever."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return None
    with os.fdopen(open_plain(path), "rb") as file:
        kind = "capture" if is_capture(file.read(4096)) else "file"
    return SourceInfo(str(path), kind, status.st_size)


def _unread(path: Path, detail: str, size: int = 0) -> Source:
    spot = BlindSpot(BlindKind.UNREADABLE, str(path), detail, size=size)
    return Source(SourceInfo(str(path), "file", size), path, False, spot)


def is_capture(first: bytes) -> bool:
    """Whether a file's first bytes are those of pcap or pcapng, also inside gzip."""
    if first[:2] == b"\x1f\x8b":
        try:
            first = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(first, 4)
        except zlib.error:
            return False
    return first[:4] in _CAPTURE_MAGIC


def file_exchanges(source: Source, limits: Limits) -> Iterator[Exchange]:
    """A file as one exchange, or a long text as several, cut at line ends. Raises `OSError`."""
    path = source.path
    media_type = _MEDIA_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or ""
    with os.fdopen(open_plain(path), "rb") as file:
        status, first = os.fstat(file.fileno()), file.read(1 << 16)
    size = min(status.st_size, source.info.size)  # a file that is written to meanwhile would have no end
    uid = "F" + hashlib.blake2b(f"{path}\0{size}".encode("utf-8", "surrogateescape"), digest_size=9).hexdigest()
    ts = status.st_mtime
    if size <= limits.slice or not is_text(media_type, first[:512]):
        yield _file_exchange(source, uid, ts, Content(path.name, media_type, size, path))
        return
    header = header_line(memoryview(first)) if media_type in ("text/csv", "text/tab-separated-values") else b""
    for ordinal, (start, end) in enumerate(_cuts(path, size, limits.slice)):
        before = header if start else b""
        read = partial(_read_slice, path, start, end, before)
        content = Content(path.name, media_type, end - start + len(before), read)
        yield _file_exchange(source, f"{uid}.{ordinal}" if ordinal else uid, ts, content)


def came_later(source: Source) -> list[BlindSpot]:
    """What was added to a file since it was found, and is not read by slices."""
    grown = source.path.stat().st_size - source.info.size
    spot = BlindSpot(BlindKind.TRUNCATED, source.info.path, "came while the content was read", size=grown)
    return [spot] if grown > 0 else []


def _file_exchange(source: Source, uid: str, ts: float, content: Content) -> Exchange:
    return Exchange(
        uid=uid,
        conn="",
        ts=ts,
        source=_NOWHERE,
        destination=_NOWHERE,
        protocol="file",
        role=Role.REQUEST,
        operation=f"FILE {source.path.suffix.lower()}".rstrip(),
        size=content.size,
        contents=(content,),
        capture=source.info.path,
    )


def _cuts(path: Path, size: int, step: int) -> Iterator[tuple[int, int]]:
    """Stretches of about `step` bytes that end with a line, or else where no value is torn."""
    from tongguan.identify import place_to_cut  # with compiled kernels: loaded where a long text is read

    start = 0
    with os.fdopen(open_plain(path), "rb") as file:
        while start < size:
            end = min(start + step, size)
            if end < size:
                file.seek(max(start, end - (1 << 20)))
                tail = file.read(end - file.tell())
                end -= len(tail) - place_to_cut(tail)
            yield start, end
            start = end


def _read_slice(path: Path, start: int, end: int, before: bytes) -> bytes:
    with os.fdopen(open_plain(path), "rb") as file:
        file.seek(start)
        return before + file.read(end - start)
