"""What policies say: conditions that hold, fail or cannot be known, joined and explained."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_tables import KEY, Index

from tongguan.errors import BadInput
from tongguan.identify import Detector, Piece
from tongguan.identify.fingerprints import DocumentStore, build_documents
from tongguan.identify.fingerprints.policy import Evidence, evaluate, parse_policy
from tongguan.model import BlindKind, BlindSpot

BLIND = (BlindSpot(BlindKind.ENCRYPTED, "a.zip!b.docx"),)
HARMLESS = (BlindSpot(BlindKind.OUT_OF_WINDOW, "x"),)


def rule(when: object, unless: object = None) -> Any:
    made: dict[str, Any] = {"id": "r", "when": when}
    if unless is not None:
        made["except"] = unless
    return parse_policy(json.dumps({"policy": "p", "rules": [made]}, ensure_ascii=False), "p.yaml")


def fires(when: object, evidence: Evidence, unless: object = None) -> bool | None:
    outcome = evaluate(rule(when, unless), evidence)
    json.dumps(outcome.to_dict())
    for texts in (outcome.rules[0].text, outcome.rules[0].when.text):
        assert set(texts) == {"zh", "en"} and all(texts.values())
    return outcome.truth


def text(*pieces: str, **others: Any) -> Evidence:
    return Evidence(tuple(map(Piece, pieces)), **others)


KEYWORD = {"keyword": {"any": ["绝密", "Top Secret", "内部资料"]}}


@pytest.mark.parametrize(
    "written",
    ["此件绝密", "绝 密", "绝\u200b密", "TOP  SECRET", "top\nsecret", "ｔｏｐ ｓｅｃｒｅｔ。", "內部资料 内部资料"],
)
def test_a_keyword_is_found_in_every_writing(written: str) -> None:
    assert fires(KEYWORD, text(written)) is True


@pytest.mark.parametrize("written", ["", "绝对保密", "stop secretly", "top secrets", "内部 无 资料"])
def test_other_words_are_not_the_keyword(written: str) -> None:
    assert fires(KEYWORD, text(written)) is False


@pytest.mark.parametrize(
    ("asked", "written", "expected"),
    [
        ({"any": ["甲方", "乙方"], "count": 3}, "甲方乙方甲方", True),
        ({"any": ["甲方", "乙方"], "count": 4}, "甲方乙方甲方", False),
        ({"all": ["甲方", "乙方"]}, "乙方、甲方", True),
        ({"all": ["甲方", "乙方"]}, "甲方甲方", False),
        ({"all": ["甲方", "乙方"], "count": 2}, "甲方乙方甲方", False),
        ({"none": ["已脱敏"]}, "原始数据", True),
        ({"none": ["已脱敏"]}, "已脱敏数据", False),
        ({"any": ["甲方", "甲 方"]}, "甲方", True),  # two writings of one word
    ],
)
def test_keywords_are_counted(asked: object, written: str, expected: bool) -> None:
    assert fires({"keyword": asked}, text(written)) is expected


def test_what_is_hidden_makes_unknown_and_never_passes() -> None:
    seen, unseen = text("绝密", blind_spots=BLIND), text("公开", blind_spots=BLIND)
    assert fires(KEYWORD, seen) is True
    assert fires(KEYWORD, unseen) is None
    assert fires(KEYWORD, text("公开", blind_spots=HARMLESS)) is False
    reverse = {"keyword": {"none": ["已脱敏"]}}
    assert fires(reverse, text("已脱敏", blind_spots=BLIND)) is False
    assert fires(reverse, text("别的", blind_spots=BLIND)) is None
    assert fires({"not": KEYWORD}, unseen) is None
    for kind in BlindKind:
        expected = False if kind in (BlindKind.OUT_OF_WINDOW, BlindKind.LOCATION_UNKNOWN) else None
        assert fires(KEYWORD, text("公开", blind_spots=(BlindSpot(kind, "x"),))) is expected, kind
    said = evaluate(rule(KEYWORD), unseen).rules[0]
    assert "人工" in said.text["zh"] and "could not be seen" in said.when.text["en"]


def test_an_exception_that_is_not_known_does_not_let_pass() -> None:
    unless = {"recipient": ["partner.example"]}
    assert fires(KEYWORD, text("绝密", recipients=("a@partner.example", "b@mail.partner.example")), unless) is False
    assert fires(KEYWORD, text("绝密", recipients=("a@partner.example", "c@other.example")), unless) is True
    assert fires(KEYWORD, text("绝密", recipients=("a@evilpartner.example",)), unless) is True
    assert fires(KEYWORD, text("绝密", recipients=()), unless) is True
    assert fires(KEYWORD, text("绝密"), unless) is None
    assert fires(KEYWORD, text("公开"), unless) is False


LEAVES = st.sampled_from(["sender", "label", "sha256"])
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3))
        | st.tuples(st.just("not"), inner)
    ),
    max_leaves=6,
)


def written(tree: Any) -> dict[str, Any]:
    if isinstance(tree, str):
        return {tree: ["a" * 64]}
    kind, inner = tree
    return {kind: written(inner) if kind == "not" else [written(each) for each in inner]}


def held(tree: Any, case: dict[str, bool]) -> bool:
    if isinstance(tree, str):
        return case[tree]
    kind, inner = tree
    if kind == "not":
        return not held(inner, case)
    return (all if kind == "all" else any)(held(each, case) for each in inner)


@given(
    TREES, st.fixed_dictionaries({name: st.sampled_from([True, False, None]) for name in ("sender", "label", "sha256")})
)
def test_three_values_never_contradict_two(tree: Any, case: dict[str, bool | None]) -> None:
    """A definite answer is that of every case that the unknown ones could be."""
    try:
        policy = rule(written(tree))
    except BadInput as error:
        assert "always fires" in str(error) or "can never fire" in str(error)
        return
    values = {True: "a" * 64, False: "b" * 64}
    given_ = {name: values.get(value) if value is not None else None for name, value in case.items()}
    label = None if given_["label"] is None else frozenset({given_["label"]})
    answer = evaluate(policy, Evidence(sender=given_["sender"], labels=label, sha256=given_["sha256"])).truth
    cases = [{}]
    for name, value in case.items():
        cases = [{**c, name: v} for c in cases for v in ((True, False) if value is None else (value,))]
    possible = {held(tree, c) for c in cases}
    if answer is not None:
        assert possible == {answer}
    elif None not in case.values():
        pytest.fail("all is known, and the answer is not")


@pytest.mark.parametrize(
    ("within", "written", "expected"),
    [
        (10, "绝密的项目PRJ-1234", True),
        (3, "绝密的项目PRJ-1234", False),
        (10, "PRJ-1234的绝密", True),
        (10, "绝密", False),
        (10, "PRJ-1234" + "字" * 50 + "绝密", False),
    ],
)
def test_near_asks_for_all_parts_together(within: int, written: str, expected: bool) -> None:
    when = {"near": {"within": within, "of": [KEYWORD, {"regex": {"pattern": r"PRJ-\d{4}"}}]}}
    assert fires(when, text(written)) is expected
    assert fires(when, text(written, blind_spots=BLIND)) is (True if expected else None)
    assert fires(when, text("绝密", "PRJ-1234")) is False  # in two pieces


def test_a_regular_expression_takes_linear_time_and_gives_places() -> None:
    start = time.monotonic()
    assert fires({"regex": {"pattern": "(a+)+$b"}}, text("a" * 500_000)) is False
    assert fires({"regex": {"pattern": "(a|aa)*c"}}, text("a" * 500_000)) is False
    assert time.monotonic() - start < 20
    outcome = evaluate(rule({"regex": {"pattern": "编号[0-9]+", "count": 2}}), text("𠮷编号12，\ud800编号3"))
    assert outcome.truth is True and outcome.rules[0].when.spans == ((0, 1, 5), (0, 7, 10))
    assert fires({"regex": {"pattern": "abc", "ignore_case": True}}, text("xABCx")) is True


def test_identifiers_are_counted_by_value_and_score() -> None:
    pieces = [Piece("手机13912345678，手机：139 1234 5678，联系电话13712345678")]
    findings = Detector(KEY, as_of=date(2026, 11, 21)).scan(pieces)
    seen = Evidence(pieces, findings)
    asked = {"type": ["phone"], "count": 3}
    assert fires({"identifier": asked}, seen) is False
    assert fires({"identifier": {**asked, "distinct": False}}, seen) is True
    assert fires({"identifier": {"type": "phone", "count": 2}}, seen) is True
    low = [[dataclasses.replace(f, score=0.3) for f in each] for each in findings]
    assert fires({"identifier": {"type": "phone"}}, Evidence(pieces, low)) is False
    assert fires({"identifier": {"type": "phone", "confidence": 0.2}}, Evidence(pieces, low)) is True
    assert fires({"identifier": {"type": "phone"}}, Evidence(pieces)) is None


def test_known_tables_and_documents(index: Index, tmp_path: Path) -> None:
    table = index({"姓名": ["王小明", "李雷"], "手机": ["13800138000", "13900139000"]})
    contract = "".join(f"第{i}条甲乙双方约定事项{i * 7919}号按附件{i * 31}执行，" for i in range(1, 80))
    build_documents([("contract", [Piece(contract)])], tmp_path / "d", KEY)
    others: dict[str, Any] = {"tables": {"客户": table}, "documents": {"合同": DocumentStore(tmp_path / "d", KEY)}}
    rows = {"table": {"index": "客户", "columns": ["姓名", "手机"], "least": 2, "within": 100}}
    assert fires(rows, text("王小明 13800138000", **others)) is True
    assert fires(rows, text("王小明 13900139000", **others)) is False
    assert fires(rows, text("王小明 13900139000", blind_spots=BLIND, **others)) is None
    assert fires({"table": {"index": "客户", "cells": 2}}, text("王小明 13900139000", **others)) is True
    assert fires({"table": {"index": "无", "cells": 2}}, text("王小明", **others)) is None
    with pytest.raises(BadInput, match="no column '工资'"):
        fires({"table": {"index": "客户", "columns": ["工资", "姓名"]}}, text("王小明", **others))
    part = contract[: int(len(contract) * 0.4)]
    for share, expected in (("30 %", True), (0.5, False)):
        assert fires({"documents": {"store": "合同", "share": share}}, text("你好" + part, **others)) is expected
    assert fires({"documents": {"store": "合同", "share": 0.8, "of": "text"}}, text(part, **others)) is True
    assert fires({"documents": {"store": "合同", "share": 0.8, "of": "resemblance"}}, text(part, **others)) is False
    assert fires({"documents": {"store": "无", "share": 0.1}}, text(part, **others)) is None


@pytest.mark.parametrize(
    ("when", "others", "expected"),
    [
        ({"size": {"over": "1 KB"}}, {"size": 1025}, True),
        ({"size": {"over": "1 KB"}}, {"size": 1024}, False),
        ({"size": {"under": 10}}, {"size": 9}, True),
        ({"size": {"over": 1}}, {}, None),
        ({"file_type": ["PDF", ".docx"]}, {"file_types": frozenset({"zip", "docx"})}, True),
        ({"file_type": ["pdf"]}, {"file_types": frozenset({"zip"})}, False),
        ({"file_type": ["pdf"]}, {"file_types": frozenset({"zip"}), "blind_spots": BLIND}, None),
        ({"file_type": ["pdf"]}, {}, None),
        ({"sender": ["Legal@Corp.example"]}, {"sender": "legal@corp.EXAMPLE"}, True),
        ({"sender": ["legal@corp.example"]}, {"sender": "other@corp.example"}, False),
        ({"sender": ["@corp.example"]}, {"sender": "a@hk.corp.example."}, True),
        ({"label": ["public"]}, {"labels": frozenset({"Public"})}, True),
        ({"label": ["public"]}, {"labels": frozenset()}, False),
        ({"sha256": ["AB" * 32]}, {"sha256": "ab" * 32}, True),
        ({"sha256": ["ab" * 32]}, {}, None),
    ],
)
def test_what_is_known_of_the_content(when: object, others: dict[str, Any], expected: bool | None) -> None:
    assert fires(when, Evidence(**others)) is expected


@pytest.mark.parametrize(
    ("bounds", "zh", "en"),
    [
        ({"over": "1 MB"}, "大小超过 1,048,576 字节：实际为 1,144,543", "size over 1,048,576 bytes: it is 1,144,543"),
        ({"under": 2048}, "大小不足 2,048 字节：实际为 1,144,543", "size under 2,048 bytes: it is 1,144,543"),
        (
            {"over": 0, "under": 2048},
            "大小超过 0 字节且不足 2,048 字节：实际为 1,144,543",
            "size over 0 and under 2,048 bytes: it is 1,144,543",
        ),
    ],
)
def test_bounds_of_a_size_are_told_where_there_are_any(bounds: dict[str, Any], zh: str, en: str) -> None:
    made = {"policy": "p", "rules": [{"id": "a", "when": {"size": bounds}, "severity": "high"}]}
    outcome = evaluate(parse_policy(json.dumps(made), "p"), Evidence(size=1_144_543))
    assert outcome.rules[0].when.to_dict()["text"] == {"zh": zh, "en": en}


def test_a_policy_fires_where_one_rule_does() -> None:
    made = {"policy": "p", "rules": [{"id": name, "when": {"label": [name]}, "severity": "high"} for name in "abc"]}
    policy = parse_policy(json.dumps(made), "p")
    outcome = evaluate(policy, Evidence(labels=frozenset("b")))
    assert [r.truth for r in outcome.rules] == [False, True, False] and outcome.truth is True
    assert evaluate(policy, Evidence()).truth is None
    assert evaluate(policy, Evidence(labels=frozenset())).truth is False


def test_thousands_of_keywords_cost_what_one_does() -> None:
    words = [f"项目代号{i}" for i in range(5000)]
    content = text("无关的文字内容，" * 100_000 + "项目代号4321")
    start = time.monotonic()
    assert fires({"keyword": {"any": words}}, content) is True
    assert time.monotonic() - start < 10


def words_of(evidence: Evidence, words: Sequence[str]) -> bool | None:
    return fires({"keyword": {"any": list(words)}}, evidence)


@given(
    st.text(alphabet="ab甲乙丙 12", max_size=40),
    st.lists(st.text(alphabet="ab甲乙丙12", min_size=2, max_size=4), min_size=1, max_size=5),
)
def test_keywords_are_those_of_a_plain_search(content: str, words: list[str]) -> None:
    """In text of Han characters alone nothing but the letters themselves counts."""
    han = "".join(c for c in content if c in "甲乙丙")
    chosen = [word for word in words if set(word) <= set("甲乙丙")]
    if chosen:
        assert words_of(text(han), chosen) is any(word in han for word in chosen)
