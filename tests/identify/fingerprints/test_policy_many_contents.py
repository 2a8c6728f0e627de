"""Many contents at once: the same answers as one by one, of conditions of all kinds, in words too."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_tables import KEY

from tongguan.errors import BadInput
from tongguan.identify import Detector, Piece
from tongguan.identify.fingerprints import DocumentStore, Stores, TableIndex, build_documents, build_table
from tongguan.identify.fingerprints.policy import (
    Evidence,
    Policy,
    evaluate,
    evaluate_many,
    parse_policy,
    policy_in_words,
)
from tongguan.model import BlindKind, BlindSpot

NAMES = [f"客户{i:04d}" for i in range(50)]
NUMBERS = [f"X{i * 7919:09d}" for i in range(50)]
CONTRACTS = [
    "".join(random.Random(i).choices("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏", k=600)) for i in range(3)
]
POLICY = """
policy: 客户资料
rules:
  - id: rows
    severity: high
    when: {table: {index: customers, columns: [name, number], least: 2, within: 40, rows: 2}}
    except: {keyword: {any: [已脱敏]}}
  - id: cells
    when: {table: {index: customers, cells: 3}}
  - id: copies
    when: {documents: {store: contracts, share: 10 %}}
  - id: words
    when: {all: [{keyword: {all: [机密, 项目]}}, {not: {keyword: {none: [PRJ]}}}]}
  - id: near
    when: {near: {within: 12, of: [{keyword: {any: [机密]}}, {regex: {pattern: 'PRJ-[0-9]{4}'}}]}}
  - id: phones
    severity: low
    when: {any: [{identifier: {type: phone, count: 2}}, {size: {over: 1 MB}}]}
  - id: absent
    when: {documents: {store: unknown, share: 50 %}}
"""
PARTS = [
    f"{NAMES[3]} {NUMBERS[3]}\n", f"{NAMES[7]}，{NUMBERS[7]}。", f"{NUMBERS[9]}", "已脱敏", "机密", "项目", "PRJ-1234 ", "PRJ",
    "手机 13700137000 ", "电话：13800138000 ", CONTRACTS[0][:200], CONTRACTS[1], "无关的话。" * 20, " " * 50, "\n\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TableIndex:
    path = tmp_path_factory.mktemp("table") / "t"
    build_table([pa.RecordBatch.from_pydict({"name": NAMES, "number": NUMBERS})], path, KEY)
    return TableIndex(path, KEY)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DocumentStore:
    path = tmp_path_factory.mktemp("documents") / "d"
    build_documents([(str(i), [Piece(text)]) for i, text in enumerate(CONTRACTS)], path, KEY)
    return DocumentStore(path, KEY)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return parse_policy(POLICY, "p.yaml")


def evidence_of(texts: list[list[str]], index: TableIndex, store: DocumentStore, blind: list[bool]) -> list[Evidence]:
    found = []
    for parts, hidden in zip(texts, blind, strict=True):
        pieces = [Piece(part, f"m{i}") for i, part in enumerate(parts)]
        spots = [BlindSpot(BlindKind.ENCRYPTED, "x")] if hidden else []
        found.append(
            Evidence(
                pieces, Detector(KEY).scan(pieces), spots, size=len("".join(parts)), tables={"customers": index},
                documents={"contracts": store},
            )
        )  # fmt: skip
    return found


CONTENT = st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join), max_size=3)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(CONTENT, min_size=1, max_size=8), seed=st.integers(0, 99))
def test_many_at_once_are_as_one_by_one(
    texts: list[list[str]], seed: int, index: TableIndex, store: DocumentStore, policy: Policy
) -> None:
    pick = random.Random(seed)
    evidences = evidence_of(texts, index, store, [pick.random() < 0.3 for _ in texts])
    together = evaluate_many([policy, policy], evidences)
    for outcomes, evidence in zip(together, evidences, strict=True):
        alone = evaluate(policy, evidence).to_dict()
        assert [outcome.to_dict() for outcome in outcomes] == [alone, alone]


def test_each_rule_fires_on_what_it_is_for(index: TableIndex, store: DocumentStore, policy: Policy) -> None:
    texts = [
        [PARTS[0] + PARTS[1]],
        [PARTS[0], PARTS[1] + "已脱敏"],
        [PARTS[0], PARTS[2]],
        [CONTRACTS[1]],
        ["机密", "项目PRJ"],
        ["机密 PRJ-1234"],
        ["手机 13700137000 电话：13800138000"],
        ["无关"],
        [],
    ]
    outcomes = [found[0] for found in evaluate_many([policy], evidence_of(texts, index, store, [False] * len(texts)))]
    fired = [{rule.rule for rule in outcome.rules if rule.truth} for outcome in outcomes]
    assert fired == [
        {"rows", "cells"}, {"cells"}, {"cells"}, {"copies"}, {"words"}, {"near"}, {"phones"}, set(), set(),
    ]  # fmt: skip
    assert {rule.truth for outcome in outcomes for rule in outcome.rules if rule.rule == "absent"} == {None}


def test_nothing_to_hold_or_to_hold_against(policy: Policy) -> None:
    assert evaluate_many([], [Evidence()]) == [[]]
    assert evaluate_many([policy], []) == []


def test_a_table_in_several_files_is_asked_as_one(tmp_path: Path, index: TableIndex, store: DocumentStore) -> None:
    stores = Stores(tmp_path, KEY)
    for i in range(0, 50, 10):
        batch = pa.RecordBatch.from_pydict({"name": NAMES[i : i + 10], "number": NUMBERS[i : i + 10]})
        add = stores.extend_table if i else stores.make_table
        add("customers", [batch], by="tester", source="made up")
    policy = parse_policy(POLICY, "p.yaml")
    texts = [[PARTS[0] + PARTS[1]], [PARTS[0], PARTS[2]], ["无关"], [PARTS[1] * 3]]
    expected = evaluate_many([policy], evidence_of(texts, index, store, [False] * 4))
    several = [
        Evidence(
            e.pieces, e.findings, size=e.size, tables={"customers": stores.open("customers")}, documents=e.documents
        )  # type: ignore[dict-item]
        for e in evidence_of(texts, index, store, [False] * 4)
    ]
    found = evaluate_many([policy], several)
    assert [o.to_dict() for each in found for o in each] == [o.to_dict() for each in expected for o in each]


def test_a_policy_is_told_in_words(policy: Policy) -> None:
    told = json.dumps(policy_in_words(policy), ensure_ascii=False)
    for part in (
        "name、number中至少 2 列",
        "至少 2 行",
        "不同值至少 3 个",
        "手机号",
        "PRJ-[0-9]",
        "一项成立",
        "不超过 12 个字符",
    ):
        assert part in told
    for part in ("2 or more of name, number within 40 characters", "2 rows or more", "10%"):
        assert part in told
    assert '"except": {"text"' in told


KINDS = {"kind": ["contract", "payroll"]}


@pytest.mark.parametrize(
    ("kinds", "blind", "truth"),
    [
        (None, False, None), (frozenset(), False, False), (frozenset({"contract"}), True, True),
        (frozenset({"log"}), False, False), (frozenset({"log"}), True, None), (frozenset({"log", "unsure"}), False, None),
    ],
)  # fmt: skip
def test_kinds_of_documents(kinds: frozenset[str] | None, blind: bool, truth: bool | None) -> None:
    made = parse_policy(json.dumps({"policy": "p", "rules": [{"id": "r", "when": KINDS}]}), "p")
    spots = [BlindSpot(BlindKind.ENCRYPTED, "x")] if blind else []
    outcome = evaluate(made, Evidence(kinds=kinds, blind_spots=spots))
    assert outcome.truth is truth and "合同" in outcome.rules[0].when.text["zh"]
    with pytest.raises(BadInput, match="no kind of document"):
        parse_policy(json.dumps({"policy": "p", "rules": [{"id": "r", "when": {"kind": "poem"}}]}), "p")
