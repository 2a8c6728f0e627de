"""What is looked at before a form is tried never rules out a value that has it."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.identify.tables import Column, Judge, Table, looks
from tongguan.identify.tables.cells import cells_of

DAY = 20_261_121


@pytest.mark.parametrize("name", sorted(looks._NEEDS))
def test_a_value_of_a_form_is_not_passed_over(name: str) -> None:
    form = looks._forms()[name]

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.from_regex(re.compile(form, re.ASCII)).map(str.strip), min_size=1, max_size=5))
    def check(values: list[str]) -> None:
        # Shorter and longer columns are tried in different ways; the others are of no form.
        for others in (0, 300):
            texts = [*values, *(f"no-{n}-one" for n in range(others))]
            look = looks.looks_of(cells_of(pa.array(texts, pa.large_string())), DAY)
            all_texts = look.cells.texts
            if others:  # RE2 and Python differ in what is white space
                wanted = pc.match_substring_regex(all_texts, form).to_pylist()
            else:
                wanted = [re.search(form, text, re.ASCII) is not None for text in all_texts.to_pylist()]
            assert look.check(name).tolist() == wanted

    check()


@pytest.mark.parametrize("others", [0, 300])
def test_given_names_are_known_by_their_first_word(others: int) -> None:
    words = ["Mary Lee", "JOHN", "o'brien", "B0012", "12.5", "王芳", "\u212aevin", "x", "Zed Q"]
    texts = [*words, *(f"{n}-{n}" for n in range(others))]
    look = looks.looks_of(cells_of(pa.array(texts)), DAY)
    found = look.first_words()
    first = [re.sub(r"^([a-z'-]+).*$", r"\1", text.lower()) for text in look.cells.texts.to_pylist()]
    assert found.tolist() == [one in looks._sets()["given_names"] for one in first]
    assert found.any()


def test_a_column_that_begins_with_a_word_among_seconds_is_judged() -> None:
    values = ["none yet", *(str(1_700_000_000 + n) for n in range(99))]
    verdict = Judge(b"k" * 32, as_of=date(2026, 11, 21)).judge(Table("t", None, [Column("c", None, values)]))
    assert verdict.columns[0].rows == 100
