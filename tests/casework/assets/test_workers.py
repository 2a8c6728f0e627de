"""Units judged by several processes: what comes of those that die, hang, or hold what cannot be read."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from asset_sources import by_path, scanned, settle

from tongguan.capture.stores import FileUnit, Unseen
from tongguan.casework.assets import workers as module
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.work import Setup, Task
from tongguan.casework.assets.workers import Workers
from tongguan.identify.templates import Rulebook
from tongguan.model import Content

SETUP = Setup(b"k" * 32, Rulebook(Path("nowhere")).rules(), False)
PHONE = "请联系王小明，电话 13812345678。\n"


@contextmanager
def contents(data: bytes) -> Iterator[Iterator[Content]]:
    yield iter((Content("a.txt", "text/plain", len(data), data),))


@contextmanager
def dies_once(mark: Path) -> Iterator[Iterator[Content]]:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with contents(PHONE.encode()) as found:
        yield found


@contextmanager
def dies(_: str) -> Iterator[Iterator[Content]]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield iter(())


@contextmanager
def hangs(_: str) -> Iterator[Iterator[Content]]:
    time.sleep(600)
    yield iter(())


@contextmanager
def faulty(_: str) -> Iterator[Iterator[Content]]:
    raise ZeroDivisionError
    yield iter(())


def unit(path: str, opening: partial[object], size: int = 10) -> FileUnit:
    return FileUnit(path, path, size, 0.0, None, opening)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def processes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LITTLE_S", 0.0)


def judged(units: list[FileUnit], count: int = 2) -> dict[str, Judged | Unseen]:
    found: dict[str, Judged | Unseen] = {}
    with Workers(SETUP, count) as workers:
        for one in units:
            workers.submit(Task(one), partial(found.__setitem__, one.path))
        workers.drain()
        assert not workers._waiting
    return found


def test_all_units_come_back_and_by_other_processes(tmp_path: Path) -> None:
    many = [unit(f"u{n}", partial(contents, PHONE.encode() if n % 2 else b"nothing\n")) for n in range(300)]
    found = judged(many)
    assert len(found) == 300
    assert {int(path[1:]) % 2 for path, one in found.items() if isinstance(one, Judged) and "phone" in one.types} == {1}
    assert sum("phone" in one.types for one in found.values() if isinstance(one, Judged)) == 150
    assert found == judged(many, 1)


def test_a_unit_whose_process_died_is_tried_once_more(tmp_path: Path) -> None:
    found = judged([unit("a", partial(dies_once, tmp_path / "mark")), unit("b", partial(contents, PHONE.encode()))])
    assert all(isinstance(one, Judged) and "phone" in one.types for one in found.values())


def test_a_unit_that_ends_processes_is_told_and_the_others_are_read() -> None:
    found = judged([unit("bad", partial(dies, "")), *(unit(f"u{n}", partial(contents, b"x")) for n in range(20))])
    bad = found.pop("bad")
    assert isinstance(bad, Unseen) and (bad.reason, bad.where) == ("failed", "bad")
    assert len(found) == 20 and all(isinstance(one, Judged) for one in found.values())


def test_a_unit_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_S", 8.0)
    found = judged([unit("b", partial(contents, b"x")), unit("slow", partial(hangs, ""))])
    slow = found["slow"]
    assert isinstance(slow, Unseen) and slow.reason == "timeout" and isinstance(found["b"], Judged)


def test_a_fault_of_ours_costs_one_unit() -> None:
    for count in (1, 2):
        found = judged([unit("a", partial(faulty, "")), unit("b", partial(contents, b"x"))], count)
        bad = found["a"]
        assert isinstance(bad, Unseen) and "ZeroDivisionError" in bad.detail and isinstance(found["b"], Judged)


@contextmanager
def connects(port: int) -> Iterator[Iterator[Content]]:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        told = PHONE
    except ConnectionRefusedError:
        told = "refused"
    with contents(told.encode()) as found:
        yield found


def test_other_processes_are_as_shut_as_this_one(tmp_path: Path) -> None:
    import socket

    from tongguan.casework.assets.reach import Reach

    with socket.create_server(("127.0.0.1", 0)) as server:
        one = unit("a", partial(connects, server.getsockname()[1]))
        for setup, open_ in ((SETUP, True), (replace(SETUP, prepare=Reach([], [], tmp_path).guard), False)):
            found: dict[str, Judged | Unseen] = {}
            with Workers(setup, 2) as workers:
                workers.submit(Task(one), partial(found.__setitem__, "a"))
                workers.drain()
            assert isinstance(found["a"], Judged) and ("phone" in found["a"].types) == open_


def test_processes_end_with_the_scan() -> None:
    with Workers(SETUP, 2) as workers:
        workers.submit(Task(unit("a", partial(hangs, ""))), lambda _: None)
        pids = [worker.process.pid for worker in workers._workers]
        assert len(pids) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_scan_by_several_finds_what_one_finds(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for n in range(40):
        (folder / f"{n}.txt").write_text(PHONE if n % 3 == 0 else f"order {n}\n", encoding="utf-8")
    settle(folder)
    scanned(tmp_path / "one", folder, workers=1)
    scanned(tmp_path / "two", folder, workers=2)
    one, two = by_path(tmp_path / "one"), by_path(tmp_path / "two")
    assert [(p, u["types"], u["level"]) for p, u in sorted(one.items())] == [
        (p, u["types"], u["level"]) for p, u in sorted(two.items())
    ]
