"""Where a workspace keeps its own state, and the secrets that lie there."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tongguan import whole_file
from tongguan.errors import Broken, CannotWrite, Conflict

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

    Of two processes that come at once, one wins and both read the same bytes; one killed half-way leaves no short key.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    with suppress(Conflict):
        whole_file.create(path, secrets.token_bytes(KEY_SIZE))
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
