"""Files fetched from elsewhere, each once for all processes that read it, in bounded space."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Shelf", "ShelfOwner"]

_PREFIX: Final = "tongguan-object-"
_OWNER: Final = "owner"  # locked for as long as the process lives that made the folder
_LOCK: Final = "lock"
_AGED_S: Final = 60.0  # a folder made just now may not be locked yet


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of fetched files, for any process. At most `most` bytes lie in it, but for files that are in use while
    others take their place; then the one that was not asked for longest goes first."""

    folder: Path
    most: int

    @contextmanager
    def file(self, name: str, size: int, fetch: Callable[[Path], None]) -> Iterator[Path]:
        """The file of this name, fetched where it is not there; under a link of its own, so that it stays there while
        others are fetched.

        Raises what `fetch` raises, and OSError.
        """
        place = self.folder / hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        with (self.folder / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                self._make_room(size)
                draft = place.with_suffix(".part")
                try:
                    fetch(draft)
                    draft.rename(place)
                finally:
                    draft.unlink(missing_ok=True)
            os.utime(place)
            own = place.with_suffix(f".{secrets.token_hex(8)}")
            own.hardlink_to(place)
        try:
            yield own
        finally:
            own.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        kept = sorted((path.stat().st_mtime_ns, path.stat().st_size, path) for path in self.folder.glob("?" * 32))
        left = sum(each for _, each, _ in kept) + size - self.most
        for _, each, path in kept:
            if left <= 0:
                return
            path.unlink(missing_ok=True)
            left -= each


class ShelfOwner:
    """Makes the folder, which only its user can look into, and removes it; also those that killed processes left."""

    def __init__(self, most: int) -> None:
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = (folder / _OWNER).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.shelf = Shelf(folder, min(most, max(most // 4, shutil.disk_usage(folder).free // 2)))

    def close(self) -> None:
        shutil.rmtree(self.shelf.folder, ignore_errors=True)
        self._lock.close()


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            about = folder.lstat()
            if about.st_uid != os.getuid() or time.time() - about.st_mtime < _AGED_S:
                continue
            with (folder / _OWNER).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
