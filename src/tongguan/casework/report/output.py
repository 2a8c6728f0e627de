"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tongguan.errors import CannotWrite

__all__ = ["replace"]


def replace(path: Path, content: bytes) -> None:
    """Write beside the place and move into it. Raises CannotWrite, and then nothing is left behind."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise CannotWrite(f"cannot write {path}: {error.strerror}; give a folder that this user may write") from error
