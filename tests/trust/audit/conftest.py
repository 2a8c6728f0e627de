"""The places and suites that most tests of the log run with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from log_place import Place

from tongguan.trust import AuditLog

sys.path.insert(0, str(Path(__file__).parents[1]))  # where the tests' PostgreSQL server stands

from postgres_server import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def audit_database(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def emptied(audit_database: str) -> str:
    """The URL of a database without a log: making a database takes longer than taking a schema away."""
    with psycopg.connect(audit_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("drop schema if exists tongguan_audit cascade")
    return audit_database


@pytest.fixture(params=["sqlite", "sqlite-guomi", "postgresql", "postgresql-guomi"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    kind, _, suite = request.param.partition("-")
    url = request.getfixturevalue("emptied") if kind == "postgresql" else None
    return Place(tmp_path, suite or "international", url)


@pytest.fixture
def log(place: Place) -> Iterator[AuditLog]:
    log = place.open()
    yield log
    log.close()
