"""SipHash-2-4 (Aumasson and Bernstein, 2012) over characters: a keyed function that gives nothing away without its key,
and is fast enough to be taken at every place of a text.

What is hashed are code points, each as four bytes, little-endian. Keys come from the workspace key by `key_of`.

Compiled code is kept by file: who edits this one must touch `cells.py` and `winnow.py`, into which it is compiled.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Key", "key_of", "siphash", "siphash_wide"]

Key = NDArray[np.uint64]
"""(2,) the halves of a key of 128 bits."""

_LONGEST: Final = 64  # bytes of a key of BLAKE2b
_ONE, _TWO = np.uint64(0xEE), np.uint64(0xDD)  # set the wide variant apart, as in the reference
_FINAL = np.uint64(0xFF)
_HALF, _TOP = np.uint64(32), np.uint64(56)
_START: Final = tuple(map(np.uint64, (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)))
_S0, _S1, _S2, _S3 = _START
_R13, _R16, _R17, _R21 = (np.uint64(n) for n in (13, 16, 17, 21))
_L51, _L48, _L47, _L43 = (np.uint64(64 - n) for n in (13, 16, 17, 21))


def key_of(key: bytes, purpose: str) -> Key:
    """The key for one purpose, by keyed BLAKE2b (RFC 7693) from the workspace's; ValueError where that is empty."""
    if not key:
        raise ValueError("a key of at least one byte was expected")
    if len(key) > _LONGEST:
        key = hashlib.blake2b(key).digest()
    return np.frombuffer(hashlib.blake2b(purpose.encode(), digest_size=16, key=key).digest(), "<u8").copy()


@njit(inline="always")
def _round(a, b, c, d):  # type: ignore[no-untyped-def]
    a = a + b
    b = ((b << _R13) | (b >> _L51)) ^ a
    a = (a << _HALF) | (a >> _HALF)
    c = c + d
    d = ((d << _R16) | (d >> _L48)) ^ c
    a = a + d
    d = ((d << _R21) | (d >> _L43)) ^ a
    c = c + b
    b = ((b << _R17) | (b >> _L47)) ^ c
    c = (c << _HALF) | (c >> _HALF)
    return a, b, c, d


@njit
def _absorb(key, text, start, end, wide):  # type: ignore[no-untyped-def]
    a, b, c, d = key[0] ^ _S0, key[1] ^ _S1, key[0] ^ _S2, key[1] ^ _S3
    if wide:
        b ^= _ONE
    size = end - start
    for i in range(start, end - 1, 2):
        word = np.uint64(text[i]) | (np.uint64(text[i + 1]) << _HALF)
        d ^= word
        a, b, c, d = _round(a, b, c, d)
        a, b, c, d = _round(a, b, c, d)
        a ^= word
    word = np.uint64((4 * size) & 0xFF) << _TOP
    if size & 1:
        word |= np.uint64(text[end - 1])
    d ^= word
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    a ^= word
    return a, b, c, d


@njit
def siphash(key, text, start, end):  # type: ignore[no-untyped-def]
    """64 bits of the characters [start, end) of `text` (uint32)."""
    a, b, c, d = _absorb(key, text, start, end, False)
    c ^= _FINAL
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@njit
def siphash_wide(key, text, start, end):  # type: ignore[no-untyped-def]
    """128 bits, as two numbers, of the characters [start, end) of `text` (uint32)."""
    a, b, c, d = _absorb(key, text, start, end, True)
    c ^= _ONE
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    first = a ^ b ^ c ^ d
    b ^= _TWO
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return first, a ^ b ^ c ^ d
