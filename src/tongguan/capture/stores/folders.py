"""A local folder or file: walked without following links, one entry at a time; SQLite files table by table."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tongguan.capture.stores import columnar
from tongguan.capture.stores.contents import checked, first_bytes, opened_file, unseen_of
from tongguan.capture.stores.embedded import Local, let_go
from tongguan.capture.stores.refusals import TEXTS
from tongguan.capture.stores.tabular import FIRST, LEAST, with_tables
from tongguan.capture.stores.units import FileUnit, Unit, Unseen
from tongguan.errors import BadInput
from tongguan.wording import readable, system_error

__all__ = ["FolderStore"]

DEPTH = 512  # folders within folders


class FolderStore:
    """All plain files below a folder, or one file. Raises BadInput where the folder itself cannot be listed.

    Links are never followed: what a link leads to is either below the folder and read there, or outside and told.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.kind = "folder" if root.is_dir() else "file"
        self.name = readable(str(root))
        try:
            if self.kind == "folder":
                with os.scandir(root):
                    pass
        except OSError as error:
            raise BadInput(TEXTS.both("folder.closed", name=self.name, why=system_error(error))) from None

    def __enter__(self) -> FolderStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        let_go()
        columnar.let_go()

    def size(self) -> int:
        return sum(found.size for found in self._files() if isinstance(found, FileUnit))

    def units(self) -> Iterator[Unit | Unseen]:
        return with_tables(self._files(), _first, _local, _local)

    def _files(self) -> Iterator[FileUnit | Unseen]:
        if self.kind == "folder":
            yield from self._walk()
            return
        try:
            yield self._unit(self._root, readable(self._root.name), self._root.stat())
        except OSError as error:
            yield unseen_of(error, readable(self._root.name))

    def _walk(self) -> Iterator[FileUnit | Unseen]:
        """Depth first; of each folder on the way only an open listing is held."""
        listings = [os.scandir(self._root)]
        above = [_identity(self._root.stat())]
        where = [""]
        try:
            while listings:
                try:
                    entry = next(listings[-1], None)
                except OSError as error:
                    yield Unseen("unlisted", where[-1], error.strerror or "")
                    entry = None
                if entry is None:
                    listings.pop().close()
                    above.pop()
                    where.pop()
                    continue
                found = self._entry(entry, above)
                if isinstance(found, Path):
                    try:
                        status = found.stat()
                        listings.append(os.scandir(found))
                        above.append(_identity(status))
                        where.append(self._where(found))
                    except OSError as error:
                        yield Unseen("unlisted", self._where(found), error.strerror or "")
                elif found is not None:
                    yield found
        finally:
            for listing in listings:
                listing.close()

    def _entry(self, entry: os.DirEntry[str], above: list[tuple[int, int]]) -> FileUnit | Unseen | Path | None:
        """A unit, what could not be seen, a folder to go into, or nothing to tell."""
        path = Path(entry.path)
        where = self._where(path)
        try:
            if entry.is_symlink():
                return None if self._leads_within(path) else Unseen("link", where)
            if entry.is_dir(follow_symlinks=False):
                # A folder mounted within itself is a loop without links.
                if _identity(path.stat()) in above:
                    return Unseen("link", where, "a folder that holds itself")
                return path if len(above) < DEPTH else Unseen("unlisted", where, f"more than {DEPTH} folders deep")
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            return unseen_of(error, where)
        if not stat.S_ISREG(status.st_mode):
            return Unseen("special", where)
        return self._unit(path, where, status)

    def _leads_within(self, path: Path) -> bool:
        """Whether a link leads to something below the folder, which is then read at its own place."""
        try:
            return path.resolve(strict=True).is_relative_to(self._root)
        except (OSError, RuntimeError):  # it leads nowhere, or in a circle
            return False

    def _where(self, path: Path) -> str:
        return readable(str(path.relative_to(self._root)))

    def _unit(self, path: Path, where: str, status: os.stat_result) -> FileUnit:
        # The time of the last change of the entry itself cannot be set back by whoever may write the file.
        mark = f"{status.st_size}/{status.st_mtime_ns}/{status.st_ctime_ns}/{status.st_ino}"
        return FileUnit(
            where, readable(path.name), status.st_size, status.st_mtime, mark,
            partial(opened_file, path, where, readable(path.name)), local=path,
        )  # fmt: skip


def _first(unit: FileUnit) -> bytes:
    return first_bytes(unit.local, FIRST) if unit.local is not None and unit.size >= LEAST else b""


def _local(unit: FileUnit) -> Local:
    assert unit.local is not None
    return partial(_here, unit.local, unit.path)


@contextmanager
def _here(path: Path, where: str) -> Iterator[Path]:
    """The file itself, for what opens it by its path. Raises Unread."""
    checked(path, where)
    yield path


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
