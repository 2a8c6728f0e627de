"""Processes that judge and never were ready: the scan ends, and says why; no unit is blamed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from test_workers import PHONE, contents, processes_at_once, unit

from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.work import Setup, Task
from tongguan.casework.assets.workers import STARTS, Workers
from tongguan.errors import Unavailable
from tongguan.identify.templates import Rulebook

__all__ = ["processes_at_once"]

SCAN = """
import os, sys
from pathlib import Path
from tongguan.capture.stores import parse_address
from tongguan.casework import assets
from tongguan.casework.assets import workers
from tongguan.errors import Unavailable

workers.LITTLE_S = 0.0
broken, folder, out = sys.argv[1:]
sys.path.insert(0, broken)  # from now on: what is loaded here already stays as it was
os.environ["PYTHONPATH"] = broken
try:
    assets.scan([parse_address(folder)], Path(out), b"k" * 32, names=False, workers=2)
except Unavailable as error:
    print(error.text["zh"], error.text["en"], sep="\\n")
"""


def prepared(prepare: partial[object]) -> Setup:
    return Setup(b"k" * 32, Rulebook(Path("nowhere")).rules(), False, prepare=prepare)


def dies_at_first(folder: Path, times: int) -> None:
    count = len(list(folder.iterdir()))
    if count < times:
        (folder / str(count)).touch()
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("fault", ["raise ImportError('half an upgrade')", "def half an upgrade", "1 / 0"])
def test_an_installation_that_broke_meanwhile_is_told(tmp_path: Path, fault: str) -> None:
    broken, folder = tmp_path / "broken", tmp_path / "files"
    broken.mkdir()
    folder.mkdir()
    (broken / "pyarrow.py").write_text(fault, encoding="utf-8")
    (folder / "a.txt").write_text(PHONE, encoding="utf-8")
    given = [sys.executable, "-c", SCAN, str(broken), str(folder), str(tmp_path / "out")]
    done = subprocess.run(given, capture_output=True, timeout=300, check=False, text=True, encoding="utf-8")
    said = {"r": "ImportError: half an upgrade", "d": "SyntaxError: ", "1": "ZeroDivisionError: division by zero"}
    chinese, english = done.stdout.splitlines()
    assert said[fault[0]] in chinese and "无法启动" in chinese
    assert said[fault[0]] in english and "goes on from there" in english


def test_what_a_process_lacks_as_it_begins_is_told(tmp_path: Path) -> None:
    nowhere = tmp_path / "model.onnx"
    with pytest.raises(Unavailable) as raised, Workers(prepared(partial(os.stat, nowhere)), 2) as workers:
        workers.submit(Task(unit("a", partial(contents, PHONE.encode()))), print)
        workers.drain()
    assert raised.value.text and "FileNotFoundError" in raised.value.text["zh"]


def test_processes_that_die_as_they_begin(tmp_path: Path) -> None:
    """Twice on end costs nothing, not even one of the tries of the unit that was given to them; for ever ends it."""
    (once := tmp_path / "once").mkdir()
    (ever := tmp_path / "ever").mkdir()
    found: dict[str, object] = {}
    with Workers(prepared(partial(dies_at_first, once, STARTS - 1)), 2) as workers:
        workers.submit(Task(unit("a", partial(contents, PHONE.encode()))), partial(found.__setitem__, "a"))
        workers.drain()
    judged = found["a"]
    assert isinstance(judged, Judged) and "phone" in judged.types
    with pytest.raises(Unavailable) as raised, Workers(prepared(partial(dies_at_first, ever, 99)), 2) as workers:
        workers.submit(Task(unit("a", partial(contents, PHONE.encode()))), partial(found.__setitem__, "b"))
        workers.drain()
    assert "signal 9" in str(raised.value) and "b" not in found and len(list(ever.iterdir())) == STARTS
