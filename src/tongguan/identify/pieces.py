"""A piece: one stretch of decoded text, with what is known of its shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "Piece"]

Kind = Literal["prose", "table", "json", "form", "code", "name"]


def _one_record() -> NDArray[np.int64]:
    return np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Decoded text of one content or one member of it. All offsets are characters (code points) of `text`."""

    text: str
    member: str | None = None  # path inside an archive or document, None for the content itself
    kind: Kind = "prose"
    records: NDArray[np.int64] = field(default_factory=_one_record)  # (n,) ascending: where records start; first is 0
    columns: tuple[str, ...] = ()  # table: header names
    cells: NDArray[np.int64] | None = None  # table: (n, 3) start, end (exclusive), column index; ascending by start
    start: int = 0  # characters of the content before this piece, where a long text comes in several
