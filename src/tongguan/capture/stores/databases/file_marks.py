"""What tells that a database in a file did not change."""

from __future__ import annotations

import time
from pathlib import Path

__all__ = ["SETTLED_S", "mark_of"]

SETTLED_S = 2.0  # a file changed so recently may change again without its times showing it


def mark_of(path: Path, log: str) -> str | None:
    """Of the whole file and of its write-ahead log, whose name ends in `log`: equal where nothing in it changed."""
    parts = []
    for place in (path, path.with_name(path.name + log)):
        try:
            status = place.stat()
            if abs(time.time() - status.st_mtime) < SETTLED_S:
                return None
            parts.append(f"{status.st_size}/{status.st_mtime_ns}/{status.st_ctime_ns}/{status.st_ino}")
        except FileNotFoundError:
            parts.append("-")
        except OSError:
            return None
    return ",".join(parts)
