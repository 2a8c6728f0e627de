"""Small files that are read side by side and searched at once hold what each of them holds by itself."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tongguan.capture.stores import FileUnit, Unread, Unseen
from tongguan.casework.assets import work
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.judging import Judge, Part
from tongguan.casework.assets.work import Setup, Task, perform, perform_all
from tongguan.identify import Detector, Piece
from tongguan.identify.templates import Rulebook
from tongguan.model import Content

SETUP = Setup(b"k" * 32, Rulebook(Path("nowhere")).rules(), False)
ROWS = "".join(f"{n},王小明,1391234{n:04},u{n}@example.com\n" for n in range(1200))


def zipped(*texts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n, text in enumerate(texts):
            archive.writestr(f"m{n}.txt", text)
    return out.getvalue()


FILES: dict[str, bytes] = {
    "half.txt": "手机：1380013".encode(),
    "rest.txt": b"8000",
    "label.txt": "订单号：".encode(),
    "number.txt": b"13800138000",
    "name.md": "联系人李娜，邮箱 lina@example.com，住址：北京市朝阳区建国路88号。".encode(),
    "gb.txt": "身份证号 110101199003074514，病历：糖尿病".encode("gb18030"),
    "code.py": b"def total(x):\n    return x  # ask dev@example.com\n" * 30,
    "empty.txt": b"",
    "blank.txt": b" \n" * 40,
    "bytes.bin": bytes(range(256)) * 8,
    "people.csv": ("编号,姓名,手机号,邮箱\n" + ROWS).encode(),
    "few.csv": ("编号,姓名,手机号,邮箱\n" + ROWS[:2000]).encode(),
    "rows.jsonl": "".join(f'{{"id": {n}, "手机": "13912345678"}}\n' for n in range(40)).encode(),
    "two.zip": zipped("手机：13812345678\n" * 3, "nothing here\n"),
    "torn.zip": zipped("手机：13812345678\n" * 300)[:200],
    "page.html": "<table><tr><th>手机</th></tr><tr><td>13912345678</td></tr></table>".encode(),
    "long.log": b"2026-03-05 10:22:11 INFO order 0012 a@example.com done\n" * 30_000,
    "emoji.txt": "📱 13800138000 a@b.cn".encode(),
}


@contextmanager
def contents(name: str) -> Iterator[Iterator[Content]]:
    yield iter((Content(name, "", len(FILES[name]), FILES[name]),))


@contextmanager
def gone(_: str) -> Iterator[Iterator[Content]]:
    raise Unread(Unseen("vanished", "gone.txt"))
    yield iter(())


def task(name: str, opening: Any = None) -> Task:
    size = len(FILES.get(name, b""))
    return Task(FileUnit(name, name, size, 0.0, None, opening or partial(contents, name)))


TASKS = [*map(task, FILES), task("gone.txt", partial(gone, ""))]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with SETUP.judge() as made:
        yield made


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The sizes of the pieces of each search."""
    real, seen = Detector.scan, list[list[int]]()

    def scan(self: Detector, pieces: Sequence[Piece]) -> Any:
        seen.append([len(piece.text) for piece in pieces])
        return real(self, pieces)

    monkeypatch.setattr(Detector, "scan", scan)
    return seen


def test_together_they_hold_what_each_holds_alone(judge: Judge, searches: list[list[int]]) -> None:
    alone = [perform(judge, one) for one in TASKS]
    by_themselves = len(searches)
    together = perform_all(judge, TASKS)
    assert together == alone
    assert perform_all(judge, TASKS[::-1]) == alone[::-1]
    assert len(searches) - by_themselves < by_themselves
    found = {one.unit.path: result for one, result in zip(TASKS, together, strict=True)}
    assert {"phone", "email"} <= set(types(found["people.csv"])) and "phone" in types(found["number.txt"])
    assert not types(found["half.txt"]) and not types(found["rest.txt"])
    assert isinstance(found["gone.txt"], Unseen)
    torn = found["torn.zip"]
    assert isinstance(torn, Judged) and torn.unseen


def types(result: Any) -> tuple[str, ...]:
    assert isinstance(result, Judged)
    return tuple(result.types)


@pytest.mark.parametrize("most", [1, 100, 3_000])
def test_no_more_text_waits_than_may(judge: Judge, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    alone, real, sizes = [perform(judge, one) for one in TASKS], Judge.search, list[list[int]]()

    def search(self: Judge, parts: Sequence[Part]) -> None:
        sizes.append([part.size for part in parts])
        real(self, parts)

    monkeypatch.setattr(Judge, "search", search)
    monkeypatch.setattr(work, "TOGETHER", most)
    assert perform_all(judge, TASKS) == alone
    assert all(len(some) == 1 or sum(some) <= most for some in sizes)
    assert max(map(len, sizes)) > (1 if most == 1 else 2)  # files without text wait as well


def test_a_fault_in_one_costs_that_one(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Detector.scan

    def scan(self: Detector, pieces: Sequence[Piece]) -> Any:
        if any("lina@" in piece.text for piece in pieces):
            raise ZeroDivisionError
        return real(self, pieces)

    alone = [perform(judge, one) for one in TASKS]
    monkeypatch.setattr(Detector, "scan", scan)
    for one, before, after in zip(TASKS, alone, perform_all(judge, TASKS), strict=True):
        if one.unit.path == "name.md":
            assert isinstance(after, Unseen) and "ZeroDivisionError" in after.detail
        else:
            assert after == before
