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
from tongguan.identify import Detector, Piece, Prose
from tongguan.identify.detect import SaidInProse
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
    real, seen = Detector.scan_apart, list[list[int]]()

    def scan_apart(self: Detector, texts: Sequence[Sequence[Piece]]) -> Any:
        seen.append([len(piece.text) for pieces in texts for piece in pieces])
        return real(self, texts)

    monkeypatch.setattr(Detector, "scan_apart", scan_apart)
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


class Script:
    """Reads by a list of known words; of some texts it cannot read a thing."""

    def __init__(self, known: dict[str, str], unread: str) -> None:
        self.known, self.unread, self.requests = known, unread, list[list[str]]()

    def read(self, texts: Sequence[str]) -> list[list[tuple[str, int, int, float]] | None]:
        self.requests.append(list(texts))
        return [None if self.unread in text else list(self.spans(text)) for text in texts]

    def spans(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        for word, type in self.known.items():
            if (at := text.find(word)) >= 0:
                yield type, at, at + len(word), 0.97


NEWS = (
    "昨天下午李建国在会上作了报告。天气晴朗，适合郊游。会后王丽华陪同来宾参观了新校区。",
    "李建国介绍了情况。\n名单：李建国，销售一部",  # named again only where it was read
    "销售一部 李建国",
    "她去年离婚了，邻居们都知道。孩子跟了妈妈。她的丈夫得了肺结核。",
    "\n\n会后王丽华陪同来宾参观了新校区。" * 3 + "\n",
    "读不了的一句话说的是王丽华和来宾。之后大家都散了，各自回家去了。",
    "order shipped to port\n" * 3,
    "姓名：王丽华，手机：13912345678。" + "昨天下午她同来宾一起参观了图书馆和新的体育场。" * 9,
    "".join(f"{day}李建国同来宾一起参观了图书馆，孩子得了肺结核。" for day in ("昨天", "今天", "前天", "周一")),
)


@pytest.mark.parametrize("least", [60, 4_000])
def test_models_read_of_each_what_they_read_of_it_alone(least: int) -> None:
    """Each file has its own share that is read, tells its own blind spots, and is asked about in the same words; names
    that are sure in one are nothing in the next."""
    files = {f"{n}.txt": text.encode() for n, text in enumerate(NEWS)}
    tasks = [Task(FileUnit(name, name, 9, 0.0, None, partial(opened, name, data))) for name, data in files.items()]
    results, requests = [], []
    for read in (lambda judge: [perform(judge, one) for one in tasks], lambda judge: perform_all(judge, tasks)):
        names = Script({"李建国": "person_name", "王丽华": "person_name", "图书馆": "place"}, "读不了")
        said = Script({"离婚": "marital_status", "肺结核": "health"}, "体育场")
        prose = Prose(names, share=0, least=least, said=SaidInProse(said, share=0, least=least))
        with SETUP.judge() as made:
            judge = Judge(SETUP.key, made._knowledge, prose)
        results.append(read(judge))
        requests.append([{text for some in one.requests for text in some} for one in (names, said)])
        counts = len(names.requests), len(said.requests)
    assert results[0] == results[1] and requests[0] == requests[1]
    assert max(counts) == 1 and all(requests[0])  # one request for all of them
    told = [spot.detail for result in results[1] if isinstance(result, Judged) for spot in result.unseen]
    assert any("ended" in one for one in told) and any("beyond the share" in one for one in told) == (least < 4_000)
    by_name = dict(zip(files, results[1], strict=True))
    assert "person_name" not in types(by_name["2.txt"]) and "person_name" in types(by_name["1.txt"])


@contextmanager
def opened(name: str, data: bytes) -> Iterator[Iterator[Content]]:
    yield iter((Content(name, "", len(data), data),))


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
    real = Detector.scan_apart

    def scan_apart(self: Detector, texts: Sequence[Sequence[Piece]]) -> Any:
        if any("lina@" in piece.text for pieces in texts for piece in pieces):
            raise ZeroDivisionError
        return real(self, texts)

    alone = [perform(judge, one) for one in TASKS]
    monkeypatch.setattr(Detector, "scan_apart", scan_apart)
    for one, before, after in zip(TASKS, alone, perform_all(judge, TASKS), strict=True):
        if one.unit.path == "name.md":
            assert isinstance(after, Unseen) and "ZeroDivisionError" in after.detail
        else:
            assert after == before
