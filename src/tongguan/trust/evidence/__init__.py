"""The evidence store: sealed, content-addressed blobs with manifests, retention, holds, and an integrity sweep."""

from __future__ import annotations

from tongguan.trust.evidence.adding import Piece
from tongguan.trust.evidence.checking import Contradiction
from tongguan.trust.evidence.evidence import Evidence
from tongguan.trust.evidence.records import KINDS, Event, Kind, Manifest
from tongguan.trust.evidence.retention import Expiry, shortening
from tongguan.trust.evidence.stores import LocalStore, Store, open_store
from tongguan.trust.evidence.sweeping import Problem, Sweep

__all__ = [
    "KINDS",
    "Contradiction",
    "Event",
    "Evidence",
    "Expiry",
    "Kind",
    "LocalStore",
    "Manifest",
    "Piece",
    "Problem",
    "Store",
    "Sweep",
    "open_store",
    "shortening",
]
