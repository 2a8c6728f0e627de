"""`tongguan kinds`: trained, measured, shown, asked, as somebody types it."""

from __future__ import annotations

import json
import random

import pytest

from tongguan.identify.kinds.model import NONE
from tongguan.wording import wording

WORDS = {
    "tender": "投标人 开标 评标 招标文件 中标 保证金 报价",
    "recipe": "flour butter oven sugar whisk simmer garlic",
}


def made_text(kind, seed):
    return " ".join(random.Random(seed).choices(WORDS[kind].split(), k=80))


@pytest.fixture
def folder(tmp_path):
    for name, first in (("train", 0), ("test", 100)):
        for kind in ("tender", "recipe"):
            place = tmp_path / name / kind / "here"
            place.mkdir(parents=True)
            for n in range(8):
                (place / f"{n}.txt").write_text(made_text(kind, first + n), "utf-8")
    return tmp_path


def test_from_folder_to_answer(tongguan, folder):
    model = folder / "own.kinds"
    code, out, _ = tongguan("kinds", "train", folder / "train", "--out", model)
    assert code == 0
    assert "16 texts" in out
    code, out, _ = tongguan("kinds", "evaluate", folder / "test", "--model", model, "--json")
    assert code == 0
    assert json.loads(out)["accuracy"] == 1.0
    code, out, _ = tongguan("kinds", "evaluate", folder / "test", "--model", model)
    assert "16 texts: 100.0% right" in out
    code, out, _ = tongguan("kinds", "classify", folder / "test" / "tender", "--model", model, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["kind"] for row in rows] == ["tender"] * 8
    code, out, _ = tongguan("kinds", "show", "--model", model)
    assert "tender" in out and "SHA-256" in out


def test_the_shipped_model_shows_its_licences(tongguan):
    code, out, _ = tongguan("kinds", "show", "--json")
    assert code == 0
    assert {source["licence"] for source in json.loads(out)["sources"]}


def test_unknown_says_why(tongguan, folder):
    (folder / "x.txt").write_text("hm", "utf-8")
    for lang, says in (("en", "too little text"), ("zh", "文本太短")):
        code, out, _ = tongguan("kinds", "classify", folder / "x.txt", lang=lang)
        assert code == 0
        assert says in out


@pytest.mark.parametrize(
    "words",
    [
        ("classify", "nowhere"),
        ("show", "--model", "nowhere"),
        ("evaluate", "nowhere"),
        ("train", "nowhere", "--out", "m"),
    ],
)
def test_what_is_not_there(tongguan, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = tongguan("kinds", *words)
    assert code == 2
    assert "nowhere" in err


def test_every_reason_has_its_words():
    texts = wording("tongguan.cli", "kinds.yaml").texts
    assert {key for key in texts if key.startswith("unknown_")} == {
        f"unknown_{r}" for r in ("short", "unlike", NONE, "unsure")
    }


def test_what_could_not_be_read_is_told_beside_the_figures(tongguan, folder):
    model = folder / "own.kinds"
    tongguan("kinds", "train", folder / "train", "--out", model)
    for kind in ("tender", "recipe"):
        (folder / "test" / kind / "here" / "torn.zip").write_bytes(b"PK\x03\x04 torn")
    (folder / "test" / "tender" / "here" / "empty.txt").write_text(" \n", "utf-8")
    code, out, _ = tongguan("kinds", "evaluate", folder / "test", "--model", model, "--json")
    told = json.loads(out)
    assert code == 0 and told["texts"] == 16
    assert sorted((spot["where"], spot["detail"]) for spot in told["blind_spots"]) == [
        (str(folder / "test" / "recipe" / "here" / "torn.zip"), "damaged or cut short"),
        (str(folder / "test" / "tender" / "here" / "empty.txt"), "holds no text"),
        (str(folder / "test" / "tender" / "here" / "torn.zip"), "damaged or cut short"),
    ]
    code, out, err = tongguan("kinds", "evaluate", folder / "test", "--model", model, lang="zh")
    assert (
        "3 处没有读到" in out and "torn.zip: 无法读取 已损坏或不完整" in err and "empty.txt: 无法读取 没有文本" in err
    )
    code, out, err = tongguan("kinds", "classify", folder / "test" / "tender" / "here" / "torn.zip", "--model", model)
    assert "too little text" in out and err.endswith("torn.zip: unreadable damaged or cut short\n")


def test_nothing_is_said_to_be_unread_where_all_was_read(tongguan, folder):
    model = folder / "own.kinds"
    tongguan("kinds", "train", folder / "train", "--out", model)
    code, out, err = tongguan("kinds", "evaluate", folder / "test", "--model", model)
    assert code == 0 and "not read" not in out and err == ""
