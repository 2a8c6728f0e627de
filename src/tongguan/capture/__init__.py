"""What left, and what it was: captures, folders and files, restored to exchanges."""

from tongguan.capture.limits import Limits
from tongguan.capture.reading import Batch, Progress, read
from tongguan.capture.restoration import Summary, restore
from tongguan.capture.sources import SourceInfo
from tongguan.capture.traffic import ConnectionStats as Connection

__all__ = ["Batch", "Connection", "Limits", "Progress", "SourceInfo", "Summary", "read", "restore"]
