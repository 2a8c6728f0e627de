"""Types of what the kernels are given, for their signatures."""

from __future__ import annotations

from typing import Final

from numba import from_dtype, types

from tongguan.capture.traffic.layout import FLOW, INTERFACE, NODE, PACKET, SEGMENT, STREAM, Tables

BYTES: Final = types.Array(types.uint8, 1, "C")
I4: Final = types.Array(types.int32, 1, "C")
I8: Final = types.Array(types.int64, 1, "C")
F8: Final = types.Array(types.float64, 1, "C")
COUNTS: Final = types.Array(types.int64, 3, "C")
PACKET_ROWS: Final = types.Array(from_dtype(PACKET), 1, "C")
INTERFACE_ROWS: Final = types.Array(from_dtype(INTERFACE), 1, "C")
TABLES: Final = types.NamedTuple(
    (
        I8,
        I4,
        I4,
        types.Array(from_dtype(FLOW), 1, "C"),
        types.Array(from_dtype(STREAM), 1, "C"),
        types.Array(from_dtype(NODE), 1, "C"),
        types.Array(from_dtype(SEGMENT), 1, "C"),
        I8,
        I4,
        I4,
        I4,
    ),
    Tables,
)
