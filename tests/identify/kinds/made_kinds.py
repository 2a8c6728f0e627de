"""Small corpora of made-up kinds, from a seed."""

from __future__ import annotations

import random

from tongguan.identify import kinds

# Words of made-up kinds: nothing of the shipped kinds, so that a model can only know them by training.
WORDS = {
    "tender": "投标人 开标 评标 招标文件 中标 保证金 资格预审 标书 废标 报价",
    "recipe": "flour butter oven sugar whisk simmer garlic onion teaspoon bake",
    "weather": "cloudy humidity forecast rainfall 气温 湿度 阵风 wind gust pressure",
}


def made_text(kind: str, seed: int, words: int = 120) -> str:
    """A text of a made-up kind; others' words occur in it too."""
    chance = random.Random(f"{kind} {seed}")
    own = WORDS[kind].split()
    other = [word for name in WORDS if name != kind for word in WORDS[name].split()]
    picked = [chance.choice(own if chance.random() < 0.8 else other) for _ in range(words)]
    return "\n".join(" ".join(picked[i : i + 7]) for i in range(0, words, 7))


def made_corpus(first: int = 0, count: int = 24, named=tuple(WORDS)) -> kinds.Corpus:
    documents = [
        kinds.Document(made_text(kind, seed), kind, f"{kind}-{seed % 6}")
        for kind in named
        for seed in range(first, first + count)
    ]
    return kinds.Corpus(documents, {kind: {"zh": f"{kind}类", "en": kind} for kind in named})
