"""Blobs as files: `blobs/ab/cd/<name>`, mode 0400, in folders of mode 0700."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from tongguan.errors import CannotWrite, NotFound, Unavailable
from tongguan.trust.evidence.stores.drafts import DraftFile, drafting, tidy_drafts
from tongguan.trust.evidence.stores.store import Draft, Stored, is_name, place_of

__all__ = ["LocalStore"]

FEW, WAITING = 4, 16
T = TypeVar("T")


class LocalStore:
    """Blobs in a folder of this machine, made where it is not there. Threads and processes may share it.

    A blob is written under another name, brought to disk, and then renamed; its folders are brought to disk too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)
        self._blobs, self._drafts = folder / "blobs", folder / "drafts"
        with self._writing():
            for one in (folder, self._blobs, self._drafts):
                one.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tidy()

    def draft(self) -> AbstractContextManager[DraftFile]:
        return drafting(self._drafts)

    def keep(self, draft: Draft, name: str) -> None:
        self.keep_many([(draft, name)])

    def keep_many(self, drafts: Sequence[tuple[Draft, str]]) -> None:
        folders: dict[Path, None] = {}
        with self._writing():
            _each(_finish, [draft for draft, _ in drafts])
            for draft, name in drafts:
                assert isinstance(draft, DraftFile)
                target = self._path(name)
                for folder in (target.parent.parent, target.parent):
                    if not folder.is_dir():
                        folder.mkdir(mode=0o700, exist_ok=True)
                        folders[folder.parent] = None
                draft.path.rename(target)  # names are given once: there is nothing to replace
                folders[target.parent] = None
            _each(_to_disk, list(folders))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP):  # nothing, or a link that was put there
                raise NotFound(f"the blob {name} is not in {self.name}") from None
            raise Unavailable(f"the blob {name} in {self.name} cannot be read: {error.strerror}") from None
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            yield file

    def size(self, name: str) -> int | None:
        try:
            return self._path(name).lstat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{self.name} cannot be read: {error.strerror}") from None

    def remove(self, name: str) -> None:
        path = self._path(name)
        with self._writing():
            try:
                path.unlink()
            except FileNotFoundError:
                return
            _to_disk(path.parent)

    def blobs(self, after: str = "") -> Iterator[Stored]:
        for outer in _sorted(self._blobs):
            if outer < after[:2]:
                continue
            for inner in _sorted(self._blobs / outer):
                if outer + inner < after[:4]:
                    continue
                for name in _sorted(self._blobs / outer / inner):
                    ours = is_name(name) and name.startswith(outer + inner)
                    shown = name if ours else f"{outer}/{inner}/{name}"
                    if shown > after and (found := _stored(self._blobs / outer / inner / name, shown)) is not None:
                        yield found

    def tidy(self) -> int:
        with self._writing():
            return tidy_drafts(self._drafts)

    def _path(self, name: str) -> Path:
        return self._blobs.joinpath(*place_of(name))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotWrite(
                f"cannot keep evidence in {self.name}: {error.strerror}; is it writable, is its disk full?"
            ) from None


def _stored(path: Path, name: str) -> Stored | None:
    try:
        found = path.lstat()
    except FileNotFoundError:  # removed meanwhile
        return None
    return Stored(name, found.st_size, found.st_mtime)


def _sorted(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _finish(draft: Draft) -> None:
    assert isinstance(draft, DraftFile)
    draft.finish()


def _each(act: Callable[[T], None], things: Sequence[T]) -> None:
    """Many waits for the disk at once: file systems write the journal once for all that wait."""
    if len(things) < FEW:
        for one in things:
            act(one)
        return
    with ThreadPoolExecutor(WAITING, thread_name_prefix="evidence-disk") as pool:
        list(pool.map(act, things))


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
