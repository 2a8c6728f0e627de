"""Somebody with the file or the database in hands changes it; the verification names what was changed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from log_place import Place

from tongguan.errors import Broken
from tongguan.trust import Problem
from tongguan.trust.audit import verdict as judging
from tongguan.trust.audit.checkpoint import parse
from tongguan.trust.audit.merkle import grow, tree_hash
from tongguan.trust.audit.merkle import place as node_place
from tongguan.wording import wording

SIZE = 21


class Raw:
    """The place without the log around it: SQLite or PostgreSQL, `?` for values."""

    def __init__(self, connection: Any, mark: str) -> None:
        self._connection, self._mark = connection, mark

    def execute(self, query: str, values: Sequence[object] = ()) -> Any:
        return self._connection.execute(query.replace("?", self._mark), values)


@contextmanager
def raw(place: Place, guards: bool = False) -> Iterator[Raw]:
    if place.url:
        with psycopg.connect(place.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("set search_path = tongguan_audit")
            if not guards:
                connection.execute("set session_replication_role = replica")  # a superuser's way around triggers
            yield Raw(connection, "%s")
        return
    with closing(sqlite3.connect(place.folder / "audit.db", isolation_level=None)) as connection:
        found = connection.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
        for name, _ in () if guards else found:
            connection.execute(f"drop trigger {name}")
        yield Raw(connection, "?")
        for _, statement in () if guards else found:
            connection.execute(statement)


@pytest.fixture(autouse=True)
def filled(place: Place) -> None:
    with place.open() as log:
        for n in range(0, SIZE, 3):
            log.append_many([("run", "cli", {"n": n + k}) for k in range(3)])
        assert log.verify().ok


@pytest.fixture
def file(place: Place) -> Path:
    """For what only a file can suffer."""
    if place.url:
        pytest.skip("the log is not in a file")
    return place.folder / "audit.db"


def tamper(place: Place, change: Callable[[Raw], object]) -> None:
    """Change it as its owner can: take the guards away, write, put them back."""
    with raw(place) as database:
        change(database)


def problems(place: Place, *witnessed: str) -> list[tuple[str, int, int]]:
    with place.open() as log:
        verdict = log.verify(witnessed)
    assert verdict.ok == (not verdict.problems)
    return [(p.kind, p.first, p.last) for p in verdict.problems]


def texts(database: Raw) -> dict[int, str]:
    return dict(database.execute('select "index", text from entries order by "index"').fetchall())


def rehash(place: Place, database: Raw) -> None:
    """Make the whole tree fit the entries as they are now."""
    database.execute("delete from nodes")
    tree, frontier = tree_hash("sm3" if place.suite == "guomi" else "sha256"), {}
    for index, text in enumerate(texts(database).values()):
        for level, at, value in grow(frontier, index, tree.leaf(text.encode()), tree):
            database.execute("insert into nodes values (?, ?)", (node_place(level, at), value))


def edit(database: Raw, index: int) -> None:
    database.execute("""update entries set text = replace(text, '"n"', '"m"') where "index" = ?""", (index,))


def add(place: Place, database: Raw, index: int, text: str) -> None:
    extra = ", 'run', 'cli'" if place.url else ""
    database.execute(f"insert into entries values (?, ?{extra})", (index, text))


def test_an_edited_entry(place: Place) -> None:
    tamper(place, lambda database: edit(database, 10))
    assert problems(place) == [("altered", 10, 10)]


def test_two_edited_entries(place: Place) -> None:
    tamper(place, lambda database: (edit(database, 3), edit(database, 20)))
    assert problems(place) == [("altered", 3, 3), ("altered", 20, 20)]


def test_an_entry_that_is_no_entry(place: Place) -> None:
    tamper(place, lambda database: database.execute("""update entries set text = '[]' where "index" = 4"""))
    assert problems(place) == [("foreign", 4, 4)]


def test_an_edited_entry_with_its_leaf(place: Place) -> None:
    def change(database: Raw) -> None:
        edit(database, 10)
        text = database.execute('select text from entries where "index" = 10').fetchone()[0]
        leaf = tree_hash("sm3" if place.suite == "guomi" else "sha256").leaf(text.encode())
        database.execute("update nodes set hash = ? where place = ?", (leaf, node_place(0, 10)))

    tamper(place, change)
    assert problems(place) == [("node", 10, 11)]


def test_an_edited_entry_with_the_whole_tree(place: Place) -> None:
    """Only the signatures are left to tell: between the last checkpoint that holds and the first that does not."""
    tamper(place, lambda database: (edit(database, 10), rehash(place, database)))
    assert problems(place) == [("rewritten", 9, 11)]


def test_a_tree_without_its_entry(place: Place) -> None:
    tamper(place, lambda database: database.execute('delete from entries where "index" = 7'))
    assert problems(place) == [("missing", 7, 7)]


def test_an_entry_taken_out_and_the_rest_moved_up(place: Place) -> None:
    def change(database: Raw) -> None:
        database.execute('delete from entries where "index" = 7')
        for index in range(8, SIZE):
            database.execute('update entries set "index" = ? where "index" = ?', (index - 1, index))

    tamper(place, change)
    found = problems(place)
    assert found[0] == ("moved", 7, 8)
    assert found[-1] == ("cut", SIZE - 1, SIZE - 1)


def test_two_entries_swapped(place: Place) -> None:
    def change(database: Raw) -> None:
        before = texts(database)
        database.execute('update entries set text = ? where "index" = 5', (before[6],))
        database.execute('update entries set text = ? where "index" = 6', (before[5],))

    tamper(place, change)
    assert problems(place) == [("moved", 5, 6), ("moved", 6, 5)]


def test_the_end_cut(place: Place) -> None:
    tamper(place, lambda database: database.execute('delete from entries where "index" >= 15'))
    assert problems(place) == [("cut", 15, 20)]


def test_the_end_cut_with_tree_and_checkpoints(place: Place) -> None:
    """The note beside the file is newer than the log."""

    def change(database: Raw) -> None:
        database.execute('delete from entries where "index" >= 15')
        database.execute("delete from checkpoints where size > 15")
        rehash(place, database)

    tamper(place, change)
    assert problems(place) == [("cut", 15, 20)]
    with place.open() as log, pytest.raises(Broken, match="set back or cut"):
        log.append("run", "cli", {})


def test_a_cut_that_also_takes_the_counters_back(place: Place) -> None:
    def change(database: Raw) -> None:
        database.execute('delete from entries where "index" >= 15')
        database.execute("delete from checkpoints where size > 15")
        database.execute("update kinds set count = 15")
        rehash(place, database)

    with place.open() as log:
        note = log.checkpoint()
    tamper(place, change)
    place.newest.unlink()
    assert problems(place) == [("unpublished", -1, -1)], "nothing on this machine knows of more"
    assert problems(place, note)[0] == ("cut", 15, 20), "a note kept elsewhere still tells"


def test_the_whole_file_set_back(place: Place, file: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    shutil.copy(file, old)
    with place.open() as log:
        log.append("run", "cli", {})
    for leftover in file.parent.glob("audit.db-*"):
        leftover.unlink()
    old.replace(file)
    assert problems(place) == [("cut", SIZE, SIZE)]
    with place.open() as log, pytest.raises(Broken, match="set back or cut"):
        log.append("run", "cli", {})


def test_the_write_ahead_log_taken_away(place: Place, file: Path) -> None:
    child = os.fork()
    if child == 0:
        with place.open() as log:
            log.append("run", "cli", {})
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    wal = file.with_name("audit.db-wal")
    assert wal.stat().st_size > 0
    wal.unlink()
    assert problems(place) == [("cut", SIZE, SIZE)]


def test_the_published_checkpoint_set_back_or_spoilt(place: Place) -> None:
    old = place.newest.read_text()
    with place.open() as log:
        log.append("run", "cli", {})
    place.newest.write_text(old)
    assert problems(place) == [], "an older note contradicts nothing: a crash leaves the same behind"
    for spoilt in ("", "\0" * 100, old.replace(f"\n{SIZE}\n", "\n20\n"), "x" * (1 << 20)):
        place.newest.write_text(spoilt)
        assert problems(place) == [("forged", -1, 20 if "\n20\n" in spoilt else -1)]
        if not parse(spoilt):
            with place.open() as log, pytest.raises(Broken, match="not signed by this log's key"):
                log.append("run", "cli", {})


def test_a_log_replaced_by_a_new_one(place: Place, file: Path) -> None:
    for one in file.parent.glob("audit.db*"):
        if not one.name.endswith((".checkpoint", ".lock")):
            one.unlink()
    assert problems(place) == [("cut", 0, SIZE - 1)]


def test_two_histories_from_one_beginning(place: Place, file: Path, tmp_path: Path) -> None:
    """A copy is taken, and both go on under the same key: each is whole by itself, and their notes contradict."""
    other = Place(tmp_path / "other", place.suite)
    shutil.copytree(place.folder, other.folder, ignore=shutil.ignore_patterns("other"))
    prefix = place.newest.read_text()
    with place.open() as log:
        log.append_many([("run", "cli", {"said": "yes"})] * 3)
        ours = log.checkpoint()
    with other.open() as log:
        log.append_many([("run", "cli", {"said": "no"})] * 3)
        theirs = log.checkpoint()
    assert problems(place) == problems(other) == []
    assert problems(place, theirs) == problems(other, ours) == [("rewritten", 0, SIZE + 2)]
    assert problems(place, prefix, theirs) == [("rewritten", SIZE, SIZE + 2)], "a note of the common part narrows it"
    (other.folder / "audit.db").replace(file)
    assert problems(place) == [("rewritten", 0, SIZE + 2)], "the note beside the log is of the first history"
    with place.open() as log, pytest.raises(Broken, match="not those that were signed for"):
        log.append("run", "cli", {})


def test_all_written_anew_with_the_key(place: Place, tmp_path: Path) -> None:
    """Who holds the key and the place can make another history; only notes that others hold tell."""
    with place.open() as log:
        witnessed = log.checkpoint()
        texts_before = list(log.texts())
    with raw(place) as database:
        for table in ("entries", "nodes", "checkpoints", "kinds"):
            database.execute(f"delete from {table}")
    place.newest.unlink()
    with place.open() as log:
        for n in range(0, SIZE, 3):
            log.append_many([("run", "cli", {"n": -n - k}) for k in range(3)])
        assert len(texts_before) == log.size
    assert problems(place) == []
    assert problems(place, witnessed) == [("rewritten", 0, 20)]


def test_entries_written_past_the_program(place: Place) -> None:
    def change(database: Raw) -> None:
        text = '{"actor":"cli","body":{},"index":21,"kind":"run","ts":"2026-11-21T00:00:00.000000Z"}'
        add(place, database, 21, text)
        rehash(place, database)

    tamper(place, change)
    assert problems(place) == [("unsealed", 21, 21)]


def test_an_entry_put_far_beyond_the_end(place: Place) -> None:
    tamper(place, lambda database: add(place, database, 1 << 60, '{"index":1}'))
    assert problems(place) == [("missing", SIZE, (1 << 60) - 1)], "and the verification ends"


def test_nodes_changed_or_gone(place: Place) -> None:
    tamper(
        place,
        lambda database: database.execute("update nodes set hash = ? where place = ?", (bytes(32), node_place(2, 1))),
    )
    assert problems(place) == [("node", 4, 7), ("node", 0, 7)], "the changed one, and where it was hashed on from"
    tamper(place, lambda database: database.execute("delete from nodes where place = ?", (node_place(0, 9),)))
    assert ("node", 9, 9) in problems(place)
    with place.open() as log, pytest.raises(Broken, match="lacks a row"):
        log.inclusion(8)


def test_checkpoints_forged_or_of_another_key(place: Place) -> None:
    old, new = "\n6\n", "\n5\n"
    tamper(
        place, lambda raw: raw.execute("update checkpoints set note = replace(note, ?, ?) where size = 6", (old, new))
    )
    assert problems(place) == [("forged", -1, 5)]
    place.folder.joinpath("audit.key").write_bytes(bytes(range(32)))
    assert {kind for kind, _, _ in problems(place)} == {"other_key", "unsealed"}
    with place.open() as log, pytest.raises(Broken, match="not signed by this log's key"):
        log.append("run", "cli", {})


def test_the_newest_signature_forged(place: Place) -> None:
    def change(database: Raw) -> None:
        edit(database, 19)
        rehash(place, database)
        note = database.execute("select note from checkpoints where size = 18").fetchone()[0]
        database.execute("update checkpoints set note = ? where size = 21", (forged(note),))

    def forged(note: str) -> str:
        with place.open() as log:
            root = log.root()
        lines = note.split("\n")
        import base64

        return "\n".join([lines[0], "21", base64.b64encode(root).decode(), *lines[3:]])

    tamper(place, change)
    assert [kind for kind, _, _ in problems(place)] == ["forged", "rewritten"]
    place.newest.unlink()
    assert problems(place) == [("forged", -1, 21), ("unsealed", 18, 20), ("unpublished", -1, -1)]


def test_guards_taken_away(place: Place) -> None:
    with raw(place, guards=True) as database:
        on = " on entries" if place.url else ""
        database.execute(f"drop trigger entries_delete{on}")
    with place.open() as log:
        (problem,) = log.verify().problems
    assert problem.kind == "unguarded" and "entries_delete" in str(problem)


def test_guards_made_harmless(place: Place) -> None:
    with raw(place, guards=True) as database:
        if place.url:
            database.execute("alter table nodes disable trigger nodes_update")
        else:
            database.execute("drop trigger nodes_update")
            database.execute("create trigger nodes_update before update on nodes when 0 begin select 1; end")
    with place.open() as log:
        (problem,) = log.verify().problems
    assert problem.kind == "unguarded" and "nodes_update" in str(problem)


def test_rows_can_only_be_added_at_the_end(place: Place) -> None:
    labels = ", 'k', 'a'" if place.url else ""
    with raw(place, guards=True) as database:
        for statement in (
            "update entries set text = '{}'",
            "delete from entries",
            f"insert into entries values (27, '{{}}'{labels})",
            f"insert into entries values (-1, '{{}}'{labels})",
            "update nodes set hash = ''" if place.url else "update nodes set hash = x''",
            "delete from nodes",
            "insert into nodes values (1000, '')" if place.url else "insert into nodes values (1000, x'')",
            "update checkpoints set note = ''",
            "delete from checkpoints",
            "insert into checkpoints values (2, '')",
            "update about set value = 'sm3'",
            "delete from about",
        ):
            with pytest.raises((sqlite3.IntegrityError, psycopg.Error), match="only grows"):
                database.execute(statement)
        for statement in (
            ()
            if place.url
            else (
                "insert or replace into entries values (0, '{}')",
                "insert or replace into nodes values (0, x'00')",
                "insert or replace into checkpoints values (21, '')",
                "insert or replace into about values ('hash', 'sm3')",
            )
        ):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                database.execute(statement)
        for table in ("entries", "nodes", "checkpoints", "about", "kinds") if place.url else ():
            with pytest.raises(psycopg.Error, match="only grows"):
                database.execute(f"truncate {table}")
    assert problems(place) == []


def test_what_searches_read_changed(place: Place) -> None:
    tamper(place, lambda database: database.execute("update kinds set count = count - 1"))
    assert problems(place) == [("miscounted", -1, -1)]
    tamper(place, lambda database: database.execute("update kinds set count = count + 1"))
    if place.url:
        tamper(place, lambda database: database.execute("""update entries set actor = 'somebody' where "index" = 3"""))
        assert problems(place) == [("mislabelled", 3, 3)]


def test_the_hash_of_the_log_changed(place: Place) -> None:
    other = "sha256" if place.suite == "guomi" else "sm3"
    tamper(place, lambda database: database.execute("update about set value = ? where key = 'hash'", (other,)))
    found = problems(place)
    assert found[0][0] == "forged" and ("altered", 0, 0) in found
    tamper(place, lambda database: database.execute("update about set value = 'md5' where key = 'hash'"))
    with pytest.raises(Broken, match="which hash"):
        place.open()
    tamper(place, lambda database: database.execute("delete from about"))
    with pytest.raises(Broken):
        place.open()


def test_countless_problems_are_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PROBLEMS_MAX", 5)
    tamper(place, lambda database: [edit(database, index) for index in range(SIZE)])
    assert problems(place) == [("altered", n, n) for n in range(5)] + [("more", -1, SIZE - 5)]


def test_a_damaged_file(place: Place, file: Path) -> None:
    with place.open() as log:
        log.append_many([("k", "a", {"pad": "x" * 500}) for _ in range(400)])
    body = bytearray(file.read_bytes())
    body[20_000:60_000] = b"\xa5" * 40_000
    file.write_bytes(body)
    try:
        found = problems(place)
    except Broken:
        return  # too damaged to open, and said so
    assert found


def test_a_file_cut_short_or_emptied(place: Place, file: Path) -> None:
    size = file.stat().st_size
    for length in (size - 5000, 5000, 100, 0):
        os.truncate(file, length)
        try:
            found = problems(place)
        except Broken:
            continue
        assert found


def test_every_problem_is_worded_in_both_languages() -> None:
    texts = wording("tongguan.trust.audit").texts
    for kind, both in texts.items():
        assert set(both) == {"zh", "en"} and all(both.values()), kind
    problem = Problem("altered", 3, 3, wording("tongguan.trust.audit").both("altered", first=3, last=3, detail=""))
    assert str(problem) == "entry 3 differs from what was sealed; it was altered"
    assert "第 3 条" in problem.text["zh"]
