"""Data types of the organisation's own: packs that are read or refused, and what they find in texts and tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.errors import BadPack
from tongguan.identify import CATEGORIES, TYPES, Detector, Piece
from tongguan.identify.check_digits import CHECKS
from tongguan.identify.type_packs import OwnType, read_pack

PACK = """
format: 1
types:
  staff_number:
    zh: 工号
    en: Staff number
    category: education_work
    level: general-2
    strength: personal
    patterns: ['[ES][0-9]{6}']
    labels: [工号, 员工编号, staff no]
  contract_number:
    zh: 合同号
    en: Contract number
    category: non_personal
    level: general-3
    sensitive: false
    strength: none
    patterns: ['[0-9]{10}']
    check: luhn
    labels: [合同号]
    needs_label: true
  project:
    zh: 项目代号
    en: Project
    category: non_personal
    level: general-4
    strength: none
    words: [龙门计划, Blue Falcon]
    ignore_case: true
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "packs" / "ours.yaml"
    path.parent.mkdir()
    path.write_text(PACK, encoding="utf-8")
    return path


@pytest.fixture
def types(pack: Path) -> list[OwnType]:
    return read_pack(pack, TYPES, CATEGORIES)


def found(types: list[OwnType], *texts: str) -> list[list[tuple[str, str]]]:
    own = {one.id for one in types}
    pieces = [Piece(text) for text in texts]
    scanned = Detector(b"key", own=types).scan(pieces)
    return [
        [(f.type, text[f.start : f.end]) for f in findings if f.type in own]
        for text, findings in zip(texts, scanned, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("工号：E123456，已离职", [("staff_number", "E123456")]),
        ("张三（Ｅ１２３４５６）", [("staff_number", "Ｅ１２３４５６")]),
        ("E12\u200b3456在场", [("staff_number", "E12\u200b3456")]),
        ("𠮷林E123456", [("staff_number", "E123456")]),
        ("E1234567 XE123456 e123456", []),
        ("合同号 1234567897", [("contract_number", "1234567897")]),
        ("合同号 1234567890", []),  # the check digit is wrong
        ("1234567897", []),  # nothing says what it is
        ("合同号\n\n\n1234567897", []),
        ("请看龙门\u200b计划与BLUE FALCON", [("project", "龙门\u200b计划"), ("project", "BLUE FALCON")]),
        ("Blue Falcons, xBlue Falcon", []),
        ("", []),
        ("\ud800E123456", [("staff_number", "E123456")]),
    ],
)
def test_values_are_found_whole_and_in_place(types: list[OwnType], text: str, wanted: list[tuple[str, str]]) -> None:
    assert found(types, text)[0] == wanted


def test_a_label_raises_the_score_and_equal_values_have_equal_digests(types: list[OwnType]) -> None:
    detector = Detector(b"key", own=types)
    bare, labelled, wide = detector.scan([Piece("x E123456"), Piece("staff_no: E123456"), Piece("Ｅ123456")])
    assert bare[0].score == pytest.approx(0.8)
    assert labelled[0].score == pytest.approx(0.95)
    assert bare[0].digest == labelled[0].digest == wide[0].digest
    assert "123456" not in bare[0].masked


def test_long_texts_are_read_in_windows_without_loss(types: list[OwnType]) -> None:
    line = "这一行没有什么。" * 12 + "\n"
    text = (line * 9000 + "工号E654321\n") * 3
    assert found(types, text)[0] == [("staff_number", "E654321")] * 3


@given(st.text(max_size=60), st.integers(0, 999_999), st.text(max_size=60))
def test_what_is_found_is_what_stands_there(before: str, number: int, after: str) -> None:
    type = OwnType(
        "staff_number", "工号", "Staff number", "other", "general-2", False, "personal", patterns=(r"E[0-9]{6}",)
    )
    text = f"{before} E{number:06} {after}"
    assert ("staff_number", f"E{number:06}") in found([type], text)[0]


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("format: 1", "format: 2"), 2, "format: 1"),
        (("staff_number:", "id_card:"), 5, "has this id already"),
        (("staff_number:", "Staff-Number:"), 5, "small letters"),
        (("category: education_work", "category: jobs"), 7, "expected one of"),
        (("level: general-2", "level: core"), 8, "expected one of"),
        (("'[ES][0-9]{6}'", "'(E'"), 10, "no regular expression"),
        (("'[ES][0-9]{6}'", "'E*'"), 10, "empty text"),
        (("'[ES][0-9]{6}'", r"'E(?=1)'"), 10, "no regular expression"),
        (("check: luhn", "check: sum"), 20, "expected one of"),
        (("    labels: [合同号]\n", ""), 13, "would find nothing"),
        (("    words: [龙门计划, Blue Falcon]\n", ""), 24, "how its values are found"),
        (("words: [龙门计划, Blue Falcon]", "words: [龙]"), 29, "two or more"),
        (("needs_label: true", "needs_lable: true"), 22, "not known here"),
    ],
)  # fmt: skip
def test_a_bad_pack_is_told_with_its_line(pack: Path, change: tuple[str, str], line: int, words: str) -> None:
    assert change[0] in PACK
    pack.write_text(PACK.replace(*change, 1), encoding="utf-8")
    with pytest.raises(BadPack) as told:
        read_pack(pack, TYPES, CATEGORIES)
    assert f"line {line}:" in str(told.value)
    assert words in str(told.value)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"[", b"- 1", b"a: &x [*x]", b"types: {}\nformat: 1", b"\x00" * 9])
def test_hostile_files_are_refused(pack: Path, raw: bytes) -> None:
    pack.write_bytes(raw)
    with pytest.raises(BadPack, match=r"ours\.yaml"):
        read_pack(pack, TYPES, CATEGORIES)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("luhn", "79927398713", "79927398710"),
        ("mod-11-2", "079X", "0790"),
        ("mod-11-10", "07945", "07946"),
        ("mod-97-10", "GB82WEST12345698765432"[4:] + "GB82", "GB83"),
    ],
)
def test_check_digits(check: str, good: str, bad: str) -> None:
    """Examples of the standards: ISO/IEC 7064 (0794), ISO 13616 (the IBAN's letters moved behind)."""
    assert CHECKS[check](good)
    assert not CHECKS[check](bad)
    assert not CHECKS[check]("")


# ---- by the environment: everything that names a data type -------------------------------------------------------


def tongguan(folder: Path | str, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import sys; from tongguan.cli import main; sys.exit(main(sys.argv[1:]))", *arguments],
        env={**os.environ, "TONGGUAN_TYPE_PACKS": str(folder)}, input=input, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_packs_count_everywhere(pack: Path, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("员工编号,合同号\nE123456,1234567897\n", encoding="utf-8")
    lines = [json.loads(line) for line in tongguan(pack.parent, "identify", str(table), "--json").stdout.splitlines()]
    assert [(line["type"], line["start"], line["end"]) for line in lines] == [
        ("staff_number", 9, 16), ("contract_number", 17, 27),
    ]  # fmt: skip
    listed = json.loads(tongguan(pack.parent, "types", "list", "--own", "--json").stdout)
    assert [row["id"] for row in listed] == ["staff_number", "contract_number", "project"]
    script = (
        "from tongguan.identify.tables import Column, Judge, Table\n"
        "columns = (Column('bh', None, [f'S{i:06}' for i in range(300)]),"
        " Column('合同号', None, ['1234567897', '1234567897']), Column('zz', None, ['1234567897'] * 30),"
        " Column('prj', None, ['blue falcon', '龙门计划', 'x'] * 5),"
        " Column('bz', None, ['E000123' if i % 10 == 0 else f'row {i}' for i in range(300)]))\n"
        "verdict = Judge(b'key').judge(Table('t', None, columns))\n"
        "print([(c.type, [i.type for i in c.inside]) for c in verdict.columns])"
    )
    judged = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "TONGGUAN_TYPE_PACKS": str(pack.parent)},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert judged.stdout.strip() == str(
        [("staff_number", []), ("contract_number", []), (None, []), ("project", []), (None, ["staff_number"])]
    )


def test_check_holds_a_pack_to_its_examples(pack: Path) -> None:
    empty = pack.parent.parent / "none"
    empty.mkdir()
    pack.write_text(PACK + "    examples: [龙门计划]\n    counterexamples: [龙门]\n", encoding="utf-8")
    good = tongguan(empty, "types", "check", str(pack.parent), "--lang", "en")
    assert (good.returncode, "3 types" in good.stdout) == (0, True)
    pack.write_text(PACK + "    examples: [龙门]\n    counterexamples: [龙门计划]\n", encoding="utf-8")
    bad = tongguan(empty, "types", "check", str(pack), "--json")
    assert bad.returncode == 2
    wrong = json.loads(bad.stdout)["wrong"]
    assert [(one["type"], one["kind"], one["place"]) for one in wrong] == [
        ("project", "example", 1), ("project", "counterexample", 1),
    ]  # fmt: skip


def test_a_bad_pack_stops_what_reads_data(pack: Path) -> None:
    pack.write_text(PACK.replace("format: 1", "format: 3"), encoding="utf-8")
    for folder, words in ((pack.parent, "ours.yaml: line 2"), (pack.parent / "none", "cannot be read")):
        stopped = tongguan(folder, "identify", "-", input="E123456")
        assert stopped.returncode == 2
        assert words in stopped.stderr
        assert "Traceback" not in stopped.stderr
