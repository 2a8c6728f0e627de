"""Servers that hang or go in the middle of an answer, by a way to them that does so."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from faulty_proxy import FaultyProxy
from mariadb_server import PASSWORD, MariaServer
from postgres_server import PostgresServer

from tongguan.capture.stores import TableUnit, Unread, parse_address
from tongguan.capture.stores.databases import DatabaseStore, Limits
from tongguan.errors import Unavailable

QUICK = Limits(statement_s=1, answer_s=1, connect_s=2)
ROWS, TABLES = 4_000, 6


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.capture.stores.databases.store.PAUSES_S", (0.05, 0.05))


@pytest.fixture(params=["postgresql", "mysql"])
def server(
    request: pytest.FixtureRequest, postgres: PostgresServer, maria: MariaServer
) -> Iterator[tuple[FaultyProxy, str]]:
    """A way to a server with some tables, and the address of a database behind it."""
    if request.param == "postgresql":
        url = postgres.database().replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            for n in range(TABLES):
                connection.execute(f"create table t{n} (id int primary key, a text)")
                connection.execute(f"insert into t{n} select n, repeat('x', 100) from generate_series(1, {ROWS}) n")
        with FaultyProxy(postgres.port) as proxy:
            yield proxy, url.replace(f":{postgres.port}/", f":{proxy.port}/")
        return
    name = maria.database()
    for n in range(TABLES):
        maria.run(
            f"create table t{n} (id int primary key, a text)",
            f"insert into t{n} select seq, repeat('x', 100) from seq_1_to_{ROWS}", database=name,
        )  # fmt: skip
    user = maria.reader(f"select on {name}.*")
    with FaultyProxy(maria.port) as proxy:
        yield proxy, maria.url(user, name).replace(f":{maria.port}/", f":{proxy.port}/")


def opened(url: str) -> DatabaseStore:
    return DatabaseStore(parse_address(url), PASSWORD if url.startswith("mysql") else None, QUICK)


def tables(store: DatabaseStore) -> list[TableUnit]:
    return [unit for unit in store.units() if isinstance(unit, TableUnit)]


def test_a_server_that_hangs_in_an_answer_costs_that_table(server: tuple[FaultyProxy, str]) -> None:
    proxy, url = server
    with opened(url) as store:
        first, second, *_ = tables(store)
        proxy.hang_after = 60_000  # in the middle of the rows
        started = time.monotonic()
        with pytest.raises(Unread) as raised:
            first.read(ROWS)
        assert (raised.value.unseen.reason, raised.value.unseen.detail) == ("timeout", "no answer")
        assert not raised.value.rest and time.monotonic() - started < 10
        proxy.hang_after = None
        assert second.read(ROWS).sample.method == "whole" == first.read(ROWS).sample.method


def test_a_server_that_hangs_again_and_again_ends_the_store(server: tuple[FaultyProxy, str]) -> None:
    proxy, url = server
    with opened(url) as store:
        units, tried = tables(store), 0
        proxy.hang_after = 60_000
        with pytest.raises(Unread) as raised:
            for unit in units:
                tried += 1
                try:
                    unit.read(ROWS)
                except Unread as unread:
                    if unread.rest:
                        raise
        assert raised.value.unseen.reason == "timeout" and tried == 3 < len(units)


def test_a_connection_cut_within_a_table_is_made_again_once(server: tuple[FaultyProxy, str]) -> None:
    proxy, url = server
    with opened(url) as store:
        first, second, *_ = tables(store)
        before = proxy.count
        proxy.cut_after = 60_000
        with pytest.raises(Unread) as raised:
            first.read(ROWS)
        assert raised.value.unseen.reason == "dropped" and not raised.value.rest
        assert proxy.count - before >= 1
        proxy.cut_after = None
        assert second.read(ROWS).sample.method == "whole"


def test_a_server_that_is_silent_from_the_start_is_not_waited_for(server: tuple[FaultyProxy, str]) -> None:
    proxy, url = server
    proxy.hang_after = 0
    started = time.monotonic()
    with pytest.raises(Unavailable):
        opened(url)
    assert time.monotonic() - started < 15


def test_one_that_hangs_between_its_greeting_and_the_first_statement(server: tuple[FaultyProxy, str]) -> None:
    proxy, url = server
    proxy.hang_after = 500  # within what a new connection is asked
    started = time.monotonic()
    with pytest.raises(Unavailable):
        opened(url)
    assert time.monotonic() - started < 15
