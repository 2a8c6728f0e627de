"""What lies in an exported folder, looked at before anything in it is believed.

Only regular files with names that the layout knows count; symbolic links and special files are refused by name, other
files only counted. The work is bounded by what is on disk, whatever the export claims about its size.
"""

from __future__ import annotations

import os
import re
import stat
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from tongguan.trust.audit import tiles

__all__ = ["Listing", "read_regular"]

DEPTH = 6  # path elements of an index: below 10^18
WIDTHS = re.compile(r"[1-9][0-9]{0,2}")
LEVELS = re.compile(r"[0-9]|[1-5][0-9]|6[0-3]")


def read_regular(path: Path, limit: int) -> bytes | None:
    """The bytes of a regular file of at most `limit` bytes, None where there is no such thing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
            return None
        found = bytearray()
        while len(found) <= limit and (part := os.read(descriptor, min(1 << 20, limit + 1 - len(found)))):
            found += part
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return bytes(found) if len(found) <= limit else None


class Listing:
    """The numbered files of an export: full tiles and bundles ascending, the widths of partial ones, long entries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full: dict[str, array[int]] = {}
        self.partial: dict[tuple[str, int], list[int]] = {}
        self.large: set[int] = set()
        self.refused: list[str] = []  # links and special files
        self.strays = 0
        self.stray = ""  # one of them
        for entry in self._scan(folder):
            if entry.name == tiles.CHECKPOINT:
                self._known(entry, file=True)
            elif entry.name == "tile" and self._known(entry):
                self._tiles(Path(entry.path))
            elif entry.name == "tongguan" and self._known(entry):
                self._ours(Path(entry.path))
            elif entry.name not in ("tile", "tongguan"):
                self._stray(entry)

    def has(self, level: str, index: int) -> bool:
        """Whether the full tile is there."""
        row = self.full.get(level, ())
        place = bisect_left(row, index)
        return place < len(row) and row[place] == index

    def from_on(self, level: str, index: int) -> int | None:
        """The first full tile that is there, from the index on."""
        row = self.full.get(level, ())
        place = bisect_left(row, index)
        return row[place] if place < len(row) else None

    def read(self, level: str, index: int, width: int) -> bytes | None:
        """A tile's bytes, None where it is not there or too large."""
        there = self.has(level, index) if width == tiles.WIDTH else width in self.partial.get((level, index), ())
        limit = tiles.BUNDLE_LIMIT if level == tiles.ENTRIES else tiles.WIDTH * tiles.HASH_SIZE
        return read_regular(self.folder / tiles.tile_path(level, index, width), limit) if there else None

    def _tiles(self, folder: Path) -> None:
        for entry in self._scan(folder):
            if entry.is_dir(follow_symlinks=False) and (LEVELS.fullmatch(entry.name) or entry.name == tiles.ENTRIES):
                found = array("Q")
                for index, width in self._numbers(Path(entry.path)):
                    if width is None:
                        found.append(index)
                    else:
                        self.partial.setdefault((entry.name, index), []).append(width)
                self.full[entry.name] = array("Q", sorted(found))
            else:
                self._stray(entry)

    def _ours(self, folder: Path) -> None:
        for entry in self._scan(folder):
            name = f"tongguan/{entry.name}"
            if name == tiles.LARGE and entry.is_dir(follow_symlinks=False):
                for index, width in self._numbers(Path(entry.path)):
                    if width is None:
                        self.large.add(index)
            elif name == tiles.HEADS and entry.is_dir(follow_symlinks=False):
                for head in self._scan(Path(entry.path)):
                    if not (head.is_file(follow_symlinks=False) and head.name.isascii() and head.name.isdigit()):
                        self._stray(head)
            elif name not in (tiles.LOG, tiles.RECEIPTS) or not entry.is_file(follow_symlinks=False):
                self._stray(entry)

    def _numbers(self, folder: Path, above: int = 0, depth: int = 1) -> Iterator[tuple[int, int | None]]:
        """Index, and width where it is partial, of every file below a folder of numbered ones."""
        for entry in self._scan(folder):
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if _digits(name[1:]) and name[0] == "x" and depth < DEPTH and (above or name != "x000"):
                    yield from self._numbers(Path(entry.path), (above + int(name[1:])) * 1000, depth + 1)
                elif name.endswith(".p") and _digits(name[:-2]):
                    yield from self._widths(Path(entry.path), above + int(name[:-2]))
                else:
                    self._stray(entry)
            elif _digits(name) and entry.is_file(follow_symlinks=False):
                yield above + int(name), None
            else:
                self._stray(entry)

    def _widths(self, folder: Path, index: int) -> Iterator[tuple[int, int]]:
        for entry in self._scan(folder):
            known = WIDTHS.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
            if known and int(entry.name) < tiles.WIDTH:
                yield index, int(entry.name)
            else:
                self._stray(entry)

    def _scan(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                yield from entries
        except OSError:
            self.refused.append(self._name(folder))

    def _known(self, entry: os.DirEntry[str], *, file: bool = False) -> bool:
        if entry.is_file(follow_symlinks=False) if file else entry.is_dir(follow_symlinks=False):
            return True
        self.refused.append(entry.name)
        return False

    def _stray(self, entry: os.DirEntry[str]) -> None:
        plain = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
        if not plain:
            self.refused.append(self._name(Path(entry.path)))
            return
        self.strays += 1
        self.stray = self.stray or self._name(Path(entry.path))

    def _name(self, path: Path) -> str:
        return ascii(str(path.relative_to(self.folder)))[1:-1][:200]


def _digits(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdigit()
