"""Where a workspace keeps its own state, and the secrets that lie there."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tongguan.errors import Broken, CannotWrite

__all__ = ["home", "secret", "workspace_key"]

KEY_SIZE = 32


def home() -> Path:
    """The folder of this workspace's own state, made with mode 0700 where it is not there.

    $TONGGUAN_HOME; else tongguan in $XDG_DATA_HOME; else ~/.local/share/tongguan. Raises CannotWrite.
    """
    folder = _home()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        raise CannotWrite(_advice(folder, error.strerror)) from error
    if not writable:
        raise CannotWrite(_advice(folder, "not writable for this user"))
    return folder


def workspace_key(home: Path) -> bytes:
    """The 32 bytes that key this workspace's hashes of personal data. Raises CannotWrite, Broken."""
    return secret(home / "workspace.key")


def secret(path: Path) -> bytes:
    """The 32 random bytes in the file, made at first use with mode 0600. Raises CannotWrite, Broken.

    The file is written under another name and then linked into place: of two processes that come at once, one wins and
    both read the same bytes; a process killed half-way leaves no short key.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_SIZE))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise CannotWrite(_advice(path, error.strerror)) from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Broken(f"cannot read the key {path}: {error.strerror}") from error
    if len(found) != KEY_SIZE:
        raise Broken(f"the key {path} holds {len(found)} bytes, not {KEY_SIZE}: put its backup in its place")
    return found


def _home() -> Path:
    if chosen := os.environ.get("TONGGUAN_HOME"):
        return Path(chosen).expanduser()
    if data := os.environ.get("XDG_DATA_HOME"):
        return Path(data) / "tongguan"
    return Path.home() / ".local" / "share" / "tongguan"


def _advice(path: Path, why: str | None) -> str:
    return f"cannot write {path}: {why or 'unknown error'}; set TONGGUAN_HOME to a folder that this user may write"
