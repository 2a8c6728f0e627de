"""The lines of the command: findings and blind spots, places, masks, folders, archives, standard input."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tongguan.errors import BadInput
from tongguan.identify import identify_lines

KEY = b"a key of tests"
NOTE = "申请人手机 13700137000，邮箱 someone@example.com。"
KEYS = {"path", "member", "type", "start", "end", "text", "score", "category", "level", "sensitive"}


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text(NOTE, encoding="utf-8")
    shown = list(identify_lines([file], KEY, reveal=True))
    assert [(line["type"], line["text"]) for line in shown] == [
        ("phone", "13700137000"),
        ("email", "someone@example.com"),
    ]
    for line in shown:
        assert set(line) >= KEYS
        assert NOTE[line["start"] : line["end"]] == line["text"]
        assert line["path"] == str(file)
    masked = json.dumps(list(identify_lines([str(file)], KEY)))
    assert "13700137000" not in masked
    assert "someone" not in masked


@pytest.mark.parametrize(
    ("written", "told"), [("gb18030", "gb18030"), ("big5", "big5hkscs"), ("utf-16-le", "utf-16-le")]
)
def test_the_encoding_is_told(written: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes("客戶的手機號碼是 13700137000，請回電。".encode(written))
    [line] = identify_lines([file], KEY)
    assert (line["type"], line["start"], line["encoding"]) == ("phone", 9, told)


def test_a_folder_in_order_and_an_archive(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("手机 13700137000", encoding="utf-8")
    inner = tmp_path / "a"
    inner.mkdir()
    with zipfile.ZipFile(inner / "x.zip", "w") as archive:
        archive.writestr("deep/list.csv", "姓名,手机\n李娜,13800138000\n")
    lines = list(identify_lines([tmp_path], KEY, reveal=True))
    assert [(line.get("member"), line.get("type"), line.get("text")) for line in lines] == [
        (None, "phone", "13700137000"),
        ("deep/list.csv", "person_name", "李娜"),
        ("deep/list.csv", "phone", "13800138000"),
    ]


def test_what_cannot_be_read_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "damaged.docx").write_bytes(b"PK\x03\x04 not a document" * 20)
    lines = list(identify_lines([tmp_path], KEY))
    assert lines
    assert all({"path", "member", "blind_spot", "detail", "count", "size"} <= set(line) for line in lines)
    assert {line["blind_spot"] for line in lines} <= {"unreadable", "unsupported", "truncated", "encrypted"}


def test_a_link_to_nothing_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "absent")
    assert [line["blind_spot"] for line in identify_lines([tmp_path], KEY)] == ["unreadable"]


def test_a_link_to_a_folder_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    (line,) = list(identify_lines([str(tmp_path / "in")], KEY, False))
    assert line["path"].endswith("link") and line["blind_spot"] == "unreadable"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(NOTE.encode())))
    lines = list(identify_lines(["-"], KEY))
    assert [(line["path"], line["type"]) for line in lines] == [("-", "phone"), ("-", "email")]


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert list(identify_lines(["-"], KEY)) == []


def test_bad_input_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        identify_lines([tmp_path / "absent"], KEY)
    with pytest.raises(BadInput, match="no path"):
        identify_lines([], KEY)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert [line for line in identify_lines([tmp_path], KEY) if "type" in line] == []


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("手机：13800138000")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "own.txt").write_text("手机：13800138001")
    (inside / "same").symlink_to(inside / "own.txt")
    (inside / "away").symlink_to(tmp_path / "outside.txt")
    (inside / "below").mkdir()
    (inside / "beside").symlink_to(inside / "below")
    (inside / "circle").symlink_to(inside / "circle")
    (inside / "nowhere").symlink_to(inside / "absent")
    found = list(identify_lines([inside], KEY))
    assert {line["path"].rpartition("/")[2] for line in found if "type" in line} == {"own.txt", "same"}
    assert {line["path"].rpartition("/")[2]: line["detail"] for line in found if "blind_spot" in line} == {
        "away": "a link to outside the folder, not followed", "beside": "a link to a folder, not followed",
        "circle": "a link that leads in a circle", "nowhere": "a link that leads nowhere",
    }  # fmt: skip
