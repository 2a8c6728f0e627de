"""The values of a column as distinct texts: everything that is looked at is looked at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units, units_of
from tongguan.identify.tables.gathering import strings
from tongguan.identify.tables.tidying import LONGEST, Joined, Tidy, joined, tidied

__all__ = ["Cells", "Slice", "cells_of"]

_SLICE: Final = 1 << 22  # bytes that are looked at together
_ENCODINGS: Final = ("utf-8", "gb18030")
_NONE: Final = pa.array([], pa.large_string())
_NOTHING: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A column's distinct texts, each with the number of its rows."""

    kind: str  # Arrow's name of the type of the values as given
    rows: int
    texts: pa.LargeStringArray  # (n,) distinct, without spaces around them, cut at 512 characters
    counts: NDArray[np.int64]  # (n,) rows
    codes: NDArray[np.int32]  # (rows,) index into `texts`, -1 for null
    numbers: NDArray[np.float64] | None  # values that are no whole numbers, where the column is one of such
    long_texts: pa.LargeStringArray  # (m,) distinct texts longer than what is looked at, whole
    long_counts: NDArray[np.int64]  # (m,) rows
    odd: bool  # whether bytes were no text in any known encoding

    filled: int  # rows that are not null
    joined: Joined  # the texts

    @property
    def longest(self) -> int:
        """Characters of a text that are looked at; those of the long ones are cut there."""
        return LONGEST

    def slices(self) -> Iterator[Slice]:
        """The distinct texts, some million bytes at a time."""
        data, ends, sizes = self.joined
        first = begin = 0
        while first < len(ends):
            last = max(first + 1, int(np.searchsorted(ends, begin + _SLICE)))
            stop = int(ends[last - 1])
            yield _slice(data[begin:stop], sizes[first:last], first)
            first, begin = last, stop + 1


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Some distinct texts, joined: text i is `units[start[i]:end[i]]`, and text `first + i` of its column."""

    first: int
    units: Units
    start: NDArray[np.int32]
    end: NDArray[np.int32]


def _slice(data: NDArray[np.uint8], sizes: NDArray[np.int64], first: int) -> Slice:
    end = np.cumsum(sizes + 1) - 1
    units: Units = data if int(end[-1]) == len(data) else units_of(data.tobytes().decode("utf-8", "replace"))
    return Slice(first, units, (end - sizes).astype(np.int32), end.astype(np.int32))


def cells_of(values: pa.Array | pa.ChunkedArray | Sequence[Any]) -> Cells:
    """The cells of a column of any type. Texts such as `NULL` and `\\N` are null; nothing is raised."""
    array = _array(values)
    kind = str(array.type)
    texts, numbers, odd = _texts(array)
    if texts is None:
        some = pc.is_valid(array).to_numpy(zero_copy_only=False)
        tidy, codes = tidied(_NONE), np.where(some, 0, -1).astype(np.int32)
        counts, filled = _NOTHING, 0
    else:
        tidy, codes = _tidied(texts)
        rows = codes[codes >= 0]
        counts, filled = np.bincount(rows, minlength=len(tidy.first)).astype(np.int64), len(rows)
    long_texts, long_counts = _long(texts) if tidy.long else (_NONE, _NOTHING)
    distinct = strings(tidy.data, tidy.first, tidy.last, large=True)
    return Cells(
        kind, len(array), distinct, counts, codes, numbers, long_texts, long_counts, odd, filled, joined(tidy)
    )  # fmt: skip


def _tidied(texts: pa.Array) -> tuple[Tidy, NDArray[np.int32]]:
    """Distinct texts, and which of them each row is, -1 for null."""
    if not pa.types.is_dictionary(texts.type):
        tidy = tidied(texts)
        return tidy, tidy.codes
    tidy = tidied(texts.dictionary)
    places = pc.fill_null(texts.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    return tidy, np.append(tidy.codes, np.int32(-1))[places]


def _array(values: pa.Array | pa.ChunkedArray | Sequence[Any]) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        if pa.types.is_dictionary(values.type):
            values = values.unify_dictionaries()
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if isinstance(values, pa.Array):
        return values
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, UnicodeError, TypeError, ValueError, OverflowError):
        return pa.array([_written(value) for value in values], pa.large_string())


def _written(value: Any) -> str | None:
    """A value of a mixed column as text; characters that UTF-8 cannot hold become question marks."""
    if value is None or value != value:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).encode("utf-8", "replace").decode()


def _texts(array: pa.Array) -> tuple[pa.Array | None, NDArray[np.float64] | None, bool]:
    """The values as texts; None where they are fractions, which come as numbers, or nothing that can be read."""
    kind = array.type
    if pa.types.is_dictionary(kind) and not _is_text(kind.value_type):
        array = array.cast(kind.value_type)
        kind = array.type
    if _is_text(kind) or (pa.types.is_dictionary(kind) and _is_text(kind.value_type)):
        return array, None, False
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _decoded(array)
    if pa.types.is_floating(kind):
        numbers = array.cast(pa.float64())
        whole = numbers.drop_null().to_numpy(zero_copy_only=False)
        whole = whole[np.isfinite(whole)]
        if len(whole) and (np.abs(whole) < 2**53).all() and (whole == np.trunc(whole)).all():  # phones in a spreadsheet
            numbers = pc.if_else(pc.is_finite(numbers), numbers, None)
            return numbers.cast(pa.int64()).cast(pa.large_string()), None, False
        return None, whole, False
    if pa.types.is_decimal(kind):
        return None, array.cast(pa.float64()).drop_null().to_numpy(zero_copy_only=False), False
    try:
        return array.cast(pa.large_string()), None, False
    except pa.ArrowException:
        written = [_written(value) for value in array.slice(0, _SAMPLED).to_pylist()]
        return pa.array(written + [None] * (len(array) - len(written)), pa.large_string()), None, len(array) > _SAMPLED


_SAMPLED: Final = 10_000  # values of lists and the like that are read


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _decoded(array: pa.Array) -> tuple[pa.Array | None, None, bool]:
    """Bytes that are text in UTF-8 or GB18030; other bytes are nothing that can be read here."""
    if pa.types.is_fixed_size_binary(array.type):
        array = array.cast(pa.large_binary())
    try:
        return array.cast(pa.large_string()), None, False
    except pa.ArrowException:
        pass
    encoded = array.dictionary_encode()
    raw: list[bytes] = encoded.dictionary.to_pylist()
    for encoding in _ENCODINGS[1:]:
        try:
            sample = [value[:LONGEST].decode(encoding) for value in raw]
        except UnicodeDecodeError:
            continue
        if sum("\u4e00" <= c <= "\u9fff" for text in sample for c in text[:8]) * 2 >= len(sample):
            texts = pa.array(sample, pa.large_string())
            return pa.DictionaryArray.from_arrays(encoded.indices, texts), None, False
    return None, None, True


def _long(texts: pa.Array) -> tuple[pa.LargeStringArray, NDArray[np.int64]]:
    """Texts longer than what is looked at, as they are, with their rows."""
    if pa.types.is_dictionary(texts.type):
        texts = texts.cast(texts.type.value_type)
    places = np.flatnonzero(pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False) > LONGEST)
    encoded = texts.take(pa.array(places)).dictionary_encode()
    different = encoded.dictionary.cast(pa.large_string())
    kept = np.flatnonzero(pc.utf8_length(different).to_numpy(zero_copy_only=False) > LONGEST)
    counts = np.bincount(encoded.indices.to_numpy(zero_copy_only=False), minlength=len(different)).astype(np.int64)
    return different.take(pa.array(kept)), counts[kept]
