"""Files written whole or not at all: where a writer is killed or the disk is full, the old content stays."""

from __future__ import annotations

import fcntl
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from tongguan.errors import CannotWrite, Conflict
from tongguan.wording import readable, system_error, wording

__all__ = ["create", "replace", "replacing"]

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_NAME: Final = 60  # characters of the file's name that its draft bears: names may have 255 bytes


def replace(path: Path, content: bytes, *, private: bool = True) -> None:
    """Put a content in a file's place; it is on the disk when this returns. Raises CannotWrite.

    `private`: readable for its owner alone; else as the umask has it.
    """
    with replacing(path, private=private) as file:
        file.write(content)


def create(path: Path, content: bytes) -> None:
    """A new private file, likewise; of two that come at once one wins. Raises Conflict where there is one already."""
    with replacing(path, new=True) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, private: bool = True, new: bool = False) -> Iterator[BinaryIO]:
    """A file to write beside the place, which it takes where the block ends well; else nothing has changed.

    `new`: it takes the place of nothing. Raises CannotWrite, and Conflict for a `new` one that is there already; what
    the block could not read elsewhere is raised as it is.
    """
    try:
        _sweep(path)
        draft, file = _begun(path, 0o600 if private else 0o666)
    except (OSError, ValueError) as error:  # ValueError: no name of a file
        raise _refusal(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if new:
                os.link(draft, path)  # unlike a rename it fails where there is one
            else:
                draft.replace(path)
        _sync(path.parent)
    except FileExistsError as error:
        raise Conflict(wording("tongguan", "whole_file.yaml").both("taken", path=readable(str(path)))) from error
    except OSError as error:
        ours = (None, str(draft), str(path), str(path.parent))
        if error.filename not in ours:
            raise
        raise _refusal(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _refusal(path: Path, error: OSError | ValueError) -> CannotWrite:
    said = str(error)
    why = system_error(error) if isinstance(error, OSError) else {"zh": said, "en": said}
    return CannotWrite(wording("tongguan", "whole_file.yaml").both("closed", path=readable(str(path)), why=why))


def _begun(path: Path, mode: int) -> tuple[Path, BinaryIO]:
    """A draft, locked for as long as it is open, by which others see that its writer lives."""
    while True:
        draft = path.with_name(f".{path.name[:_NAME]}.{secrets.token_hex(6)}.draft")
        file = os.fdopen(os.open(draft, _NEW, mode), "wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody sweeps, and came before the lock
            file.close()
            continue
        except OSError:  # no locks in this file system: then nobody sweeps
            return draft, file
        if os.fstat(file.fileno()).st_nlink:
            return draft, file
        file.close()


def _sweep(path: Path) -> None:
    """Remove drafts of this file whose writers were killed."""
    for draft in path.parent.glob(f".{glob.escape(path.name[:_NAME])}.*.draft"):
        with suppress(OSError), draft.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()


def _sync(folder: Path) -> None:
    """The new name too, where the folder can be opened."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
