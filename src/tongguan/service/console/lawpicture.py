"""A picture of the law in time: the periods of the rules, the texts that they cite, and the days on which they turn.

Years with more to see are drawn wider; places are percent of the picture's width.
"""

from __future__ import annotations

from datetime import date, timedelta

from tongguan import law
from tongguan.service.console.workspace import Row

__all__ = ["SHOWN", "picture", "place"]

SHOWN = date(2017, 1, 1), date(2027, 12, 31)
WIDTHS = {2017: 1, 2018: 1, 2019: 1, 2020: 1, 2021: 2, 2022: 2, 2023: 2}
WIDE = 4  # every later year
ONE_DAY = timedelta(days=1)


def picture(day: date) -> Row:
    """`{years, lanes, turns, at}`: years and bars as (x, width), turning days and the chosen day as x.

    The first lane is the periods', the others a title's each, with its texts one after another.
    """
    years = [
        {"year": year, "x": place(date(year, 1, 1)), "width": _width(date(year, 1, 1), date(year, 12, 31))}
        for year in range(SHOWN[0].year, SHOWN[1].year + 1)
    ]
    lanes: dict[str, list[Row]] = {}
    for one in law.periods():
        first, last = _day(one["from"], SHOWN[0]), _day(one["to"], SHOWN[1])
        if first <= SHOWN[1] and last >= SHOWN[0]:
            lane = "" if one["kind"] == "regime" else one["names"]["zh"]
            lanes.setdefault(lane, []).append({**one, "x": place(first), "width": _width(first, last)})
    return {
        "years": years,
        "lanes": list(lanes.values()),
        "turns": [{"day": turn.day.isoformat(), "x": place(turn.day)} for turn in law.turns(*SHOWN)],
        "at": place(day),
        "inside": SHOWN[0] <= day <= SHOWN[1],
    }


def place(day: date) -> float:
    """Where a day's beginning stands, in percent; days outside stand at the edge."""
    day = min(max(day, SHOWN[0]), SHOWN[1] + ONE_DAY)
    whole = sum(map(_share, range(SHOWN[0].year, SHOWN[1].year + 1)))
    passed = sum(map(_share, range(SHOWN[0].year, day.year)))
    share = _share(day.year) if day.year <= SHOWN[1].year else 0
    part = (day.timetuple().tm_yday - 1) / 366
    return round(100 * (passed + share * part) / whole, 3)


def _width(first: date, last: date) -> float:
    """Of the days from first to last, both inclusive."""
    return round(place(min(last, SHOWN[1]) + ONE_DAY) - place(first), 3)


def _share(year: int) -> int:
    return WIDTHS.get(year, WIDE)


def _day(text: str | None, otherwise: date) -> date:
    return date.fromisoformat(text) if text else otherwise
