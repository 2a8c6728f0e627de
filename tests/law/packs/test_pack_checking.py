"""`tongguan law check`, and packs of a folder of one's own in the book."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tongguan.cli.main import main
from tongguan.errors import BadPack
from tongguan.law.book import Book
from tongguan.law.packs.checking import check, checked_json, checked_text
from tongguan.law.packs.shelf import VARIABLE

EXAMPLE = Path(__file__).parents[3] / "examples/law/packs/linjiang-2026.yaml"
GOOD = EXAMPLE.read_text(encoding="utf-8")
SMALL = """format: 1
id: XX-2026
kind: negative_list
zone: beijing
edition: "2026"
names: {zh: 甲, en: A}
instrument: PROMO-2024
from: 2026-12-01
confidence: official
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "pack.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def faults(path: Path) -> tuple[str, ...]:
    return check([path])[0].faults


def warnings(path: Path) -> list[str]:
    [found] = check([path])
    assert found.faults == ()
    return [text["en"] for text in found.warnings]


def test_the_example_is_good_and_says_what_it_would_add() -> None:
    [found] = check([EXAMPLE])
    assert (found.faults, found.warnings) == ((), ())
    said = "\n".join(text["en"] for text in found.adds)
    for part in ("LJ-2026", "2026-10-01", "linjiang-2026/hotels/booking", "scenarios 2 (1 of them"):
        assert part in said
    assert checked_json([found])["good"] is True
    assert "可用" in checked_text([found], "zh")


# What is changed in the example, how many lines below the change the fault is, and what the message must hold.
BROKEN = [
    ("format: 1", "format: 2", 0, "format: expected 1"),
    ("id: LJ-2026 ", "id: LJ 2026 ", 0, "id: expected an id of letters"),
    ("kind: negative_list ", "kind: negativ_list ", 0, "kind: expected one of negative_list"),
    ("from: 2026-10-01", 'from: "2026-10-01"', 0, "from: expected a day of the calendar"),
    ("from: 2026-10-01", "from: 2026-02-30", 0, "from: expected a day of the calendar"),
    ("from: 2026-10-01", "from: 2026-10-01T00:00:00", 0, "from: expected a day of the calendar"),
    ("# to: 2028-09-30 ", "to: 2026-09-30 ", 0, "to: expected 2026-10-01 (from) or later, found 2026-09-30"),
    ("persons_for_contract: 200000", "persons_for_contract: -200000", 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: 2.5", 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: 200_000", 0, "whole number of persons"),
    ("persons_for_contract: 200000", 'persons_for_contract: "200000"', 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: 2e5", 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: true", 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: 0", 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: 99999999999", 0, "whole number of persons"),
    ("persons_for_contract: 200000", "persons_for_contract: 2000000", 0, "expected less than 2000000"),
    ("  ciio: excluded", "  ciio: no", 0, "covers.ciio: expected one of excluded"),
    ("{zh: 接送服务, en: pick-up service}", "pick-up service", 0, "fields[0].only: expected keys"),
    ("n: 10, unit: working_day", "n: 10, unit: workday", 0, "unit: expected one of working_day"),
    ("n: 10, unit: working_day, ", "n: 10, ", 0, "n and unit go together"),
    ("persons: 500000, of: sensitive", "of: sensitive", 0, "persons and of go together"),
    (", treatment: important", "", 0, "about and treatment go together"),
    ("      - id: membership", "      - id: booking", 0, "'booking' is given twice"),
    ("zone_names: {zh: 临江（示例）, en: Linjiang (example)}", "", -1, "a new zone needs zone_names"),
    ("names: {zh: 临江 2026 版清单（示例）", "names: {zhh: 临江", 0, "names.zh: is missing"),
    ("confidence: official\ncovers", "confidence: certain\ncovers", 0, "confidence: expected one of official"),
    ("        en: booking", "        en: \"\\e[31mbooking\"", 0, "control characters"),
    ("        en: booking", "        en: booking\u202e", 0, "control characters"),
    ("counts: {sectors: 1,", "counts: {sector: 1,", 0, "did you mean sectors?"),
    ("    scenarios:\n", "    scenarios: []\n    rules:\n", 0, "a list with an entry or more"),
    ("{zh: 会员消费明细, en: Details of members' spending,", "{zh: 会员, en: Details, and spending,", 0, "put the whole text in quotes"),
    ("  effective: 2026-10-01", "  effective: 2026-10-01\n  until: 2026-09-30", 1, "instrument.until: expected 2026-10-01"),
    ("source: https://example.com/list", "source: javascript:alert(1)", 0, "an address that begins with https://"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "below", "message"), BROKEN, ids=[b[3][:40] for b in BROKEN])
def test_a_fault_names_line_field_and_what_was_expected(
    write: Write, right: str, wrong: str, below: int, message: str
) -> None:
    line = GOOD[: GOOD.index(right)].count("\n") + 1 + below
    found = faults(write(GOOD.replace(right, wrong, 1)))
    assert any(f"line {line}: " in fault and message in fault for fault in found), found


def test_all_faults_are_told_at_once(write: Write) -> None:
    text = GOOD.replace("kind: negative_list", "kind: x").replace("n: 10", "n: -1").replace("area: zone ", "area: x ")
    assert len(faults(write(text))) == 3


def test_what_the_book_has_is_not_taken_twice(write: Write) -> None:
    text = SMALL.replace("XX-2026", "BJ-2025")
    [found] = faults(write(text))
    assert "line 2" in found and "replaces: BJ-2025" in found
    assert faults(write(text + "replaces: BJ-2025\n")) == ()
    [found] = faults(write(SMALL + "replaces: BJ-2099\n"))
    assert "no list 'BJ-2099'" in found
    [found] = faults(
        write(
            SMALL.replace("id: XX-2026", "id: PIPL").replace("PROMO-2024", "{title: x, en: x, issuer: {zh: x, en: x}}")
        )
    )
    assert "instrument" in found and "PIPL" in found
    first, second = write(SMALL, "a.yaml"), write(SMALL, "b.yaml")
    assert [bool(one.faults) for one in check([first, second])] == [False, True]


def test_a_scenario_of_another_list_is_not_taken(write: Write) -> None:
    scenario = "sectors: [{id: retail, zh: 零售, en: retail, scenarios: [{id: membership, zh: 会员, en: members}]}]\n"
    [found] = faults(write(SMALL.replace('"2026"', '"2024"') + scenario))
    assert "BJ-2024" in found and "beijing-2024/retail/membership" in found


def test_warnings(write: Write) -> None:
    [overlap] = warnings(write(SMALL))
    assert "BJ-2025" in overlap and "line 8" in overlap
    assert warnings(write(SMALL + "succeeds: BJ-2025\n")) == []
    assert "no instrument NOT-HERE" in warnings(write(SMALL.replace("PROMO-2024", "NOT-HERE")))[1]
    bare = warnings(write(SMALL.replace("confidence: official\n", "rules: [{zh: 甲, en: a}]\n")))
    assert any("without a confidence" in text and ": 2;" in text for text in bare)
    part = GOOD.replace("          persons_for_contract: 200000\n", "")
    assert "persons_for_contract missing" in warnings(write(part))[0]
    general = GOOD.replace("kind: negative_list", "kind: general_list")
    assert "only limits of a negative list decide" in warnings(write(general))[0]
    topic = GOOD.replace("about: important_sensitive", "about: hotel_guests")
    assert "hotel_guests" in warnings(write(topic))[0]
    assert "more than the 1" in warnings(write(GOOD.replace("scenarios: 2,", "scenarios: 1,")))[0]
    later = GOOD.replace("effective: 2026-10-01", "effective: 2026-10-02")
    assert "another day" in warnings(write(later))[0]


def test_the_command(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "check", str(EXAMPLE), "--lang", "en"]) == 0
    assert "good" in capsys.readouterr().out
    bad = write("format: 1\n")
    assert main(["law", "check", str(EXAMPLE), str(bad), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert [pack["good"] for pack in told["packs"]] == [True, False] and not told["good"]
    assert main(["law", "check", str(bad.parent)]) == 2
    assert "line 1" in capsys.readouterr().out
    assert main(["law", "check", str(bad.parent / "none.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().out


def test_a_folder_without_packs_and_what_is_no_file(write: Write, tmp_path: Path) -> None:
    with pytest.raises(BadPack, match="no packs in this folder"):
        check([tmp_path])
    (tmp_path / "odd.yaml").mkdir()
    assert "expected a file" in check([tmp_path])[0].faults[0]


# ---- A folder of one's own ---------------------------------------------------------------------------------------


def test_a_folder_of_packs_is_in_the_book(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(GOOD, "packs/linjiang.yaml").parent
    monkeypatch.setenv(VARIABLE, str(folder))
    book = Book()
    assert book.zones["linjiang"]["zh"] == "临江（示例）"
    assert book.instruments["LJ-2026"].number == "示例发〔2026〕1号"
    before, after = book.page(date(2026, 9, 30)), book.page(date(2026, 10, 1))
    assert "linjiang" not in before.lists and after.list_ids["LJ-2026"] == "linjiang"
    assert after.scenarios["linjiang-2026/hotels/booking"].numbers["persons_for_contract"] == 200_000
    assert after.scenarios["linjiang-2026/hotels/membership"].numbers == {}
    assert check([EXAMPLE])[0].faults, "it is there already"
    assert check([folder])[0].faults == (), "save when it is that file"


def test_a_next_edition_ends_the_one_before(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(write(SMALL + "succeeds: BJ-2025\n", "packs/a.yml").parent))
    book = Book()
    assert book.page(date(2026, 11, 30)).lists["beijing"] == "BJ-2025"
    page = book.page(date(2026, 12, 1))
    assert page.lists["beijing"] == "XX-2026" and "BJ-2025" not in page.list_ids


def test_a_newer_list_of_a_zone_counts_while_both_hold(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(write(SMALL, "packs/a.yaml").parent))
    page = Book().page(date(2026, 12, 1))
    assert page.lists["beijing"] == "XX-2026" and {"XX-2026", "BJ-2025"} <= set(page.list_ids)


def test_a_list_may_be_replaced_by_a_fuller_text(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        SMALL.replace("XX-2026", "BJ-2025").replace("2026-12-01", "2026-05-11")
        + "replaces: BJ-2025\nnote: {zh: 抄自原文, en: Copied}\n"
    )
    monkeypatch.setenv(VARIABLE, str(write(text, "packs/a.yaml").parent))
    book = Book()
    assert book.zone_lists["BJ-2025"].note == {"zh": "抄自原文", "en": "Copied"}
    assert [entry["id"] for entry in book.zones["beijing"]["lists"]] == ["BJ-2025", "BJ-2024"]


def test_an_instrument_that_nobody_knows_is_cited_by_the_lists_name(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(write(SMALL.replace("PROMO-2024", "NOT-HERE"), "packs/a.yaml").parent))
    one = Book().instruments["NOT-HERE"]
    assert (one.title, one.confidence, one.effective, one.described) == ("甲", "unverified", None, True)


def ask(folder: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, VARIABLE: str(folder), "TONGGUAN_HOME": str(Path(folder).parent / "home")}
    return subprocess.run(
        [sys.executable, "-m", "tongguan.cli", *words], env=environment, capture_output=True, text=True, timeout=120
    )


def test_an_own_list_decides_and_is_shown(write: Write) -> None:
    folder = write(GOOD, "packs/linjiang.yaml").parent
    question = """date: 2026-11-21
data: {personal: true, important: false, core: false, state_secret: false, persons: 150000, sensitive_persons: 0}
exporter: {zone: linjiang, ciio: false}
recipient: {country: US}
activity: {act: transmission, zone_scenario: linjiang-2026/hotels/booking}
"""
    asked = ask(folder, "decide", str(write(question, "facts.yaml")), "--json")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["pathway"] in ("exempt", "zone_registration")
    shown = ask(folder, "law", "show", "LJ-2026", "--as-of", "2026-11-21", "--lang", "en")
    assert "Linjiang list of 2026" in shown.stdout and "2,000,000" in shown.stdout
    found = ask(folder, "law", "search", "临江", "--json")
    assert "LJ-2026" in {hit["id"] for hit in json.loads(found.stdout)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SMALL.replace("2026-12-01", "someday"), "line 8: from: expected a day"),
        (SMALL + "sectors: [\n", "not readable as YAML"),
    ],
)
def test_a_bad_pack_is_one_clear_error_at_start(write: Write, text: str, message: str) -> None:
    folder = write(text, "packs/bad.yaml").parent
    shown = ask(folder, "law", "show", "PIPL")
    assert shown.returncode == 2 and shown.stdout == ""
    assert message in shown.stderr and "bad.yaml" in shown.stderr and "Traceback" not in shown.stderr
    assert shown.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "inspect"])
def test_it_is_told_before_any_work(write: Write, tmp_path: Path, command: str) -> None:
    folder = write("format: 2\n", "packs/bad.yaml").parent
    words = {
        "serve": ["serve", "--workspace", str(tmp_path), "--org", "none.yaml", "--port", "0"],
        "inspect": ["inspect", "none.pcap", "--org", "none.yaml", "--out", str(tmp_path / "out")],
    }
    shown = ask(folder, *words[command])
    assert shown.returncode == 2 and "bad.yaml, line 1: " in shown.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_there_is_one_clear_error() -> None:
    shown = ask("/no/such/folder", "law", "show", "PIPL")
    assert shown.returncode == 2 and VARIABLE in shown.stderr and "/no/such/folder" in shown.stderr


def test_the_variable_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs/settings.md").read_text(encoding="utf-8")
    assert VARIABLE in text and "packs.md" in text
