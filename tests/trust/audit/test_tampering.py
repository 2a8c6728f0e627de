"""Somebody with the file in hands changes it; the verification names what was changed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tongguan.errors import Broken
from tongguan.trust import AuditLog, Problem
from tongguan.trust.audit.merkle import grow, leaf_hash, place
from tongguan.wording import wording

SIZE = 21


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "audit.db"
    with AuditLog(path) as log:
        for n in range(0, SIZE, 3):
            log.append_many([("run", "cli", {"n": n + k}) for k in range(3)])
        assert log.verify().ok
    yield path


def tamper(path: Path, change: Callable[[sqlite3.Connection], object], keep_guards: bool = True) -> None:
    """Change the file as its owner can: take the guards away, write, put them back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        guards = raw.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
        for name, _ in guards:
            raw.execute(f"drop trigger {name}")
        change(raw)
        if keep_guards:
            for _, sql in guards:
                raw.execute(sql)


def problems(path: Path, *witnessed: str) -> list[tuple[str, int, int]]:
    with AuditLog(path) as log:
        verdict = log.verify(witnessed)
    assert verdict.ok == (not verdict.problems)
    return [(p.kind, p.first, p.last) for p in verdict.problems]


def rehash(raw: sqlite3.Connection) -> None:
    """Make the whole tree fit the entries as they are now."""
    raw.execute("delete from nodes")
    frontier: dict[int, bytes] = {}
    for index, (text,) in enumerate(raw.execute('select text from entries order by "index"').fetchall()):
        made = grow(frontier, index, leaf_hash(text.encode()))
        raw.executemany("insert into nodes values (?, ?)", [(place(level, at), value) for level, at, value in made])


def edit(raw: sqlite3.Connection, index: int) -> None:
    raw.execute("""update entries set text = replace(text, '"n"', '"m"') where "index" = ?""", (index,))


def test_an_edited_entry(path: Path) -> None:
    tamper(path, lambda raw: edit(raw, 10))
    assert problems(path) == [("altered", 10, 10)]


def test_two_edited_entries(path: Path) -> None:
    tamper(path, lambda raw: (edit(raw, 3), edit(raw, 20)))
    assert problems(path) == [("altered", 3, 3), ("altered", 20, 20)]


def test_an_entry_that_is_no_entry(path: Path) -> None:
    tamper(path, lambda raw: raw.execute("""update entries set text = '[]' where "index" = 4"""))
    assert problems(path) == [("foreign", 4, 4)]


def test_an_edited_entry_with_its_leaf(path: Path) -> None:
    def change(raw: sqlite3.Connection) -> None:
        edit(raw, 10)
        text = raw.execute('select text from entries where "index" = 10').fetchone()[0]
        raw.execute("update nodes set hash = ? where place = ?", (leaf_hash(text.encode()), place(0, 10)))

    tamper(path, change)
    assert problems(path) == [("node", 10, 11)]


def test_an_edited_entry_with_the_whole_tree(path: Path) -> None:
    """Only the signatures are left to tell: between the last checkpoint that holds and the first that does not."""
    tamper(path, lambda raw: (edit(raw, 10), rehash(raw)))
    assert problems(path) == [("rewritten", 9, 11)]


def test_a_tree_without_its_entry(path: Path) -> None:
    tamper(path, lambda raw: raw.execute('delete from entries where "index" = 7'))
    assert problems(path) == [("missing", 7, 7)]


def test_an_entry_taken_out_and_the_rest_moved_up(path: Path) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute('delete from entries where "index" = 7')
        for index in range(8, SIZE):
            raw.execute('update entries set "index" = ? where "index" = ?', (index - 1, index))

    tamper(path, change)
    found = problems(path)
    assert found[0] == ("moved", 7, 8)
    assert found[-1] == ("cut", SIZE - 1, SIZE - 1)


def test_two_entries_swapped(path: Path) -> None:
    def change(raw: sqlite3.Connection) -> None:
        texts = dict(raw.execute('select "index", text from entries').fetchall())
        raw.execute('update entries set text = ? where "index" = 5', (texts[6],))
        raw.execute('update entries set text = ? where "index" = 6', (texts[5],))

    tamper(path, change)
    assert problems(path) == [("moved", 5, 6), ("moved", 6, 5)]


def test_the_end_cut(path: Path) -> None:
    tamper(path, lambda raw: raw.execute('delete from entries where "index" >= 15'))
    assert problems(path) == [("cut", 15, 20)]


def test_the_end_cut_with_tree_and_checkpoints(path: Path) -> None:
    """The note beside the file is newer than the log."""

    def change(raw: sqlite3.Connection) -> None:
        raw.execute('delete from entries where "index" >= 15')
        raw.execute("delete from checkpoints where size > 15")
        rehash(raw)

    tamper(path, change)
    assert problems(path) == [("cut", 15, 20)]
    with AuditLog(path) as log, pytest.raises(Broken, match="set back or cut"):
        log.append("run", "cli", {})


def test_the_whole_file_set_back(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    shutil.copy(path, old)
    with AuditLog(path) as log:
        log.append("run", "cli", {})
        note = log.checkpoint()
    for leftover in path.parent.glob("audit.db-*"):
        leftover.unlink()
    old.replace(path)
    assert problems(path) == [("cut", SIZE, SIZE)]
    path.with_name("audit.db.checkpoint").unlink()
    assert problems(path) == [("unpublished", -1, -1)]
    assert note and problems(path, note)[0] == ("cut", SIZE, SIZE), "a note kept elsewhere still tells"


def test_a_log_replaced_by_a_new_one(path: Path) -> None:
    for file in path.parent.glob("audit.db*"):
        if not file.name.endswith((".checkpoint", ".lock")):
            file.unlink()
    assert problems(path) == [("cut", 0, SIZE - 1)]


def test_entries_written_past_the_program(path: Path) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("""insert into entries values (21, '{"index":21}')""")
        rehash(raw)

    tamper(path, change)
    assert problems(path) == [("unsealed", 21, 21)]


def test_nodes_changed_or_gone(path: Path) -> None:
    tamper(path, lambda raw: raw.execute("update nodes set hash = zeroblob(32) where place = ?", (place(2, 1),)))
    assert ("node", 4, 7) in problems(path)
    tamper(path, lambda raw: raw.execute("delete from nodes where place = ?", (place(0, 9),)))
    assert ("node", 9, 9) in problems(path)


def test_checkpoints_forged_or_of_another_key(path: Path) -> None:
    tamper(
        path, lambda raw: raw.execute("update checkpoints set note = replace(note, '\n6\n', '\n5\n') where size = 6")
    )
    assert problems(path) == [("forged", -1, 5)]
    (path.with_name("audit.key")).write_bytes(bytes(range(32)))
    assert {kind for kind, _, _ in problems(path)} == {"other_key", "unsealed"}
    with AuditLog(path) as log, pytest.raises(Broken, match="not signed by this log's key"):
        log.append("run", "cli", {})


def test_guards_taken_away(path: Path) -> None:
    tamper(path, lambda raw: None, keep_guards=False)
    with AuditLog(path) as log:
        (problem,) = log.verify().problems
    assert problem.kind == "unguarded" and "entries_delete" in str(problem)


def test_a_damaged_file(path: Path) -> None:
    with AuditLog(path) as log:
        log.append_many([("k", "a", {"pad": "x" * 500}) for _ in range(400)])
    body = bytearray(path.read_bytes())
    body[20_000:60_000] = b"\xa5" * 40_000
    path.write_bytes(body)
    try:
        found = problems(path)
    except Broken:
        return  # too damaged to open, and said so
    assert found


def test_every_problem_is_worded_in_both_languages() -> None:
    texts = wording("tongguan.trust.audit").texts
    for kind, both in texts.items():
        assert set(both) == {"zh", "en"} and all(both.values()), kind
    problem = Problem("altered", 3, 3, wording("tongguan.trust.audit").both("altered", first=3, last=3, detail=""))
    assert str(problem) == "entry 3 differs from what was sealed; it was altered"
    assert "第 3 条" in problem.text["zh"]
