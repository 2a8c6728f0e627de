"""Midnight in Beijing."""

from datetime import UTC, date, datetime, tzinfo

import pytest

from tongguan import china_time


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        (datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 16, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 12, 31, 20, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_day_begins_at_midnight_in_beijing(utc: datetime, expected: date, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return utc.astimezone(tz)

    monkeypatch.setattr(china_time, "datetime", Clock)
    assert china_time.today() == expected
