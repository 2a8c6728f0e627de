"""A bar towards the legal lines: where the fill ends, where its bounds lie, where each line stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Gauge", "gauge_of"]

HEADROOM = 1.2  # how far the scale goes beyond the highest line
SINGLE = 1.35  # and beyond a line that stands alone, so that there is room to say what lies there
REMINDER = 0.8  # of the highest line


@dataclass(frozen=True, slots=True)
class Gauge:
    """Places on the bar, in percent of its length."""

    fill: float
    low: float
    high: float
    lines: tuple[float, ...]
    tick: float


def gauge_of(count: int, low: int, high: int, lines: Sequence[int]) -> Gauge:
    """Where a count with its bounds stands towards the lines (ascending, persons)."""
    scale = max(lines[-1] * (HEADROOM if len(lines) > 1 else SINGLE), high * 1.05, 1)

    def place(number: float) -> float:
        return round(100 * number / scale, 2)

    # Something that is there is seen, however little.
    fill = max(place(count), 0.4) if count else 0.0
    return Gauge(fill, place(low), place(high), tuple(place(line) for line in lines), place(lines[-1] * REMINDER))
