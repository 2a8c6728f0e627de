"""What the tests of fingerprints share: their key, and what makes an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tongguan.identify.fingerprints import TableIndex

KEY = b"a key of the tests, 32 bytes long"

Index = Callable[[Mapping[str, Sequence[object]]], TableIndex]
