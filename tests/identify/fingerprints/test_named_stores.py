"""Stores under names: made, extended without being built again, merged, removed; what a killed process left is swept."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_tables import KEY

from tongguan.errors import BadInput, Broken, Conflict, NotFound
from tongguan.identify import Piece
from tongguan.identify.fingerprints import (
    DocumentSegments,
    Near,
    Stores,
    TableIndex,
    TableSegments,
    build_table,
)

BY = {"by": "tester", "source": "made up"}


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path / "fingerprints", KEY)


def rows(first: int, last: int) -> Iterator[pa.RecordBatch]:
    ids = range(first, last)
    yield pa.RecordBatch.from_pydict(
        {
            "姓名": [f"客户{i:05d}" for i in ids],
            "号码": [f"X{i * 7919:09d}" for i in ids],
            "城市": ["成都市武侯区"] * len(ids),
        }
    )


def line(i: int) -> str:
    return f"客户{i:05d}，号码 X{i * 7919:09d}，住成都市武侯区。\n"


def opened(stores: Stores, name: str = "customers") -> TableSegments:
    found = stores.open(name)
    assert isinstance(found, TableSegments)
    return found


def test_a_table_extended_is_like_one_made_at_once(stores: Stores, tmp_path: Path) -> None:
    stores.make_table("customers", rows(0, 40), **BY)
    for start in range(40, 160, 40):
        store = stores.extend_table("customers", rows(start, start + 40), **BY)
    build_table((batch for part in range(0, 160, 40) for batch in rows(part, part + 40)), tmp_path / "one", KEY)
    whole = TableIndex(tmp_path / "one", KEY)
    assert (store.rows, store.cells, len(store.segments)) == (160, whole.cells, 4) and store.columns == whole.columns
    text = [Piece("".join(line(i) for i in range(0, 200, 7))), Piece(line(3) + "X000000000 无关")]
    near = Near(2, columns=("姓名", "号码"))
    expected, found = whole.match(text, near), opened(stores).match(text, near)
    assert list(found.rows) == list(expected.rows) and len(found.rows) > 20
    assert found.cells == expected.cells
    assert found.hits.tolist() == expected.hits[:, :3].tolist()
    assert (found.distinct_cells, found.distinct_rows) == (expected.distinct_cells, expected.distinct_rows)
    merged = stores.merge("customers", "tester")
    assert len(merged.segments) == 1 and (merged.rows, merged.cells) == (160, whole.cells)
    again = opened(stores).match(text, near)
    assert list(again.rows) == list(expected.rows) and again.cells == expected.cells
    left = sorted(path.name for path in (stores.folder / "customers").iterdir())
    assert left == ["000005.tgfp", "lock", "store.json"]


@settings(max_examples=12, deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=12), seed=st.integers(0, 99))
def test_however_it_came_together_the_same_is_found(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
) -> None:
    stores = Stores(tmp_path_factory.mktemp("stores"), KEY)
    at = 0
    for size in sizes:
        add = stores.make_table if not at else stores.extend_table
        store = add("customers", rows(at, at + size), **BY)
        at += size
    assert store.rows == at and len(store.segments) <= 8
    pick = random.Random(seed)
    chosen = sorted(pick.sample(range(at), min(at, 9)))
    found = opened(stores).match([Piece("".join(line(i) for i in chosen) + line(at + 5))], Near(2, ("姓名", "号码")))
    assert [row.row for row in found.rows] == chosen


def test_documents_are_added_and_the_later_one_counts(stores: Stores) -> None:
    texts = {
        f"d{i}": "".join(random.Random(i).choices("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往", k=900)) for i in range(9)
    }
    common = "".join(random.Random(99).choices("秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜", k=400))
    stores.make_documents(
        "contracts",
        [(name, [Piece(texts[name] + common)]) for name in ("d0", "d1")],
        boilerplate=[[Piece(common)]],
        **BY,
    )
    stores.extend_documents("contracts", [("d2", [Piece(texts["d2"] + common)]), ("d1", [Piece(texts["d3"])])], **BY)

    def found(text: str) -> list[str]:
        known = stores.open("contracts")
        assert isinstance(known, DocumentSegments)
        return [match.document for match in known.match([Piece(text)])]

    for _ in range(2):
        assert (found(texts["d0"]), found(texts["d2"]), found(texts["d3"])) == (["d0"], ["d2"], ["d1"])
        assert found(texts["d1"]) == [] and found(common) == [] and found(texts["d8"]) == []
        known = stores.open("contracts")
        assert isinstance(known, DocumentSegments)
        assert sorted(known.names) == ["d0", "d1", "d2"]
        assert known.nearest([Piece(texts["d3"])])[0][0] == "d1"
        stores.merge("contracts", "tester")
    assert stores.get("contracts").documents == 3


def test_names_and_kinds_are_kept_apart(stores: Stores) -> None:
    stores.make_table("客户表", rows(0, 3), entity="星野零售", **BY)
    assert stores.names() == ["客户表"] and stores.get("客户表").entity == "星野零售"
    with pytest.raises(Conflict):
        stores.make_table("客户表", rows(0, 3), **BY)
    with pytest.raises(BadInput, match="of a table"):
        stores.extend_documents("客户表", [("a", [Piece("x")])], **BY)
    other = pa.RecordBatch.from_pydict({"姓名": ["客户00001"]})
    with pytest.raises(BadInput, match="no column"):
        stores.extend_table("客户表", [other], **BY)
    assert stores.get("客户表").rows == 3
    with pytest.raises(NotFound):
        stores.get("absent")
    assert stores.remove("客户表").rows == 3
    assert stores.names() == [] and list(stores.folder.iterdir()) == []
    with pytest.raises(NotFound):
        stores.remove("客户表")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-x", "a b", "x" * 61, "a\n", "\0", "＜"]
)
def test_names_that_are_none(stores: Stores, name: str) -> None:
    for act in (stores.get, stores.remove, lambda n: stores.make_table(n, rows(0, 2), **BY)):
        with pytest.raises(BadInput):
            act(name)
    assert not stores.folder.exists() or list(stores.folder.iterdir()) == []


def test_what_fails_leaves_nothing(stores: Stores) -> None:
    with pytest.raises(BadInput):
        stores.make_table("customers", iter(()), **BY)
    assert stores.names() == [] and list(stores.folder.iterdir()) == []


def _killed(folder: Path, extend: bool) -> None:
    def dying() -> Iterator[pa.RecordBatch]:
        yield from rows(50, 60)
        os.kill(os.getpid(), signal.SIGKILL)

    def dying_late() -> None:
        import tongguan.identify.fingerprints.stores as module

        module.write_record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]

    stores = Stores(folder, KEY)
    if extend:
        dying_late()
        stores.extend_table("customers", rows(50, 60), **BY)
    else:
        stores.make_table("other", dying(), **BY)


@pytest.mark.parametrize("extend", [True, False])
def test_a_killed_process_leaves_what_was_there(stores: Stores, extend: bool) -> None:
    stores.make_table("customers", rows(0, 5), **BY)
    process = multiprocessing.get_context("fork").Process(target=_killed, args=(stores.folder, extend))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert stores.names() == ["customers"] and stores.get("customers").rows == 5
    if extend:
        assert (stores.folder / "customers" / "000002.tgfp").exists()  # whole, and named by no record
    assert opened(stores).match([Piece(line(55))]).distinct_cells == 1  # the town
    store = (
        stores.extend_table("customers", rows(50, 60), **BY) if extend else stores.make_table("other", rows(0, 2), **BY)
    )
    left = sorted(path.name for path in (stores.folder / store.name).iterdir())
    assert left == sorted(["lock", *[segment.file for segment in store.segments], "store.json"])


def test_one_who_changes_at_a_time(stores: Stores) -> None:
    stores.make_table("customers", rows(0, 2), **BY)

    def meanwhile() -> Iterator[pa.RecordBatch]:
        with pytest.raises(Conflict, match="another process"):
            stores.extend_table("customers", rows(9, 10), **BY)
        with pytest.raises(Conflict):
            stores.remove("customers")
        yield from rows(2, 4)

    assert stores.extend_table("customers", meanwhile(), **BY).rows == 4


@pytest.mark.parametrize("damage", ["record", "file", "gone", "swapped", "key"])
def test_what_was_altered_is_refused(stores: Stores, damage: str) -> None:
    stores.make_table("customers", rows(0, 5), **BY)
    stores.make_table("other", rows(5, 9), **BY)
    folder = stores.folder / "customers"
    if damage == "record":
        data = (folder / "store.json").read_bytes()
        (folder / "store.json").write_bytes(data.replace(b"000001", b"000002"))
    elif damage == "file":
        data = bytearray((folder / "000001.tgfp").read_bytes())
        data[200] ^= 1
        (folder / "000001.tgfp").write_bytes(data)
    elif damage == "gone":
        (folder / "000001.tgfp").unlink()
    elif damage == "swapped":
        (stores.folder / "other" / "store.json").replace(folder / "store.json")
    reader = Stores(stores.folder, b"another key" if damage == "key" else KEY)
    with pytest.raises(Broken):
        reader.open("customers")
    reader.remove("customers")
    assert "customers" not in reader.names()


def test_no_value_lies_in_the_folder(stores: Stores) -> None:
    stores.make_table("customers", rows(0, 50), **BY)
    stores.extend_table("customers", rows(50, 60), **BY)
    stores.merge("customers", "tester")
    for path in (stores.folder / "customers").iterdir():
        data = path.read_bytes()
        assert "客户00007".encode() not in data and b"X000055433" not in data and "武侯".encode() not in data
