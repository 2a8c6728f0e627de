"""Every number of the law is held by a case: shift it by one, and some case fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from test_law_cases import ALL, unmet

from tongguan.law.book import book


def numbers() -> Iterator[tuple[str, dict[str, Any], str]]:
    for name, entries in book().parameters["numbers"].items():
        for entry in entries:
            yield f"{name} from {entry['from']}", entry, "value"
    for name, scenario in book().scenarios.items():
        for key in scenario:
            if key.endswith(("_for_assessment", "_for_contract")):
                yield f"{name} {key}", scenario, key


NUMBERS = list(numbers())


def some_case_fails() -> bool:
    return any(unmet(facts, readings, expect) for _, facts, readings, expect in ALL)


@pytest.mark.parametrize("shift", [1, -1])
@pytest.mark.parametrize(("entry", "key"), [number[1:] for number in NUMBERS], ids=[number[0] for number in NUMBERS])
def test_a_shifted_number_is_noticed(entry: dict[str, Any], key: str, shift: int) -> None:
    right = entry[key]
    try:
        entry[key] = right + shift
        book().turn_anew()
        assert some_case_fails()
    finally:
        entry[key] = right
        book().turn_anew()


def test_no_case_fails_unshifted() -> None:
    assert not some_case_fails()


def test_every_rule_has_its_condition_and_every_condition_its_rule() -> None:
    from tongguan.law.rules import CONDITIONS

    assert {rule["id"] for rule in book().rules} == set(CONDITIONS)
