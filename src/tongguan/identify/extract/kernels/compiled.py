"""How kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Bytes", "Offsets", "compiled"]

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

F = TypeVar("F", bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[F], F]:
    """Compile for one signature at import, or load what an earlier import compiled; indices are checked."""
    return cast(Callable[[F], F], njit(signature, cache=True, boundscheck=True, nogil=True))
