from __future__ import annotations

import json
import random
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from schema_habits import HABITS, Source, bank, hospital, shop, vehicles

import tongguan.identify.tables as tables
from tongguan.identify import TYPES, Detector, Piece
from tongguan.identify.tables import Column, Judge, Table, TableVerdict

JUDGE = Judge(b"a key of tests", as_of=date(2026, 11, 21))


def judged(name: str, columns: dict[str, Any], rows: int | None = None) -> TableVerdict:
    return JUDGE.judge(Table(name, None, [Column(n, None, v) for n, v in columns.items()], rows))


def rules(verdict: TableVerdict) -> set[str]:
    return {c.rule for c in verdict.combinations}


def test_what_stands_together() -> None:
    assert rules(JUDGE.judge(shop().table())) == {"contact-profile"}
    assert rules(JUDGE.judge(hospital().table())) == {"person-and-health"}
    assert rules(JUDGE.judge(bank().table())) >= {"card-holder", "account-and-secret", "identity-bundle"}
    assert rules(JUDGE.judge(vehicles().table())) == {"track"}


def test_a_track_needs_a_place_a_time_and_someone() -> None:
    s = Source(31)
    columns = {
        "lng": s.many(lambda: round(s.chance.uniform(115, 122), 6)),
        "lat": s.many(lambda: round(s.chance.uniform(30, 40), 6)),
        "user_id": s.many(lambda: s.chance.randrange(50)),
        "report_time": s.many(s.moment),
    }
    assert rules(judged("t", columns)) == {"track"}
    for absent in columns:
        if absent not in ("lng", "lat"):
            assert not rules(judged("t", {n: v for n, v in columns.items() if n != absent}))


def test_together_is_more_than_each_alone() -> None:
    s = Source(32)
    columns = {"xm": s.many(s.zh.name), "mobile": s.many(s.zh.phone_number), "addr": s.many(s.zh.address)}
    verdict = judged("t_contact", columns)
    (together,) = verdict.combinations
    assert together.columns == (0, 1, 2) and together.sensitive is None
    assert verdict.level == "general-4" > max(c.level or "" for c in verdict.columns)
    assert set(together.text) == {"zh", "en"} and together.instrument


def test_quasi_identifiers_are_measured() -> None:
    s = Source(33)
    columns = {
        "gender": s.many(lambda: s.chance.choice("男女")),
        "birth_date": s.many(lambda: str(s.born())),
        "postcode": s.many(s.zh.postcode),
    }
    verdict = judged("survey", columns)
    (quasi,) = (c for c in verdict.combinations if c.rule == "quasi-identifiers")
    rows = list(zip(*columns.values(), strict=True))
    alone = sum(rows.count(row) == 1 for row in rows) / len(rows)
    assert quasi.detail["unique"] == pytest.approx(alone)
    coarse = judged("survey", columns | {"birth_date": ["1980-01-01"] * 300, "postcode": ["100000"] * 300})
    (quasi,) = (c for c in coarse.combinations if c.rule == "quasi-identifiers")
    assert quasi.detail["unique"] == 0 and quasi.detail["smallest"] > 100
    assert "quasi-identifiers" not in rules(judged("survey", columns | {"name": s.many(s.zh.name)}))


def test_children_are_counted_on_the_day_asked_for() -> None:
    born = [str(date(2012, 11, 22) - timedelta(days=200) + timedelta(days=i)) for i in range(400)]
    table = Table("t_student", None, [Column("birth_date", None, born)])
    (minors,) = (c for c in JUDGE.judge(table).combinations if c.rule == "minors")
    young = sum(day > "2012-11-21" for day in born)
    assert minors.detail["rows"] == young and minors.sensitive
    later = Judge(b"k", as_of=date(2030, 1, 1)).judge(table)
    assert "minors" not in rules(later)


def test_a_sex_in_codes_is_known_by_the_identity_card_beside_it() -> None:
    s = Source(34)
    ids = s.many(s.zh.ssn)
    codes = ["1" if int(i[16]) % 2 else "2" for i in ids]
    assert judged("t", {"c1": codes}).columns[0].type is None
    assert judged("t", {"c1": codes, "c2": ids}).columns[0].type == "gender"
    random.Random(1).shuffle(codes)
    assert judged("t", {"c1": codes, "c2": ids}).columns[0].type is None
    days = [f"{i[6:10]}/{i[10:12]}/{i[12:14]}" for i in ids]
    assert judged("t", {"d": days, "c2": ids}).columns[0].type == "birth_date"


def test_whose_the_rows_are() -> None:
    s = Source(35)
    ids = [s.zh.ssn() for _ in range(100)]
    rows = [s.chance.choice(ids) for _ in range(2000)]
    verdict = judged("t_visit", {"seq": list(range(2000)), "sfzh": rows, "fee": [1.5] * 2000})
    subjects = verdict.subjects
    assert subjects is not None and verdict.columns[subjects.column].name == "sfzh"
    assert (subjects.count, subjects.low, subjects.high) == (len(set(rows)),) * 3
    keyed = judged("t_visit", {"user_id": [i % 70 for i in range(2000)], "fee": [1.5] * 2000})
    assert keyed.subjects is not None and (keyed.subjects.type, keyed.subjects.count) == (None, 70)
    assert judged("metrics", {"ts": [1.5, 2.5], "value": [0.1, 0.2]}).subjects is None


def test_rows_without_an_identifier_may_be_further_persons() -> None:
    s = Source(36)
    ids = [s.zh.ssn() if i % 4 else None for i in range(400)]
    subjects = judged("t", {"sfzh": ids}).subjects
    assert subjects is not None
    assert (subjects.rows, subjects.without, subjects.low) == (300, 100, 300)
    assert subjects.high == 400


@pytest.mark.parametrize("persons", [300, 3000, 30_000])
def test_a_sample_bounds_the_persons_of_the_whole(persons: int) -> None:
    chance = np.random.default_rng(persons)
    whole = chance.integers(0, persons, 100_000)
    truth = len(np.unique(whole))
    sample = [f"138{n:08}" for n in chance.choice(whole, 10_000, replace=False).tolist()]
    subjects = judged("t", {"mobile": sample}, rows=100_000).subjects
    assert subjects is not None
    assert subjects.low <= truth <= subjects.high and subjects.low <= subjects.count <= subjects.high


def test_digests_are_those_of_the_detector() -> None:
    s = Source(37)
    detector = Detector(b"a key of tests", as_of=date(2026, 11, 21))
    for type, values in {
        "id_card": s.many(s.zh.ssn, 20),
        "phone": [*s.many(s.zh.phone_number, 20), "+86 138 0013 8000", "138-0013-8000", "１３８００１３８０００"],
        "email": ["Some.One@Example.com"],
        "bank_card": s.many(s.card, 20),
        "plate": s.many(s.plate, 20),
        "uscc": s.many(s.uscc, 20),
    }.items():
        digests = JUDGE.digests(Column("c", None, values), type).to_pylist()
        for value, digest in zip(values, digests, strict=True):
            label = "统一社会信用代码：" if type == "uscc" else ""  # one of digits alone is believed behind its label
            found = {f.type: f.digest for f in detector.scan([Piece(label + value)])[0]}
            assert found[type] == digest, (type, value)
    assert JUDGE.digests(Column("c", None, ["a@b.cn", None, "a@b.cn"]), "email").null_count == 1


def test_values_of_any_type_and_none() -> None:
    phones = [13_800_138_000 + 97 * i * i for i in range(100)]
    for values in (
        phones,
        [float(p) for p in phones],
        [*map(str, phones), None],
        pa.array(phones, pa.int64()),
        pa.array([*map(float, phones), None, float("nan")]),
        pa.array(list(map(str, phones))).dictionary_encode(),
        pa.chunked_array([pa.array(list(map(str, phones[:50]))), pa.array(list(map(str, phones[50:])))]),
        pa.array([str(p).encode() for p in phones], pa.binary()),
        pa.array(list(map(str, phones)), pa.large_string()),
        [*phones[:50], *map(str, phones[50:])],
        [f"  {p} " for p in phones],
        [f'"{p}"' for p in phones],
    ):
        assert judged("t", {"c1": values}).columns[0].type == "phone", type(values)
    born = pa.array([date(1960, 1, 1) + timedelta(days=40 * i) for i in range(300)])
    assert judged("t", {"birthday": born}).columns[0].type == "birth_date"


def test_odd_values_raise_nothing() -> None:
    odd: dict[str, Any] = {
        "surrogates": ["\ud800", "a\udfffb", "ok"],
        "bytes": [b"\xff\xfe\x00", b"abc", None],
        "nested": [[1, 2], [3]],
        "structs": [{"a": 1}, {"a": 2}],
        "bools": [True, False, None],
        "mixed": [1, "x", 2.5, b"y", None, object()],
        "nulls": [None, None],
        "none at all": [],
        "large numbers": [10**30, -(10**30)],
        "infinite": [float("inf"), float("-inf"), float("nan")],
        "zero bytes": ["a\x00b", "\x00", "138\x0000138000"],
        "right to left": ["\u202e\u0627\u0644", "\u200b\u200b"],
        "decimals": pa.array([1, 2], pa.decimal128(10, 2)),
        "durations": pa.array([1, 2], pa.duration("s")),
        "lists": pa.array([[1], None], pa.list_(pa.int64())),
        "fixed": pa.array([b"ab", b"cd"], pa.binary(2)),
        "": ["a"],
        "\u0000\ud800": ["b"],
        "x" * 100_000: ["c"],
    }
    verdict = judged("odd", odd)
    assert [c.type for c in verdict.columns] == [None] * len(odd)
    assert verdict.subjects is None
    assert not JUDGE.judge(Table("", None, [])).columns


def test_texts_in_the_encodings_of_china() -> None:
    s = Source(38)
    names = s.many(s.zh.name, 100)
    for encoding in ("utf-8", "gb18030"):
        column = Column("xm", None, pa.array([n.encode(encoding) for n in names], pa.binary()))
        assert JUDGE.judge(Table("t", None, [column])).columns[0].type == "person_name"


def test_huge_cells_cost_little() -> None:
    long = "数据" * 5_000_000
    start = time.process_time()
    verdict = judged("t", {"body": [long, "x" * 20_000_000, "13800138000", long[:-1]] * 3})
    assert time.process_time() - start < 10
    assert verdict.columns[0].type is None


def test_five_thousand_columns() -> None:
    s = Source(39)
    columns = {f"c{i}": [s.digits(9) for _ in range(5)] for i in range(5000)}
    columns["c2500"] = [s.zh.ssn() for _ in range(5)]
    start = time.process_time()
    verdict = judged("wide", columns)
    assert time.process_time() - start < 60
    assert [c.name for c in verdict.columns if c.type] == ["c2500"]


def test_columns_of_other_lengths() -> None:
    s = Source(40)
    verdict = judged(
        "t", {"sfzh": s.many(s.zh.ssn, 10), "gender": ["男"] * 7, "birth_date": ["1990-01-01"] * 3, "x": []}
    )
    assert [c.rows for c in verdict.columns] == [10, 7, 3, 0] and verdict.rows == 10


def test_the_same_table_gives_the_same_verdict_and_no_values() -> None:
    for make in HABITS:
        habit = make()
        one, other = (JUDGE.judge(habit.table()).to_dict() for _ in range(2))
        text = json.dumps(one, ensure_ascii=False)
        assert text == json.dumps(other, ensure_ascii=False)
        for (_, _, values, type), column in zip(habit.columns, one["columns"], strict=True):
            if type in ("id_card", "phone", "bank_card", "email", "person_name", "address"):
                assert not any(str(value) in text for value in values if len(str(value)) > 3), column["name"]


def test_counts_of_nulls_and_distinct_values() -> None:
    column = judged("t", {"c": ["a", "b", "a", None, "", "NULL", " a "]}).columns[0]
    assert (column.rows, column.nulls, column.distinct) == (7, 3, 2)
    assert (column.null_share, column.distinct_share) == (3 / 7, 0.5)


def test_data_files_hold_together() -> None:
    folder = Path(tables.__file__).parent
    names = yaml.safe_load((folder / "column_names.yaml").read_text("utf-8"))
    assert set(names["types"]) <= set(TYPES)
    for rule in yaml.safe_load((folder / "combinations.yaml").read_text("utf-8"))["rules"]:
        kinds = {t for each in [*rule["each"], rule.get("without", [])] for t in each}
        assert kinds - {"moment", "subject"} <= set(TYPES), rule["id"]
        assert rule["zh"] and rule["en"] and rule["known"] in ("text", "digest", "unverified")
    from tongguan.identify.tables.rules import RULES

    assert set(names["types"]) == set(RULES) - set() and set(RULES) <= set(TYPES)
