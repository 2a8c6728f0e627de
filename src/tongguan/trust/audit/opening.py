"""Which log a workspace has, by its settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tongguan.trust.audit.log import AuditLog
from tongguan.trust.places import home

if TYPE_CHECKING:
    from tongguan.trust.settings import Settings

__all__ = ["audit_log", "open_log"]


def audit_log() -> AuditLog:
    """The log of this user's workspace: audit.db in `home()`, or the settings' PostgreSQL."""
    folder = home()
    # Without settings, nothing is loaded to read them: short commands write an entry too.
    if "TONGGUAN_SETTINGS" not in os.environ and not (folder / "settings.yaml").exists():
        return AuditLog(folder / "audit.db")
    from tongguan.trust.settings import load_settings

    return open_log(folder, load_settings(folder))


def open_log(home: Path, settings: Settings) -> AuditLog:
    """The log that these settings ask for. Raises what AuditLog and AuditLog.connect raise."""
    if settings.database:
        return AuditLog.connect(settings.database, home, suite=settings.suite)
    return AuditLog(home / "audit.db", suite=settings.suite)
