"""What left, and what it was: captures, folders and files, restored to exchanges."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tongguan.capture.limits import Limits
    from tongguan.capture.reading import Batch, Progress, read
    from tongguan.capture.restoration import Summary, restore
    from tongguan.capture.sources import SourceInfo
    from tongguan.capture.traffic import ConnectionStats as Connection

__all__ = ["Batch", "Connection", "Limits", "Progress", "SourceInfo", "Summary", "read", "restore"]

_PLACES = {
    "Batch": "reading.Batch", "Connection": "traffic.ConnectionStats", "Limits": "limits.Limits",
    "Progress": "reading.Progress", "SourceInfo": "sources.SourceInfo", "Summary": "restoration.Summary",
    "read": "reading.read", "restore": "restoration.restore",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: who scans stores, in processes of their own too, needs no compiled kernels."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(".")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
