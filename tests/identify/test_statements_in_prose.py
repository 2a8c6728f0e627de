"""What is said of persons in running prose: which stretches a reader is asked about, what becomes of its answers, and of
its absence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify import Detector, Piece, Prose
from tongguan.identify.detect import SaidInProse, statements
from tongguan.identify.detect.characters import units_of
from tongguan.identify.detect.detector import COUNTED
from tongguan.identify.explaining import explain
from tongguan.model import BlindKind

KEY = b"a key of tests"
TALK = "小周：我跟他前年就各过各的了\n老吴：那娃呢\n小周：判给我了，今年刚上小学\n"


class Script:
    """Reads by a list of known words, and remembers what it was asked."""

    def __init__(self, known: dict[str, str], probability: float = 0.9) -> None:
        self.known, self.probability, self.asked = known, probability, list[str]()

    def read(self, texts: Sequence[str]) -> list[list[tuple[str, int, int, float]]]:
        self.asked += texts
        return [
            [(type, t.index(w), t.index(w) + len(w), self.probability) for w, type in self.known.items() if w in t]
            for t in texts
        ]


def scan(text: str, said: SaidInProse) -> tuple[list[tuple[str, str]], Detector]:
    detector = Detector(KEY, as_of=date(2026, 11, 21), prose=Prose(None, said=said))
    return [(f.type, text[f.start : f.end]) for f in detector.scan([Piece(text)])[0]], detector


def spots(detector: Detector) -> list[tuple[BlindKind, int]]:
    return [(s.kind, s.count) for s in detector.blind_spots() if s.detail.startswith("what is said")]


def test_what_is_said_is_found_where_it_stands() -> None:
    script = Script({"前年就各过各的了": "marital_status"})
    found, detector = scan(TALK, SaidInProse(script))
    assert ("marital_status", "前年就各过各的了") in found
    assert "".join(script.asked) in TALK and spots(detector) == []


def test_without_a_reader_it_is_said_what_was_not_read() -> None:
    _, detector = scan(TALK, SaidInProse(None))
    assert spots(detector) == [(BlindKind.DETECTOR_DISABLED, 1)]


def test_beyond_its_share_it_is_said_what_was_not_read() -> None:
    text = "".join(f"{n}号：我跟他前年离了，娃{n}岁判给我，每月工资就四千二，还欠着网贷\n" * 3 for n in range(40))
    script = Script({})
    _, detector = scan(text, SaidInProse(script, share=0, least=300))
    assert 0 < sum(map(len, script.asked)) <= 300
    assert [kind for kind, _ in spots(detector)] == [BlindKind.SAMPLED]


def test_programs_and_tables_of_goods_are_not_asked_about() -> None:
    script = Script({})
    scan("for i in range(10):\n    total += rows[i].size\n" * 40 + "A4711\t螺栓\tM8\t12.50\n" * 40, SaidInProse(script))
    assert script.asked == []


def test_what_is_known_is_not_told_twice() -> None:
    text = "李建国电话13800138000他说前年跟老婆离了，今年再婚，娃判给女方\n"
    script = Script({"李建国电话13800138000他说前年跟老婆离了": "marital_status"})
    found, _ = scan(text, SaidInProse(script))
    assert ("phone", "13800138000") in found
    assert [value for type, value in found if type == "marital_status"] == ["他说前年跟老婆离了"]


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("他血压高，天天得吃药，上个月又住了院\n", True),
        ("昨晚call过her血压高，天天得吃药，上个月又住了院\n", True),
        ("高血压患者血压高，天天得吃药，定期住院复查\n", False),
        ("高血压患者history里写血压高，天天得吃药，定期住院复查\n", False),
    ],
)
def test_what_is_nobodys_is_told_and_not_counted(text: str, counted: bool) -> None:
    detector = Detector(KEY, prose=Prose(None, said=SaidInProse(Script({"天天得吃药": "health"}, 0.6))), doubtful=True)
    piece = Piece(text)
    (found,) = [f for f in detector.scan([piece])[0] if f.detector == "statements"]
    assert (found.score >= COUNTED) is counted and (found.validator == "whose") is not counted
    assert any("no particular person" in reason["en"] for reason in explain(piece, found)) is not counted


@pytest.mark.parametrize(
    ("said", "told", "expected"),
    [
        ("都十二岁了", "age", "minor"),
        ("两岁多", "age", "minor"),
        ("十四个月大", "minor", "minor"),
        ("a 7-year-old", "age", "minor"),
        ("四十二岁", "age", "age"),
        ("一百零三岁", "minor", "age"),
        ("十四岁", "minor", "age"),
        ("读四年级", "minor", "minor"),
        ("a 37-year-old", "age", "age"),
        ("103 years old", "age", "age"),
    ],
)
def test_under_fourteen_is_told_by_the_number(said: str, told: str, expected: str) -> None:
    text = f"他家那个，{said}，我见过\n他血压高，天天得吃药，上个月又住了院\n"
    found, _ = scan(text, SaidInProse(Script({said: told})))
    assert [type for type, value in found if type in ("age", "minor") and value in said] == [expected]


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("犯盗窃罪，数额较大的，处三年以下有期徒刑、拘役或者管制。\n", False),
        ("犯盗窃罪，判了三年，前年坐过牢，刚放出来\n", True),
        ("他犯盗窃罪，坐过牢，法官念了处三年以下有期徒刑那条\n", True),
    ],
)
def test_a_law_speaks_of_nobody(text: str, counted: bool) -> None:
    said = SaidInProse(Script({"犯盗窃罪": "criminal_record"}, 0.95))
    found = Detector(KEY, prose=Prose(None, said=said), doubtful=True).scan([Piece(text)])[0]
    assert [f.score >= COUNTED for f in found if f.detector == "statements"] == [counted]


def test_what_is_hardly_likely_is_not_told() -> None:
    said = SaidInProse(Script({"天天得吃药": "health"}, 0.4))
    assert Detector(KEY, prose=Prose(None, said=said), doubtful=True).scan([Piece("他血压高，天天得吃药\n")]) == [[]]


@given(st.text(st.sampled_from("他离婚了，。\n\x00aB7岁病!|"), max_size=400), st.integers(1, 40), st.integers(2, 80))
def test_stretches_lie_in_the_text_and_hold_all_telling_clauses(text: str, stretch: int, longest: int) -> None:
    weights = np.zeros(1 << statements.SIGN_BITS, np.float32)
    weights[statements.slots("病")[0]] = 1  # a clause tells something where it holds this character
    units = units_of(text).astype(np.uint16)
    parts = statements.stretches(units, statements._FOLD, statements._ENDS, weights, -0.5, stretch, longest).tolist()
    covered = [at for start, end, _ in parts for at in range(start, end)]
    assert len(covered) == len(set(covered)) and all(0 <= at < len(text) for at in covered)
    assert {at for at, c in enumerate(text) if c == "病"} <= set(covered)
    for start, end, told in parts:
        assert told > 0 and "\x00" not in text[start : end - 1] and end - start <= longest + longest // 2 + 1


@pytest.mark.parametrize("clause", ["", "病", "他38岁", "She is 41"])
def test_digits_and_capitals_count_as_one(clause: str) -> None:
    assert statements.slots(clause).tolist() == statements.slots(clause.swapcase().translate({0x33: "9"})).tolist()
