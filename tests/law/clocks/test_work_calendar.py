"""Working days: against an independent package on every day, and at every edge by hand."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.law.book import load
from tongguan.law.calendar import UNITS, Reckoned, WorkCalendar, add_months, work_calendar

DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.fixture(scope="module")
def days() -> WorkCalendar:
    return work_calendar()


def every_day(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=at) for at in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize(("year", "worked"), [(2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_every_day_is_as_the_independent_package_has_it(year: int, worked: int) -> None:
    days = work_calendar()
    differing = [day for day in every_day(year) if days.is_working(day) != chinese_calendar.is_workday(day)]
    assert differing == []
    assert sum(map(days.is_working, every_day(year))) == worked


NOTICES = {  # days off and make-up days of the yearly notices, copied by hand
    2022: "01-01..03 01-31..02-06 04-03..05 04-30..05-04 06-03..05 09-10..12 10-01..07 12-31 / 01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    2023: "01-01..02 01-21..27 04-05 04-29..05-03 06-22..24 09-29..10-06 12-30..31 / 01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "01-01 02-10..17 04-04..06 05-01..05 06-10 09-15..17 10-01..07 / 02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-01 01-28..02-04 04-04..06 05-01..05 05-31..06-02 10-01..08 / 01-26 02-08 04-27 09-28 10-11",
    2026: "01-01..03 02-15..23 04-04..06 05-01..05 06-19..21 09-25..27 10-01..07 / 01-04 02-14 02-28 05-09 09-20 10-10",
}


@pytest.mark.parametrize("year", NOTICES)
def test_the_days_off_are_those_of_the_notice(year: int) -> None:
    def short(first: date, last: date) -> str:
        end = "" if first == last else f"..{last:%d}" if first.month == last.month else f"..{last:%m-%d}"
        return f"{first:%m-%d}{end}"

    entry = load("holidays")["announced"][year]
    told = [short(*period) for period in entry["rest"]] + ["/"] + [f"{day:%m-%d}" for day in entry["work"]]
    assert " ".join(told) == NOTICES[year]
    assert entry["notice"] == (date(2025, 11, 4) if year == 2026 else None)


def test_the_data_hold_no_idle_entry() -> None:
    loaded = load("holidays")
    for year, entry in [*loaded["announced"].items(), *loaded["expected"].items()]:
        assert all(first <= last and first.year == last.year == year for first, last in entry["rest"])
        worked = entry.get("work", [])
        assert all(day.year == year and day.weekday() >= 5 for day in worked), "a make-up day falls on a weekend"
        assert not [day for day in worked for first, last in entry["rest"] if first <= day <= last]


def test_the_known_years(days: WorkCalendar) -> None:
    assert days.knows(date(2022, 1, 1)) and days.knows(date(2026, 12, 31)) and days.last == date(2026, 12, 31)
    assert not days.knows(date(2021, 12, 31)) and not days.knows(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        ("2026-12-31", -60, "2026-10-09"),  # the window before an expiry at the end of 2026
        ("2026-09-21", 10, "2026-10-12"),  # over Mid-Autumn, National Day and the Saturday worked for it
        ("2025-07-18", 30, "2025-08-29"),  # the announcement on officers and its last day for those already there
        ("2026-11-20", 1, "2026-11-23"),  # Friday to Monday
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-22", 1, "2026-11-23"),
        ("2026-11-23", -1, "2026-11-20"),
        ("2026-02-13", 1, "2026-02-14"),  # the Saturday before Spring Festival is worked
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-24", -1, "2026-02-14"),
        ("2026-02-27", 1, "2026-02-28"),  # and the one after
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2025-09-30", 1, "2025-10-09"),  # Mid-Autumn inside National Day: eight days
        ("2025-10-10", 1, "2025-10-11"),
        ("2025-01-27", 1, "2025-02-05"),
        ("2024-02-09", 1, "2024-02-18"),  # Spring Festival's eve was worked, and the Sunday after it
        ("2024-02-28", 1, "2024-02-29"),  # a leap day
        ("2024-02-29", 1, "2024-03-01"),
        ("2023-12-29", 1, "2024-01-02"),  # over the turn of a year
        ("2022-12-30", 1, "2023-01-03"),
    ],
)
def test_counting_by_hand(days: WorkCalendar, start: str, n: int, end: str) -> None:
    assert days.add(date.fromisoformat(start), n) == Reckoned(date.fromisoformat(end), False)


def test_no_working_days_is_the_day_itself_even_a_sunday(days: WorkCalendar) -> None:
    assert days.add(date(2026, 11, 22), 0) == Reckoned(date(2026, 11, 22), False)


def test_what_touches_an_unknown_year_is_provisional(days: WorkCalendar) -> None:
    assert days.add(date(2026, 12, 30), 1) == Reckoned(date(2026, 12, 31), False)
    assert days.add(date(2026, 12, 31), 1) == Reckoned(date(2027, 1, 4), True)
    assert days.add(date(2026, 12, 28), 15) == Reckoned(date(2027, 1, 19), True)
    assert days.add(date(2027, 1, 1), -1) == Reckoned(date(2026, 12, 31), False)  # no day of 2027 was passed
    assert days.add(date(2027, 1, 4), -1) == Reckoned(date(2026, 12, 31), True)
    assert days.add(date(2022, 1, 4), -1) == Reckoned(date(2021, 12, 31), True)


def test_the_days_off_expected_of_2027_are_the_statutory_ones() -> None:
    """New Year, Spring Festival, Qingming, Labour Day, Dragon Boat, Mid-Autumn and National Day, without bridges."""
    days_off = {
        "01-01",
        "02-05",
        "02-06",
        "02-07",
        "02-08",
        "04-05",
        "05-01",
        "05-02",
        "06-09",
        "09-15",
        "10-01",
        "10-02",
        "10-03",
    }
    days = work_calendar()
    assert {f"{day:%m-%d}" for day in every_day(2027) if day in days.rest} == days_off
    assert not [day for day in days.work if day.year == 2027]


def test_expected_days_off_count_in_an_unknown_year(days: WorkCalendar) -> None:
    assert not days.is_working(date(2027, 2, 5)) and days.is_working(date(2027, 2, 9))
    assert not days.is_working(date(2027, 1, 1)) and days.is_working(date(2029, 1, 1)), "nothing is expected of 2029"


@pytest.mark.parametrize(
    ("start", "n", "unit", "end"),
    [
        ("2024-02-29", 3, "year", "2027-02-28"),
        ("2024-02-29", 4, "year", "2028-02-29"),
        ("2023-02-28", 1, "year", "2024-02-28"),
        ("2024-03-31", -1, "month", "2024-02-29"),
        ("2026-08-31", 6, "month", "2027-02-28"),
        ("2026-12-31", 2, "month", "2027-02-28"),
        ("2026-01-15", -1, "month", "2025-12-15"),
        ("2026-12-31", 1, "calendar_day", "2027-01-01"),
        ("2024-02-28", 2, "calendar_day", "2024-03-01"),
    ],
)  # fmt: skip
def test_other_units(days: WorkCalendar, start: str, n: int, unit: str, end: str) -> None:
    assert unit in UNITS
    assert days.reckon(date.fromisoformat(start), n, unit) == Reckoned(date.fromisoformat(end), False)


def test_beyond_the_calendar_of_python() -> None:
    with pytest.raises(OverflowError):
        add_months(date(9999, 12, 1), 1)
    with pytest.raises(OverflowError):
        add_months(date(1, 1, 1), -1)


def test_on_or_after(days: WorkCalendar) -> None:
    assert days.on_or_after(date(2026, 10, 1)) == Reckoned(date(2026, 10, 8), False)
    assert days.on_or_after(date(2026, 10, 8)) == Reckoned(date(2026, 10, 8), False)
    assert days.on_or_after(date(2026, 10, 10)) == Reckoned(date(2026, 10, 10), False)
    assert days.on_or_after(date(2027, 1, 1)) == Reckoned(date(2027, 1, 4), True)


@given(DAYS, st.integers(-400, 400))
def test_adding_then_counting_gives_the_number(day: date, n: int) -> None:
    days = work_calendar()
    end, _ = days.add(day, n)
    if n >= 0:
        assert days.count(day, end) == n
    else:  # backwards the end is counted and the start is not
        assert days.count(end - timedelta(days=1), day - timedelta(days=1)) == -n
    assert n == 0 or days.is_working(end)


@given(DAYS, DAYS, st.integers(0, 300))
def test_a_later_start_never_ends_earlier(one: date, other: date, n: int) -> None:
    days = work_calendar()
    assert days.add(min(one, other), n).day <= days.add(max(one, other), n).day


@given(DAYS, st.integers(-300, 300))
def test_one_more_working_day_is_later(day: date, n: int) -> None:
    days = work_calendar()
    assert days.add(day, n).day < days.add(day, n + 1).day


@given(DAYS, DAYS, DAYS)
def test_counts_add_up(one: date, two: date, three: date) -> None:
    days = work_calendar()
    assert days.count(one, two) + days.count(two, three) == days.count(one, three)


@given(DAYS, st.integers(-2000, 2000), st.sampled_from(UNITS))
def test_provisional_only_where_an_unknown_day_lies_between(day: date, n: int, unit: str) -> None:
    days = work_calendar()
    end, provisional = days.reckon(day, n, unit) if unit != "year" else days.reckon(day, n // 100, unit)
    passed = [end] if end != day else []
    assert not provisional or (unit == "working_day" and any(not days.knows(at) for at in [day, *passed]))
