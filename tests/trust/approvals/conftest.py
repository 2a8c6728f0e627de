"""The records on SQLite and on a PostgreSQL server of the tests' own, which is started on a socket in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tongguan.trust.database import Database


def _programs() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert folders, "PostgreSQL is not installed; apt-get install postgresql"
    return folders[-1]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of an empty server's database `postgres`; it listens on no network address."""
    programs, folder = _programs(), Path(tempfile.mkdtemp(prefix="tg-pg-", dir="/tmp"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, timeout=60, capture_output=True, cwd=folder)

    data = folder / "data"
    run(str(programs / "initdb"), "-D", str(data), "-U", "tongguan", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    start = f"-c listen_addresses= -k {folder} -c fsync=off -c max_connections=60"
    run(str(programs / "pg_ctl"), "-D", str(data), "-o", start, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql+psycopg://tongguan@/postgres?host={folder}"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where one test's records lie: what `Database` is opened with."""
    if request.param == "sqlite":
        return tmp_path / "records.db"
    url = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    engine.dispose()
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def database(place: Path | str) -> Iterator[Database]:
    import tongguan.trust.approvals  # its table is made with the database

    assert tongguan.trust.approvals
    database = Database(place)
    yield database
    database.close()
