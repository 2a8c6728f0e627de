from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tongguan.errors import BadInput, BadSettings, Broken, CannotWrite, Unavailable
from tongguan.trust.database import METADATA, Database

marks = sa.Table("marks_of_the_test", METADATA, sa.Column("name", sa.Text, primary_key=True))


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(sa.select(marks.c.name).order_by(marks.c.name)).scalars())


def test_text_that_no_database_keeps_is_bad_input(tmp_path: Path, postgres_url: str) -> None:
    for place in (tmp_path / "trust.db", postgres_url):
        database = Database(place)
        with pytest.raises(BadInput, match="cannot be stored"), database.write() as connection:
            connection.execute(marks.insert().values(name="half \ud800"))
        if isinstance(place, str):
            with pytest.raises(BadInput, match="cannot be stored"), database.write() as connection:
                connection.execute(marks.insert().values(name="nul \0"))
        assert names(database) == []
        database.close()


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "trust.db")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(marks.insert().values(name="half"))
        _ = 1 / 0
    assert names(database) == []
    with database.write() as connection:
        connection.execute(marks.insert().values(name="whole"))
    assert names(database) == ["whole"]
    assert stat.S_IMODE((tmp_path / "trust.db").stat().st_mode) == 0o600


def test_a_row_that_is_there_already_is_the_callers_to_explain(tmp_path: Path) -> None:
    database = Database(tmp_path / "trust.db")
    with database.write() as connection:
        connection.execute(marks.insert().values(name="a"))
    with pytest.raises(sa.exc.IntegrityError) as error, database.write() as connection:
        connection.execute(marks.insert().values(name="a"))
    assert "'a'" not in str(error.value)  # values stay out of messages


def test_writers_of_several_threads_wait_for_each_other(tmp_path: Path) -> None:
    database = Database(tmp_path / "trust.db")

    def add(thread: int) -> None:
        for n in range(25):
            with database.write() as connection:
                count = connection.execute(sa.select(sa.func.count()).select_from(marks)).scalar_one()
                connection.execute(marks.insert().values(name=f"{count:04d} {thread} {n}"))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [int(name[:4]) for name in names(database)] == list(range(100))  # no two saw the same count


def test_what_a_killed_process_had_not_committed_is_gone(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal; from pathlib import Path; from tongguan.trust.database import Database\n"
        "with Database(Path(sys.argv[1])).write() as c:\n"
        "    c.exec_driver_sql('create table if not exists marks_of_the_test (name text primary key)')\n"
        "    c.exec_driver_sql(\"insert into marks_of_the_test values ('lost')\")\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "trust.db")], check=False)
    assert killed.returncode == -9
    assert names(Database(tmp_path / "trust.db")) == []


def test_files_that_are_not_ours_or_of_another_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "trust.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Broken, match=r"trust\.db"):
        Database(path)
    path.unlink()
    first = Database(path)
    with first.write() as connection:
        connection.exec_driver_sql("update schema set version = 99")
    first.close()
    with pytest.raises(Broken, match="99"):
        Database(path)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/self").exists(), reason="needs /proc")
def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        Database(tmp_path / "no" / "such" / "folder" / "trust.db")
    with pytest.raises(CannotWrite):
        Database(Path("/proc/trust.db"))


def test_a_server_that_does_not_answer_and_a_url_that_is_none() -> None:
    with pytest.raises(Unavailable) as refused:
        Database("postgresql+psycopg://somebody:hush@127.0.0.1:1/nothing")
    assert "hush" not in str(refused.value)
    with pytest.raises(BadSettings):
        Database("not a url")
