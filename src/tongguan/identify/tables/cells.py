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

__all__ = ["Cells", "Slice", "cells_of"]

_LONGEST: Final = 512  # characters of a cell that are looked at
_SLICE: Final = 1 << 22  # characters that are looked at together
_NULLS: Final = ("", "null", "NULL", "Null", "\\N", "None", "none", "nan", "NaN", "N/A", "n/a", "#N/A", "-", "--", "NA")
_ENCODINGS: Final = ("utf-8", "gb18030")


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

    @property
    def longest(self) -> int:
        """Characters of a text that are looked at; those of the long ones are cut there."""
        return _LONGEST

    @property
    def filled(self) -> int:
        """Rows that are not null."""
        return int(self.counts.sum())

    def slices(self) -> Iterator[Slice]:
        """The distinct texts, some million characters at a time."""
        sizes = pc.utf8_length(self.texts).to_numpy(zero_copy_only=False).astype(np.int64)
        places = np.cumsum(sizes + 1)
        first = 0
        while first < len(sizes):
            base = int(places[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(places, base + _SLICE)))
            yield _slice(self.texts.slice(first, last - first), sizes[first:last], first)
            first = last


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Some distinct texts, joined: text i is `text[start[i]:end[i]]`, and text `first + i` of its column."""

    first: int
    text: str
    units: Units
    start: NDArray[np.int32]
    end: NDArray[np.int32]


def _slice(texts: pa.LargeStringArray, sizes: NDArray[np.int64], first: int) -> Slice:
    row = pa.LargeListArray.from_arrays(pa.array([0, len(texts)], pa.int64()), texts)
    text = pc.binary_join(row, pa.scalar("\x00", pa.large_string()))[0].as_py()
    end = np.cumsum(sizes + 1) - 1
    return Slice(first, text, units_of(text), (end - sizes).astype(np.int32), end.astype(np.int32))


def cells_of(values: pa.Array | pa.ChunkedArray | Sequence[Any]) -> Cells:
    """The cells of a column of any type. Texts such as `NULL` and `\\N` are null; nothing is raised."""
    array = _array(values)
    kind = str(array.type)
    texts, numbers, odd = _texts(array)
    if texts is None:
        some = pc.is_valid(array).to_numpy(zero_copy_only=False)
        codes = np.where(some, 0, -1).astype(np.int32)
        none, nothing = pa.array([], pa.large_string()), np.zeros(0, np.int64)
        return Cells(kind, len(array), none, nothing, codes, numbers, none, nothing, odd)
    codes, distinct = _distinct(texts)
    long_texts, long_counts = _long(codes, distinct)
    codes, distinct = _tidy(codes, distinct)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct)).astype(np.int64)
    return Cells(kind, len(array), distinct, counts, codes, numbers, long_texts, long_counts, odd)


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
            sample = [value[:_LONGEST].decode(encoding) for value in raw]
        except UnicodeDecodeError:
            continue
        if sum("\u4e00" <= c <= "\u9fff" for text in sample for c in text[:8]) * 2 >= len(sample):
            texts = pa.array(sample, pa.large_string())
            return pa.DictionaryArray.from_arrays(encoded.indices, texts), None, False
    return None, None, True


def _distinct(texts: pa.Array) -> tuple[NDArray[np.int32], pa.LargeStringArray]:
    encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    indices = pc.fill_null(encoded.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    return indices, encoded.dictionary.cast(pa.large_string())


def _went_through_fractions(texts: pa.LargeStringArray, nulls: pa.BooleanArray) -> bool:
    """Whether every text is a whole number with nothing behind its point: 13800001111.0. The first are tried first."""
    for some in (20, len(texts)):
        given = texts.slice(0, some).filter(pc.invert(nulls.slice(0, some)))
        if not len(given) or not pc.all(pc.match_substring_regex(given, r"^\d+\.0$")).as_py():
            return False
    return True


def _long(codes: NDArray[np.int32], texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, NDArray[np.int64]]:
    """Texts longer than what is looked at, as they are, with their rows."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= _LONGEST:
        return texts.slice(0, 0), np.zeros(0, np.int64)
    places = np.flatnonzero(pc.utf8_length(texts).to_numpy(zero_copy_only=False) > _LONGEST)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts)).astype(np.int64)
    return texts.take(pa.array(places)), counts[places]


def _tidy(codes: NDArray[np.int32], texts: pa.LargeStringArray) -> tuple[NDArray[np.int32], pa.LargeStringArray]:
    """Spaces around texts taken off, long ones cut, nulls in writing made null; equal ones become one."""
    before = texts.nbytes
    tidy = pc.utf8_trim(texts, characters=" \t\r\n\"'\u3000\u00a0\ufeff")
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > _LONGEST:
        tidy = pc.utf8_slice_codeunits(tidy, 0, _LONGEST)
    nulls = pc.is_in(tidy, value_set=pa.array(_NULLS, pa.large_string()))
    if _went_through_fractions(tidy, nulls):
        tidy = pc.if_else(nulls, tidy, pc.utf8_slice_codeunits(tidy, 0, -2))
    if tidy.nbytes == before and not pc.any(nulls).as_py() and not texts.null_count:
        return codes, texts
    tidy = pc.if_else(nulls, None, tidy).dictionary_encode()
    places = pc.fill_null(tidy.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    places = np.append(places, np.int32(-1))
    return places[codes], tidy.dictionary
