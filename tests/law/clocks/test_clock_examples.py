"""The examples, one for each procedure: through the face, as JSON, as text in both languages, and at the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import icalendar
import pytest

from tongguan.cli.main import main
from tongguan.law.clocks import clocks, parse_case, procedures, tell, timeline_json
from tongguan.wording import LANGUAGES

OTHERS = {"grading.yaml"}  # facts of a grading, no case
FOLDER = Path(__file__).parents[3] / "examples" / "law"
EXAMPLES = sorted(path for path in FOLDER.glob("*.yaml") if path.name not in OTHERS)
NAMES = [path.stem for path in EXAMPLES]
STATES = {
    "certification": "certified", "certification-body": "approved", "gba-contract": "assessed", "incident": "open",
    "ordered-audit": "rectified", "protection-officer": "change_pending", "security-assessment": "valid",
    "standard-contract": "supplementing", "standing-duties": "standing", "zone-registration": "exporting",
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TONGGUAN_TOKEN", raising=False)
    return tmp_path


def read(name: str) -> Any:
    path = next(path for path in EXAMPLES if path.stem == name)
    return clocks(parse_case(path.read_text(encoding="utf-8"), path.name))


def due(timeline: Any, step: str) -> list[tuple[str, str]]:
    return [(str(one.due), one.status) for one in timeline.deadlines if one.step.id == step]


def test_there_is_one_for_each_procedure() -> None:
    assert {read(name).case.procedure.id for name in NAMES} == set(procedures())
    assert {name: read(name).state for name in NAMES} == STATES


def test_what_the_examples_say() -> None:
    contract = read("standard-contract")
    assert due(contract, "file") == [("2026-10-12", "late")] and due(contract, "supplement") == [
        ("2026-11-16", "overdue")
    ]
    assert due(read("zone-registration"), "shanghai_report") == [("2025-05-13", "open")]
    assert due(read("gba-contract"), "file") == [("2026-12-15", "planned")]
    assert due(read("protection-officer"), "report_change") == [("2026-12-14", "open")]
    assert due(read("ordered-audit"), "report_rectification") == [("2026-11-30", "open")]
    assert due(read("certification-body"), "file") == [("2026-11-30", "open")]
    assert due(read("certification"), "renewal_latest") == [("2028-11-18", "open")]
    assert due(read("incident"), "report") == [("None", "open")]
    duties = read("standing-duties")
    assert due(duties, "important_report") == [("2026-11-30", "open")]
    assert due(duties, "audit_two_years") == [("2027-06-30", "open")]
    assert due(duties, "important_assessment")[:2] == [("2025-12-31", "done"), ("2026-12-31", "done")]
    assessment = read("security-assessment")
    assert due(assessment, "extension_window") == [("2027-04-10", "waiting")]
    assert assessment.missing == ("major_incident",) and assessment.checklist.met is None


@pytest.mark.parametrize("name", NAMES)
def test_json_holds_both_languages_and_every_citation(name: str) -> None:
    timeline = read(name)
    answer = json.loads(json.dumps(timeline_json(timeline), ensure_ascii=False))
    assert answer["procedure"] == timeline.case.procedure.id and answer["calendar_known_until"] == "2026-12-31"
    for one in answer["deadlines"]:
        assert one["citations"] and all(cite["instrument"] for cite in one["citations"])
        assert set(one["text"]) == set(one["who_text"]) == {"zh", "en"} and one["confidence"]
    assert [one["step"] for one in answer["overdue"]] == [one.step.id for one in timeline.overdue]
    assert {reading["id"]: reading["taken"] for reading in answer["readings"]} == dict(timeline.case.readings)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_text_names_every_clock(name: str, language: Any) -> None:
    timeline = read(name)
    text = tell(timeline, language)
    for one in timeline.deadlines:
        assert one.step.text[language] in text
    assert timeline.case.procedure.states[timeline.state][language] in text.splitlines()[1]
    assert "{" not in text and "None" not in text


# ---- at the terminal ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_the_command(path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "clocks", str(path), "--lang", "en", "--ics", str(home / "a.ics")]) == 0
    assert capsys.readouterr().out.rstrip("\n") == tell(read(path.stem), "en")
    icalendar.Calendar.from_ical((home / "a.ics").read_bytes())
    assert [entry.name for entry in home.iterdir() if entry.name.startswith(".")] == [], "nothing half-written"
    assert main(["law", "clocks", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == timeline_json(read(path.stem))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("procedure: visa\n", "procedure: expected one of"),
        ("procedure: [\n", "not readable as YAML"),
        (
            "procedure: security_assessment\nas_of: 2026-11-21\nevents: {extended: 2026-01-01}\n",
            "bad.yaml: events.extended: 2026-01-01 cannot be",
        ),
    ],
)
def test_bad_input_ends_with_one_message(text: str, says: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = home / "bad.yaml"
    case.write_text(text)
    assert main(["law", "clocks", str(case), "--ics", str(home / "a.ics")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and says in err and err.count("\n") == 1 and not (home / "a.ics").exists()


def test_files_that_cannot_be_used(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "latin.yaml").write_bytes(b"name: \xe9")
    good = str(EXAMPLES[0])
    for arguments, says in (
        ([str(home / "absent.yaml")], "absent.yaml: cannot be read"),
        ([str(home)], "cannot be read"),
        ([str(home / "latin.yaml")], "byte 6 is not UTF-8"),
        ([good, "--ics", str(home / "no" / "a.ics")], "cannot be written"),
        ([good, "--ics", str(home)], "cannot be written"),
        ([good, "--ics", ""], "cannot be written"),
    ):
        assert main(["law", "clocks", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == "" and says in err and err.count("\n") == 1, err


def test_an_older_calendar_stays_whole_where_the_case_is_bad(home: Path) -> None:
    (home / "a.ics").write_text("older")
    (home / "bad.yaml").write_text("procedure: visa\n")
    assert main(["law", "clocks", str(home / "bad.yaml"), "--ics", str(home / "a.ics")]) == 2
    assert (home / "a.ics").read_text() == "older"
