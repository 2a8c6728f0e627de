"""Each boundary at which bytes are parsed, given bytes that nobody writes: faults of ours show, and offsets hold.

`scripts/fuzz` does the same for longer, led by coverage; what it found stands here as it was mended.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from compound_files import compound, outlook_message
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_documents_read import document, pdf, workbook
from test_hostile_contents import with_part

from conftest import open_bytes
from tongguan.identify.extract.encoding import decode
from tongguan.identify.extract.isolated import serve, source
from tongguan.identify.tables import Judge
from tongguan.identify.tables.pieces import table_of
from tongguan.model import BlindKind

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
JUDGE = Judge(b"a key of the tests")
CHARSETS = (
    "utf-8",
    "gb2312",
    "big5",
    "utf-16",
    "utf-7",
    "hz",
    "idna",
    "punycode",
    "unicode_escape",
    "base64",
    "no such",
)
HEAD = b"From: a@example.com\nTo: b@example.com\nSubject: x\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (HEAD + b"Content-Type: multipart/mixed; boundary*=utf-8''%E5%BC%A0\n\nx\n", "a.eml"),
        (HEAD + b"Content-Type: multipart/mixed; boundary*=utf-8''%FF\n\nx\n", "a.eml"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=\xe5\xbc\xa0\n\n--\xe5\xbc\xa0\n\nx\n", "a.eml"),
        (b"<table><tr><td>a<td>b<tr><table></table><tr><td>c<td>d</table>", "a.html"),
        (b"<table><tr><tr><tr><td>a<td>b<tr><td>c<td>d<tr></table>", "a.html"),
    ],
)
def test_what_fuzzing_found(data: bytes, name: str) -> None:
    assert open_bytes(data, name).pieces


def answers(data: bytes, what: str, kind: str = "") -> list[dict]:
    """The reports of a parser of the worker, called in this process, where each fault shows."""
    request = {"what": what, "kind": kind, "skip": "", "images": True, "cells": False}
    return [
        report
        for report, _ in serve._answers({**request, "max_bytes": 1 << 22, "max_members": 50}, source.Source(data))
    ]


def test_a_database_whose_names_are_no_text_is_told() -> None:
    store = sqlite3.connect(":memory:")
    store.execute("CREATE TABLE abcdef (ghijkl TEXT)")
    store.execute("INSERT INTO abcdef VALUES ('x')")
    store.commit()
    for name in (b"abcdef", b"ghijkl"):
        damaged = store.serialize().replace(name, b"\x9e\xff\x9e\xff\x9e\xff")
        assert answers(damaged, "table", "sqlite")[-1]["end"] in ("ok", "damaged")


def columns(values: pa.Array) -> bytes:
    with io.BytesIO() as sink:
        pq.write_table(pa.table({"a": values}), sink)
        return sink.getvalue()


def test_a_table_of_columns_that_is_damaged_is_told() -> None:
    good = columns(pa.array(["x", "y"]))
    assert answers(good, "table", "parquet")[-1]["end"] == "ok"
    size = int.from_bytes(good[-8:-4], "little")  # of what says where the columns stand
    assert answers(good[: -8 - size] + b"\xff" * size + good[-8:], "table", "parquet")[-1]["end"] == "damaged"
    endless = columns(pa.array([1 << 62], pa.duration("s")))  # longer than Python's durations are
    assert answers(endless, "table", "parquet")[-1]["end"] == "damaged"


@pytest.mark.parametrize("name", ["word/document.xml", "docProps/core.xml"])
def test_xml_in_an_encoding_that_nobody_knows_is_told(name: str) -> None:
    found = open_bytes(with_part(document(), name, b"<?xml version='1.0' encoding='UTF-4'?><a>x</a>"))
    assert BlindKind.UNREADABLE in [spot.kind for spot in found.blind_spots]


def test_parts_between_boundaries_that_are_not_ascii() -> None:
    head = HEAD + b"Content-Type: multipart/mixed; boundary*=utf-8''%E5%BC%A0\n\n"
    found = open_bytes(head + "--张\n\n姓名：李四\n--张\n\n手机：13800138000\n--张--\n".encode(), "a.eml")
    assert [p.text.strip() for p in found.pieces if p.kind != "form"] == ["姓名：李四", "手机：13800138000"]


def tarred() -> bytes:
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
        return buffer.getvalue()


def database() -> bytes:
    store = sqlite3.connect(":memory:")
    store.execute("CREATE TABLE a (b TEXT, c BLOB)")
    store.execute("INSERT INTO a VALUES ('x', ?)", (bytes(99),))
    store.commit()
    return store.serialize()


MAIL = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; charset=gbk\n'
MAIL += b"Content-Transfer-Encoding: base64\n\n1cXI/Q==\n--b\nContent-Type: message/rfc822\n\n" + HEAD + b"\nx\n--b--\n"
LINE = b"From a@example.com Mon Nov  9 10:00:00 2026\n"
RTF = rb"{\rtf1\ansi\ansicpg936{\info{\author a}}\'d5\'c5\u24352?{\*\objdata 0105}{\field{\fldinst x}}\bin3 abc}"
IN_WORKER = {
    ("archive", "compressed"): gzip.compress(b"text" * 9),
    ("archive", "tar"): tarred(),
    ("table", "sqlite"): database(),
    ("table", "parquet"): columns(pa.array(["x", None])),
    ("compound", ""): outlook_message("正文", ("a.txt", b"text")),
    ("sheet", "xlsx"): workbook(),
    ("pdf", ""): pdf(),
    ("rtf", ""): RTF,
}
STREAMS = (
    "WordDocument", "Workbook", "PowerPoint Document", "\x05SummaryInformation", "__properties_version1.0",
    "__substg1.0_1000001F", "\x01Ole10Native", "EncryptionInfo",
)  # fmt: skip
PARTS = ("word/document.xml", "word/comments.xml", "docProps/core.xml", "word/_rels/document.xml.rels")
changes = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(b"\0\1\x7f\x80\xff <&;\n=%") | st.integers(0, 255)), max_size=9
)


def changed(data: bytes, at: list[tuple[float, int]], end: float) -> bytes:
    """A content with some bytes changed, and sometimes its end cut off."""
    out = bytearray(data)
    for where, value in at:
        out[int(where * (len(out) - 1))] = value
    return bytes(out[: int(len(out) * min(1.0, end * 2)) or 1])


@FEW
@given(st.sampled_from([MAIL, LINE + MAIL, (LINE + MAIL) * 2]), changes, st.floats(0, 1))
def test_mail_and_mailboxes(data: bytes, at: list[tuple[float, int]], end: float) -> None:
    open_bytes(changed(data, at, end), "a.eml")


@FEW
@given(st.sampled_from(sorted(IN_WORKER)), changes, st.floats(0, 1))
def test_parsers_of_the_worker(parser: tuple[str, str], at: list[tuple[float, int]], end: float) -> None:
    answers(changed(IN_WORKER[parser], at, end), *parser)


@FEW
@given(st.sampled_from(STREAMS), st.binary(max_size=600), st.integers(0, 600))
def test_streams_of_old_documents(name: str, data: bytes, zeros: int) -> None:
    answers(compound({name: data + bytes(zeros), "1Table": data}), "compound")


@FEW
@given(st.sampled_from(PARTS), st.text("<>/=\"' wtrpa:&;#1張", max_size=120))
def test_parts_of_office_documents(name: str, text: str) -> None:
    open_bytes(with_part(document(), name, f"<w:document>{text}</w:document>".encode()))


@FEW
@given(
    st.binary(max_size=80) | st.text(max_size=40).map(lambda text: text.encode("gb18030", "replace")),
    st.sampled_from(CHARSETS),
)
@example(b"\\\x80", "unicode_escape")
def test_any_bytes_in_any_declared_charset(data: bytes, charset: str) -> None:
    found = decode(data, charset)
    assert found is None or found.text.encode() == found.utf8


@FEW
@given(
    st.lists(st.lists(st.text("姓名1,\"'\t =@-\n", max_size=8), min_size=1, max_size=4), min_size=1, max_size=6),
    st.sampled_from(",;\t|"),
)
def test_tables_in_text_are_judged(rows: list[list[str]], delimiter: str) -> None:
    data = "\n".join(delimiter.join(row) for row in rows).encode()
    for piece in open_bytes(data, "a.csv").pieces:
        if (table := table_of(piece, "t")) is not None:
            assert len(JUDGE.judge(table).columns) == len(table.columns)


@FEW
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    )
)
def test_records_in_json_are_judged(value: object) -> None:
    for piece in open_bytes(json.dumps([value, value]).encode(), "a.json").pieces:
        if (table := table_of(piece, "t")) is not None:
            JUDGE.judge(table).to_dict()
