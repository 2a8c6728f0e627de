"""When a source is scanned by itself: every day or every week, at an hour of China."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tongguan import china_time
from tongguan.errors import BadInput
from tongguan.wording import wording

__all__ = ["Schedule"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """`weekday`: 0 Monday to 6 Sunday, of a weekly one. `options`: of the scans. `by`: who set it."""

    every: Literal["day", "week"]
    hour: int
    minute: int = 0
    weekday: int = 0
    options: Mapping[str, Any] | None = None
    by: str = ""

    def __post_init__(self) -> None:
        whole = 0 <= self.hour <= 23 and 0 <= self.minute <= 59 and 0 <= self.weekday <= 6
        if self.every not in ("day", "week") or not whole:
            raise BadInput(wording("tongguan.casework.assets").both("plan.text"))

    def after(self, at: float) -> float:
        """The first time after a moment; both in seconds since the epoch."""
        now = datetime.fromtimestamp(at, china_time.ZONE)
        first = now.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        if self.every == "week":
            first += timedelta(days=(self.weekday - first.weekday()) % 7)
        step = timedelta(days=7 if self.every == "week" else 1)
        return (first if first > now else first + step).timestamp()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "options": dict(self.options or {})}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Schedule:
        """From plain values. Raises BadInput."""
        return Schedule(**plain)
