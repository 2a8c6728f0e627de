"""What is said of a person, word by word: a small net over the encoder's features.

Each piece gets a probability for each class and for none of them. It is told from three sides: the piece among all
others, read forwards and backwards (gated recurrent units: Cho et al., EMNLP 2014), the mean of its line, and the mean
of the whole stretch, which knows a leaflet from a chat. `scripts/statements` trained the shipped net on texts that were
made up for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.nets.statements.encoder import Encoder, Floats
from tongguan.nets.statements.vocabulary import BEGIN, END

__all__ = ["Laid", "Net", "Tagger", "Told", "laid_out", "shipped"]

MOST_PIECES: Final = 200  # that the net sees at once
_ROWS: Final = types.Array(types.float32, 2, "C", readonly=True)
_SURE: Final = 0.02  # how near to 0 and 1 a probability is believed
_BETWEEN: Final = 1  # pieces without a class that do not part two of the same


class Laid(NamedTuple):
    """Pieces of some lines of a text, in order: numbers, start and end in the text (-1 for marks of a line's ends), and
    the ordinal of the line."""

    numbers: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]


class Told(NamedTuple):
    """What some pieces tell: type, start and end in the text, mean of their probabilities, and how many they are."""

    type: str
    start: int
    end: int
    mean: float
    pieces: int

    @property
    def measures(self) -> tuple[float, float, float, float]:
        """What its trustworthiness is reckoned from."""
        mean = min(max(self.mean, _SURE), 1 - _SURE)
        return 1.0, math.log(mean / (1 - mean)), math.log(self.pieces), math.log(self.end - self.start)


class Tagger:
    """Says what stretches of text tell of persons."""

    def __init__(self, encoder: Encoder, net: Net | None = None) -> None:
        self._encoder, self._net = encoder, net or shipped()

    def read(self, text: str) -> list[tuple[str, int, int, float]]:
        """Type, start, end and probability of what is said of persons, by start."""
        return [
            (told.type, told.start, told.end, round(self._net.trust(told), 4))
            for laid in laid_out(text, self._encoder)
            for told in self.told(laid)
        ]

    def told(self, laid: Laid) -> Iterator[Told]:
        """Runs of pieces that are likely of one type, by start."""
        net = self._net
        chances = net.probabilities(self._encoder.features(laid.numbers), laid.lines)
        best = chances[:, 1:].argmax(axis=1)
        likely = chances[np.arange(len(best)), best + 1]
        stands = (likely >= net.least[best]) & (laid.starts >= 0)
        at, size = 0, len(best)
        while at < size:
            if not stands[at]:
                at += 1
                continue
            first = last = at
            while at < size and at - last <= _BETWEEN + 1 and laid.lines[at] == laid.lines[first]:
                if stands[at]:
                    if best[at] != best[first]:
                        break
                    last = at
                at += 1
            at = last + 1
            run = likely[first:at][stands[first:at]]
            type = net.types[best[first]]
            yield Told(type, int(laid.starts[first]), int(laid.ends[last]), float(run.mean()), len(run))


class Net:
    """Weights of a trained net, from which probability on each type is told, and how far what is told can be trusted:
    more pieces of one type say more than one."""

    def __init__(self, file: Any) -> None:
        self.types: list[str] = file["types"].tolist()
        self.least = np.asarray(file["least"], np.float32)
        self._trust = np.asarray(file["trust"], np.float64)
        self._heads = [
            {
                name.partition(":")[2]: np.ascontiguousarray(file[name], np.float32)
                for name in file.files
                if name.startswith(f"{ordinal}:")
            }
            for ordinal in range(int(file["heads"]))
        ]

    def trust(self, told: Told) -> float:
        """The probability that it is so."""
        return float(1 / (1 + np.exp(-np.dot(self._trust, told.measures))))

    def probabilities(self, features: Floats, lines: NDArray[np.int64]) -> Floats:
        """(n, WIDTH) features and (n,) lines, ascending → (n, 1 + types): of none first. The mean of the heads'."""
        starts = np.flatnonzero(np.diff(lines, prepend=-1))
        sizes = np.diff(np.append(starts, len(lines)))
        means: Floats = np.asarray(np.add.reduceat(features, starts, axis=0) / sizes[:, None], np.float32)
        whole: Floats = features.mean(axis=0, keepdims=True)
        told = [_softmax(_logits(head, features, means, whole, sizes)) for head in self._heads]
        return np.asarray(np.mean(told, axis=0), np.float32)


def _logits(
    head: dict[str, Floats], features: Floats, means: Floats, whole: Floats, sizes: NDArray[np.int64]
) -> Floats:
    """(n, 1 + types), before they are made probabilities."""
    near = np.maximum(features @ head["near"] + head["near_bias"], 0)
    ahead = recurrent(near @ head["ahead"] + head["ahead_bias"], head["ahead_again"], head["ahead_again_bias"])
    back = recurrent(near[::-1] @ head["back"] + head["back_bias"], head["back_again"], head["back_again_bias"])
    near = near + np.concatenate([ahead, back[::-1]], axis=1)
    line = np.maximum(means @ head["line"] + head["line_bias"], 0) @ head["out_line"]
    stretch = np.maximum(whole @ head["stretch"] + head["stretch_bias"], 0) @ head["out_stretch"]
    logits: Floats = near @ head["out_near"] + np.repeat(line, sizes, axis=0) + stretch + head["out_bias"]
    return logits


@njit(types.float32[:, ::1](_ROWS, _ROWS, types.Array(types.float32, 1, "C", readonly=True)), cache=True, fastmath=True)
def recurrent(given, again, bias):  # type: ignore[no-untyped-def]
    """(n, 3 · w) what is given at each step, to the gates of reset, of update and of the new → (n, w) states.

    `again` (3 · w, w) and `bias` (3 · w,) are those of the state before: the layout of PyTorch's GRU.
    """
    size, width = len(given), again.shape[1]
    states, state = np.empty((size, width), np.float32), np.zeros(width, np.float32)
    gates = np.empty(3 * width, np.float32)
    one = np.float32(1)
    for at in range(size):
        for i in range(3 * width):
            total = bias[i]
            for j in range(width):
                total += again[i, j] * state[j]
            gates[i] = total
        for i in range(width):
            reset = one / (one + np.exp(-(given[at, i] + gates[i])))
            update = one / (one + np.exp(-(given[at, width + i] + gates[width + i])))
            fresh = np.tanh(given[at, 2 * width + i] + reset * gates[2 * width + i])
            state[i] = (one - update) * fresh + update * state[i]
        states[at] = state
    return states


def _softmax(logits: Floats) -> Floats:
    powers: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


@cache
def shipped() -> Net:
    """The net that comes with the package."""
    with files("tongguan.nets.statements").joinpath("shipped.npz").open("rb") as file:
        return Net(np.load(file, allow_pickle=False))


def laid_out(text: str, encoder: Encoder) -> Iterator[Laid]:
    """The pieces of a text, `MOST_PIECES` at most at once; lines are cut where they are longer."""
    numbers: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    lines: list[int] = []
    at = ordinal = 0
    for line in text.split("\n"):
        pieces = encoder.vocabulary.pieces(line)
        for first in range(0, len(pieces.numbers), MOST_PIECES - 2):
            last = min(len(pieces.numbers), first + MOST_PIECES - 2)
            if numbers and len(numbers) + last - first + 2 > MOST_PIECES:
                yield Laid(*(np.array(column, np.int64) for column in (numbers, starts, ends, lines)))
                numbers, starts, ends, lines = [], [], [], []
            numbers += [BEGIN, *pieces.numbers[first:last], END]
            starts += [-1, *(at + place for place in pieces.starts[first:last]), -1]
            ends += [-1, *(at + place for place in pieces.ends[first:last]), -1]
            lines += [ordinal] * (last - first + 2)
            ordinal += 1
        at += len(line) + 1
    if numbers:
        yield Laid(*(np.array(column, np.int64) for column in (numbers, starts, ends, lines)))
