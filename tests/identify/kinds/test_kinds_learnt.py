"""Training and measuring: the same texts and seed give the same model, and it knows what it was shown."""

from __future__ import annotations

import json
import os
from datetime import date

import numpy as np
import pytest
from made_kinds import WORDS, made_corpus, made_text

from tongguan.errors import BadInput
from tongguan.identify import kinds

DAY = date(2026, 1, 2)


def test_same_texts_and_seed_give_the_same_bytes(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        kinds.train(made_corpus(), seed=seed, today=DAY).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_unseen_texts_of_the_kinds_are_known(trained):
    report = kinds.evaluate(trained, made_corpus(first=1000))
    assert report.accuracy == 1.0
    assert report.macro_f1 == 1.0
    assert report.refused == 0.0


def test_report_adds_up(trained):
    corpus = made_corpus(first=500, count=10)
    strange = [kinds.Document(made_text("tender", 900 + i), "never_seen", "x") for i in range(5)]
    report = kinds.evaluate(trained, kinds.Corpus(corpus.documents + strange, corpus.names))
    assert report.texts == 35 == sum(report.confusion.values())
    # the strange ones are tenders in truth: every one is a false answer, and costs tenders their precision
    assert report.false_answers == 1.0
    assert report.kinds["tender"].precision == pytest.approx(10 / 15, abs=1e-4)
    assert report.kinds["tender"].recall == 1.0
    assert report.kinds["tender"].f1 == pytest.approx(2 * 10 / (10 + 15), abs=1e-4)
    assert sum(row[2] for row in report.calibration) == 30
    assert json.loads(json.dumps(report.to_dict()))["texts"] == 35


def test_wrong_labels_show_in_the_figures(trained):
    swapped = {"tender": "recipe", "recipe": "tender", "weather": "weather"}
    corpus = made_corpus(first=300, count=8)
    report = kinds.evaluate(
        trained,
        kinds.Corpus([kinds.Document(d.text, swapped[d.kind], d.source) for d in corpus.documents], corpus.names),
    )
    assert report.kinds["tender"].recall == 0.0
    assert report.confusion["tender", "recipe"] == 8
    assert report.kinds["weather"].f1 == 1.0


def test_a_kind_added_by_its_folder(tmp_path):
    """A user's own kind: two folders and a name, and the kind is known from then on."""
    for kind in ("tender", "recipe"):
        for source in range(3):
            folder = tmp_path / kind / f"source{source}"
            folder.mkdir(parents=True)
            for n in range(5):
                (folder / f"{n}.txt").write_text(made_text(kind, 10 * source + n), "utf-8")
    (tmp_path / "kinds.yaml").write_text("tender: {zh: 投标文件, en: tender}\n", "utf-8")
    (tmp_path / "sources.yaml").write_text("source1: {licence: CC0-1.0}\n", "utf-8")
    model = kinds.train(kinds.read_corpus(tmp_path), seed=1)
    assert model.name("tender") == {"zh": "投标文件", "en": "tender"}
    assert model.name("recipe") == {"zh": "recipe", "en": "recipe"}
    assert model.classify(made_text("tender", 77)).kind == "tender"
    told = {row["name"]: row for row in model.manifest["sources"]}
    assert told["source1"]["licence"] == "CC0-1.0"
    assert told["source1"]["texts"] == 10
    assert told["other"]["texts"] == 20


def test_a_list_of_files(tmp_path):
    rows = []
    for i, kind in enumerate(list(WORDS) * 6):
        (tmp_path / f"{i}.txt").write_text(made_text(kind, i), "utf-8")
        rows.append(json.dumps({"path": f"{i}.txt", "kind": kind, "source": f"s{i % 4}"}))
    (tmp_path / "list.jsonl").write_text("\n".join(rows), "utf-8")
    corpus = kinds.read_corpus(tmp_path / "list.jsonl")
    assert sorted(d.kind for d in corpus.documents) == sorted(list(WORDS) * 6)
    assert {d.source for d in corpus.documents} == {"s0", "s1", "s2", "s3"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"path": "a.txt"}', "list.jsonl:1"),
        ("not json", "list.jsonl:1"),
        ('{"path": "a.txt", "kind": "Ä b"}', "small letters"),
        ("[1]", "list.jsonl:1"),
        ("", "no labelled text"),
    ],
)
def test_bad_lists_are_told_by_line(tmp_path, content, says):
    (tmp_path / "list.jsonl").write_text(content, "utf-8")
    with pytest.raises(BadInput, match=says):
        kinds.read_corpus(tmp_path / "list.jsonl")


def test_files_that_cannot_be_read_are_blind_spots(tmp_path):
    for kind in ("tender", "recipe"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "a.txt").write_text(made_text(kind, 1), "utf-8")
    (tmp_path / "tender" / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "tender" / "pipe.txt")
    (tmp_path / "tender" / "empty.txt").touch()
    corpus = kinds.read_corpus(tmp_path)
    assert len(corpus.documents) == 2
    assert [spot.where.rpartition("/")[2] for spot in corpus.blind_spots] == ["gone.txt", "pipe.txt"]


def test_one_kind_alone_is_nothing_to_learn():
    with pytest.raises(BadInput, match="two kinds"):
        kinds.train(made_corpus(named=("tender",)))


def test_texts_with_nothing_in_common_are_nothing_to_learn():
    documents = [kinds.Document(chr(0x4E00 + 50 * i) * 3, f"k{i}", f"s{i}") for i in range(2)]
    with pytest.raises(BadInput, match="nothing to learn"):
        kinds.train(kinds.Corpus(documents, {"k0": {"zh": "", "en": ""}, "k1": {"zh": "", "en": ""}}))


def test_n_grams_of_one_source_are_not_learnt():
    """A source's own mark, in all its texts, must not become what a kind is known by."""
    corpus = made_corpus()
    marked = [
        kinds.Document(d.text + ("\nzzmarkzz zzmarkzz zzmarkzz" if d.source == "tender-0" else ""), d.kind, d.source)
        for d in corpus.documents
    ]
    model = kinds.train(kinds.Corpus(marked, corpus.names), seed=1)
    verdict = model.classify("zzmarkzz zzmarkzz zzmarkzz " * 20)
    assert not any("zzmark" in evidence.text for evidence in verdict.evidence)


def test_probabilities_are_calibrated_ones(trained):
    vector = trained.vocabulary.vector(np.zeros(0, np.uint16))
    assert trained.probabilities(vector).sum() == pytest.approx(1.0)
    assert trained.manifest["temperature"] > 0
    assert 0.5 <= trained.manifest["threshold"] <= 0.9


def test_texts_of_no_kind_are_learnt_as_unknown():
    """A folder `none` teaches what to refuse; it is never an answer."""
    corpus = made_corpus()
    relabelled = [
        kinds.Document(d.text, kinds.NONE if d.kind == "weather" else d.kind, d.source) for d in corpus.documents
    ]
    model = kinds.train(kinds.Corpus(relabelled, {**corpus.names, kinds.NONE: {"zh": "无", "en": "none"}}), seed=1)
    verdict = model.classify(made_text("weather", 555))
    assert (verdict.kind, verdict.reason) == (None, "none")
    assert model.classify(made_text("tender", 555)).kind == "tender"
    strange = [kinds.Document(made_text("weather", i), kinds.NONE, "x") for i in range(700, 710)]
    assert kinds.evaluate(model, kinds.Corpus(strange, {})).false_answers == 0.0
