"""JSON records as tables: what the kernel reads is what the reader of the standard library would."""

import json
import random

import numpy as np
import pytest

from tongguan.identify import Piece
from tongguan.identify.tables.records import table_of_records

KEYS = ("a", "b", "a.b", "名", "x y", "", "id", "price", "nested")
NUMBERS = (
    "0", "1", "-5", "12.50", "100.00", "0.0001", "-0", "0.0", "-0.0", "0.00001", "1e5", "1E-7", "123456789012345678",
    "0.1234567890123456789", "123456789012345.5", "1e400",
)  # fmt: skip
WRONG = ("01", "1.", "-", ".5", "nul", "True", "'a'", "", "[1", "{1}")
TEXTS = ('""', '"王芳"', '"a b"', '"{,}"', '"é😀"', '"\\n"', '"\\u00e9"', '"\\\\"', '"\\ud800"')


def written(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def flat(record: dict[str, object], before: str = "", depth: int = 3) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value and depth > 1:
            row |= flat(value, f"{before}{key}.", depth - 1)
        else:
            row[before + key] = written(value)
    return row


def plainly(records: list[str]) -> list[dict[str, str | None]]:
    rows = []
    for record in records:
        try:
            found = json.loads(record)
        except ValueError:
            continue
        if isinstance(found, dict) and found:
            rows.append(flat(found))
    return rows


class Made:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def value(self, depth: int) -> str:
        chance = self.chance
        kinds = [
            lambda: chance.choice(TEXTS[:5]),
            lambda: chance.choice(NUMBERS[:6]),
            lambda: chance.choice(("true", "false", "null")),
            lambda: chance.choice(TEXTS + NUMBERS + (WRONG if chance.random() < 0.2 else ())),
        ]
        if depth < 5:
            kinds += [
                lambda: self.object(depth + 1, chance.choices(KEYS, k=chance.randrange(3))),
                lambda: f"[{', '.join(self.value(depth + 1) for _ in range(chance.randrange(3)))}]",
            ]
        return chance.choice(kinds)()

    def object(self, depth: int, keys: list[str]) -> str:
        blank = self.chance.choice(("", " ", "\t", "\n"))
        members = (f'{blank}"{key}"{blank}:{blank}{self.value(depth)}' for key in keys)
        return "{" + f"{blank},".join(members) + blank + "}"


def piece_of(records: list[str], between: str) -> Piece:
    ends = np.cumsum([len(record) + len(between) for record in records])
    return Piece(between.join(records), None, "json", np.concatenate(([0], ends[:-1])).astype(np.int64))


@pytest.mark.parametrize("between", ["\n", ",\n", " , ", "\r\n"])
def test_rows_are_those_of_a_plain_reader(between) -> None:
    made, tables = Made(len(between) + ord(between[0])), 0
    for _ in range(250):
        keys = made.chance.sample(KEYS, 4)
        repeated = [*keys[:2], keys[0]]
        records = [
            made.object(0, keys if made.chance.random() < 0.9 else repeated)
            for _ in range(made.chance.randrange(2, 20))
        ]
        rows = plainly(records)
        table = table_of_records(piece_of(records, between), "t")
        if len(rows) < 2 or len(rows) < 0.8 * len(records):
            assert table is None
            continue
        tables += 1
        assert table is not None and table.rows == len(rows)
        names = list(dict.fromkeys(name for row in rows for name in row))
        assert [column.name for column in table.columns] == names
        for column in table.columns:
            assert column.values.to_pylist() == [row.get(column.name) for row in rows], records
    assert tables > 60


def test_records_in_an_array_with_blanks_before_them() -> None:
    records = ['[ {"a": 1, "b": {"c": "x"}}', '{"a": 2.50, "b": {"c": null}}', '{"b": {"c": "z"}} ] ']
    table = table_of_records(piece_of(records, ",\n"))
    assert table is not None
    assert {c.name: c.values.to_pylist() for c in table.columns} == {"a": ["1", "2.5", None], "b.c": ["x", None, "z"]}


def test_a_sample_of_many_records_stands_for_all() -> None:
    records = [f'{{"id": {n}, "who": "w{n % 7}"}}' for n in range(5_000)]
    table = table_of_records(piece_of(records, "\n"), rows=300)
    assert table is not None and table.rows == 5_000
    ids, who = (column.values.to_pylist() for column in table.columns)
    assert len(ids) == 300 == len(set(ids)) and ids == sorted(ids, key=int)
    assert all(w == f"w{int(n) % 7}" for n, w in zip(ids, who, strict=True))


@pytest.mark.parametrize(
    "records",
    [
        ["[1, 2]", "[3, 4]", "[5]"],
        [f'{{"key{n}": {n}}}' for n in range(600)],
        [f'{{"key{n}": {n}}}' for n in range(40)],
        ['{"a": 1}', "nothing", "at", "all"],
        ["{" * 4_000, '{"a": ' * 4_000, '{"a": 1}'],
        ["{}", "{}", "{}"],
    ],
)
def test_what_is_no_table_is_none(records) -> None:
    assert table_of_records(piece_of(records, "\n")) is None


def test_more_names_than_are_told_apart() -> None:
    wide = "{" + ", ".join(f'"k{n}": {n}' for n in range(1_100)) + "}"
    assert table_of_records(piece_of([wide] * 4, "\n")) is None
    narrow = [f'{{"a": {{"b": 1, "c": {{"d{n % 400}": 2}}}}}}' for n in range(4_000)]
    rows = plainly(narrow)
    table = table_of_records(piece_of(narrow, "\n"))
    assert (table is not None) == (401 * len(rows) <= 20 * sum(map(len, rows)))
