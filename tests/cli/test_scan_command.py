"""`tongguan scan` as it is typed: answers, exit codes, what the log keeps, and that no secret is printed."""

from __future__ import annotations

import json
import os
import sqlite3
import time

import pytest


@pytest.fixture
def source(tmp_path):
    """A SQLite file and a folder of made-up persons, not changed for an hour."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "list.csv").write_text(
        "姓名,手机号\n" + "".join(f"张三,1380013{n:04}\n" for n in range(50)), encoding="utf-8"
    )
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("create table members (id integer primary key, 手机 text, 银行卡号 text)")
    rows = [(n, f"1390013{n:04}", "6222021234567890128") for n in range(50)]
    connection.executemany("insert into members values (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    for path in (tmp_path / "a.db", folder / "list.csv"):
        os.utime(path, (time.time() - 3600,) * 2)
    return f"sqlite:///{tmp_path}/a.db", folder


def test_says_what_was_found(tongguan, home, source, logged):
    code, out, err = tongguan("scan", *source)
    assert code == 0 and err == ""
    assert "1 read" in out and "The catalogue holds 2 assets: 2 with findings" in out and str(home / "assets") in out
    assert (home / "assets" / "catalogue.db").stat().st_mode & 0o077 == 0
    (begun,) = logged("scan_started")
    (done,) = logged("scan")
    assert [one["source"] for one in done[1]["sources"]] == begun[1]["sources"]
    assert done[1]["totals"]["units"] == 2 and all(one["complete"] for one in done[1]["sources"])
    assert "13800130001" not in out + json.dumps(done[1])
    code, out, _ = tongguan("scan", *source)
    assert code == 0 and "0 read, 1 unchanged" in out
    code, out, _ = tongguan("scan", *source, "--full", lang="zh")
    assert code == 0 and "读取 1 项，未变 0 项" in out and "目录共 2 项数据资产" in out


def test_json_and_export(tongguan, source, tmp_path):
    code, out, _ = tongguan(
        "scan", *source, "--out", tmp_path / "out", "--json", "--export", tmp_path / "x.json", "--sample", 10
    )
    told = json.loads(out)
    assert code == 0 and told["catalogue"] == str(tmp_path / "out")
    assert [(one["kind"], one["complete"], one["counts"]["read"]) for one in told["sources"]] == [
        ("sqlite", True, 1),
        ("folder", True, 1),
    ]
    exported = json.loads((tmp_path / "x.json").read_text())
    assert {row["path"] for row in exported["units"]} == {"members", "list.csv"}
    (unit,) = [row for row in exported["units"] if row["path"] == "members"]
    assert unit["sample"]["rows"] == 10 and 0.2 < unit["sample"]["missed"] < 0.3


@pytest.mark.parametrize(
    "words",
    [
        ("postgresql://me:HUSH@127.0.0.1:1/x",),
        ("postgresql://me@127.0.0.1:1/x",),
        ("mysql://me@127.0.0.1:1/x?password=HUSH",),
        ("nothing://x",),
        ("/nowhere",),
        (".", "--sample", "0"),
        (".", "--sample", "-5"),
        (".", "--export", "x.xls"),
        (".", "."),
        (".", "--credentials", "/nowhere"),
        ("mysql://me@127.0.0.1:1/x", "--credentials", "/nowhere"),
    ],
)
def test_bad_input_is_one_message(tongguan, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGGUAN_SOURCE_PASSWORD", "HUSH")
    before = sorted(tmp_path.iterdir())
    code, out, err = tongguan("scan", *words, "--out", tmp_path / "out")
    if words == (".", "--credentials", "/nowhere"):  # not asked for by a folder
        assert code == 0
        return
    assert code == 2 and out == "" and err.count("\n") == 1 and "HUSH" not in err
    assert sorted(tmp_path.iterdir()) == before


def test_who_may_not_is_denied(tongguan, source, monkeypatch, home, logged):
    monkeypatch.setenv("TONGGUAN_TOKEN", "tgk_nothing")
    code, _, err = tongguan("scan", *source)
    assert code == 2 and "not valid" in err and not (home / "assets").exists()
    assert logged("scan_started") == []


def test_a_source_that_went_away_is_told(tongguan, source, tmp_path, monkeypatch):
    from tongguan.capture.stores import Unread, Unseen
    from tongguan.capture.stores.folders import FolderStore

    def units(self):
        raise Unread(Unseen("dropped", ""), rest=True)
        yield

    monkeypatch.setattr(FolderStore, "units", units)
    code, out, _ = tongguan("scan", *source, "--out", tmp_path / "out")
    assert code == 1 and "it went away" in out
    monkeypatch.undo()


def test_every_text_has_both_languages():
    from importlib.resources import files
    from string import Formatter

    import yaml

    texts = yaml.safe_load(files("tongguan.cli").joinpath("scan.yaml").read_text(encoding="utf-8"))
    used = files("tongguan.cli").joinpath("scan.py").read_text(encoding="utf-8")
    for key, both in texts.items():
        named = {
            language: {name for _, name, _, _ in Formatter().parse(text) if name} for language, text in both.items()
        }
        assert set(both) == {"zh", "en"} and named["zh"] == named["en"] and f'"{key}"' in used
