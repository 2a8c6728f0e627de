"""Natural persons counted once, with what they are at least and at most."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from border_scenes import MEMBERS, RETAILER, Row, Scene, exchange, org_of, people
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongguan.border import Org, summarise
from tongguan.border.joining import components
from tongguan.border.summary import Summary

PARENT, LUMORA = "203.0.113.9", "203.0.113.10"
AS_OF = date(2026, 11, 20)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Org:
    return org_of(RETAILER, tmp_path_factory.mktemp("org"))


def total(org: Org, folder: Path, *messages: Sequence[Row]) -> tuple[int, int, int]:
    """low, count, high of messages sent abroad, one exchange each."""
    scene = Scene(folder, org)
    for rows in messages:
        scene.sent(exchange(MEMBERS, PARENT), rows)
    persons = summarise(scene.committed(), org, AS_OF).seen.persons
    return persons.low, persons.count, persons.high


# Messages of records → low, count, high
CASES: list[tuple[str, list[list[Row]], tuple[int, int, int]]] = [
    ("nothing", [[]], (0, 0, 0)),
    ("one table", [people(0, 30, "person_name", "phone")], (30, 30, 30)),
    ("the same table twice", [people(0, 30, "phone"), people(0, 30, "phone")], (30, 30, 30)),
    ("two tables that overlap", [people(0, 30, "phone", "email"), people(20, 40, "email", "id_card")], (40, 40, 40)),
    ("linked through a third", [[{"phone": "1"}], [{"email": "1"}], [{"phone": "1", "email": "1"}]], (1, 1, 1)),
    ("a name alone is somebody", [[{"person_name": "甲"}]], (1, 1, 1)),
    ("a name that a known person bears", [[{"person_name": "甲", "phone": "1"}], [{"person_name": "甲"}]], (1, 2, 2)),
    ("the same name twice", [[{"person_name": "甲"}], [{"person_name": "甲"}]], (1, 1, 1)),
    (
        "one name at two addresses",
        [[{"person_name": "甲", "address": "东"}], [{"person_name": "甲", "address": "西"}]],
        (1, 1, 2),
    ),
    ("several names in one record", [[{"person_name": "甲|乙|丙"}]], (3, 3, 3)),
    ("addresses without a name", [[{"address": "东"}, {"address": "西"}, {"address": "东"}]], (0, 0, 2)),
    ("health without a name", [[{"health": "甲"}, {"health": "甲"}]], (0, 0, 2)),
    ("a family's phone", [[{"id_card": "1", "phone": "9"}, {"id_card": "2", "phone": "9"}]], (2, 2, 2)),
    ("a phone between two passports", [[{"passport": "1", "phone": "9"}, {"passport": "2", "phone": "9"}]], (1, 1, 2)),
    ("two phones in one record", [[{"phone": "1|2"}]], (1, 2, 2)),
    ("two cards in one record", [[{"id_card": "1|2", "passport": "7"}]], (2, 2, 2)),
    (
        "a card and a passport",
        [[{"id_card": "1", "passport": "7"}], [{"passport": "7"}], [{"id_card": "1"}]],
        (1, 1, 1),
    ),
    (
        "an email that two phones share",
        [[{"phone": "1", "email": "9"}], [{"phone": "2", "email": "9"}], [{"email": "9"}]],
        (1, 1, 3),
    ),
    (
        "a shop's phone beside many",
        [[{"phone": "shop", "email": str(n)} for n in range(20)]],
        (1, 20, 20),
    ),
    (
        "a shop's phone beside many names",
        [[{"phone": "shop", "person_name": str(n)} for n in range(20)]],
        (20, 20, 20),
    ),
    ("a company is nobody", [[{"organisation": "公司", "uscc": "1"}]], (0, 0, 0)),
]


@pytest.mark.parametrize(("messages", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_count_and_bounds(org: Org, tmp_path: Path, messages: list[list[Row]], wanted: tuple[int, int, int]) -> None:
    assert total(org, tmp_path, *messages) == wanted


value = st.integers(0, 6).map(str)
kinds = st.sampled_from(
    ["id_card", "passport", "phone", "email", "bank_card", "person_name", "address", "ip", "health", "uscc"]
)
row = st.dictionaries(kinds, st.lists(value, min_size=1, max_size=3).map("|".join), max_size=4)
message = st.tuples(st.sampled_from([PARENT, "198.51.100.3", "192.0.2.1"]), st.lists(row, max_size=6))


def summary_of(org: Org, messages: Sequence[tuple[str, Sequence[Row]]]) -> Summary:
    with TemporaryDirectory() as folder:
        scene = Scene(Path(folder), org)
        for destination, rows in messages:
            scene.sent(exchange(MEMBERS, destination), rows)
        return summarise(scene.committed(), org, AS_OF)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(message, max_size=6), st.randoms(use_true_random=False))
def test_bounds_hold_and_order_does_not_matter(
    org: Org, messages: list[tuple[str, list[Row]]], chance: random.Random
) -> None:
    summary = summary_of(org, messages)
    counts = [summary.seen.persons, summary.seen.sensitive_persons, summary.counted.persons]
    counts += [total.seen.persons for total in summary.recipients]
    counts += [total.seen.sensitive_persons for total in summary.recipients]
    for count in counts:
        assert 0 <= count.low <= count.count <= count.high
    for part in summary.recipients:
        assert part.seen.persons.high <= summary.seen.persons.high
        assert part.seen.sensitive_persons.count <= part.seen.persons.count
        assert all(number <= part.seen.persons.count for number in part.type_persons.values())
    shuffled = [(destination, chance.sample(rows, len(rows))) for destination, rows in messages]
    chance.shuffle(shuffled)
    again = summary_of(org, shuffled)
    assert again.seen == summary.seen
    assert again.counted == summary.counted
    assert {t.id: t.seen for t in again.recipients} == {t.id: t.seen for t in summary.recipients}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(message, max_size=4), message)
def test_more_seen_is_never_fewer_at_most(
    org: Org, messages: list[tuple[str, list[Row]]], extra: tuple[str, list[Row]]
) -> None:
    """A message that is sent twice adds nobody."""
    once = summary_of(org, [*messages, extra])
    twice = summary_of(org, [*messages, extra, extra])
    assert once.seen.persons.count == twice.seen.persons.count
    assert once.seen.persons.low == twice.seen.persons.low


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=80))
def test_components_against_a_plain_search(nodes: int, edges: list[tuple[int, int]]) -> None:
    edges = [(a % nodes, b % nodes) for a, b in edges]
    beside: dict[int, set[int]] = {node: {node} for node in range(nodes)}
    for a, b in edges:
        beside[a].add(b)
        beside[b].add(a)
    least: list[int] = []
    for node in range(nodes):
        reached, todo = {node}, [node]
        while todo:
            for other in beside[todo.pop()] - reached:
                reached.add(other)
                todo.append(other)
        least.append(min(reached))
    left, right = (np.array([edge[i] for edge in edges], np.int64) for i in (0, 1))
    assert components(nodes, left, right).tolist() == least


def test_a_long_chain_is_one_component() -> None:
    order = np.random.default_rng(7).permutation(100_000)
    assert set(components(100_000, order[:-1], order[1:]).tolist()) == {0}
