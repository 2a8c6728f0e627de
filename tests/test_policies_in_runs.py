"""Whole runs with policies: alerts in result and reports, the same after a kill, nothing changed without them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CAPTURES, ORG = ROOT / "examples/xingye/captures", ROOT / "examples/xingye/org.yaml"
POLICY = """
policy: 试用
rules:
  - id: ids
    severity: high
    when: {identifier: {type: [id_card, passport], count: 5}}
  - id: big
    when: {size: {over: 1 MB}}
  - id: absent
    when: {documents: {store: none, share: 10 %}}
"""


def command(folder: Path, *more: object) -> list[str]:
    words = ["inspect", CAPTURES, "--org", ORG, "--out", folder / "out", "--as-of", "2026-11-20", "--no-names", *more]
    return [sys.executable, "-m", "tongguan.cli", *map(str, words)]


def run(folder: Path, *more: object) -> dict[str, Any]:
    environment = {**os.environ, "TONGGUAN_HOME": str(folder / "home")}
    done = subprocess.run(command(folder, *more), capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads((folder / "out/result.json").read_text(encoding="utf-8"))
    return result


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "check.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, policy: Path) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("held")
    return folder, run(folder, "--policy", policy, "--kinds")


def matched(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [alert for alert in result["alerts"] if alert["rule"] == "policy_matched"]


def test_a_run_tells_what_a_policy_says(held: tuple[Path, dict[str, Any]]) -> None:
    folder, result = held
    alerts = {alert["detail"]["policy_rule"]: alert for alert in matched(result)}
    assert {rule: (a["recipient"], a["severity"]) for rule, a in alerts.items()} == {
        "ids": ("lumora", "high"), "big": ("lumora", "mid"),
    }  # fmt: skip
    assert alerts["ids"]["detail"]["found"] == 50 and alerts["ids"]["evidence"][0]["originals"]
    assert {s["where"] for s in result["blind_spots"] if s["kind"] == "undecided"} >= {"check/absent"}
    assert sum(recipient["kinds"].get("payroll", 0) for recipient in result["recipients"]) == 1
    page = (folder / "out/report.html").read_text(encoding="utf-8")
    for part in (
        "策略“试用”规则 ids 命中",
        "找到 50，要求 5",
        "Policy “试用”, rule ids",
        "found 50, asked 5",
        "工资",
        "策略无法判定",
    ):
        assert part in page, part


def test_without_policies_the_rest_is_the_same(held: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    plain, result = run(tmp_path), held[1]
    assert not matched(plain) and plain["policies"] == [] and "kinds" not in plain["recipients"][0]
    others = [alert for alert in result["alerts"] if alert["rule"] != "policy_matched"]
    assert [a["id"] for a in others] == [a["id"] for a in plain["alerts"]]
    assert plain["totals"] == result["totals"] and plain["coverage"] == result["coverage"]
    again = run(tmp_path, "--kinds")  # another question: the sources are read again
    assert any(recipient["kinds"] for recipient in again["recipients"]) and again["totals"] == plain["totals"]


def test_a_run_killed_half_way_has_the_same_alerts(
    held: tuple[Path, dict[str, Any]], tmp_path: Path, policy: Path
) -> None:
    manifest = tmp_path / "out/ledger/manifest.jsonl"
    environment = {**os.environ, "TONGGUAN_HOME": str(tmp_path / "home")}
    words = command(tmp_path, "--policy", policy, "--kinds")
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < until:
        if manifest.exists() and manifest.read_bytes().count(b"\n") >= 3:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    process.wait(100)
    result = run(tmp_path, "--policy", policy, "--kinds")

    def told(one: dict[str, Any]) -> Any:
        kept = [{**a, "evidence": [{**e, "originals": 0} for e in a["evidence"]]} for a in matched(one)]
        kinds = [(recipient["id"], recipient["kinds"]) for recipient in one["recipients"]]
        return kept, kinds, [s for s in one["blind_spots"] if s["kind"] == "undecided"]

    assert told(result) == told(held[1])
