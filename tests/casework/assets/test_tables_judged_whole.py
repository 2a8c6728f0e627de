"""Tables of which every row is read and judged, a stretch at a time: what they say together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from asset_sources import database, people, scanned

from tongguan.capture.stores import Rows, Sample, Unread, Unseen
from tongguan.capture.stores.databases import DatabaseStore
from tongguan.casework.assets import Catalogue, Filter, rows
from tongguan.casework.assets.judged import Judged, JudgedColumn
from tongguan.casework.assets.whole import Stretch, Together
from tongguan.identify.counting import Distinct

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

    def whole(self: DatabaseStore, listed: object) -> Iterator[Rows]:
        for n, some in enumerate(original(self, listed)):  # type: ignore[arg-type]
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


def test_a_killed_scan_goes_on_with_the_table_that_it_was_reading(source: Path, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def progress(done: int, total: int, what: str) -> None:
        if what == "few":
            raise Killed

    with pytest.raises(Killed):
        scanned(tmp_path, source, whole=True, workers=1, progress=progress)
    again = scanned(tmp_path, source, whole=True, workers=1)[0]
    assert again.resumed and again.counts["done_before"] == 2 and again.counts["read"] == 1


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
