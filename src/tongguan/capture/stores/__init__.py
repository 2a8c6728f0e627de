"""Where data lies: databases, folders and buckets, as units that are read one at a time."""

from __future__ import annotations

from pathlib import Path

from tongguan.capture.stores.addresses import Address, parse_address, password_of
from tongguan.capture.stores.sampling import CONFIDENCE, Sample, binomial_bounds
from tongguan.capture.stores.units import REASONS, Column, FileUnit, Rows, Store, TableUnit, Unit, Unread, Unseen

__all__ = [
    "CONFIDENCE",
    "REASONS",
    "Address",
    "Column",
    "FileUnit",
    "Rows",
    "Sample",
    "Store",
    "TableUnit",
    "Unit",
    "Unread",
    "Unseen",
    "binomial_bounds",
    "open_store",
    "parse_address",
]


def open_store(address: Address, credentials: Path | None = None) -> Store:
    """The store at an address, for reading only. `credentials`: a file of passwords by address.

    Raises BadInput, Missing (a driver), Unavailable.
    """
    if address.kind in ("folder", "file"):
        from tongguan.capture.stores.folders import FolderStore

        assert address.path is not None
        return FolderStore(address.path)
    if address.kind == "s3":
        from tongguan.capture.stores.objects import ObjectStore

        return ObjectStore(address)
    if address.kind == "duckdb":
        from tongguan.capture.stores.embedded import FileStore

        return FileStore(address)
    from tongguan.capture.stores.databases import ApartStore, DatabaseStore

    opened = ApartStore if address.kind == "database" else DatabaseStore
    return opened(address, password_of(address, credentials))
