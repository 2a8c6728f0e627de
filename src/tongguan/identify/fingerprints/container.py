"""The file that an index lies in: sections of numbers, then a footer that says where they stand, sealed with the key.

    magic · sections, each aligned to 64 bytes · footer (JSON) · MAC of the footer (32) · its length (8) · magic

The footer names each section's type, offset, length and keyed BLAKE2b digest. A file is written under another name and
takes its own when it is whole and on the disk; what was cut short lacks its last magic and is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from tongguan import whole_file
from tongguan.errors import BadInput, Broken

__all__ = ["Draft", "Opened", "open_container", "writing"]

MAGIC: Final = b"tgfp\x001\r\n"
VERSION: Final = 1
_ALIGNED: Final = 64
_TAIL: Final = 32 + 8 + len(MAGIC)
_LONGEST_FOOTER: Final = 16 << 20
_STEP: Final = 8 << 20  # bytes that are checked at once

Array = NDArray[Any]


def _seal(key: bytes, purpose: bytes) -> Any:
    if len(key) > 64:
        key = hashlib.blake2b(key).digest()
    return hashlib.blake2b(purpose, digest_size=32, key=key)


def _key_mark(key: bytes) -> str:
    """By which a key is recognised, and which says nothing of it."""
    return str(_seal(key, b"fingerprints: which key").hexdigest()[:16])


@dataclass
class Draft:
    """A file under way."""

    file: BinaryIO
    key: bytes
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def section(self, name: str, dtype: str) -> Iterator[_Section]:
        """Arrays that are put one behind the other under a name."""
        self.file.write(bytes(-self.file.tell() % _ALIGNED))
        made = _Section(self.file, _seal(self.key, name.encode()), np.dtype(dtype), self.file.tell())
        yield made
        self.sections[name] = {
            "dtype": made.dtype.str, "offset": made.offset, "size": made.size, "digest": made.seal.hexdigest(),
        }  # fmt: skip

    def put(self, name: str, array: Array) -> None:
        """A whole section."""
        with self.section(name, array.dtype.str) as section:
            section.append(array)

    def finish(self, kind: str, about: Mapping[str, Any]) -> None:
        head = {"kind": kind, "version": VERSION, "key": _key_mark(self.key), "about": about, "sections": self.sections}
        footer = json.dumps(head, ensure_ascii=False).encode()
        seal = _seal(self.key, b"footer")
        seal.update(footer)
        self.file.write(footer + seal.digest() + len(footer).to_bytes(8, "little") + MAGIC)


@dataclass
class _Section:
    file: BinaryIO
    seal: Any
    dtype: np.dtype[Any]
    offset: int
    size: int = 0  # bytes

    def append(self, array: Array) -> None:
        data = np.ascontiguousarray(array, self.dtype).tobytes()
        self.seal.update(data)
        self.file.write(data)
        self.size += len(data)


@contextmanager
def writing(path: Path, key: bytes) -> Iterator[Draft]:
    """A draft that becomes the file at `path` where the block ends well, and is gone where it does not.

    Raises CannotWrite where the folder cannot be written; what stood at `path` before stays until the new one is whole.
    """
    with whole_file.replacing(path) as file:
        file.write(MAGIC)
        yield Draft(file, key)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file of fingerprints: what its footer says, and its sections, mapped into memory and read-only."""

    kind: str
    about: Mapping[str, Any]
    sections: Mapping[str, Array]


def open_container(path: Path, key: bytes, kind: str | None) -> Opened:
    """The file, once its seals are checked; `kind` is what it is to hold, None for any.

    Raises BadInput where it is absent, of another kind or version, or made with another key; Broken where it was cut
    short or altered.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            footer, tag = _footer(path, file, size)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise BadInput(f"{path}: fingerprints cannot be read: {error.strerror}") from error
    head = _head(path, footer, tag, key, kind)
    return Opened(
        head["kind"], head["about"], {n: _section(path, mapped, n, s, key) for n, s in head["sections"].items()}
    )


def _footer(path: Path, file: BinaryIO, size: int) -> tuple[bytes, bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise BadInput(f"{path}: no file of fingerprints; expected one that `tongguan fingerprint make` wrote")
    cut = Broken(f"{path}: these fingerprints are not whole, the file was cut short; make them again")
    if size < len(MAGIC) + _TAIL:
        raise cut
    file.seek(size - _TAIL)
    tail = file.read(_TAIL)
    length = int.from_bytes(tail[32:40], "little")
    if tail[40:] != MAGIC or length > min(_LONGEST_FOOTER, size - _TAIL - len(MAGIC)):
        raise cut
    file.seek(size - _TAIL - length)
    return file.read(length), tail[:32]


def _head(path: Path, footer: bytes, tag: bytes, key: bytes, kind: str | None) -> dict[str, Any]:
    damaged = Broken(f"{path}: these fingerprints were altered or damaged; make them again")
    try:
        head: dict[str, Any] = json.loads(footer)
        version, made_with, made_as = head["version"], head["key"], head["kind"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged from None
    seal = _seal(key, b"footer")
    seal.update(footer)
    if not hmac.compare_digest(seal.digest(), tag):
        if made_with != _key_mark(key):
            raise BadInput(f"{path}: these fingerprints were made with another workspace's key; make them here again")
        raise damaged
    if version != VERSION:
        raise BadInput(f"{path}: fingerprints of version {version}; this program reads version {VERSION}")
    if kind is not None and made_as != kind:
        raise BadInput(f"{path}: fingerprints of {made_as}; expected those of {kind}")
    return head


def _section(path: Path, mapped: mmap.mmap, name: str, about: Mapping[str, Any], key: bytes) -> Array:
    view = memoryview(mapped)[about["offset"] : about["offset"] + about["size"]]
    seal = _seal(key, name.encode())
    for start in range(0, len(view), _STEP):
        seal.update(view[start : start + _STEP])
    if len(view) != about["size"] or not hmac.compare_digest(seal.hexdigest(), about["digest"]):
        raise Broken(f"{path}: these fingerprints were altered or damaged (in {name!r}); make them again")
    return np.frombuffer(view, about["dtype"])
