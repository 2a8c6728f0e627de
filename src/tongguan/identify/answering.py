"""A model in a process of its own: it is started, asked, and its end is survived; and how that process answers."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

__all__ = ["ModelProcess", "answer_lines"]

_BATCH: Final = 256  # texts a request
_PATIENCE_S: Final = 120.0  # for the answer to one request; half a second is usual
_STARTS: Final = 4  # of the process in a run: one that ends is started again for the next request, a few times


Span = tuple[str, int, int, float]  # type, start, end, probability


class ModelProcess:
    """Asks `python -m module memory`, which answers a line of JSON texts with a line of their spans. `memory` is its
    address space in bytes. It starts with the first text."""

    def __init__(self, module: str, memory: int) -> None:
        self._module, self._memory = module, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def read(self, texts: Sequence[str]) -> list[list[Span] | None]:
        """Type, start, end and probability of what each text may tell.

        None for a text that was not read: the process ended over it, or over the others of its request."""
        found: list[list[Span] | None] = []
        for first in range(0, len(texts), _BATCH):
            asked = texts[first : first + _BATCH]
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

    def _ask(self, texts: Sequence[str]) -> list[list[Span] | None] | None:
        if self._process is None and self._starts >= _STARTS:
            return None
        try:
            if self._process is None:
                self._starts += 1
                self._process = _start(self._module, self._memory)
            return _answer(self._process, texts)
        except (OSError, ValueError, TypeError):  # it died, fell silent, or said nothing that can be read
            self.close()
            return None


def _start(module: str, memory: int) -> subprocess.Popen[bytes]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-m", module, str(memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | one_thread,
    )


def _answer(process: subprocess.Popen[bytes], texts: Sequence[str]) -> list[list[Span] | None]:
    """Raises OSError and ValueError where the process does not answer."""
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(list(texts)).encode() + b"\n")
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


def answer_lines(load: Callable[[], Callable[[str], Sequence[Span]]]) -> None:
    """What the process does: it loads what reads a text, and answers lines until standard input ends. `sys.argv[1]` is
    the address space allowed, in bytes."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us by closing the pipe
    read = load()
    for line in sys.stdin.buffer:
        spans = [read(text) for text in json.loads(line)]
        sys.stdout.buffer.write(json.dumps(spans).encode() + b"\n")
        sys.stdout.buffer.flush()
