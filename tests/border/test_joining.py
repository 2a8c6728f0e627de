"""Three nested ways to join subjects, each finer than the one before."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.border.joining import CARD, DOCUMENT, NAME, PERSONAL, SHARED, WEAK, Links, Persons, join

# Identifiers by kind: the first six are cards, then passports, phones, emails, names, addresses.
KINDS = [CARD] * 6 + [DOCUMENT] * 6 + [PERSONAL] * 12 + [PERSONAL] * 12 + [NAME] * 4 + [WEAK] * 4
TYPES = [0] * 6 + [1] * 6 + [2] * 12 + [3] * 12 + [4] * 4 + [5] * 4
PASSPORT, PHONE, EMAIL, PERSON = 6, 12, 24, 36


def links(subjects: list[set[int]], same_record: list[tuple[int, int]] | None = None) -> Links:
    pairs = [(number, identifier) for number, held in enumerate(subjects) for identifier in sorted(held)]
    records = np.array(same_record or [], np.int64).reshape(-1, 2)
    return Links(
        subject=np.array([pair[0] for pair in pairs], np.int64),
        identifier=np.array([pair[1] for pair in pairs], np.int64),
        subjects=len(subjects),
        kind=np.array(KINDS, np.int64),
        type=np.array(TYPES, np.int64),
        rank=np.array(TYPES, np.int64),
        same_record=(records[:, 0], records[:, 1]),
    )


def refines(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Whether subjects of one fine label have one coarse label."""
    known = fine >= 0
    return len(set(zip(fine[known], coarse[known], strict=True))) == len(set(fine[known]))


def same(one: Persons, other: Persons, places: list[int]) -> bool:
    """Whether two results group alike, given where each subject of the first stands in the second."""
    return all(
        refines(mine, theirs[places]) and refines(theirs[places], mine)
        for mine, theirs in ((one.low, other.low), (one.estimate, other.estimate), (one.high, other.high))
    )


subject = st.sets(st.integers(0, len(KINDS) - 1), max_size=4)


@settings(max_examples=400, deadline=None)
@given(st.lists(subject, min_size=1, max_size=30), st.data())
def test_each_way_refines_the_one_before(subjects: list[set[int]], data: st.DataObject) -> None:
    place = st.integers(0, len(subjects) - 1)
    together = data.draw(st.lists(st.tuples(place, place), max_size=4))
    persons = join(links(subjects, together))
    assert refines(persons.high, persons.estimate)
    assert refines(persons.estimate, persons.low)
    assert ((persons.low < 0) == (persons.estimate < 0)).all()
    assert ((persons.high < 0) == (persons.estimate < 0)).all()


@settings(max_examples=200, deadline=None)
@given(st.lists(subject, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_subjects_does_not_matter(subjects: list[set[int]], chance: object) -> None:
    order = list(range(len(subjects)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    places = [order.index(number) for number in range(len(subjects))]
    assert same(join(links(subjects)), join(links([subjects[number] for number in order])), places)


def groups(label: np.ndarray) -> list[list[int]]:
    return sorted([int(i) for i in np.flatnonzero(label == one)] for one in set(label[label >= 0].tolist()))


def test_a_phone_joins_in_the_estimate_and_a_document_in_all() -> None:
    persons = join(links([{PASSPORT, PHONE}, {PASSPORT + 1, PHONE}, {PASSPORT}, {PHONE}]))
    assert groups(persons.estimate) == [[0, 1, 2, 3]]
    assert groups(persons.high) == [[0, 2], [1], [3]]


def test_somebody_without_a_document_is_the_one_holder_that_the_identifiers_point_to() -> None:
    persons = join(links([{PASSPORT, EMAIL}, {PHONE, EMAIL}, {PHONE}]))
    assert groups(persons.high) == [[0, 1, 2]]


def test_two_phones_with_one_email_may_be_two_persons() -> None:
    persons = join(links([{PHONE, EMAIL}, {PHONE + 1, EMAIL}]))
    assert groups(persons.estimate) == [[0, 1]]
    assert groups(persons.high) == [[0], [1]]


def test_a_further_identifier_joins_where_it_points_to_one_person() -> None:
    assert groups(join(links([{PHONE, EMAIL}, {EMAIL}])).high) == [[0, 1]]
    assert groups(join(links([{PHONE, EMAIL}, {PHONE + 1, EMAIL}, {EMAIL}])).high) == [[0], [1], [2]]


def test_what_stands_beside_many_is_nobodys_own() -> None:
    few = [{EMAIL, PHONE + number} for number in range(SHARED)]
    assert len(groups(join(links(few)).estimate)) == 1
    many = [{EMAIL, PHONE + number} for number in range(SHARED + 1)]
    persons = join(links([*many, {EMAIL}]))
    assert len(groups(persons.estimate)) == SHARED + 1
    assert persons.estimate[-1] < 0
    assert len(groups(persons.low)) == 1


def test_one_record_joins_only_in_the_lower_bound() -> None:
    persons = join(links([{PHONE}, {PHONE + 1}], [(0, 1)]))
    assert groups(persons.low) == [[0, 1]]
    assert groups(persons.estimate) == [[0], [1]]


def test_names_are_told_apart_by_who_bears_them() -> None:
    persons = join(links([{PHONE, PERSON}, {PERSON}, {PERSON + 1}]))
    assert [part.tolist() for part in persons.known_names] == [[0], [PERSON]]
    assert [part.tolist() for part in persons.vague_names] == [[1, 2], [PERSON, PERSON + 1]]


def test_nobody() -> None:
    persons = join(links([]))
    assert len(persons.estimate) == 0
