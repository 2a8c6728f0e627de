"""Rows are known by the head of their statement or message however far above it stands, and however the text is cut."""

from __future__ import annotations

import io
import random
import sqlite3
import time

import pytest

from tongguan.identify import Detector, Piece, extract
from tongguan.identify.extract import extract_stream
from tongguan.model import Content

DETECTOR = Detector(b"a key of tests")
NAMES = ["王小明", "李娜", "欧阳静怡", "赵国强", "陈思雨", "刘洋", "周杰", "吴芳"]
MEGABYTE = 1 << 20


def some_rows(size: int) -> list[tuple[str, str]]:
    """Names and numbers of wards, which nothing but their columns tells, and a note that holds every sign of SQL."""
    chance, rows, written = random.Random(7), [], 0
    notes = ["it''s (so), (really); VALUES (1,", "a\\'b", "),(2,", "plain words " * 40, "−"]
    while written < size:
        note = chance.choice(notes)
        rows.append((chance.choice(NAMES), note))
        written += len(note) + 20
    return rows


def names_in(text: str, cut: bool) -> list[str]:
    content = Content("a.sql", "", None, text.encode())
    pieces = [p for one in extract_stream(content) for p in one.pieces] if cut else extract(content).pieces
    if not cut:
        pieces = [Piece(text)]
    found = []
    for piece, some in zip(pieces, DETECTOR.scan(pieces), strict=True):
        found += [(piece.start + f.start, piece.text[f.start : f.end]) for f in some if f.type == "person_name"]
    for start, name in found:
        assert text[start : start + len(name)] == name
    return [name for _, name in found]


def inserted(rows: list[tuple[str, str]], head: str, between: str) -> str:
    values = between.join(f"({n},'{name}','{note}')" for n, (name, note) in enumerate(rows))
    return f"-- dump\n{head} VALUES {values};\n-- done 王小明\n"


HEADS = [
    "INSERT INTO `p` (`id`,`name`,`note`)",
    "CREATE TABLE p (\n id int,\n name varchar(20),\n note text\n);\nINSERT INTO p",
]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("between", [",", ",\n"])
@pytest.mark.parametrize("head", HEADS)
def test_one_statement_of_many_rows(head: str, between: str, cut: bool) -> None:
    rows = some_rows((5 if cut else 2) * MEGABYTE)
    assert names_in(inserted(rows, head, between), cut) == [name for name, _ in rows]


@pytest.mark.parametrize("cut", [False, True])
def test_many_statements_below_one_definition(cut: bool) -> None:
    rows = some_rows((5 if cut else 2) * MEGABYTE)
    lines = "".join(f"INSERT INTO p VALUES({n},'{name}','{note}');\n" for n, (name, note) in enumerate(rows))
    assert names_in(f"CREATE TABLE p (id int, name text, note text);\n{lines}", cut) == [name for name, _ in rows]


@pytest.mark.parametrize("cut", [False, True])
def test_rows_of_copy(cut: bool) -> None:
    rows = some_rows((5 if cut else 2) * MEGABYTE)
    lines = "".join(f"{n}\t{name}\t{note}\n" for n, (name, note) in enumerate(rows))
    text = f"COPY public.p (id, name, note) FROM stdin;\n{lines}\\.\n\n17\t王小明\tno row any more\n"
    assert names_in(text, cut) == [name for name, _ in rows]


def test_as_sqlite_dumps_it() -> None:
    rows = some_rows(5 * MEGABYTE)
    with sqlite3.connect(":memory:") as base:
        base.execute('CREATE TABLE "patient" ("id" INTEGER PRIMARY KEY, "name" TEXT, "note" TEXT)')
        base.executemany("INSERT INTO patient (name, note) VALUES (?, ?)", rows)
        out = io.StringIO()
        out.writelines(f"{line}\n" for line in base.iterdump())
    assert names_in(out.getvalue(), True) == [name for name, _ in rows]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT [dbo].[p] ([id], [name]) VALUES (1, N'王小明')\nGO\n",
        r"INSERT INTO p (id, folder, name) VALUES (1,'C:\in\','王小明'),(2,'it''s \','王小明');" + "\n",
        r"INSERT INTO p (id, note, name) VALUES (1,'it\'s, (so)','王小明'),(2,'\\','王小明'),(3,'a\'',' 王小明 ');"
        + "\n",
    ],
)
def test_as_each_database_writes_it(text: str) -> None:
    assert set(names_in(text, False)) == {"王小明"} and text.count("王小明") == len(names_in(text, False))


def test_strings_that_never_end_take_no_longer_than_their_length() -> None:
    def seconds(text: str) -> float:
        before = time.process_time()
        names_in(text, False)
        return time.process_time() - before

    for run in ("'\\',", "'\\'',", "'a''", "('", "'\\'('',", "INSERT INTO p (name) VALUES ('", "),("):
        text = "INSERT INTO p (id, name) VALUES (" + run * (100_000 // len(run))
        assert seconds(text * 2) < 3 * seconds(text) + 1.0


@pytest.mark.parametrize("end", ["\r", "\n"])
@pytest.mark.parametrize("cut", [False, True])
def test_segments_of_a_long_message(end: str, cut: bool) -> None:
    filler = end.join(f"OBX|{n}|ED|PDF||^application^pdf^A^{'QUJD' * 50}" for n in range(25_000 if cut else 6_000))
    text = f"MSH|^~\\&|HIS|H|LIS|L|202611220930||ORU^R01|1|P|2.5{end}{filler}{end}PID|1||99812^^^H^MR||王^小明||19850612|F{end}"
    assert names_in(text, cut) == ["王^小明"]
