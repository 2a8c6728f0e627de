"""Copies of known documents are found, whole, in part and edited; unrelated text and boilerplate are not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_tables import KEY

from tongguan.errors import BadInput
from tongguan.identify import Piece
from tongguan.identify.fingerprints import DocumentStore, build_documents
from tongguan.identify.fingerprints.siphash import key_of
from tongguan.identify.fingerprints.winnow import GRAM, WINDOW, chosen_of

HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装"
SYLLABLES = [a + b for a in ("b", "d", "f", "gr", "k", "l", "m", "n", "pr", "s", "st", "t", "v") for b in "aeiou"]
WORDS = ["".join(random.Random(i).choices(SYLLABLES, k=1 + i % 4)) for i in range(2000)]


def chinese(seed: int, size: int) -> str:
    pick = random.Random(seed)
    text = "".join(pick.choices(HAN, k=size))
    return "".join(c + ("，" if i % 13 == 12 else "。\n" if i % 57 == 56 else "") for i, c in enumerate(text))


def english(seed: int, size: int) -> str:
    pick = random.Random(seed)
    return " ".join(pick.choices(WORDS, k=size))


DOCUMENTS = {f"zh-{i}": chinese(i, 3000) for i in range(20)} | {f"en-{i}": english(i, 2000) for i in range(20)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DocumentStore:
    path = tmp_path_factory.mktemp("documents") / "known.tgfp"
    assert build_documents(((name, [Piece(text)]) for name, text in DOCUMENTS.items()), path, KEY) == 40
    return DocumentStore(path, KEY)


def test_a_whole_copy_is_wholly_found(store: DocumentStore) -> None:
    for name, text in DOCUMENTS.items():
        match = store.match([Piece(text)])[0]
        assert (match.document, match.share_of_document, match.resemblance) == (name, 1, 1)
        assert match.share_of_text > 0.99
        assert [(p.start, p.end) for p in match.passages] == [
            (p.document_start, p.document_end) for p in match.passages
        ]
        assert store.nearest([Piece(text)])[0] == (name, 1.0)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(DOCUMENTS)),
    share=st.floats(0.1, 0.9),
    at=st.floats(0, 1),
    style=st.sampled_from([str, str.upper, lambda t: t.replace("\n", "\r\n> "), lambda t: t.replace(" ", "\u3000")]),
)
def test_a_part_is_found_with_its_share_and_place(store: DocumentStore, name, share, at, style) -> None:
    text = DOCUMENTS[name]
    size = int(len(text) * share)
    start = int((len(text) - size) * at)
    before, part = chinese(99, 400), style(text[start : start + size])
    match = store.match([Piece(before + part + english(98, 200))])[0]
    assert match.document == name
    assert abs(match.share_of_document - share) < 0.05
    assert len(match.passages) == 1
    passage = match.passages[0]
    assert abs(passage.start - len(before)) < 60 and abs(passage.end - len(before) - len(part)) < 60
    assert abs(passage.document_start - start) < 60 and abs(passage.document_end - start - size) < 60


@pytest.mark.parametrize(("edits", "least"), [(0.0, 0.99), (0.01, 0.6), (0.03, 0.3)])
def test_edited_copies_are_found(store: DocumentStore, edits: float, least: float) -> None:
    pick = random.Random(4)
    for name in ("zh-3", "zh-7"):
        text = "".join(c if pick.random() >= edits else pick.choice(HAN) for c in DOCUMENTS[name])
        match = store.match([Piece(text)])[0]
        assert match.document == name and match.share_of_document > least


def test_unrelated_text_is_no_copy(store: DocumentStore) -> None:
    unrelated = [Piece(chinese(1000 + i, 5000)) for i in range(40)] + [
        Piece(english(1000 + i, 3000)) for i in range(40)
    ]
    assert store.match(unrelated) == []
    assert store.nearest(unrelated) == []


def test_shuffled_paragraphs_are_found_each_at_its_place(store: DocumentStore) -> None:
    text = DOCUMENTS["zh-5"]
    parts = [text[i : i + 600] for i in range(0, len(text), 600)]
    order = [3, 1, 4, 0, 2]
    match = store.match([Piece("".join(parts[i] for i in order))])[0]
    assert match.document == "zh-5" and match.share_of_document > 0.85
    assert [round(p.document_start / 600) for p in match.passages][:5] == order


def test_boilerplate_does_not_count(tmp_path: Path) -> None:
    clause, path = chinese(50, 800), tmp_path / "d.tgfp"
    documents = [(f"contract-{i}", [Piece(clause + chinese(60 + i, 1200))]) for i in range(5)]
    build_documents(documents, path, KEY, boilerplate=[[Piece(clause)]])
    store = DocumentStore(path, KEY)
    assert store.match([Piece(chinese(70, 500) + clause)]) == []
    found = store.match(documents[2][1])
    assert [m.document for m in found] == ["contract-2"] and found[0].share_of_document > 0.99
    assert found[0].share_of_text > 0.99


def test_what_stands_in_many_documents_does_not_count(tmp_path: Path) -> None:
    clause, path = english(50, 300), tmp_path / "d.tgfp"
    documents = [(f"d{i}", [Piece(clause + " " + english(60 + i, 300))]) for i in range(12)]
    build_documents(documents, path, KEY, common=10)
    assert DocumentStore(path, KEY).match([Piece(clause)]) == []
    build_documents(documents, path, KEY, common=12)
    assert len(DocumentStore(path, KEY).match([Piece(clause)])) == 12


def test_a_shared_run_always_shares_a_fingerprint() -> None:
    keys = key_of(KEY, "a"), key_of(KEY, "b")
    for seed in range(40):
        size = -(-(GRAM + WINDOW) // 2) + 1
        run = chinese(seed, size * 2)[: size + 2]
        one = set(chosen_of(chinese(seed + 100, 50) + run + chinese(seed + 200, 50), *keys)[0].tolist())
        two = set(chosen_of(chinese(seed + 300, 37) + run + chinese(seed + 400, 9), *keys)[0].tolist())
        assert one & two


def test_windows_of_long_texts_make_no_difference() -> None:
    keys = key_of(KEY, "a"), key_of(KEY, "b")
    text = english(3, 200_000)
    assert len(text) > 1 << 20
    whole, spans = chosen_of(text, *keys)
    tail, tail_spans = chosen_of(text[(1 << 20) - 500 :], *keys)
    own = spans[:, 0] >= (1 << 20) - 300
    shared = tail_spans[:, 0] >= 200
    assert np.array_equal(whole[own], tail[shared])
    assert np.array_equal(spans[own, 0], tail_spans[shared, 0] + (1 << 20) - 500)
    assert np.all(np.diff(spans[:, 0]) > 0) and np.all(np.diff(spans[:, 2]) > 0)


def test_hostile_text_is_read_in_good_time(store: DocumentStore) -> None:
    for text in (
        "a" * 10_000_000,
        "一" * 3_000_000,
        " " * 3_000_000,
        "\ud800" * 100_000,
        DOCUMENTS["zh-1"][:200] * 2000,
    ):
        for match in store.match([Piece(text)]):
            assert match.share_of_document < 0.2
    assert store.match([]) == [] and store.match([Piece("")]) == [] and store.nearest([Piece("短")]) == []


def test_pieces_are_kept_apart(store: DocumentStore) -> None:
    text = DOCUMENTS["zh-9"]
    match = store.match([Piece(text[:900]), Piece("无关"), Piece(text[900:])])[0]
    assert match.share_of_document > 0.97
    assert [p.piece for p in match.passages] == [0, 2]


def test_nothing_to_know_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no documents"):
        build_documents([], tmp_path / "d.tgfp", KEY)
    with pytest.raises(BadInput, match="expected 1 or more"):
        build_documents([("a", [Piece("x")])], tmp_path / "d.tgfp", KEY, common=0)
    assert list(tmp_path.iterdir()) == []
    build_documents([("empty", [Piece("")])], tmp_path / "d.tgfp", KEY)
    assert DocumentStore(tmp_path / "d.tgfp", KEY).match([Piece("任何文字" * 100)]) == []
