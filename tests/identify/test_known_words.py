"""The automaton of known words: what it finds is what looking for every word at every place finds; and it is small."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tongguan.identify.detect.characters import IGNORABLE, KIND, LETTER, units_of
from tongguan.identify.detect.words import automaton_of, read_words

Hit = tuple[int, int, str]
SIGNS = "甲乙丙aAbBcC1 _-，\u200bß"


def _plainly(text: str, words: list[str]) -> list[Hit]:
    """Every word at every place, none inside another; of words that end together the longest."""
    kinds = KIND[units_of(text)]
    seen = [i for i in range(len(text)) if kinds[i] != IGNORABLE]
    bare = "".join(text[i] for i in seen)
    folded = "".join(c.upper() if c.isascii() else c for c in bare)
    hits = []
    for word in dict.fromkeys("".join(c.upper() if c.isascii() else c for c in word) for word in words):
        at = folded.find(word)
        while at >= 0:
            start, end = seen[at], seen[at + len(word) - 1] + 1
            latin = word.isascii() and word[0].isalpha() and word[-1].isalpha()
            if not latin or (_border(text, kinds, start - 1) and _border(text, kinds, end - 1)):
                hits.append((start, end, word))
            at = folded.find(word, at + 1)
    return sorted(
        hit for hit in hits if not any(o != hit and o[0] <= hit[0] and hit[1] <= o[1] for o in hits)
    )  # fmt: skip


def _border(text: str, kinds: np.ndarray[tuple[int], np.dtype[np.uint8]], left: int) -> bool:
    if left < 0 or left + 1 >= len(text) or kinds[left] != LETTER or kinds[left + 1] != LETTER:
        return True
    return text[left].islower() and text[left + 1].isupper()


def _found(text: str, words: list[str]) -> list[Hit]:
    automaton = automaton_of((word, "labels", word) for word in words)
    found = read_words(units_of(text), automaton)
    names = ["".join(c.upper() if c.isascii() else c for c in automaton.label_names[i]) for i in found.label.tolist()]
    return sorted(zip(found.start.tolist(), found.end.tolist(), names, strict=True))


@pytest.mark.parametrize("seed", range(60))
def test_finds_what_every_word_at_every_place_finds(seed: int) -> None:
    chance = random.Random(seed)
    letters = SIGNS[:-2] if seed % 2 else "aab"
    words = ["".join(chance.choices(letters, k=chance.randint(1, 6))) for _ in range(chance.randint(1, 60))]
    words = list({word.upper(): word for word in words}.values())
    text = "".join(chance.choices([*SIGNS, *words], k=400))
    assert _found(text, words) == _plainly(text, words)


def test_words_of_many_characters_take_little_room() -> None:
    chance = random.Random(20261121)
    words = list({"".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(5)) for _ in range(5000)})
    text = "。".join(words)
    assert [word for _, _, word in _found(text, words)] == words
    machine = automaton_of((word, "labels", word) for word in words).machine
    assert len(machine.match) > 20_000  # a full table: states by characters, of four bytes each, is 1 GB
    assert machine.table.nbytes + machine.first.nbytes < 8 << 20


@pytest.mark.parametrize("word", ["𠮷野", "甲\u200b乙", "Ａ", "ǅ", "\ud800甲"])
def test_odd_words_do_no_harm(word: str) -> None:
    text = f"在{word}里，甲乙丙 𠮷野"
    found = _found(text, [word, "甲乙丙"])
    assert [hit for hit in found if hit[2] == "甲乙丙"] == [(len(word) + 3, len(word) + 6, "甲乙丙")]


def test_no_words_find_nothing() -> None:
    assert _found("甲乙丙", []) == []
