"""The walk as a whole: the sample's planted cases, and what happens when things go wrong on the way."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import open_trust

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "examples/xingye"
CAPTURES, ORG = SAMPLE / "captures", SAMPLE / "org.yaml"
Tongguan = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tongguan(tmp_path: Path) -> Tongguan:
    """The command as a user runs it, with a home of its own."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TONGGUAN_HOME": str(tmp_path / "home"), "LANG": "zh_CN.UTF-8"}
        command = [sys.executable, "-m", "tongguan.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, **options)

    return run


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The sample workspace, inspected once."""
    folder = tmp_path_factory.mktemp("sample")
    environment = {**os.environ, "TONGGUAN_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "tongguan.cli", "inspect", str(CAPTURES), "--org", str(ORG), "--out", str(folder / "out"), "--as-of", "2026-11-20"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=240)
    return folder / "out", json.loads((folder / "out/result.json").read_text(encoding="utf-8"))


TRUTH = yaml.safe_load((SAMPLE / "truth.yaml").read_text(encoding="utf-8"))


def test_the_sample_has_its_planted_alerts_and_no_other(sample: tuple[Path, dict[str, Any]]) -> None:
    _, result = sample
    found = [(alert["rule"], alert["recipient"]) for alert in result["alerts"]]
    assert sorted(found) == sorted((alert["rule"], alert["recipient"]) for alert in TRUTH["alerts"])
    for planted in TRUTH["alerts"]:
        alert = next(alert for alert in result["alerts"] if alert["recipient"] == planted["recipient"])
        seen = {type for row in alert["evidence"] for type in row["types"]}
        assert set(planted["types"]) <= seen
        assert re.fullmatch(r"《.+》第.+条.*", alert["citation"])


@pytest.mark.parametrize("recipient", list(TRUTH["recipients"]))
def test_each_recipient_got_what_was_planted(sample: tuple[Path, dict[str, Any]], recipient: str) -> None:
    _, result = sample
    planted = TRUTH["recipients"][recipient]
    seen = next(entry for entry in result["recipients"] if entry["id"] == recipient)
    assert seen["persons"]["count"] == planted["persons"]
    assert seen["sensitive_persons"]["count"] == planted["sensitive_persons"]
    assert set(seen["types"]) == set(planted["types"])


def test_persons_are_counted_once_over_all_recipients(sample: tuple[Path, dict[str, Any]]) -> None:
    _, result = sample
    assert {r["id"] for r in result["recipients"]} == set(TRUTH["recipients"])
    totals = result["totals"]
    assert totals["persons"]["count"] == TRUTH["persons"]
    for part in ("counted", "exempt"):
        assert {key: count["count"] for key, count in totals[part].items()} == TRUTH[part]
    for count in (totals["persons"], totals["counted"]["persons"]):
        assert count["low"] <= count["count"] <= count["high"]


def test_the_verdict_is_the_contract_band_because_of_sensitive_persons(sample: tuple[Path, dict[str, Any]]) -> None:
    _, result = sample
    assert result["decision"]["pathway"] == "standard_contract_or_certification"
    exempt = {r["id"] for r in result["recipients"] if r["decision"]["pathway"] == "exempt"}
    assert {"pagewell", "portline"} <= exempt
    assert "xingye-intl" not in exempt


def test_what_stays_inside_is_no_crossing_and_what_is_encrypted_is_said(sample: tuple[Path, dict[str, Any]]) -> None:
    _, result = sample
    assert result["coverage"]["directions"]["inside"] > 0
    assert not any("wms" in (r["name"] or "") for r in result["recipients"])
    assert [spot["where"] for spot in result["blind_spots"] if spot["kind"] == "encrypted"] == ["pay.kitefin.example"]
    assert next(r for r in result["recipients"] if r["id"] == "kitefin")["unread"] == 1


def test_no_value_of_personal_data_stands_in_what_is_written(sample: tuple[Path, dict[str, Any]]) -> None:
    out, _ = sample
    sys.path.insert(0, str(SAMPLE))
    try:
        from people import people
    finally:
        sys.path.remove(str(SAMPLE))
    values = [v.encode() for p in people() for v in (p.phone, p.id_card, p.bank_card, p.email)]
    for path in (p for folder in (out, out.parent / "home") for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as archive:
                data = b"".join(archive.read(name) for name in archive.namelist())
        assert not any(value in data for value in values), path.name


def test_the_originals_that_alerts_rest_on_are_sealed_and_open_with_a_reason(
    sample: tuple[Path, dict[str, Any]],
) -> None:
    out, result = sample
    shown = [row for alert in result["alerts"] for row in alert["evidence"]]
    assert shown and all(row["originals"] for row in shown)
    officer = Principal("officer", "user", (Grant("compliance_officer"),), id="officer")
    with open_trust(out.parent / "home") as room:
        log_before = room.audit.size
        for row in shown:
            opened = [
                b"".join(room.evidence.reveal(ident, "test of the sample", officer)) for ident in row["originals"]
            ]
            assert all(opened)
        kinds = room.audit.kinds()
        assert kinds["evidence.revealed"] == sum(len(row["originals"]) for row in shown)
        assert room.audit.size > log_before and room.audit.verify().ok
        reports = room.evidence.list(officer, kind="report")
        assert {report.name for report in reports} == {"result.json", "report.html", "report.docx"}
        stored = next(report for report in reports if report.name == "result.json")
        assert b"".join(room.evidence.reveal(stored.id, "test", officer)) == (out / "result.json").read_bytes()
        values = {row["masked"][0] for row in shown if row["masked"]}
        assert any(value in room.evidence.masked(row["originals"][0], officer) for row in shown for value in values)


def test_a_run_may_keep_no_originals(tongguan: Tongguan, tmp_path: Path) -> None:
    arguments = ("inspect", CAPTURES, "--org", ORG, "--out", tmp_path / "out", "--as-of", "2026-11-20")
    assert tongguan(*arguments, "--evidence", "none").returncode == 0
    result = json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8"))
    assert not any("originals" in row for alert in result["alerts"] for row in alert["evidence"])


def test_a_second_run_adds_nothing(tongguan: Tongguan, tmp_path: Path) -> None:
    arguments = ("inspect", CAPTURES, "--org", ORG, "--out", tmp_path / "out", "--as-of", "2026-11-20")
    results = []
    for _ in range(2):
        assert tongguan(*arguments).returncode == 0
        results.append(json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8")))
    assert results[0]["totals"] == results[1]["totals"]
    assert results[0]["coverage"] == results[1]["coverage"]
    assert tongguan("audit", "verify").returncode == 0


def test_a_run_killed_half_way_goes_on_and_ends_the_same(
    tongguan: Tongguan, tmp_path: Path, sample: tuple[Path, dict[str, Any]]
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tongguan.cli", "inspect", str(CAPTURES), "--org", str(ORG), "--out", str(out), "--as-of", "2026-11-20"]  # fmt: skip
    manifest = out / "ledger/manifest.jsonl"
    for lines in (1, 3, 6):
        process = subprocess.Popen(command, env={**os.environ, "TONGGUAN_HOME": str(tmp_path / "home")}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if manifest.exists() and manifest.read_bytes().count(b"\n") >= lines:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        process.wait(60)
        assert not list(out.glob("*.tmp"))
    assert tongguan(*command[3:]).returncode == 0
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["totals"] == sample[1]["totals"]
    assert result["coverage"] == sample[1]["coverage"]


def test_another_organisation_file_reads_the_sources_again(tongguan: Tongguan, tmp_path: Path) -> None:
    org = tmp_path / "org.yaml"
    shutil.copy(ORG, org)
    arguments = ("inspect", CAPTURES, "--org", org, "--out", tmp_path / "out", "--as-of", "2026-11-20")
    assert tongguan(*arguments).returncode == 0
    declared = "  - {id: quillmark, name: Quillmark Desk, country: DE, domains: [quillmark.example]}\n  - id: lumora\n"
    org.write_text(org.read_text(encoding="utf-8").replace("  - id: lumora\n", declared), encoding="utf-8")
    assert tongguan(*arguments).returncode == 0
    names = {r["id"] for r in json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8"))["recipients"]}
    assert "quillmark" in names and "mx.quillmark.example" not in names
    org.write_text(org.read_text(encoding="utf-8").replace("Quillmark Desk", "Quillmark"), encoding="utf-8")
    done = tongguan("inspect", CAPTURES / "07-shipping-hk.pcap", *arguments[2:])
    assert done.returncode == 2 and "another organisation file" in done.stderr


def test_a_declared_folder_of_files_is_inspected_like_traffic(tongguan: Tongguan, tmp_path: Path) -> None:
    files = tmp_path / "handed-over"
    files.mkdir()
    (files / "a.csv").write_bytes("姓名,手机号\n张晓明,13900001234\n李晓红,13900005678\n".encode("gb18030"))
    (files / "b.json").write_text('[{"name": "王小二", "mobile": "13900001234"}]', encoding="utf-8")
    with zipfile.ZipFile(files / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"0" * 300_000_000)
    org = tmp_path / "org.yaml"
    org.write_text(
        "exporter: {name: 试验, ciio: false, important_data: false, core_data: false, state_secrets: false}\n"
        "recipients:\n  - {id: lab, name: Lab Ltd., country: SG, restricted: false}\n"
        "files:\n  - {path: '*.csv', recipient: lab}\n  - {path: '*.json', recipient: lab}\n  - {path: '*.zip', recipient: lab}\n",
        encoding="utf-8",
    )
    done = tongguan("inspect", files, "--org", org, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8"))
    assert result["recipients"][0]["persons"]["count"] == 2
    assert any(spot["kind"] == "truncated" for spot in result["blind_spots"])


def test_what_was_not_read_or_not_placed_is_no_clean_answer(tongguan: Tongguan, tmp_path: Path) -> None:
    org = tmp_path / "org.yaml"
    org.write_text(
        "exporter: {name: 试验, ciio: false, important_data: false, core_data: false, state_secrets: false}\n"
        "networks: [{cidr: 10.21.0.0/16, site: 成都}]\n",
        encoding="utf-8",
    )
    (tmp_path / "list.csv").write_text("姓名,手机号\n张晓明,13900001234\n", encoding="utf-8")
    os.utime(tmp_path / "list.csv", (1795000000, 1795000000))  # 2026-11-18: a file's time is that of its last change
    for name, source in (("sealed", CAPTURES / "08-payments-tls.pcapng"), ("unplaced", tmp_path / "list.csv")):
        done = tongguan("inspect", source, "--org", org, "--out", tmp_path / name, "--as-of", "2026-11-20")
        assert done.returncode == 0
        result = json.loads((tmp_path / name / "result.json").read_text(encoding="utf-8"))
        assert result["decision"]["pathway"] == "undetermined", name
        assert result["decision"]["missing"]


BAD_INPUT: list[tuple[str, list[str], str]] = [
    ("no such source", ["inspect", "{tmp}/absent.pcap", "--org", str(ORG), "--out", "{tmp}/o"], "absent.pcap"),
    ("no such organisation", ["inspect", str(CAPTURES), "--org", "{tmp}/absent.yaml", "--out", "{tmp}/o"], "absent.yaml"),
    ("malformed organisation", ["inspect", str(CAPTURES), "--org", "{tmp}/bad.yaml", "--out", "{tmp}/o"], "line 3"),
    ("not a capture", ["inspect", "{tmp}/text.pcap", "--org", str(ORG), "--out", "{tmp}/o"], "text.pcap"),
    ("empty capture", ["inspect", "{tmp}/empty.pcap", "--org", str(ORG), "--out", "{tmp}/o"], "empty.pcap"),
    ("output is a file", ["inspect", str(CAPTURES), "--org", str(ORG), "--out", "{tmp}/text.pcap"], "text.pcap"),
    ("a day that is none", ["inspect", str(CAPTURES), "--org", str(ORG), "--out", "{tmp}/o", "--as-of", "2026-02-30"], "2026-02-30"),
    ("output without a name", ["inspect", str(CAPTURES), "--org", str(ORG), "--out", ""], "--out"),
    ("an unknown command", ["inspekt"], "inspekt"),
    ("no such entry", ["audit", "prove", "7"], "7"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "named"), [case[1:] for case in BAD_INPUT], ids=[case[0] for case in BAD_INPUT])
def test_bad_input_ends_with_two_and_one_clear_message(
    tongguan: Tongguan, tmp_path: Path, arguments: list[str], named: str
) -> None:
    (tmp_path / "bad.yaml").write_text("exporter:\n  name: 试验\n  ciio: perhaps\n", encoding="utf-8")
    (tmp_path / "text.pcap").write_text("this is no capture", encoding="utf-8")
    (tmp_path / "empty.pcap").write_bytes(b"")
    done = tongguan(*[argument.format(tmp=tmp_path) for argument in arguments])
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o/result.json").exists()
    assert not (tmp_path / "o/report.html").exists()


def test_names_that_are_not_utf8_are_escaped(tongguan: Tongguan, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "in")
    (tmp_path / "in").mkdir()
    shutil.copy(os.fsencode(CAPTURES / "09-names.pcap"), folder + b"/\xff\xfe.pcap")
    Path(os.fsdecode(folder + b"/\xe9.pcap")).write_bytes(b"this is no capture")
    for command in (("inspect", "--org", ORG, "--out", tmp_path / "out"), ("restore", "--out", tmp_path / "logs")):
        done = tongguan(command[0], tmp_path / "in", *command[1:])
        assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8"))
    assert result["run"]["sources"][1]["path"].endswith("\\udcff\\udcfe.pcap")
    assert result["coverage"]["packets"] > 0
    assert any(spot["where"].endswith("\\udce9.pcap") for spot in result["blind_spots"])


def test_a_terminal_that_cannot_show_chinese_gets_it_escaped(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("联系人 张晓明，电话 13900001234", encoding="utf-8")
    environment = {**os.environ, "TONGGUAN_HOME": str(tmp_path / "home"), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "tongguan.cli", "identify", str(tmp_path / "a.txt"), "--reveal"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert "\\u5f20" in done.stdout


def test_failing_on_an_alert_is_one(tongguan: Tongguan, tmp_path: Path) -> None:
    arguments = ("--org", ORG, "--out", tmp_path / "out", "--as-of", "2026-11-20", "--fail-on", "alert")
    assert tongguan("inspect", CAPTURES / "02-marketing-batch.pcap", *arguments).returncode == 1
    assert (
        tongguan(
            "inspect", CAPTURES / "06-warehouse.pcap", *arguments[:3], tmp_path / "calm", *arguments[4:]
        ).returncode
        == 0
    )


def test_a_decision_is_sealed_and_provable(tongguan: Tongguan, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("date: 2025-03-03\ndata: {personal: true}\n", encoding="utf-8")
    assert json.loads(tongguan("decide", facts, "--json").stdout)["pathway"] == "undetermined"
    proof = json.loads(tongguan("audit", "prove", "0").stdout)
    assert proof["index"] == 0
    log = tmp_path / "home/audit.db"
    damaged = log.read_bytes().replace(b"undetermined", b"not_required")
    assert damaged != log.read_bytes(), "the entry lies in the file"
    log.write_bytes(damaged)
    done = tongguan("audit", "verify")
    assert done.returncode == 1 and "BROKEN" in done.stdout
