"""Small records beside fingerprints and policies: JSON, sealed with the workspace's key, replaced as a whole."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tongguan import whole_file
from tongguan.errors import BadInput, Broken, CannotWrite, Conflict

__all__ = ["good_name", "locked", "names_in", "read_record", "write_record"]

_NAME: Final = re.compile(r"\w[\w.\-]{0,59}")
_LARGEST: Final = 16 << 20


def good_name(name: str) -> str:
    """The name of a store or a policy, in one form of each letter. Raises BadInput."""
    name = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(name):
        raise BadInput("no name; expected 1 to 60 letters, digits, _ - or ., the first a letter or a digit")
    return name


def names_in(folder: Path, record: str) -> list[str]:
    """Names of all that have a record of that file name in a folder of their own, in order."""
    return sorted(path.parent.name for path in folder.glob(f"*/{record}")) if folder.is_dir() else []


def _seal(key: bytes, text: str) -> str:
    key = key if len(key) <= 64 else hashlib.blake2b(key).digest()
    return hashlib.blake2b(text.encode(), digest_size=32, key=key, person=b"tongguan record").hexdigest()


def read_record(path: Path, key: bytes) -> dict[str, Any] | None:
    """A record, None where there is none. Raises Broken where it was altered or damaged, or is another key's."""
    try:
        with path.open("rb") as file:
            whole = json.loads(file.read(_LARGEST))
        text, tag = whole["about"], whole["seal"]
        good = hmac.compare_digest(_seal(key, text), tag)
        found: Any = json.loads(text) if good else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Broken(f"{path}: altered or damaged, or made under another workspace's key; remove it and make it again")
    return found


def write_record(path: Path, key: bytes, about: Mapping[str, Any]) -> None:
    """Replace a record. Raises CannotWrite."""
    text = json.dumps(about, ensure_ascii=False, sort_keys=True)
    whole_file.replace(path, json.dumps({"about": text, "seal": _seal(key, text)}).encode())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made where it is absent, for one who changes it. Raises Conflict where another does, CannotWrite."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotWrite(f"{folder}: cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(f"{folder.name}: is being changed by another process; wait until that is done") from None
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(handle)
