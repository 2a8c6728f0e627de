"""Texts longer than a stretch: read in bounded memory, nothing torn, offsets those of the whole text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify.extract import extract_file, stretches, texts, unfolding

PEOPLE = [{"name": f"张{i}", "phone": str(13800138000 + i), "note": "a\nb" if i % 7 else ""} for i in range(400)]
TEXTS = {
    "one-line.json": json.dumps(PEOPLE, ensure_ascii=False),
    "one-line.xml": "<r>" + "".join(f"<p><n>{p['name']}</n><t>{p['phone']}</t></p>" for p in PEOPLE) + "</r>",
    "lines.log": "".join(f"{p['name']} called {p['phone']}\n" for p in PEOPLE),
    "words.txt": " ".join(f"{p['name']} {p['phone']}" for p in PEOPLE),
    "no-place.txt": "号".join(p["phone"] for p in PEOPLE),
    "table.csv": "姓名,手机\n" + "".join(f"{p['name']},{p['phone']}\n" for p in PEOPLE),
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH", 1000)
    monkeypatch.setattr(stretches, "_LOOK", 200)
    monkeypatch.setattr(texts, "_HEAD", 500)
    monkeypatch.setattr(unfolding, "_HELD", 1)


@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_stretches_are_the_text(tmp_path: Path, name: str, encoding: str) -> None:
    text = TEXTS[name]
    (tmp_path / name).write_bytes(text.encode(encoding))
    found = list(extract_file(tmp_path / name))
    assert len(found) > 5
    assert [one.blind_spots for one in found] == [[]] * len(found)
    assert {one.encoding for one in found} == {encoding}
    for one in found:
        [piece] = one.pieces
        if piece.start >= 0 and not piece.columns and "\\" not in text:
            assert text[piece.start : piece.start + len(piece.text)] == piece.text
        if name == "table.csv":
            assert piece.columns == ("姓名", "手机")
    whole = "\n".join(one.pieces[0].text for one in found)
    assert [p["phone"] for p in PEOPLE if p["phone"] not in whole] == []


def test_records_of_a_long_line_of_json_stay_records(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(TEXTS["one-line.json"], encoding="utf-8")
    found = list(extract_file(tmp_path / "a.json"))
    assert {one.pieces[0].kind for one in found} == {"json"}
    assert sum(len(one.pieces[0].records) for one in found) == len(PEOPLE) + 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_text_of_wide_characters(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("张三 13800138000 𠮷\n" * 1000, encoding=encoding)
    found = list(extract_file(tmp_path / "a.txt"))
    assert "".join(one.pieces[0].text for one in found) == "张三 13800138000 𠮷\n" * 1000
    assert [one.pieces[0].start for one in found][1] == len(found[0].pieces[0].text)
    assert {one.encoding[:6] for one in found} == {encoding[:6]}


@given(st.binary(min_size=1, max_size=300))
def test_a_cut_is_within_and_forward(tail: bytes) -> None:
    assert 0 < stretches.place_to_cut(tail) <= len(tail) or (tail[0] >= 0xC0 and len(tail) <= 4)


def test_a_hundred_megabytes_on_one_line_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    one = json.dumps(PEOPLE[0], ensure_ascii=False).encode() + b","
    path.write_bytes(b"[" + one * (100_000_000 // len(one)) + one[:-1] + b"]")
    code = (  # the peak of this process alone: what `resource` tells is inherited from the parent
        "import sys; from pathlib import Path; from tongguan.identify.extract import extract_file;"
        "sum(len(e.pieces) for e in extract_file(Path(sys.argv[1])));"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) >> 10 < 450
