"""The process of the native parsers: reused, replaced when it is lost, gone when it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from test_documents_read import document, workbook

from tongguan.identify.extract.worker import Conversation, Failed, Worker

MEMORY = 2 << 30


@pytest.fixture
def worker():
    one = Worker(MEMORY)
    yield one
    one.close()


def ask(worker: Worker, data: bytes, seconds: float = 20.0) -> dict:
    request = {"what": "sheet", "kind": "xlsx", "max_bytes": 1 << 20, "max_members": 9}
    return last(worker.conversation(request, data), seconds)


def last(conversation: Conversation, seconds: float) -> dict:
    """The last of the answers."""
    report: dict = {}
    while "end" not in report:
        report, _ = conversation.next(seconds)
    return report


def process_of(worker: Worker) -> int:
    assert worker._process is not None
    return worker._process.pid


def test_one_process_serves_many_requests(worker: Worker) -> None:
    data = workbook()
    assert ask(worker, data)["end"] == "ok"
    first = process_of(worker)
    started = time.monotonic()
    for _ in range(20):
        ask(worker, data)
    assert (time.monotonic() - started) / 20 < 0.2
    assert process_of(worker) == first
    assert worker.starts == 1


def test_a_process_that_hangs_is_ended_and_replaced(worker: Worker) -> None:
    ask(worker, workbook())
    lost = process_of(worker)
    os.kill(lost, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(Failed) as failure:
        ask(worker, workbook(), seconds=0.3)
    assert failure.value.why == "time"
    assert time.monotonic() - started < 5
    assert ask(worker, workbook())["end"] == "ok"
    assert not os.path.exists(f"/proc/{lost}")  # noqa: PTH110


def test_a_process_that_died_is_replaced(worker: Worker) -> None:
    ask(worker, workbook())
    os.kill(process_of(worker), signal.SIGKILL)
    time.sleep(0.1)
    assert ask(worker, workbook())["end"] == "ok"
    assert worker.starts == 2


def test_a_content_that_kills_again_and_again_is_given_up(worker: Worker) -> None:
    data = workbook()
    for _ in range(2):
        ask(worker, b"other")
        os.kill(process_of(worker), signal.SIGSTOP)
        killer = threading.Timer(0.2, os.kill, (process_of(worker), signal.SIGKILL))
        killer.start()
        with pytest.raises(Failed):
            ask(worker, data)
        killer.join()
    starts = worker.starts
    with pytest.raises(Failed) as failure:
        ask(worker, data)
    assert (failure.value.why, worker.starts) == ("lethal", starts)
    assert ask(worker, workbook() + b" ")["end"] == "ok"


def test_a_process_that_dies_at_work_is_a_failure() -> None:
    worker = Worker(MEMORY)
    ask(worker, workbook())
    killer = threading.Timer(0.2, lambda: os.kill(process_of(worker), signal.SIGKILL))
    os.kill(process_of(worker), signal.SIGSTOP)
    killer.start()
    with pytest.raises(Failed) as failure:
        ask(worker, workbook())
    assert failure.value.why == "died"
    killer.join()
    worker.close()


def test_memory_is_bounded() -> None:
    worker = Worker(300 << 20)
    request = {
        "what": "archive",
        "kind": "compressed",
        "max_bytes": 1 << 40,
        "max_members": 9,
        "skip": "",
        "images": False,
    }
    import gzip

    data = gzip.compress(b"0" * (400 << 20)) + bytes(300 << 20)
    try:
        assert last(worker.conversation(request, data), 60)["end"] == "memory"
    except Failed as failure:
        assert failure.why == "died"
    finally:
        worker.close()


def test_threads_share_a_process(worker: Worker) -> None:
    answers: list[str] = []
    data = workbook()
    threads = [threading.Thread(target=lambda: answers.append(ask(worker, data)["end"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["ok"] * 6
    assert worker.starts == 1


def test_a_run_that_ends_leaves_no_process_behind() -> None:
    code = """
import sys
from tongguan.identify.extract import extract, worker
from tongguan.model import Content
data = sys.stdin.buffer.read()
assert extract(Content("a.docx", "", len(data), data)).pieces
print(worker.shared(768 << 20)._process.pid)
"""
    done = subprocess.run([sys.executable, "-c", code], input=document(), capture_output=True, check=True)
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:  # noqa: PTH110
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110


def test_after_a_fork_the_child_has_a_process_of_its_own() -> None:
    code = """
import os, sys
from tongguan.identify.extract import extract, worker
from tongguan.model import Content
data = sys.stdin.buffer.read()
content = Content("a.docx", "", len(data), data)
assert extract(content).pieces
child = os.fork()
assert not extract(content).blind_spots
if child == 0:
    os._exit(0 if worker.shared(768 << 20).starts == 1 else 3)
assert os.waitpid(child, 0)[1] == 0
assert not extract(content).blind_spots
"""
    subprocess.run([sys.executable, "-c", code], input=document(), capture_output=True, check=True)
