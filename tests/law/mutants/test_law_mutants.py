"""Every number, day, article, path, flag and default of the law's data is held by a test: change one, and some test fails.

The whole run: `make mutants`, which prints what was changed in each file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from held_by import Data, Suite
from mutants_of import Mutant, mutants

from tongguan.law.citing import documents

EVERYWHERE = ("test_law_texts", "test_law_instruments", "test_law_citations")
PATHS = ("test_law_chronicle", "test_law_cases", *EVERYWHERE)
HELD_BY = {  # a file, or a folder, and the test modules that hold it, the likeliest first
    "rules": PATHS,
    "duties": PATHS,
    "parameters": PATHS,
    "zones": ("test_zone_lists", *PATHS),
    "zones/": ("test_pack_days", "test_zone_lists", "test_pack_checking", *PATHS),
    "instruments": EVERYWHERE,
    "articles": ("test_law_articles", *EVERYWHERE),
    "procedures": (
        "test_clocks_timetable",
        "test_procedures_data",
        "test_clock_checklist",
        "test_clock_cases",
        "test_clock_examples",
        *EVERYWHERE,
    ),
    "holidays": ("test_work_calendar",),
    "destinations": ("test_law_destinations", *EVERYWHERE),
    "checklists": ("test_law_checklists", *EVERYWHERE),
    "grading": ("test_grading_data", "test_grading_cases", "test_grading_facts", *EVERYWHERE),
    "countries": (),
}


def holding(document: str) -> tuple[str, ...]:
    folder = document.partition("/")[0] + "/"
    names = HELD_BY.get(document, HELD_BY.get(folder))
    assert names is not None, f"name in HELD_BY the tests that hold {document}.yaml"
    return names


@cache
def data() -> Data:
    return Data()


@pytest.mark.parametrize("document", documents())
def test_every_mutant_is_caught(document: str) -> None:
    with data():
        found = mutants(document, data().tree(document))
        survivors = list(surviving(found, holding(document)))
    print(f"\n{document}: {dict(Counter(mutant.kind for mutant in found))}, {len(survivors)} survive")
    assert survivors == [], f"{len(survivors)} of {len(found)} mutants are caught by no test"


def surviving(found: list[Mutant], names: tuple[str, ...]) -> Iterator[str]:
    tests = Suite(data(), names)
    for mutant in found:
        with mutant.applied():
            caught, broke = tests.catches(mutant.words())
        if caught is None:
            yield f"{mutant}" + (f" (breaks, but no test says so: {broke[0]})" if broke else "")


def test_a_value_that_no_test_holds_survives_and_is_named() -> None:
    with data():
        tree = {"procedures": {"x": {"steps": [{"id": "file", "n": 10}]}}}
        found = list(surviving(mutants("planted", tree), ("test_work_calendar",)))
    assert found == [f"planted: procedures.x.steps.file.n: 10 -> {n}" for n in (11, 9)]


def test_the_data_are_right_again_after_a_mutant() -> None:
    before = repr(documents())
    with data():
        path = next(one for one in mutants("rules", data().tree("rules")) if one.kind == "path")
        tests = Suite(data(), PATHS)
        with path.applied():
            assert tests.catches(path.words())[0]
        assert tests.catches(set()) == (None, [])
        assert repr(documents()) == before
    assert repr(documents()) == before


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("第四条第二项", ["第五条第二项", "第三条第二项", "第四条第三项", "第四条第一项"]),
        ("第三十九条", ["第四十条", "第三十八条"]),
        ("第一条", ["第二条"]),
        ("2025-09", ["2025-10", "2025-08"]),
        ("2025-12", ["2026-01", "2025-11"]),
        ("12-31", ["01-01", "12-30"]),
        ("within 10 days", ["within 11 days", "within 9 days"]),
        ("from 2024-03-22 on", ["from 2024-03-23 on", "from 2024-03-21 on"]),
        ("over 1,000,000 of {n:,}", ["over 1,000,001 of {n:,}", "over 999,999 of {n:,}"]),
    ],
)
def test_what_a_text_becomes(value: str, becomes: list[str]) -> None:
    assert [mutant.new for mutant in mutants("planted", {"x": {"en": value}})] == becomes
