"""PostgreSQL as a store, on a real server: rights, dropped connections, changes, odd encodings."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer

from tongguan.capture.stores import Rows, Store, TableUnit, Unread, Unseen, parse_address
from tongguan.capture.stores.databases import DatabaseStore, Limits
from tongguan.capture.stores.databases.dialect import CELL
from tongguan.errors import BadInput, Unavailable

MANY = 30_000

Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url.replace("+psycopg", "")


@pytest.fixture
def run(url: str) -> Run:
    """Statements by somebody else, each committed at once."""

    def run(*statements: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                found = cursor.fetchall() if cursor.description else []
        return found

    return run


def opened(url: str, limits: Limits | None = None) -> DatabaseStore:
    return DatabaseStore(parse_address(url), None, limits)


def tables(store: Store) -> dict[str, TableUnit]:
    return {unit.path: unit for unit in store.units() if isinstance(unit, TableUnit)}


def unseen(store: Store) -> dict[str, str]:
    return {one.where: one.reason for one in store.units() if isinstance(one, Unseen)}


def reasons(rows: Rows) -> dict[str, int]:
    return {one.reason: one.count for one in rows.unseen}


def test_schema_comments_and_cells_of_every_kind(url: str, run: Run) -> None:
    run(
        "create table people (id int primary key, 姓名 varchar(20) not null, born date, pay numeric(9,2), tags text[],"
        " extra jsonb, at timestamptz, ip inet, photo bytea, ok bool)",
        "comment on table people is '员工'",
        "comment on column people.姓名 is '真实姓名'",
        "insert into people values (1, '张三', '1990-02-03', 12.5, '{a,b}', '{\"k\": \"值\"}', '2026-01-02 03:04:05+00',"
        " '10.0.0.1', '\\x00ff', true), (2, '', 'infinity', 'NaN', null, null, null, null, convert_to('text', 'UTF8'), null)",
    )
    with opened(url) as store:
        (unit,) = tables(store).values()
        assert (unit.path, unit.schema, unit.comment) == ("public.people", "public", "员工")
        rows = unit.read(100)
    about = {column.name: column for column in rows.columns}
    assert about["姓名"].declared == "character varying(20)" and about["姓名"].comment == "真实姓名"
    assert (about["姓名"].nullable, about["id"].key, about["姓名"].key) == (False, True, False)
    first, second = rows.table.to_pylist()
    assert first == {
        "id": "1", "姓名": "张三", "born": "1990-02-03", "pay": "12.50", "tags": "{a,b}", "extra": '{"k": "值"}',
        "at": first["at"], "ip": "10.0.0.1/32", "photo": None, "ok": "true",
    }  # fmt: skip
    assert first["at"].startswith("2026-01-0")
    assert (second["姓名"], second["born"], second["pay"], second["photo"]) == ("", "infinity", "NaN", "text")
    assert rows.blobs == {8: [b"\x00\xff"]} and rows.sample.method == "whole" and rows.unseen == ()


def test_columns_that_hold_no_value_twice_are_known(url: str, run: Run) -> None:
    run(
        "create table people (id int primary key, phone text unique, a text, b text, mail text, off text, low text,"
        " unique (a, b))",
        "create unique index on people (mail) where off is null",
        "create unique index on people (lower(low))",
        "create index on people (off)",
        "create table parent (a text unique)",
        "create table child () inherits (parent)",
    )
    with opened(url) as store:
        found = tables(store)
        people = {column.name: column.unique for column in found["public.people"].read(1).columns}
        assert people == dict.fromkeys(("id", "phone"), True) | dict.fromkeys(("a", "b", "mail", "off", "low"), False)
        assert not found["public.parent"].read(1).columns[0].unique  # its children's rows are read with it


def test_names_with_quotes_percents_and_colons(url: str, run: Run) -> None:
    names = ['a"b', "a'b", "a;b -- c", "a%sb", "a:b", "客户 表", "select", "a\\b", "a.b", "%(x)s", "A"]
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        run(f"create schema {quoted}", f"create table {quoted}.{quoted} ({quoted} text)",
            f"insert into {quoted}.{quoted} values ('x')", f"analyze {quoted}.{quoted}")  # fmt: skip
    with opened(url) as store:
        found = tables(store)
        assert {unit.name for unit in found.values()} == set(names) == {unit.schema for unit in found.values()}
        for unit in found.values():
            rows = unit.read(10)
            assert rows.columns[0].name == unit.name and rows.table.column(0).to_pylist() == ["x"]
            assert store._run(lambda c, u=unit: store._dialect.estimate(c, None, sa.table(
                sa.sql.quoted_name(u.name, True), schema=sa.sql.quoted_name(u.schema, True)))) >= 1  # fmt: skip


def test_large_tables_by_keys_and_by_pages(url: str, run: Run) -> None:
    run(
        f"create table k as select n * 3 as id, n::text as a from generate_series(1, {MANY}) n",
        "alter table k add primary key (id)",
        f"create table p as select n::text as a, repeat('x', 200) as b from generate_series(1, {MANY}) n",
        f"create table never_analyzed (a text); insert into never_analyzed select n::text from generate_series(1, {MANY}) n",
        "analyze k", "analyze p",
    )  # fmt: skip
    with opened(url) as store:
        found = tables(store)
        for name, most, method in (
            ("k", 2_000, "random_keys"), ("p", 2_000, "random_rows"), ("p", 300, "random_pages"),
            ("never_analyzed", 2_000, "random_rows"),
        ):  # fmt: skip
            rows = found[f"public.{name}"].read(most)
            sample, column = rows.sample, rows.table.column("a").to_pylist()
            assert sample.method == method and len(set(column)) == len(column) == sample.rows
            assert 0.6 * most < sample.rows <= most and sample.of is not None and MANY / 2 < sample.of < MANY * 1.1
            assert 0.5 * sample.rows < sample.draws <= sample.rows
            assert sample.missed == pytest.approx(3 / sample.draws, rel=0.05)
            thirds = [sum(int(n) * 3 // (MANY + 1) == part for n in column) / len(column) for part in range(3)]
            assert all(0.22 < third < 0.45 for third in thirds)


def test_partitions_are_one_table_and_views_are_not_read(url: str, run: Run) -> None:
    run(
        "create table whole (a int, b text) partition by range (a)",
        "create table part1 partition of whole for values from (0) to (10)",
        "create table part2 partition of whole for values from (10) to (20)",
        "insert into whole select n, 'x' from generate_series(0, 19) n",
        "create view v as select * from whole",
        "create materialized view m as select 'kept' as a",
        "create extension if not exists postgres_fdw",
        "create server other foreign data wrapper postgres_fdw",
        "create foreign table f (a text) server other",
    )
    with opened(url) as store:
        found = tables(store)
        assert set(found) == {"public.whole", "public.m"}
        assert found["public.whole"].read(100).sample.rows == 20
        assert unseen(store) == {"public.v": "view", "public.f": "foreign"}


def test_what_the_account_may_not_read_is_told(url: str, run: Run) -> None:
    role = f"r{secrets.token_hex(6)}"
    run(
        f"create role {role} login", "create table shut (a text)", "create table half (a text, b text)",
        "insert into half values ('seen', 'hidden')", f"grant select (a) on half to {role}",
        "create schema closed", "create table closed.t (a text)", f"grant select on closed.t to {role}",
        "create table guarded (a text)", "insert into guarded values ('row')", "alter table guarded enable row level security",
        f"grant select on guarded to {role}", "create table open (a text)", f"grant select on open to {role}",
    )  # fmt: skip
    with opened(url.replace("tongguan@", f"{role}@")) as store:
        assert unseen(store) == {
            "public.shut": "permission", "closed.t": "permission", "public.guarded": "row_security",
        }  # fmt: skip
        found = tables(store)
        assert set(found) == {"public.half", "public.open"}
        rows = found["public.half"].read(10)
        assert rows.table.to_pylist() == [{"a": "seen", "b": None}] and reasons(rows) == {"permission": 1}
        run(f"revoke select on open from {role}")
        with pytest.raises(Unread) as raised:
            found["public.open"].read(10)
    assert raised.value.unseen.reason == "permission" and "open" not in raised.value.unseen.detail


def test_nothing_can_be_written(url: str, run: Run) -> None:
    run(
        "create table t (a text)",
        "create function sneak() returns text language sql as $$insert into t values ('x') returning a$$",
    )
    with opened(url) as store:
        for statement in ("insert into t values ('x')", "create table u ()", "select public.sneak()"):
            with pytest.raises(Unread) as raised:
                store._run(lambda c, s=statement: c.exec_driver_sql(s))
            assert raised.value.unseen.detail in ("25006", "42P01")
        with pytest.raises(Unread):
            store._run(lambda c: c.exec_driver_sql("insert into public.t values ('x')"))
    assert run("select count(*) from t") == [(0,)]


def test_functions_of_others_do_not_run_in_our_name(url: str, run: Run) -> None:
    """Somebody puts a `left` and a `random` where every account finds them first."""
    run(
        "create table t (a text)", "insert into t select n::text from generate_series(1, 3000) n", "create table trap (a text)",
        "create function public.left(text, int) returns text language plpgsql as $$begin raise 'trapped'; end$$",
        "create function public.random() returns float8 language plpgsql as $$begin raise 'trapped'; end$$",
    )  # fmt: skip
    name = run("select current_database()")[0][0]
    run(f"alter database {name} set search_path = public, pg_catalog")
    with opened(url) as store:
        assert tables(store)["public.t"].read(500).sample.rows > 100


def kill_others(run: Run) -> None:
    run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tongguan scan'")


def test_a_dropped_connection_is_made_again(url: str, run: Run) -> None:
    for n in range(5):
        run(f"create table t{n} (a text)", f"insert into t{n} values ('{n}')")
    with opened(url) as store:
        seen = []
        for unit in store.units():
            assert isinstance(unit, TableUnit)
            kill_others(run)
            seen.append(unit.read(10).table.column(0).to_pylist())
        assert seen == [[str(n)] for n in range(5)]


def test_a_table_that_always_drops_the_connection_costs_itself_alone(
    url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tongguan.capture.stores.databases.store as module

    run("create table bad (a text)", "create table good (a text)")
    real = module.read_rows

    def read(connection: Any, dialect: Any, listed: Any, *more: Any, **named: Any) -> Rows:
        if listed.name == "bad":
            kill_others(run)
        return real(connection, dialect, listed, *more, **named)

    monkeypatch.setattr(module, "read_rows", read)
    with opened(url) as store:
        found = tables(store)
        with pytest.raises(Unread) as raised:
            found["public.bad"].read(10)
        assert raised.value.unseen.reason == "dropped" and not raised.value.rest
        assert found["public.good"].read(10).sample.method == "whole"


def test_a_server_that_stays_away_ends_the_store(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import tongguan.capture.stores.databases.store as module

    monkeypatch.setattr(module, "PAUSES_S", (0.05, 0.05))
    url = postgres.database().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table t (a text)")
    store = opened(url)
    (unit,) = tables(store).values()
    postgres.stop()
    try:
        with pytest.raises(Unread) as raised:
            unit.read(10)
        assert raised.value.rest and raised.value.unseen.reason == "dropped"
        with pytest.raises(Unavailable):
            opened(url)
    finally:
        postgres.start()
    assert unit.read(10).sample.method == "whole"
    store.close()


def test_a_table_that_changes_or_goes_between_listing_and_reading(url: str, run: Run) -> None:
    run("create table t (a text, b text)", "insert into t values ('1', '2')", "create table gone (a text)")
    with opened(url) as store:
        found = tables(store)
        run("alter table t drop column b", "alter table t add column c text default 'new'", "drop table gone")
        assert found["public.t"].read(5).table.to_pylist() == [{"a": "1", "c": "new"}]
        with pytest.raises(Unread) as raised:
            found["public.gone"].read(5)
    assert raised.value.unseen.reason == "vanished"


def test_locks_and_slow_statements_end_in_time(url: str, run: Run) -> None:
    run("create table t (a text)")
    with opened(url, Limits(statement_s=1, lock_s=1)) as store, psycopg.connect(url) as other:
        (unit,) = tables(store).values()
        other.execute("lock table t in access exclusive mode")
        with pytest.raises(Unread) as raised:
            unit.read(5)
        assert raised.value.unseen.reason in ("locked", "timeout")
        with pytest.raises(Unread) as raised:
            store._run(lambda c: c.exec_driver_sql("select pg_sleep(20)"))
        assert raised.value.unseen.reason == "timeout"
        other.rollback()
        assert unit.read(5).sample.method == "whole"


def test_huge_cells_are_cut_by_the_server(url: str, run: Run) -> None:
    run(
        "create table t (a text, b bytea)",
        "insert into t values (repeat('字', 20000000), convert_to(repeat('x', 20000000), 'UTF8'))",
    )
    with opened(url) as store:
        rows = tables(store)["public.t"].read(5)
    assert len(rows.table.column(0)[0].as_py()) == CELL and reasons(rows)["cells_cut"] == 2


def test_a_server_that_does_not_know_its_encoding(postgres: PostgresServer) -> None:
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(postgres.database().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"create database {name} encoding 'SQL_ASCII' template template0")
    url = f"postgresql://tongguan@127.0.0.1:{postgres.port}/{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table t (a text)")
        for text in ("张三".encode("gb18030"), "李四".encode()):
            connection.execute(b"insert into t values ('" + text + b"')")
    with opened(url) as store:
        rows = tables(store)["public.t"].read(5)
    assert rows.table.column(0).to_pylist() == ["张三", "李四"] and reasons(rows) == {"encoding": 1}


def test_marks_tell_changes_and_nothing_else(url: str, run: Run) -> None:
    run("create table t (a text)", "insert into t values ('x')", "create table other (a text)")

    def mark() -> str | None:
        run("select pg_sleep(1.1)")  # the server counts changes a little later
        with opened(url) as store:
            return tables(store)["public.t"].mark

    marks = [mark()]
    for statement, changes in (
        ("insert into other values ('y')", False), ("update t set a = 'z'", True), ("alter table t alter a type varchar(9)", True),
        ("select * from t", False), ("alter table t add b text default '13812345678'", True), ("alter table t rename a to c", True),
        ("alter table t drop c", True), ("comment on column t.b is '手机'", True), ("comment on table t is '客户'", True),
        ("alter table other add d text", False), ("analyze t", False),
    ):  # fmt: skip
        run(statement)
        marks.append(mark())
        assert marks[-1] is not None and (marks[-1] != marks[-2]) == changes, statement


def test_refusals_hold_no_secrets(postgres: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "HUSH")
    for wrong, error in (
        (url.replace("/t", "/nothing"), BadInput),
        (url.replace("tongguan@", "nobody@"), BadInput),
        ("postgresql://x@127.0.0.1:1/x", Unavailable),
    ):
        with pytest.raises(error) as raised:
            DatabaseStore(parse_address(wrong), "HUSH", None)
        assert "HUSH" not in str(raised.value) and "Traceback" not in str(raised.value)


def test_two_thousand_tables_are_listed_in_pages(url: str, run: Run) -> None:
    """The names are such that an order by another collation would lose some at the pages' ends."""
    run("do $$begin for n in 1..2100 loop execute format('create table %I (a int)', case n % 3 when 0 then 'T' when 1 then 't'"
        " else '表' end || n); end loop; end$$")  # fmt: skip
    with opened(url) as store:
        assert len(tables(store)) == 2_100
