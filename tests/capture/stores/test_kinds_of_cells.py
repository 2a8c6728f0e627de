"""Every type of PostgreSQL and MariaDB: its cells are read, or told as not seen."""

from __future__ import annotations

import io
import zipfile

import psycopg
import pytest
from mariadb_server import PASSWORD, MariaServer
from postgres_server import PostgresServer

from tongguan.capture.stores import Rows, TableUnit, Unseen, parse_address
from tongguan.capture.stores.databases import DatabaseStore


def document() -> bytes:
    """A small archive with a text in it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "身份证 11010519491231002X")
    return held.getvalue()


@pytest.fixture(scope="module")
def of_postgresql(postgres: PostgresServer) -> dict[str, Rows]:
    url = postgres.database().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            "create extension if not exists hstore", "create extension if not exists citext",
            "create extension if not exists ltree", "create schema other",
            "create type mood as enum ('好', '坏')", "create type place as (city text, zip int)",
            "create domain mail as text check (value ~ '@')", "create domain number as bigint",
            "create type span as range (subtype = text)",
            "create table extended (h hstore, c citext, l ltree)",
            "insert into extended values ('手机=>13900000000, 空=>NULL', 'Mixed@Example.cn', 'cn.beijing')",
            "create table made (m mood, p place, ps place[], d mail, n number primary key, s span, ms mood[])",
            "insert into made values ('好', row('北京', 100000), array[row('上海', 200000)::place], 'a@example.cn', 7,"
            " '[乙,甲)', '{好,坏}')",
            "create table ranges (a int4range, b numrange, c tstzrange, d daterange, e int4multirange)",
            "insert into ranges values ('[1,5)', '(,3.5]', '[2026-01-01 00:00+00,)', 'empty', '{[1,3),[5,8)}')",
            "create table nested (j jsonb, k json, a text[][], b jsonb[], x xml)",
            "insert into nested values ('{\"a\": [{\"电话\": \"13900000000\"}]}', '[1, {\"b\": null}]', '{{甲,乙},{丙,丁}}',"
            " array['{\"k\": 1}'::jsonb], '<客户><名>张三</名></客户>')",
            "create table others (i inet, c cidr, m macaddr, b bit(5), v bit varying, g point, t tsquery, u uuid, o oid,"
            " f real, r regclass, pg pg_lsn, ch \"char\", n name, i2 interval, tm timetz, mn money)",
            "insert into others values ('10.1.2.3', '10.0.0.0/8', '08:00:2b:01:02:03', b'10110', b'1', '(1,2)', 'fat & rat',"
            " '00000000-0000-4000-8000-000000000001', 42, 1.5, 'made', '0/1', 'x', 'somebody', '1 day 2:03',"
            " '04:05:06+08', 12.5)",
            "create table files (id int primary key, content bytea, large oid)",
            "create table odd (a text, b bytea)", "insert into odd values (E'tab\\tline\\nend', ''), ('', null)",
        ):  # fmt: skip
            connection.execute(statement)
        large = connection.execute("select lo_from_bytea(0, %s)", (document(),)).fetchone()
        assert large is not None
        connection.execute("insert into files values (1, %s, %s)", (document(), large[0]))
    with DatabaseStore(parse_address(url), None) as store:
        listed = list(store.units())
        assert [one for one in listed if isinstance(one, Unseen)] == [
            Unseen("large_objects", "pg_largeobject", count=1, size=8192)
        ]
        return {unit.name: unit.read(10) for unit in listed if isinstance(unit, TableUnit)}


@pytest.mark.parametrize(("table", "cells"), [
    ("extended", {"h": '"空"=>NULL, "手机"=>"13900000000"', "c": "Mixed@Example.cn", "l": "cn.beijing"}),
    ("made", {"m": "好", "p": "(北京,100000)", "ps": '{"(上海,200000)"}', "d": "a@example.cn", "n": "7", "s": "[乙,甲)",
              "ms": "{好,坏}"}),
    ("ranges", {"a": "[1,5)", "b": "(,3.5]", "d": "empty", "e": "{[1,3),[5,8)}"}),
    ("nested", {"j": '{"a": [{"电话": "13900000000"}]}', "k": '[1, {"b": null}]', "a": "{{甲,乙},{丙,丁}}",
                "b": '{"{\\"k\\": 1}"}', "x": "<客户><名>张三</名></客户>"}),
    ("others", {"i": "10.1.2.3/32", "c": "10.0.0.0/8", "m": "08:00:2b:01:02:03", "b": "10110", "g": "(1,2)",
                "t": "'fat' & 'rat'", "u": "00000000-0000-4000-8000-000000000001", "o": "42", "f": "1.5",
                "r": "public.made", "ch": "x", "n": "somebody", "tm": "04:05:06+08", "mn": "$12.50"}),
    ("odd", {"a": "tab\tline\nend", "b": ""}),
])  # fmt: skip
def test_cells_of_postgresql(of_postgresql: dict[str, Rows], table: str, cells: dict[str, str]) -> None:
    rows = of_postgresql[table]
    first = rows.table.slice(0, 1).to_pylist()[0]
    assert {name: first[name] for name in cells} == cells
    assert None not in first.values() and rows.unseen == () and rows.sample.method == "whole"


def test_documents_in_cells_are_kept_to_be_looked_into(of_postgresql: dict[str, Rows]) -> None:
    rows = of_postgresql["files"]
    assert rows.blobs == {1: [document()]}


@pytest.fixture(scope="module")
def of_mariadb(maria: MariaServer) -> dict[str, Rows]:
    name = maria.database()
    held = document().hex()
    maria.run(
        "create table nested (j json, e enum('好','坏'), s set('甲','乙','丙'), b bit(12), y year, t time, d datetime(3))",
        "insert into nested values ('{\"a\": [{\"电话\": \"13900000000\"}]}', '好', '甲,丙', b'101', 2026, '-12:34:56',"
        " '2026-01-02 03:04:05.678')",
        "create table files (t tinyblob, b blob, m mediumblob, l longblob, v varbinary(900), f binary(4))",
        f"insert into files values (x'00', x'{held}', x'{held}', x'{held}', x'{held}', x'00ff')",
        "create table places (p point, l linestring, g geometry, m multipoint, c geometrycollection)",
        "insert into places values (point(1, 2), linestring(point(0,0), point(1,1)), point(3, 4),"
        " multipoint(point(5,5)), geometrycollection(point(1,1)))",
        "create table old (g varchar(40) character set gbk, u varchar(40) character set utf8mb3, b text character set big5,"
        " l varchar(40) character set latin1, c varchar(40) character set gb2312, w varchar(20) character set ucs2,"
        " s varchar(20) character set utf16)",
        "insert into old values ('欧阳娜娜', '张三', '許功蓋', 'café', '李四', '王五', '赵六')",
        "create table kinds (i inet6, u uuid, i4 inet4, dec_ decimal(30,10), dbl double, ti tinyint(1),"
        " ch char(4), lt longtext, gen int as (ti + 1) virtual)",
        "insert into kinds (i, u, i4, dec_, dbl, ti, ch, lt) values ('::1', '00000000-0000-4000-8000-000000000001',"
        " '10.1.2.3', 12345678901234567890.0123456789, 1.5e300, 1, 'ab', repeat('字', 30))",
        "create table `compressed` (a text compressed)", "insert into `compressed` values (repeat('压', 500))",
        database=name,
    )  # fmt: skip
    with DatabaseStore(parse_address(maria.url(maria.reader(f"select on {name}.*"), name)), PASSWORD) as store:
        return {unit.name: unit.read(10) for unit in store.units() if isinstance(unit, TableUnit)}


@pytest.mark.parametrize(("table", "cells"), [
    ("nested", {"j": '{"a": [{"电话": "13900000000"}]}', "e": "好", "s": "甲,丙", "y": "2026", "t": "-12:34:56",
                "d": "2026-01-02 03:04:05.678"}),
    ("old", {"g": "欧阳娜娜", "u": "张三", "b": "許功蓋", "l": "café", "c": "李四", "w": "王五", "s": "赵六"}),
    ("kinds", {"i": "::1", "u": "00000000-0000-4000-8000-000000000001", "i4": "10.1.2.3",
               "dec_": "12345678901234567890.0123456789", "ti": "1", "ch": "ab", "lt": "字" * 30, "gen": "2"}),
    ("compressed", {"a": "压" * 500}),
    ("places", {"p": "POINT(1 2)", "l": "LINESTRING(0 0,1 1)", "g": "POINT(3 4)", "m": "MULTIPOINT(5 5)",
                "c": "GEOMETRYCOLLECTION(POINT(1 1))"}),
])  # fmt: skip
def test_cells_of_mariadb(of_mariadb: dict[str, Rows], table: str, cells: dict[str, str]) -> None:
    rows = of_mariadb[table]
    (first,) = rows.table.to_pylist()
    assert {name: first[name] for name in cells} == cells and rows.unseen == ()


def test_binary_cells_of_mariadb_are_kept_or_read(of_mariadb: dict[str, Rows]) -> None:
    files = of_mariadb["files"]
    assert {files.columns[n].name: cells for n, cells in files.blobs.items()} == {
        "t": [b"\0"], "b": [document()], "m": [document()], "l": [document()],
        "v": [document()], "f": [b"\0\xff\0\0"],
    }  # fmt: skip
