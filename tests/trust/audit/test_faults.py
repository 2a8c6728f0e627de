"""What goes wrong around the log: processes killed at any line, full disks, files that may not be written."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from log_place import Place

from tongguan.errors import Broken, CannotWrite
from tongguan.trust import AuditLog
from tongguan.trust.audit.checkpoint import parse

HERE = "/tongguan/trust/"


def apart(work: Callable[[], object]) -> int:
    """Do it in a process of its own; its exit status, negative for a signal. 0 where `work` returned."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(place: Place, line: int) -> bool:
    """Append three entries in another process that kills itself at the given line of ours; False where it came through."""

    def work() -> None:
        left = line

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            if HERE not in frame.f_code.co_filename:
                return None
            left -= event == "line"
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        with place.open() as log:
            assert log.verifier
            sys.settrace(trace)
            log.append_many([("k", "a", {"line": line, "n": n}) for n in range(3)])
            sys.settrace(None)

    status = apart(work)
    assert status in (0, -signal.SIGKILL)
    return status != 0


def test_killed_at_every_line_of_an_append(place: Place) -> None:
    with place.open() as log:
        log.append_many([("k", "a", {"n": n}) for n in range(5)])
        assert log.verifier
    size, line, last, grown = 5, 0, None, set()
    step = 3 if place.suite == "international" and not place.url else 17
    while last is None or line < last:
        if not killed_at(place, line):
            last, line, step = line, line - 18, 1  # the commit is among the last lines: each of them
        with place.open() as log:
            assert log.size in (size, size + 3), "all or none"
            grown.add(log.size - size)
            assert [p.kind for p in log.verify().problems] == []
            known = parse(log.checkpoint() or "")
            assert known and known.size <= log.size
            size = log.size
        line += step
    assert line > 30 and grown == {0, 3}, "some were killed before the commit and some after it"
    with place.open() as log:
        assert log.append("k", "a", {}) == size and log.verify().ok
        assert {f.name for f in place.folder.iterdir()} <= {
            "audit.key", *(f"{place.newest.stem}{end}" for end in ("", ".lock", ".checkpoint", ".checkpoint.new", "-wal", "-shm")),
        }  # fmt: skip


def test_killed_while_it_is_made(tmp_path: Path) -> None:
    """At any line of the first opening: the next one makes it, or finds it made."""
    line = 0
    while True:
        place = Place(tmp_path / str(line))
        place.folder.mkdir()

        def work(place: Place = place, line: int = line) -> None:
            left = line

            def trace(frame: FrameType, event: str, _: Any) -> Any:
                nonlocal left
                if HERE not in frame.f_code.co_filename:
                    return None
                left -= event == "line"
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return trace

            sys.settrace(trace)
            with place.open() as log:
                log.append("k", "a", {})

        status = apart(work)
        with place.open() as log:
            assert log.size in (0, 1) and log.append("k", "b", {}) in (0, 1) and log.verify().ok
        if status == 0:
            break
        line += 11
    assert line > 100


@pytest.mark.parametrize("room", [100, 5_000, 60_000])
def test_a_full_disk(place: Place, room: int) -> None:
    """Files may not grow by more than a little: what was told as written stays, and the log goes on with room again."""
    if place.url:
        pytest.skip("the server writes the files")
    with place.open() as log:
        log.append("k", "a", {})

    def fill() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        with place.open() as log:
            now = max(file.stat().st_size for file in place.folder.iterdir())
            resource.setrlimit(resource.RLIMIT_FSIZE, (now + room, hard))
            told = log.size
            with pytest.raises((CannotWrite, Broken)) as caught:
                for n in range(2000):
                    told = log.append_many([("k", "a", {"n": n, "pad": "x" * 300})] * 5).stop
            assert "audit" in str(caught.value)
            with pytest.raises((CannotWrite, Broken)):
                log.append_many([("k", "a", {"pad": "x" * 10_000})] * 20)
            assert log.size == told, "nothing of a refused batch is there"
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert log.append("k", "a", {}) == told
            assert log.verify().ok

    assert apart(fill) == 0
    with place.open() as log:
        assert log.verify().ok


def test_no_room_for_the_checkpoint_means_no_entry(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append("k", "a", {})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space left"):
        log.append("k", "a", {"lost": True})
    monkeypatch.undo()
    assert log.size == 1 and log.append("k", "a", {}) == 1 and log.verify().ok


def test_files_that_may_not_be_written(place: Place) -> None:
    if place.url:
        pytest.skip("the server writes the files")
    folder = Path(tempfile.mkdtemp(prefix="tongguan-readonly-"))
    try:
        frozen = Place(folder / "log", place.suite)
        frozen.folder.mkdir()
        with frozen.open() as log:
            log.append("k", "a", {})
        for file in frozen.folder.iterdir():
            file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        frozen.folder.chmod(0o555)
        folder.chmod(0o755)

        def read() -> None:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            with pytest.raises(CannotWrite, match="Permission denied"):
                frozen.open()

        assert apart(read) == 0
    finally:
        for path in (folder / "log", folder):
            path.chmod(0o755)
        shutil.rmtree(folder)


def test_the_key_is_gone_or_spoilt(place: Place) -> None:
    with place.open() as log:
        log.append("k", "a", {})
    key = place.folder / "audit.key"
    seed = key.read_bytes()
    key.write_bytes(seed[:31])
    with place.open() as log:
        with pytest.raises(Broken, match="put its backup"):
            log.append("k", "a", {})
        assert log.size == 1 and log.entry(0).kind == "k", "reading needs no key"
    key.unlink()
    with place.open() as log, pytest.raises(Broken, match="not signed by this log's key"):
        log.append("k", "a", {})
    key.write_bytes(seed)
    with place.open() as log:
        assert log.append("k", "a", {}) == 1 and log.verify().ok


def test_a_batch_in_which_one_entry_is_bad_writes_none(log: AuditLog) -> None:
    log.append("k", "a", {})
    with pytest.raises(Exception, match="plain JSON"):
        log.append_many([("k", "a", {}), ("k", "a", {"x": {1, 2}})])
    assert log.size == 1 and log.kinds() == {"k": 1} and log.verify().ok
