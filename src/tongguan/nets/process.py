"""The near side of the process that holds the nets: it is started, asked, and its end is survived."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

__all__ = ["NetProcess", "Span"]

_BATCH: Final = 256  # texts a request
_PATIENCE_S: Final = 120.0  # for the answer to one request; half a second is usual
_STARTS: Final = 4  # of the process for a net: one that ends is started again for the next request, a few times

Span = tuple[str, int, int, float]  # type, start, end, probability


class NetProcess:
    """Asks `python -m tongguan.nets.serve`, which answers a line of JSON, a net's name and texts for it, with a line of
    their spans. It starts with the first text, and loads a net with the first text for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lost: dict[str, int] = {}  # processes that ended, by the net that was asked

    def read(self, net: str, texts: Sequence[str]) -> list[list[Span] | None]:
        """Type, start, end and probability of what each text may tell.

        None for a text that was not read: the process ended over it, or over the others of its request."""
        found: list[list[Span] | None] = []
        for first in range(0, len(texts), _BATCH):
            asked = texts[first : first + _BATCH]
            found += self._ask(net, asked) or [None] * len(asked)
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

    def _ask(self, net: str, texts: Sequence[str]) -> list[list[Span] | None] | None:
        if self._lost.get(net, 0) >= _STARTS:
            return None
        try:
            if self._process is None:
                self._process = _start()
            return _answer(self._process, net, texts)
        except (OSError, ValueError, TypeError):  # it died, fell silent, or said nothing that can be read
            self._lost[net] = self._lost.get(net, 0) + 1
            self.close()
            return None


def _start() -> subprocess.Popen[bytes]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-m", "tongguan.nets.serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | one_thread,
    )


def _answer(process: subprocess.Popen[bytes], net: str, texts: Sequence[str]) -> list[list[Span] | None]:
    """Raises OSError and ValueError where the process does not answer."""
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps([net, list(texts)]).encode() + b"\n")
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
    spans = [[(type, start, end, p) for type, start, end, p in told] for told in json.loads(answer)]
    if len(spans) != len(texts):
        raise ValueError
    return [*spans]
