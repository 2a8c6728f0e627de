"""What left, and what it was: captures, folders and files, restored to exchanges."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tongguan.capture.limits import Limits
from tongguan.capture.sources import SourceInfo

if TYPE_CHECKING:
    from tongguan.capture.reading import Batch, Progress, read
    from tongguan.capture.restoration import Summary, restore
    from tongguan.capture.traffic import ConnectionStats as Connection

__all__ = ["Batch", "Connection", "Limits", "Progress", "SourceInfo", "Summary", "read", "restore"]

_OF_CAPTURES = {
    "Batch": ("reading", "Batch"),
    "Progress": ("reading", "Progress"),
    "read": ("reading", "read"),
    "Summary": ("restoration", "Summary"),
    "restore": ("restoration", "restore"),
    "Connection": ("traffic", "ConnectionStats"),
}


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: a scan of stores, in three processes, has no use for kernels that read captures."""
    if name not in _OF_CAPTURES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _OF_CAPTURES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
