"""MariaDB as a store, on a real server, by an account with a password that may do little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymysql
import pytest
from mariadb_server import PASSWORD, MariaServer

from tongguan.capture.stores import Rows, Store, TableUnit, Unread, Unseen, open_store, parse_address
from tongguan.capture.stores.databases import DatabaseStore, Limits
from tongguan.capture.stores.databases.dialect import CELL
from tongguan.errors import BadInput, Unavailable

MANY = 30_000


@pytest.fixture
def database(maria: MariaServer) -> str:
    return maria.database()


@pytest.fixture
def url(maria: MariaServer, database: str) -> str:
    return maria.url(maria.reader(f"select on {database}.*"), database)


def opened(url: str, limits: Limits | None = None, password: str = PASSWORD) -> DatabaseStore:
    return DatabaseStore(parse_address(url), password, limits)


def tables(store: Store) -> dict[str, TableUnit]:
    return {unit.name: unit for unit in store.units() if isinstance(unit, TableUnit)}


def unseen(store: Store) -> dict[str, str]:
    return {one.where: one.reason for one in store.units() if isinstance(one, Unseen)}


def reasons(rows: Rows) -> dict[str, int]:
    return {one.reason: one.count for one in rows.unseen}


def test_schema_comments_and_cells_of_every_kind(maria: MariaServer, database: str, url: str) -> None:
    maria.run(
        "create table people (id int unsigned primary key, 姓名 varchar(20) not null comment '真实姓名', born date, pay"
        " decimal(9,2), extra json, at timestamp null, photo blob, kind enum('甲', '乙'), bits bit(8), place point,"
        " old varchar(20) character set gbk) comment '员工'",
        "insert into people values (1, '张三𠮷', '1990-02-03', 12.5, '{\"k\": \"值\"}', '2026-01-02 03:04:05', x'00ff',"
        " '乙', b'10000001', point(1, 2), '旧编码'), (2, '', null, null, null, null, 'text', null, null, null, null)",
        database=database,
    )
    maria.run("set sql_mode = ''", "update people set born = '0000-00-00' where id = 2", database=database)
    with opened(url) as store:
        (unit,) = tables(store).values()
        assert (unit.path, unit.schema, unit.comment) == (f"{database}.people", database, "员工")
        rows = unit.read(100)
    about = {column.name: column for column in rows.columns}
    assert about["姓名"].declared == "varchar(20)" and about["姓名"].comment == "真实姓名"
    assert (about["姓名"].nullable, about["id"].key, about["姓名"].key) == (False, True, False)
    first, second = rows.table.to_pylist()
    assert (first["姓名"], first["born"], first["pay"], first["kind"]) == ("张三𠮷", "1990-02-03", "12.50", "乙")
    assert (first["extra"], first["old"], first["photo"]) == ('{"k": "值"}', "旧编码", None)
    assert (second["姓名"], second["photo"]) == ("", "text")
    assert rows.blobs[6] == [b"\x00\xff"] and rows.sample.method == "whole" and rows.unseen == ()


def test_columns_that_hold_no_value_twice_are_known(maria: MariaServer, database: str, url: str) -> None:
    maria.run(
        "create table people (id int primary key, phone varchar(20) unique, a varchar(9) not null, b varchar(9) not null,"
        " c varchar(9), unique (a, b), index (c))",
        database=database,
    )
    with opened(url) as store:
        columns = tables(store)["people"].read(1).columns
    assert [column.name for column in columns if column.unique] == ["phone"]
    assert [column.name for column in columns if column.key] == ["id"]


def test_names_with_quotes_percents_and_colons(maria: MariaServer, database: str, url: str) -> None:
    names = ['a"b', "a'b", "a;b -- c", "a%sb", "a:b", "客户 表", "select", "a\\b", "a.b", "%(x)s", "a`b", "a@b#c"]
    for name in names:
        quoted = "`" + name.replace("`", "``") + "`"
        maria.run(f"create table {quoted} ({quoted} text)", f"insert into {quoted} values ('x')", database=database)
    with opened(url) as store:
        found = tables(store)
        assert set(found) == set(names)
        for name, unit in found.items():
            rows = unit.read(10)
            assert rows.columns[0].name == name and rows.table.column(0).to_pylist() == ["x"]


def test_large_tables_by_keys_and_by_chance(maria: MariaServer, database: str, url: str) -> None:
    maria.run(
        f"create table k (id bigint primary key, a text) select seq * 5 as id, seq as a from seq_1_to_{MANY}",
        f"create table c (a varchar(20) primary key) select seq as a from seq_1_to_{MANY}",
        "analyze table k", "analyze table c", database=database,
    )  # fmt: skip
    with opened(url) as store:
        found = tables(store)
        for name, method in (("k", "random_keys"), ("c", "random_rows")):
            rows = found[name].read(2_000)
            column = [int(n) for n in rows.table.column("a").to_pylist()]
            assert rows.sample.method == method and len(set(column)) == rows.sample.rows
            assert 1_700 < rows.sample.rows <= 2_000 and rows.sample.of == pytest.approx(MANY, rel=0.25)
            thirds = [sum(n * 3 // (MANY + 1) == part for n in column) / len(column) for part in range(3)]
            assert all(0.27 < third < 0.40 for third in thirds)


def test_what_the_account_may_not_see_is_told(maria: MariaServer, database: str) -> None:
    maria.run(
        "create table open (a text, b text)", "insert into open values ('seen', 'hidden')", "create table shut (a text)",
        "create view v as select * from open", "create table written (a text)", "create sequence s", database=database,
    )  # fmt: skip
    user = maria.reader(
        f"select (a) on {database}.open",
        f"insert on {database}.written",
        f"select on {database}.v",
        f"select on {database}.s",
    )
    with opened(maria.url(user, database)) as store:
        told = unseen(store)
        assert told[database] == "partial_view" and told[f"{database}.v"] == "view" and told[f"{database}.s"] == "view"
        found = tables(store)
        assert set(found) == {"open", "written"}
        assert found["open"].read(10).table.to_pylist() == [{"a": "seen"}]
        with pytest.raises(Unread) as raised:
            found["written"].read(10)
        assert raised.value.unseen.reason in ("permission", "vanished") and raised.value.unseen.detail != "a"
    with opened(maria.url(maria.reader("select on *.*"), database)) as store:
        assert database not in unseen(store)


def test_a_server_without_a_database_named(maria: MariaServer) -> None:
    one, two = maria.database(), maria.database()
    for name in (one, two):
        maria.run("create table t (a text)", database=name)
    with opened(maria.url(maria.reader(f"select on {one}.*", f"select on {two}.*"))) as store:
        paths = {unit.path for unit in store.units() if isinstance(unit, TableUnit)}
        assert paths == {f"{one}.t", f"{two}.t"} and store.size() > 0


def test_nothing_can_be_written(maria: MariaServer, database: str) -> None:
    maria.run("create table t (a text)", database=database)
    with opened(maria.url(maria.reader("all privileges on *.*"), database)) as store:
        for statement in (
            f"insert into {database}.t values ('x')",
            f"delete from {database}.t",
            f"create table {database}.u (a int)",
        ):
            with pytest.raises(Unread) as raised:
                store._run(lambda c, s=statement: c.exec_driver_sql(s))
            assert raised.value.unseen.detail == "1792"


def kill(maria: MariaServer, user: str) -> None:
    with maria.root() as connection, connection.cursor() as cursor:
        cursor.execute("select id from information_schema.processlist where user = %s", (user,))
        for (one,) in cursor.fetchall():
            cursor.execute(f"kill {one}")


def test_a_dropped_connection_is_made_again(maria: MariaServer, database: str) -> None:
    for n in range(4):
        maria.run(f"create table t{n} (a text)", f"insert into t{n} values ('{n}')", database=database)
    user = maria.reader(f"select on {database}.*")
    with opened(maria.url(user, database)) as store:
        seen = []
        for unit in store.units():
            assert isinstance(unit, TableUnit)
            kill(maria, user)
            seen.append(unit.read(10).table.column(0).to_pylist())
        assert seen == [[str(n)] for n in range(4)]


def test_a_table_that_changes_or_goes_between_listing_and_reading(maria: MariaServer, database: str, url: str) -> None:
    maria.run(
        "create table t (a text, b text)",
        "insert into t values ('1', '2')",
        "create table gone (a text)",
        database=database,
    )
    with opened(url) as store:
        found = tables(store)
        maria.run(
            "alter table t drop column b",
            "alter table t add column c text default 'new'",
            "drop table gone",
            database=database,
        )
        assert found["t"].read(5).table.to_pylist() == [{"a": "1", "c": "new"}]
        with pytest.raises(Unread) as raised:
            found["gone"].read(5)
    assert raised.value.unseen.reason == "vanished"


def test_huge_cells_and_samples_end_at_their_bytes(maria: MariaServer, database: str, url: str) -> None:
    maria.run(
        "create table t (a longtext, b longblob)", "insert into t values (repeat('字', 4000000), repeat(x'ff', 12000000))",
        "create table wide (id int primary key, a text)",
        "insert into wide select seq, repeat('x', 20000) from seq_1_to_2000", "analyze table wide", database=database,
    )  # fmt: skip
    with opened(url, Limits(bytes=2 << 20)) as store:
        found = tables(store)
        rows = found["t"].read(5)
        assert len(rows.table.column(0)[0].as_py()) == CELL and len(rows.blobs[1][0]) == CELL
        assert reasons(rows)["cells_cut"] == 2
        wide = found["wide"].read(1_500)
        assert wide.table.nbytes < 8 << 20 and wide.sample.rows < 1_500
        assert found["t"].read(5).sample.rows == 1  # the connection is as good as before


def test_slow_statements_and_locks_end_in_time(maria: MariaServer, database: str, url: str) -> None:
    maria.run("create table t (a text)", database=database)
    with opened(url, Limits(statement_s=1, lock_s=1)) as store, maria.root(database) as other, other.cursor() as cursor:
        (unit,) = tables(store).values()
        with pytest.raises(Unread) as raised:
            store._run(lambda c: c.exec_driver_sql("select count(*) from seq_1_to_1000000000 where sqrt(seq) < 0"))
        assert raised.value.unseen.reason == "timeout"
        cursor.execute("lock tables t write")
        with pytest.raises(Unread) as raised:
            unit.read(5)
        assert raised.value.unseen.reason in ("locked", "timeout")
        cursor.execute("unlock tables")
        assert unit.read(5).sample.method == "whole"


def test_marks_tell_changes_and_nothing_else(
    maria: MariaServer, database: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time
    from datetime import timedelta

    from tongguan.capture.stores.databases import mysql

    maria.run(
        "create table t (a text) engine = innodb",
        "insert into t values ('x')",
        "create table other (a text)",
        database=database,
    )

    def mark() -> str | None:
        with opened(url) as store:
            return tables(store)["t"].mark

    assert mark() is None  # it may change again within the second that the server's clock counts
    monkeypatch.setattr(mysql, "SETTLED", timedelta(0))
    marks = [mark()]
    for statement, changes in (
        ("insert into other values ('y')", False),
        ("update t set a = 'z'", True),
        ("select * from t", False),
        ("alter table t add b varchar(20) default '13812345678'", True),
        ("alter table t change a c text", True),
        ("alter table t drop c", True),
        ("alter table t modify b varchar(20) comment '手机'", True),
        ("alter table t comment '客户'", True),
        ("alter table other add d text", False),
    ):
        time.sleep(1.1)
        maria.run(statement, database=database)
        marks.append(mark())
        assert marks[-1] is not None and (marks[-1] != marks[-2]) == changes, statement


def test_passwords_come_from_a_file_and_refusals_hold_none(
    maria: MariaServer, database: str, url: str, tmp_path: Path
) -> None:
    maria.run("create table t (a text)", database=database)
    file = tmp_path / "credentials.yaml"
    file.touch(0o600)
    file.write_text(f'"127.0.0.1:{maria.port}": "{PASSWORD}"', encoding="utf-8")
    with open_store(parse_address(url), file) as store:
        assert set(tables(store)) == {"t"}
    nowhere = maria.url("nobody", database)
    for wrong, password, error in (
        (url, "HUSH", BadInput), (nowhere, "HUSH", BadInput), (url + "x", PASSWORD, BadInput), ("mysql://x@127.0.0.1:1/x", "HUSH", Unavailable),
    ):  # fmt: skip
        with pytest.raises(error) as raised:
            DatabaseStore(parse_address(wrong), password)
        assert "HUSH" not in str(raised.value) and PASSWORD not in str(raised.value)


def test_a_server_that_sends_files_of_ours_is_not_obeyed(maria: MariaServer, url: str) -> None:
    """A server may answer any statement with a request for a local file; the driver must not have that switched on."""
    with opened(url) as store:
        driver: Any = store._connection.connection.driver_connection
        assert isinstance(driver, pymysql.Connection) and not driver._local_infile
