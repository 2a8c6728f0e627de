"""Where a log of the tests lies: an SQLite file or a PostgreSQL database, with either suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tongguan.trust import AuditLog

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """Opens the same log as often as it is asked."""

    folder: Path
    suite: str = "international"
    url: str | None = None

    def open(self, **options: Any) -> AuditLog:
        options = {"suite": self.suite, **options}
        if self.url:
            return AuditLog.connect(self.url, self.folder, **options)
        return AuditLog(self.folder / "audit.db", **options)

    @property
    def newest(self) -> Path:
        """The published checkpoint."""
        return self.folder / ("audit.postgresql.checkpoint" if self.url else "audit.db.checkpoint")

    @property
    def code(self) -> str:
        """Python that opens it, for a process of its own."""
        place = f"Path({str(self.folder if self.url else self.folder / 'audit.db')!r}), suite={self.suite!r}"
        opening = f"AuditLog.connect({self.url!r}, {place})" if self.url else f"AuditLog({place})"
        return f"from pathlib import Path; from tongguan.trust import AuditLog\nlog = {opening}\n"
