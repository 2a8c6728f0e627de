"""The keyed hashes are SipHash-2-4: held against the published vectors, and against the definition written out again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.identify.fingerprints.siphash import key_of, siphash, siphash_wide

MASK = (1 << 64) - 1


def reference(key: bytes, message: bytes, wide: bool) -> list[int]:
    k = [int.from_bytes(key[i : i + 8], "little") for i in (0, 8)]
    v = [k[0] ^ 0x736F6D6570736575, k[1] ^ 0x646F72616E646F6D, k[0] ^ 0x6C7967656E657261, k[1] ^ 0x7465646279746573]
    v[1] ^= 0xEE * wide

    def turn(x: int, n: int) -> int:
        return (x << n | x >> (64 - n)) & MASK

    def rounds(n: int) -> None:
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK
            v[2] = (v[2] + v[3]) & MASK
            v[1], v[3] = turn(v[1], 13) ^ v[0], turn(v[3], 16) ^ v[2]
            v[0] = turn(v[0], 32)
            v[2] = (v[2] + v[1]) & MASK
            v[0] = (v[0] + v[3]) & MASK
            v[1], v[3] = turn(v[1], 17) ^ v[2], turn(v[3], 21) ^ v[0]
            v[2] = turn(v[2], 32)

    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) & 0xFF])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xEE if wide else 0xFF
    rounds(4)
    out = [v[0] ^ v[1] ^ v[2] ^ v[3]]
    if wide:
        v[1] ^= 0xDD
        rounds(4)
        out.append(v[0] ^ v[1] ^ v[2] ^ v[3])
    return out


def test_the_reference_gives_the_published_values() -> None:
    key = bytes(range(16))
    assert reference(key, bytes(range(15)), False) == [0xA129CA6149BE45E5]
    assert b"".join(n.to_bytes(8, "little") for n in reference(key, b"", True)).hex() == (
        "a3817f04ba25a8e66df67214c7550293"
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 0x10FFFF), max_size=80), st.binary(min_size=16, max_size=16), st.integers(0, 5))
def test_ours_are_those_of_the_reference(codes: list[int], key: bytes, skip: int) -> None:
    text = np.array([7] * skip + codes + [9], np.uint32)
    halves = np.frombuffer(key, "<u8").copy()
    message = np.array(codes, "<u4").tobytes()
    assert [siphash(halves, text, skip, skip + len(codes))] == reference(key, message, False)
    assert list(siphash_wide(halves, text, skip, skip + len(codes))) == reference(key, message, True)


def test_keys_of_two_purposes_or_two_workspaces_differ() -> None:
    keys = [key_of(key, purpose).tobytes() for key in (b"a", b"b", b"a" * 65, b"a" * 66) for purpose in ("one", "two")]
    assert len(set(keys)) == len(keys)
    with pytest.raises(ValueError, match="at least one byte"):
        key_of(b"", "one")
