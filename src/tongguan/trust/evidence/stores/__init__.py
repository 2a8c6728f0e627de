"""Where sealed blobs lie: a folder on this machine, or a bucket of an S3-compatible server."""

from __future__ import annotations

from pathlib import Path

from tongguan.trust.evidence.stores.local import LocalStore
from tongguan.trust.evidence.stores.store import Draft, Store, Stored
from tongguan.trust.settings import EvidenceStore

__all__ = ["Draft", "LocalStore", "Store", "Stored", "open_store"]


def open_store(settings: EvidenceStore, home: Path) -> Store:
    """The store that the settings name. Raises BadSettings, CannotWrite, Missing, Unavailable."""
    if settings.kind == "s3":
        from tongguan.trust.evidence.stores.s3 import S3Store

        return S3Store(settings, home / "evidence")
    return LocalStore(Path(settings.path) if settings.path else home / "evidence")
