"""Entries that are written together: in order, in time, and never lost unsaid."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from log_place import Place

from tongguan.errors import BadInput, CannotWrite
from tongguan.trust import AuditLog
from tongguan.trust.audit import BatchedRecorder, Record, recorder


def until(condition: object, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.005)
    return bool(condition())  # type: ignore[operator]


def test_one_by_one(log: AuditLog) -> None:
    record: Record = recorder(log)
    assert [record("k", "a", {"n": n}) for n in range(3)] == [0, 1, 2]
    assert log.size == 3 and log.verify().ok


def test_batches_are_written_in_time_and_in_order(log: AuditLog) -> None:
    with BatchedRecorder(log, within_s=0.05) as record:
        for n in range(200):
            assert record("k", "a", {"n": n}) == -1
        assert until(lambda: log.size == 200), "without anybody asking"
        record("k", "a", {"n": 200})
    assert [e.body["n"] for e in log.entries(0, 999)] == list(range(201))
    assert log.verify().ok
    with pytest.raises(ValueError, match="closed"):
        record("k", "a", {})


def test_a_full_batch_is_written_at_once(log: AuditLog) -> None:
    with BatchedRecorder(log, within_s=3600, most=10) as record:
        for n in range(25):
            record("k", "a", {"n": n})
        assert log.size == 20
    assert log.size == 25


def test_threads_share_one(log: AuditLog) -> None:
    with BatchedRecorder(log, within_s=0.01, most=50) as record:

        def work(k: int) -> None:
            for n in range(200):
                record("k", f"t{k}", {"n": n})

        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    entries = log.entries(0, 9999)
    for k in range(4):
        assert [e.body["n"] for e in entries if e.actor == f"t{k}"] == list(range(200))
    assert len(entries) == 800


def test_what_cannot_be_written_stops_the_callers_and_is_kept(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    record = BatchedRecorder(log, within_s=0.01)
    record("k", "a", {"n": 0})
    record.flush()
    append_many, calls = log.append_many, []

    def full(entries: object) -> range:
        calls.append(1)
        raise CannotWrite("the disk is full")

    monkeypatch.setattr(log, "append_many", full)
    record("k", "a", {"n": 1})
    assert until(lambda: calls)
    for _ in range(3):
        with pytest.raises(CannotWrite, match="full"):
            until(lambda: record._failed)
            record("k", "a", {"n": "refused"})
    with pytest.raises(CannotWrite):
        record.close()
    monkeypatch.setattr(log, "append_many", append_many)
    record.close()
    assert [e.body["n"] for e in log.entries()] == [0, 1], "the one that was taken in is there, the refused are not"


def test_a_bad_entry_holds_nobody_up(log: AuditLog) -> None:
    with BatchedRecorder(log) as record:
        record("k", "a", {"n": 0})
        with pytest.raises(BadInput):
            record("k", "a", {"n": object()})
        with pytest.raises(BadInput):
            record("k", "a", {"n": "x" * (1 << 20)})
        record("k", "a", {"n": 1})
    assert [e.body["n"] for e in log.entries()] == [0, 1]


def test_an_entry_too_large_only_with_its_frame_is_refused_to_its_caller(log: AuditLog) -> None:
    with BatchedRecorder(log) as record:
        with pytest.raises(BadInput):
            record("k", "a", {"n": "x" * ((1 << 20) - 12)})
        record("k", "a", {"n": 1})
    assert log.size == 1


def test_a_process_that_ends_without_closing_says_so_or_writes(place: Place, tmp_path: Path) -> None:
    code = f"{place.code}from tongguan.trust.audit import BatchedRecorder\nrecord = BatchedRecorder(log, within_s=3600)\nrecord('k', 'a', {{}})\n"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    with place.open() as log:
        assert log.size == 1
