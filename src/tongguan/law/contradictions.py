"""Facts that cannot be true together, and days outside the known law: one message each, naming the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tongguan.law.book import book

__all__ = ["contradictions"]

Values = Mapping[str, Any]
COUNTS = ("data.persons", "data.sensitive_persons")
FILED_UNDER = {  # the instrument since whose first day a path could be filed
    "security_assessment": "SA-2022",
    "standard_contract": "SCC-2023",
    "certification": "CERT-ANN-37",
    "gba_standard_contract": "GBA-HK",
}
RARE = frozenset(  # without one of these, most contradictions cannot be
    {
        *(f"{path}_before_split" for path in COUNTS),
        "data.persons_with_both",
        "data.important_since",
        "activity.began",
        "activity.zone_list_part",
        "filed.state",
        "filed.day",
    }
)


def contradictions(values: Values) -> Iterator[str]:
    """What is wrong with known facts by dotted path, each as a sentence that says what was expected."""
    yield from _beyond_the_law(values)
    if values.get("data.personal") is False:
        yield from _nobody_and_somebody(values)
    if not RARE.isdisjoint(values):
        yield from _parts_above_the_whole(values)
        yield from _days_out_of_order(values)
        yield from _half_told(values)


def _beyond_the_law(values: Values) -> Iterator[str]:
    """The day asked for must lie in the time for which this book was kept: outside it, an answer would be a guess."""
    known, day = book().parameters["known"], values.get("date")
    if day is not None and not known["first"] <= day <= known["until"]:
        yield (
            f"date: expected a day from {known['first']} to {known['until']}, the time that this version's law data "
            f"covers, such as {known['checked']}; found {day}"
        )


def _nobody_and_somebody(values: Values) -> Iterator[str]:
    for path in (*COUNTS, *(f"{path}_before_split" for path in COUNTS), "data.persons_with_both"):
        if values.get(path):
            yield f"data.personal is false, yet {path} is {values[path]}; expected data.personal: true, or 0 persons"


def _parts_above_the_whole(values: Values) -> Iterator[str]:
    """What went before a split is the whole; who is of both kinds is of each."""
    for path in COUNTS:
        yield from _above(values, path, f"{path}_before_split", "the whole before it was split")
        yield from _above(values, "data.persons_with_both", path, "those of whom both kinds leave are among them")


def _above(values: Values, part: str, whole: str, why: str) -> Iterator[str]:
    if part in values and whole in values and values[part] > values[whole]:
        yield (
            f"{whole} is {values[whole]}, yet {part} is {values[part]}; "
            f"expected {whole} of {values[part]} or more: {why}"
        )


def _days_out_of_order(values: Values) -> Iterator[str]:
    for path in ("data.important_since", "activity.began", "filed.day"):
        if path in values and "date" in values and values[path] > values["date"]:
            yield f"{path}: expected a day not after the date asked for, {values['date']}; found {values[path]}"
    yield from _filed_before_it_could_be(values)
    if values.get("data.important") is False and "data.important_since" in values:
        yield "data.important is false, yet data.important_since is given; expected important: true, or no day"


def _filed_before_it_could_be(values: Values) -> Iterator[str]:
    path, day = values.get("filed.path"), values.get("filed.day")
    first = book().instruments[FILED_UNDER[path]].effective if path else None
    if day is not None and first is not None and day < first:
        yield f"filed.day: expected a day not before {first}, when {path} began, such as {first}; found {day}"


def _half_told(values: Values) -> Iterator[str]:
    if "filed.path" not in values:
        for path in ("filed.state", "filed.day"):
            if path in values:
                yield f"{path} is given without filed.path; expected filed.path beside it, such as standard_contract"
    if "activity.zone_list_part" in values and values.get("activity.on_zone_list") is False:
        yield (
            "activity.on_zone_list is false, yet activity.zone_list_part is given; "
            "expected on_zone_list: true, or no part"
        )
