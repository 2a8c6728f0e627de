"""Training: labelled texts in, a model out. The same texts and seed give the same model.

1. Vocabulary: the n-grams that tell kinds apart best, of those that stand in `_TEXTS_MIN` texts and two sources.
2. Weights: multinomial logistic regression by stochastic gradient descent (Adagrad), every kind and every source of a
   kind with a weight of its own, so that no large source drowns the others. Of each text a stretch is learnt as well,
   so that parts of documents are known too.
3. Calibration: sources are dealt into folds; each fold is judged by a model that saw none of its sources. From those
   answers come the temperature, the threshold of `unsure` and the least coverage.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan import china_time
from tongguan.errors import BadInput
from tongguan.identify.kinds.characters import units
from tongguan.identify.kinds.corpus import Corpus, Document
from tongguan.identify.kinds.model import NONE, Model
from tongguan.identify.kinds.ngrams import SPACE_BITS, ngrams
from tongguan.identify.kinds.vocabulary import RARITY_STEPS, Vocabulary

__all__ = ["train"]

NGRAMS_MAX: Final = 1 << 16

_TEXTS_MIN = 3
_EPOCHS, _RATE, _DECAY = 12, 0.6, 2e-6
_FOLDS = 4
_STRETCH = (300, 1500)  # characters of the stretches that are learnt beside whole texts
_ACCEPTED_RIGHT = 0.9  # the threshold is the least at which this share of answers is right
_THRESHOLDS = (0.5, 0.9)
_COVERAGE_QUANTILE = 0.01
_CANDIDATES_MAX = 1 << 20
_KEPT_LEAST = 0.05  # of a text's columns, at each look at it: no few of them may carry a kind
_LCG_A, _LCG_C, _HALF = np.uint64(6364136223846793005), np.uint64(1442695040888963407), np.uint64(32)  # Knuth's MMIX

Progress = Callable[[str], None]
Codes = NDArray[np.uint16]

_U16, _I32, _F32 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint16, types.int32, types.float32))


def _quiet(step: str) -> None:
    """Nothing is shown."""


def train(
    corpus: Corpus,
    *,
    seed: int = 0,
    ngrams_max: int = NGRAMS_MAX,
    today: date | None = None,
    progress: Progress = _quiet,
) -> Model:
    """A model of the corpus's kinds. Raises BadInput where there are fewer than two kinds, or nothing to learn."""
    kinds = sorted({document.kind for document in corpus.documents})
    if len([kind for kind in kinds if kind != NONE]) < 1 or len(kinds) < 2:
        raise BadInput(f"a model needs texts of two kinds at least; found {', '.join(kinds) or 'none'}")
    material = _Material(corpus.documents, kinds, seed)
    calibration = _calibrate(material, ngrams_max, progress)
    progress("learning from all")
    vocabulary, weights, scale, bias = _fitted(material, np.arange(len(corpus.documents)), ngrams_max)
    manifest = {
        "kinds": {kind: corpus.names[kind] for kind in kinds},
        "ngrams": len(vocabulary.keys),
        "trained": (today or china_time.today()).isoformat(),
        "seed": seed,
        "texts": len(corpus.documents),
        "material": corpus.digest,
        "sources": _sources(corpus),
        **calibration,
    }
    return Model(manifest, vocabulary, weights, scale, bias)


class _Material:
    """The documents as code units, each with a stretch of itself, and who weighs what."""

    def __init__(self, documents: Sequence[Document], kinds: Sequence[str], seed: int) -> None:
        self.seed = seed
        self.kinds = len(kinds)
        self.kind = np.array([kinds.index(document.kind) for document in documents], np.int32)
        names: dict[tuple[str, str], int] = {}
        self.source = np.array([names.setdefault((d.kind, d.source), len(names)) for d in documents], np.int32)
        self.whole = [units(document.text) for document in documents]
        chance = np.random.default_rng(seed)
        self.stretch = [units(_stretch(document.text, chance)) for document in documents]
        self.weight = self._weights()

    def _weights(self) -> NDArray[np.float32]:
        """(documents,), mean one: sources by the square root of their size, kinds alike."""
        size = np.bincount(self.source)[self.source]
        weight = 1 / np.sqrt(size)
        total = np.bincount(self.kind, weight, self.kinds)[self.kind]
        weight = weight / total
        return np.asarray(weight / weight.mean(), np.float32)

    def folds(self) -> list[NDArray[np.int64]]:
        """Documents by fold; whole sources where a kind has as many as folds, single documents else."""
        fold = np.zeros(len(self.kind), np.int64)
        chance = np.random.default_rng(self.seed + 1)
        for kind in range(self.kinds):
            mine = np.flatnonzero(self.kind == kind)
            groups = np.unique(self.source[mine])
            if len(groups) >= _FOLDS:
                # large sources first, each to the fold that has least
                size = {int(g): int(np.count_nonzero(self.source[mine] == g)) for g in groups}
                full = [0] * _FOLDS
                for group in sorted(size, key=lambda g: (-size[g], g)):
                    least = full.index(min(full))
                    full[least] += size[group]
                    fold[mine[self.source[mine] == group]] = least
            else:
                fold[mine] = chance.permutation(len(mine)) % _FOLDS
        return [np.flatnonzero(fold == number) for number in range(_FOLDS)]


def _stretch(text: str, chance: np.random.Generator) -> str:
    length = int(chance.integers(*_STRETCH))
    start = int(chance.integers(0, max(1, len(text) - length)))
    return text[start : start + length]


# ---- calibration -------------------------------------------------------------------------------------------------


def _calibrate(material: _Material, ngrams_max: int, progress: Progress) -> dict[str, Any]:
    logits, truth, coverage = [], [], []
    everything = np.arange(len(material.kind))
    for number, fold in enumerate(material.folds(), 1):
        progress(f"held out: fold {number} of {_FOLDS}")
        rest = np.setdiff1d(everything, fold)
        if not len(fold) or len(np.unique(material.kind[rest])) < material.kinds:
            continue
        vocabulary, weights, scale, bias = _fitted(material, rest, ngrams_max)
        for i in fold:
            vector = vocabulary.vector(material.whole[i])
            logits.append(vector.values @ (weights[vector.columns] * scale) + bias)
            coverage.append(vector.coverage)
            truth.append(material.kind[i])
    if not logits:
        return {"temperature": 1.0, "threshold": _THRESHOLDS[0], "coverage": 0.0, "held_out": None}
    scores, right = np.array(logits, np.float64), np.array(truth)
    temperature = _temperature(scores, right)
    chance = _softmax(scores / temperature)
    best, sure = chance.argmax(axis=1), chance.max(axis=1)
    return {
        "temperature": temperature,
        "threshold": _threshold(sure, best == right),
        "coverage": round(float(np.quantile(coverage, _COVERAGE_QUANTILE)) / 2, 4),
        "held_out": {"texts": len(right), "accuracy": round(float(np.mean(best == right)), 4)},
    }


def _temperature(scores: NDArray[np.float64], truth: NDArray[np.int32]) -> float:
    """The temperature of least negative log-likelihood, by a grid: one parameter, a smooth valley."""
    grid = np.geomspace(0.2, 10, 80)
    rows = np.arange(len(truth))
    loss = [float(-np.log(_softmax(scores / t)[rows, truth] + 1e-12).mean()) for t in grid]
    return round(float(grid[int(np.argmin(loss))]), 4)


def _threshold(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    for threshold in np.arange(_THRESHOLDS[0], _THRESHOLDS[1], 0.02):
        if right[sure >= threshold].mean() >= _ACCEPTED_RIGHT if np.any(sure >= threshold) else True:
            return round(float(threshold), 2)
    return _THRESHOLDS[1]


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


# ---- vocabulary --------------------------------------------------------------------------------------------------


def _vocabulary(material: _Material, chosen: NDArray[np.int64], ngrams_max: int) -> Vocabulary:
    order = chosen[np.lexsort((chosen, material.source[chosen]))]  # source by source: distinct sources are counted so
    texts = np.zeros(1 << SPACE_BITS, np.int32)
    sources = np.zeros(1 << SPACE_BITS, np.uint8)
    last_text = np.full(1 << SPACE_BITS, -1, np.int32)
    last_source = np.full(1 << SPACE_BITS, -1, np.int32)
    for i in order:
        _count(ngrams(material.whole[i]).key, i, material.source[i], texts, sources, last_text, last_source)
    few = len(np.unique(material.source[chosen])) < 2 * material.kinds  # kinds of one source: nothing to compare
    known = np.flatnonzero((texts >= min(_TEXTS_MIN, len(chosen))) & (sources >= (1 if few else 2)))
    if len(known) > _CANDIDATES_MAX:
        known = np.sort(known[np.argsort(-texts[known], kind="stable")[:_CANDIDATES_MAX]])
    if not len(known):
        raise BadInput(f"nothing to learn: no n-gram stands in {_TEXTS_MIN} texts; give more texts of each kind")
    place = last_text  # used again: candidate of a hash
    place[:] = -1
    place[known] = np.arange(len(known), dtype=np.int32)
    share = np.zeros((len(known), material.kinds), np.float32)
    seen = np.full(len(known), -1, np.int32)
    for i in order:
        _add(ngrams(material.whole[i]).key, i, material.kind[i], material.weight[i], place, seen, share)
    total = np.bincount(material.kind[chosen], material.weight[chosen], material.kinds)
    share /= total
    rows = _telling(share, ngrams_max)
    rarity = -np.log(share[rows].mean(axis=1)) * RARITY_STEPS  # of texts, as if every kind had as many
    return Vocabulary(known[rows].astype(np.int32), np.clip(rarity, 1, 255).astype(np.uint8))


def _telling(share: NDArray[np.floating[Any]], ngrams_max: int) -> NDArray[np.int64]:
    """The rows that tell kinds apart best, ascending. `share`: (n-grams, kinds), share of a kind's texts that have it.

    Kinds choose in turn, so that each has its say: the best of each, then the second best, up to `ngrams_max`.
    """
    kinds = share.shape[1]
    rest = (share.sum(axis=1, keepdims=True) - share) / max(1, kinds - 1)
    gain = np.abs(share - rest) * np.abs(np.log((share + 1e-3) / (rest + 1e-3)))
    best = np.argsort(-gain, axis=0, kind="stable")
    picked = np.zeros(len(share), np.bool_)
    depth = ngrams_max // kinds
    while depth < len(share) and np.count_nonzero(picked) < ngrams_max:
        picked[best[:depth].ravel()] = True
        depth += max(1, (ngrams_max - int(np.count_nonzero(picked))) // kinds)
    return np.flatnonzero(picked) if len(share) > ngrams_max else np.arange(len(share))


@njit(
    types.void(_I32, types.int64, types.int64, types.int32[::1], types.uint8[::1], types.int32[::1], types.int32[::1]),
    cache=True,
)
def _count(key, text, source, texts, sources, last_text, last_source):  # type: ignore[no-untyped-def]
    for k in key:
        if k < 0 or last_text[k] == text:
            continue
        last_text[k] = text
        texts[k] += 1
        if last_source[k] != source:
            last_source[k] = source
            sources[k] = min(sources[k] + 1, 255)


@njit(
    types.void(_I32, types.int64, types.int64, types.float64, _I32, types.int32[::1], types.float32[:, ::1]), cache=True
)
def _add(key, text, kind, weight, place, seen, share):  # type: ignore[no-untyped-def]
    for k in key:
        row = place[k] if k >= 0 else -1
        if row >= 0 and seen[row] != text:
            seen[row] = text
            share[row, kind] += weight


# ---- weights -----------------------------------------------------------------------------------------------------

Fitted = tuple[Vocabulary, NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]


def _fitted(material: _Material, chosen: NDArray[np.int64], ngrams_max: int) -> Fitted:
    """Vocabulary, weights of eight bits (columns, kinds), scale and bias (kinds,)."""
    vocabulary = _vocabulary(material, chosen, ngrams_max)
    vectors = [vocabulary.vector(codes[i]) for codes in (material.whole, material.stretch) for i in chosen]
    ends = np.cumsum([0] + [len(vector.columns) for vector in vectors]).astype(np.int64)
    columns = np.concatenate([vector.columns for vector in vectors])
    values = np.concatenate([vector.values for vector in vectors])
    kind, weight = np.tile(material.kind[chosen], 2), np.tile(material.weight[chosen], 2)
    weights = np.zeros((vocabulary.columns, material.kinds), np.float32)
    bias = np.zeros(material.kinds, np.float32)
    grown = np.full(weights.shape, 1e-3, np.float32)
    chance = np.random.default_rng(material.seed + 2)
    for _ in range(_EPOCHS):
        order = chance.permutation(len(kind))
        kept = np.exp(chance.uniform(np.log(_KEPT_LEAST), 0, len(order)))
        _descend(order, kept, ends, columns, values, kind, weight, weights, grown, bias, _RATE, _DECAY)
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    return vocabulary, np.rint(weights / scale).astype(np.int8), scale.astype(np.float32), bias


@njit(cache=True)
def _descend(order, kept, ends, columns, values, kind, weight, weights, grown, bias, rate, decay):  # type: ignore[no-untyped-def]
    """One pass: each text moves the weights of a share `kept` of its columns, by chance, towards its kind."""
    kinds = weights.shape[1]
    chance = np.empty(kinds, np.float32)
    state = np.uint64(len(order))
    for text in order:
        first, end = ends[text], ends[text + 1]
        bar = np.uint64(kept[text] * 2.0**32)
        seed = state
        length = np.float32(0)
        for i in range(first, end):
            state = state * _LCG_A + _LCG_C
            if state >> _HALF < bar:
                length += values[i] * values[i]
        size = np.float32(1) / np.sqrt(length + np.float32(1e-9))
        chance[:] = bias
        state = seed
        for i in range(first, end):
            state = state * _LCG_A + _LCG_C
            if state >> _HALF < bar:
                for k in range(kinds):
                    chance[k] += size * values[i] * weights[columns[i], k]
        chance[:] = np.exp(chance - chance.max())
        chance /= chance.sum()
        chance[kind[text]] -= 1
        chance *= weight[text]
        state = seed
        for i in range(first, end):
            state = state * _LCG_A + _LCG_C
            if state >> _HALF < bar:
                column = columns[i]
                for k in range(kinds):
                    slope = chance[k] * size * values[i] + decay * weights[column, k]
                    grown[column, k] += slope * slope
                    weights[column, k] -= rate * slope / np.sqrt(grown[column, k])
        for k in range(kinds):
            bias[k] -= np.float32(0.01) * chance[k]


def _sources(corpus: Corpus) -> list[dict[str, Any]]:
    """What was said of each source, with its kinds and texts; `OWNER#PART` is a part of the source OWNER.

    Sources of which nothing was said may be names of files, and are counted only.
    """
    texts: Counter[str] = Counter()
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    unnamed: set[str] = set()
    for document in corpus.documents:
        owner = document.source.partition("#")[0]
        if not isinstance(corpus.sources.get(owner), dict):
            unnamed.add(document.source)
            owner = ""
        texts[owner] += 1
        kinds[owner].add(document.kind)
    rows = [{"name": n, **corpus.sources[n], "kinds": sorted(kinds[n]), "texts": texts[n]} for n in sorted(texts) if n]
    return rows + ([{"name": "other", "sources": len(unnamed), "texts": texts[""]}] if unnamed else [])
