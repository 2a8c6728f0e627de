"""The day in China: the law's days begin at midnight in Beijing, wherever the machine's own clock stands."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final

__all__ = ["ZONE", "today"]

ZONE: Final = timezone(timedelta(hours=8))  # without summer time since 1991


def today() -> date:
    """The day it is in Beijing now. A server that keeps UTC is a day behind from midnight to eight in the morning."""
    return datetime.now(ZONE).date()
