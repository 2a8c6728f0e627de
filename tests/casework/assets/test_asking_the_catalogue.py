"""The catalogue asked and exported: filters, formats, formulas, places that cannot be written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from asset_sources import by_path, database, members, people, scanned, settle, view

from tongguan.casework.assets import VIEWS, Catalogue, Filter, export, rows, totals
from tongguan.casework.assets.tables import METADATA
from tongguan.errors import BadInput, CannotWrite


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("asked")
    members(place / "a.db")
    database(place / "b.db", 'create table "=1+1" ("@sum" text)', 'create view "%_" as select 1')
    (place / "files").mkdir()
    (place / "files" / "100%_a.txt").write_text(f"手机 {people(1)[0][2]}")
    (place / "files" / "1000xa.txt").write_text("nothing")
    settle(place)
    scanned(place / "out", place / "a.db", place / "b.db", place / "files")
    return place / "out"


def test_filters(out: Path) -> None:
    assert by_path(out).keys() == {"members", "numbers", '"=1+1"', "100%_a.txt", "1000xa.txt"}
    assert by_path(out, kind="file").keys() == {"100%_a.txt", "1000xa.txt"}
    assert by_path(out, type="phone").keys() == {"members", "100%_a.txt"}
    assert by_path(out, type="phon").keys() == set() == by_path(out, type="%").keys()
    assert by_path(out, sensitive=True).keys() == {"members"}
    assert by_path(out, level="general-1").keys() == {"members", "100%_a.txt"}
    assert by_path(out, level="general-4").keys() == {"members"}
    assert by_path(out, text="0%_a").keys() == {"100%_a.txt"}
    assert by_path(out, source=f"{out.parent}/files", sensitive=False).keys() == {"100%_a.txt", "1000xa.txt"}
    assert by_path(out, state="gone") == {} == by_path(out, change="new")
    assert [row["name"] for row in view(out, "columns", type="bank_card")] == ["银行卡号"]
    assert [row["where"] for row in view(out, "blind_spots", reason="view")] == ['"%_"']
    assert view(out, "blind_spots", kind="encrypted") == []
    assert [row["units"] for row in view(out, "sources")] == [2, 2, 1]


def test_pages(out: Path) -> None:
    with Catalogue(out) as catalogue:
        whole = [row["path"] for row in rows(catalogue)]
        paged = [row["path"] for start in range(0, 6, 2) for row in rows(catalogue, offset=start, limit=2)]
    assert paged == whole and len(whole) == 5


def test_some_sources_alone(out: Path) -> None:
    """Every view of a part is the whole one without the others' rows; so are the totals; nothing of no source."""
    files = f"{out.parent}/files"
    with Catalogue(out) as whole, Catalogue(out, only=frozenset({files, "sqlite:///no such"})) as part:
        for name in VIEWS:
            expected = [row for row in rows(whole, name) if row["source"] == files]
            assert list(rows(part, name)) == expected, name
        assert list(rows(part, chosen=Filter(source=f"sqlite:///{out.parent}/a.db"))) == []
        assert totals(part)["units"] == 2 < totals(whole)["units"] == 5
        with part.read() as connection:
            for table in METADATA.sorted_tables:
                query = sa.select(sa.func.count()).select_from(table)
                assert table.name == "meta" or connection.execute(query).scalar() == len(_of(whole, table.name, files))
    with Catalogue(out, only=frozenset()) as nothing:
        assert not any(list(rows(nothing, name)) for name in VIEWS) and not any(totals(nothing).values())


def _of(catalogue: Catalogue, table: str, source: str) -> list[object]:
    """Rows of a table that belong to a source, by its keys."""
    mine = "(select id from sources where name = :name)"
    where = {
        "sources": "name = :name", "columns": f"unit in (select id from units where source in {mine})",
        "changes": f"unit in (select id from units where source in {mine})",
    }.get(table, f"source in {mine}")  # fmt: skip
    with catalogue.read() as connection:
        return list(connection.execute(sa.text(f"select * from {table} where {where}"), {"name": source}))


def test_what_is_no_view_or_level(out: Path) -> None:
    with Catalogue(out) as catalogue:
        for wrong in ({"view": "people"}, {"chosen": Filter(level="highest")}):
            with pytest.raises(BadInput):
                list(rows(catalogue, **wrong))


def test_exports_hold_the_same(out: Path, tmp_path: Path) -> None:
    with Catalogue(out) as catalogue:
        whole = {name: list(rows(catalogue, name)) for name in VIEWS}
        assert export(catalogue, tmp_path / "a.json") == sum(map(len, whole.values()))
        assert json.loads((tmp_path / "a.json").read_text()) == whole
        for name in VIEWS:
            assert export(catalogue, tmp_path / "a.csv", name) == len(whole[name])
            with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
                assert len(list(csv.DictReader(file))) == len(whole[name])
            export(catalogue, tmp_path / "a.parquet", name)
            read = pq.read_table(tmp_path / "a.parquet").to_pylist()
            assert [row.get("source") for row in read] == [row["source"] for row in whole[name]]
        export(catalogue, tmp_path / "a.parquet", "units", Filter(sensitive=True))
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert row["sensitive"] is True and row["persons"] > 0 and "phone" in json.loads(row["types"])
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "a.csv", "a.parquet"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_cells_of_csv_are_no_formulas(out: Path, tmp_path: Path) -> None:
    with Catalogue(out) as catalogue:
        export(catalogue, tmp_path / "a.csv", "columns")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert "'@sum" in text and ",@sum" not in text


def test_exports_are_whole_or_not_there(out: Path, tmp_path: Path) -> None:
    (tmp_path / "taken.csv").mkdir()
    with Catalogue(out) as catalogue:
        for wrong, error in (
            (tmp_path / "a.xls", BadInput), (tmp_path / "no" / "a.csv", CannotWrite), (tmp_path / "taken.csv", CannotWrite),
        ):  # fmt: skip
            with pytest.raises(error):
                export(catalogue, wrong)
        with pytest.raises(BadInput):
            export(catalogue, tmp_path / "b.csv", "nothing")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.csv"]
