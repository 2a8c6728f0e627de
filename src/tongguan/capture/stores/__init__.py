"""Where data lies: databases, folders and buckets, as units that are read one at a time."""

from __future__ import annotations

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.kinds import STORES, StoreKind, open_store, parse_address
from tongguan.capture.stores.sampling import CONFIDENCE, Sample, binomial_bounds
from tongguan.capture.stores.units import REASONS, Column, FileUnit, Rows, Store, TableUnit, Unit, Unread, Unseen

__all__ = [
    "CONFIDENCE",
    "REASONS",
    "STORES",
    "Address",
    "Column",
    "FileUnit",
    "Rows",
    "Sample",
    "Store",
    "StoreKind",
    "TableUnit",
    "Unit",
    "Unread",
    "Unseen",
    "binomial_bounds",
    "open_store",
    "parse_address",
]
