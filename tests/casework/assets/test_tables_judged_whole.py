"""Tables of which every row is read and judged, a stretch at a time: what they say together."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from asset_sources import database, people, scanned, settle

from tongguan.capture.stores import Rows, Sample, Unread, Unseen
from tongguan.capture.stores.databases import DatabaseStore
from tongguan.casework.assets import Catalogue, Filter, Outcome, rows
from tongguan.casework.assets.judged import Judged, JudgedColumn, Persons
from tongguan.casework.assets.whole import Stretch, Together
from tongguan.identify.counting import Distinct
from tongguan.model import BlindKind

MANY = 30_000
RARE = 29_503  # the one row with something else


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Members, 15,000 persons who come twice, and one row whose note holds an identity card."""
    known = people(3_000)
    path = tmp_path_factory.mktemp("whole") / "a.db"

    def made() -> Iterator[tuple[int, str, str, str]]:
        for n in range(MANY):
            note = f"补录 {known[5][3]}" if n == RARE else f"第{n % 50}批"
            yield n, known[n % 3_000][1], f"139{n % 15_000:08}", note

    return database(path, "create table members (id integer primary key, name text, mobile text, note text)",
                    ("insert into members values (?, ?, ?, ?)", list(made())),
                    "create table empty (a text)", "create table few (phone text)",
                    ("insert into few values (?)", [("13900000001",), ("13900000002",)]))  # fmt: skip


class Killed(BaseException):
    """As if the process had gone."""


def shown(out: Path) -> dict[str, dict[str, object]]:
    with Catalogue(out) as catalogue:
        return {row["path"]: {**row, **row["sample"]} for row in rows(catalogue, "units", Filter())}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_row_is_read_and_nothing_rare_is_missed(source: Path, tmp_path: Path, workers: int) -> None:
    (outcome,) = scanned(tmp_path, source, whole=True, workers=workers)
    assert outcome.complete and outcome.counts["sampled"] == 0
    found = shown(tmp_path)
    members = found["members"]
    assert (members["method"], members["rows"], members["of"]) == ("whole", MANY, MANY)
    assert members["missed"] == 0.0 and "id_card" in members["types"] and "phone" in members["types"]
    assert (members["persons_low"], members["persons"]) == (15_000, 15_000)
    assert found["empty"]["rows"] == 0 and found["few"]["persons"] == 2
    with Catalogue(tmp_path) as catalogue:
        columns = {row["name"]: row for row in rows(catalogue, "columns", Filter(text="members"))}
    assert columns["mobile"]["type"] == "phone" and columns["note"]["inside"] == ["id_card"]
    assert columns["mobile"]["found"] == MANY
    again = scanned(tmp_path, source, whole=True, workers=workers)[0]
    assert again.counts["unchanged"] == 3 and not again.counts["read"]
    sampled = scanned(tmp_path, source, rows=500, workers=workers)[0]  # asked otherwise: read otherwise
    assert sampled.counts["read"] == 3 and shown(tmp_path)["members"]["method"] == "random_keys"


def test_a_table_that_ends_early_is_kept_as_far_as_it_came(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = DatabaseStore.whole

    def whole(self: DatabaseStore, listed: object, place: str | None = None) -> Iterator[Rows]:
        for n, some in enumerate(original(self, listed, place)):  # type: ignore[arg-type]
            if n == 1:
                raise Unread(Unseen("dropped", "members"))
            yield some

    monkeypatch.setattr(DatabaseStore, "whole", whole)
    (outcome,) = scanned(tmp_path, source, whole=True, workers=1)
    members = shown(tmp_path)["members"]
    assert outcome.complete and members["method"] == "head" and members["missed"] is None
    assert 0 < int(str(members["rows"])) < MANY and "phone" in members["types"]
    with Catalogue(tmp_path) as catalogue:
        assert "dropped" in [row["reason"] for row in rows(catalogue, "blind_spots")]
    monkeypatch.undo()
    again = scanned(tmp_path, source, whole=True, workers=1)[0]  # it has no mark
    assert again.counts["read"] == 1 and shown(tmp_path)["members"]["method"] == "whole"


def test_a_killed_scan_goes_on_with_the_tables_that_are_left(source: Path, tmp_path: Path) -> None:
    def progress(done: int, total: int, what: str) -> None:
        if what == "few":
            raise Killed

    with pytest.raises(Killed):
        scanned(tmp_path, source, whole=True, workers=1, progress=progress)
    again = scanned(tmp_path, source, whole=True, workers=1)[0]
    assert again.resumed and again.counts["done_before"] == 2 and again.counts["read"] == 1


def killed_after(rows_read: int, folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """A scan of the table `members` that ends somewhere behind so many rows, each stretch written down."""
    monkeypatch.setattr("tongguan.casework.assets.stretches.KEEP_S", 0.0)
    monkeypatch.setattr("tongguan.capture.stores.databases.whole.ROWS", 5_000)
    add = Together.add

    def counted(self: Together, stretch: Stretch) -> bool:
        if self.rows >= rows_read:
            raise Killed
        return add(self, stretch)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Together, "add", counted)
        scanned(folder, source, whole=True, **more)


def read_again(monkeypatch: pytest.MonkeyPatch, folder: Path, source: Path, **more: Any) -> tuple[int, Outcome]:
    """How many rows the next scan reads of `members`, and what became of it."""
    original, came = DatabaseStore.whole, [0]

    def whole(self: DatabaseStore, listed: Any, place: str | None = None) -> Iterator[Rows]:
        for some in original(self, listed, place):
            came[0] += len(some.table) * (listed.name == "members")
            yield some

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseStore, "whole", whole)
        (outcome,) = scanned(folder, source, whole=True, **more)
    return came[0], outcome


def without_times(found: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in found.items() if name not in ("first_seen", "last_seen", "read")}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_scan_goes_on_behind_the_last_row(
    workers: int, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(tmp_path / "at once", source, whole=True)
    killed_after(20_000, tmp_path / "killed", source, monkeypatch, workers=workers)
    with closing(sqlite3.connect(tmp_path / "killed" / "catalogue.db")) as kept:
        ((place, state),) = kept.execute("select place, state from under_way").fetchall()
    assert 10_000 < json.loads(place)[2] <= 25_000
    assert b"1390000" not in state and "补录".encode() not in state  # no values
    read, outcome = read_again(monkeypatch, tmp_path / "killed", source, workers=workers)
    assert outcome.resumed and outcome.complete and MANY - 25_000 <= read < MANY - 10_000
    one, other = (without_times(shown(tmp_path / name)["members"]) for name in ("at once", "killed"))
    assert one == other and one["rows"] == MANY and one["persons"] == 15_000
    columns = []
    for name in ("at once", "killed"):
        with Catalogue(tmp_path / name) as catalogue:
            columns.append([without_times(row) for row in rows(catalogue, "columns", Filter(text="members"))])
    assert columns[0] == columns[1]
    with closing(sqlite3.connect(tmp_path / "killed" / "catalogue.db")) as kept:
        assert kept.execute("select count(*) from under_way").fetchone() == (0,)
    assert scanned(tmp_path / "killed", source, whole=True)[0].counts["unchanged"] == 3


def test_what_was_judged_otherwise_or_holds_no_more_is_begun_anew(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after(20_000, tmp_path, source, monkeypatch)
    for what in ("key", "full", "changed"):
        folder, path = tmp_path / what, tmp_path / f"{what}.db"
        shutil.copy2(source, path)
        settle(path)
        killed_after(20_000, folder, path, monkeypatch)
        more: dict[str, Any] = {}
        if what == "changed":  # row numbers hold no more
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("insert into few values ('13900000003')")
                connection.commit()
            settle(path, 7200)
        elif what == "full":
            more["full"] = True  # another scan
        else:
            monkeypatch.setattr("asset_sources.KEY", b"x" * 32)
        read, outcome = read_again(monkeypatch, folder, path, **more)
        assert read == MANY and outcome.resumed is (what != "full")
        assert (shown(folder)["members"]["rows"], shown(folder)["members"]["persons"]) == (MANY, 15_000)


def test_a_server_that_goes_away_leaves_the_table_to_the_next_scan(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongguan.capture.stores.databases.whole.ROWS", 5_000)
    original = DatabaseStore.whole

    def whole(self: DatabaseStore, listed: Any, place: str | None = None) -> Iterator[Rows]:
        for n, some in enumerate(original(self, listed, place)):
            if n == 3 and listed.name == "members":
                raise Unread(Unseen("dropped", "members"), rest=True)
            yield some

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseStore, "whole", whole)
        (outcome,) = scanned(tmp_path, source, whole=True)
    assert not outcome.complete and "members" not in shown(tmp_path)
    read, outcome = read_again(monkeypatch, tmp_path, source)
    assert outcome.resumed and outcome.complete and read < MANY - 5_000
    members = shown(tmp_path)["members"]
    assert (members["method"], members["rows"], members["persons"]) == ("whole", MANY, 15_000)


def test_what_stretches_say_together_survives_being_written_down() -> None:
    def stretch(n: int, type: str | None) -> Stretch:
        column = JudgedColumn(
            "a", "text", "电话", type, ("email",) if n == 2 else (), "general-3", found=n, samples=(f"1{n}*",),
            why=({"from": "name", "points": 3, "zh": "列名", "en": "name"},), found_type=type, found_level="general-3",
        )  # fmt: skip
        spot = Unseen("cells_cut", "t", count=n, kind=BlindKind.TRUNCATED if n == 3 else None)
        judged = Judged((column, JudgedColumn("b")), persons=Persons(n, n, n), sample=Sample("whole", n, n, True, n),
                        unseen=(spot,), combinations=({"rule": "r", "columns": ["a", "b"], "level": "general-4"},),
                        found_level="general-4")  # fmt: skip
        return Stretch(judged, *(((0, "phone"), os.urandom(16 * n), 1) if type else ()))

    parts = [stretch(n, type) for n, type in enumerate(("phone", None, "phone", "name", "phone"), 1)]
    parts += [stretch(120_000, "phone"), stretch(120_000, "phone")]  # more than is counted one by one
    one, other = Together(), Together()
    for part in parts:
        assert one.add(part) and other.add(part)
        other = Together.of(other.state())
    assert other.judged() == one.judged() and other.judged((Unseen("dropped", "t"),)) == one.judged(
        (Unseen("dropped", "t"),)
    )
    assert not other.add(Stretch(Judged((JudgedColumn("c"),))))


def test_stretches_say_together_what_most_rows_say() -> None:
    def stretch(type: str | None, found: int, *inside: str, level: str | None = None) -> Stretch:
        column = JudgedColumn("a", found=found, found_type=type, type=type, inside=inside, found_level=level)
        return Stretch(Judged((column,), sample=Sample("whole", found, found, True, found)))

    together = Together()
    assert together.none
    for one in (stretch(None, 10), stretch("phone", 1_000, level="general-3"), stretch("phone", 1_000, "email"),
                stretch("id_card", 900, level="general-4")):  # fmt: skip
        assert together.add(one)
    assert not together.add(Stretch(Judged((JudgedColumn("b"),))))
    judged = together.judged()
    (column,) = judged.columns
    assert (column.found_type, column.inside, column.found) == ("phone", ("email", "id_card"), 2_910)
    assert judged.found_level == "general-4" and judged.rows == 2_910


def test_packed_hashes_are_counted_as_others_are() -> None:
    hashes = [os.urandom(16) for _ in range(250_000)]
    one, other = Distinct(), Distinct()
    for at in range(0, len(hashes), 40_000):
        some = hashes[at : at + 40_000]
        one.add(some)
        other.add_packed(b"".join(some))
        other.add_packed(b"".join(some))
    assert one.bounds == other.bounds and one.bounds[1] <= len(hashes) <= one.bounds[2]
