"""Kernels: whole numbers in bytes, in network order or in that of the file."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit

I = np.int64  # noqa: E741


@njit(cache=True)
def u16(b, o):
    return (I(b[o]) << 8) | I(b[o + 1])


@njit(cache=True)
def u32(b, o):
    return (I(b[o]) << 24) | (I(b[o + 1]) << 16) | (I(b[o + 2]) << 8) | I(b[o + 3])


@njit(cache=True)
def u64(b, o):
    return (u32(b, o) << 32) | u32(b, o + 4)


@njit(cache=True)
def swapped(v):
    return ((v & 0xFF) << 24) | ((v & 0xFF00) << 8) | ((v >> 8) & 0xFF00) | (v >> 24)


@njit(cache=True)
def file16(b, o, big):
    return u16(b, o) if big else I(b[o]) | (I(b[o + 1]) << 8)


@njit(cache=True)
def file32(b, o, big):
    v = u32(b, o)
    return v if big else swapped(v)
