"""Columns of the organisation's own data types: which values are whole values of a type."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tongguan.identify.check_digits import CHECKS
from tongguan.identify.tables.rules import OWN_CHECK
from tongguan.identify.types import OWN

__all__ = ["fits_own"]

_IGNORED_CASE: Final = "(?i)"


def fits_own(check: str, texts: pa.Array) -> NDArray[np.bool_]:
    """(n,) which texts are values of the own type that a check is named after."""
    one = OWN[check.removeprefix(OWN_CHECK)]
    mask: NDArray[np.bool_] = np.zeros(len(texts), np.bool_)
    for pattern in one.patterns:
        flag = _IGNORED_CASE if one.ignore_case else ""
        found = pc.match_substring_regex(texts, f"{flag}^(?:{pattern})$")
        mask |= found.to_numpy(zero_copy_only=False)
    if one.words:
        given = pc.utf8_upper(texts) if one.ignore_case else texts
        words = [word.upper() if one.ignore_case else word for word in one.words]
        found = pc.is_in(given, value_set=pa.array(words, given.type))
        mask |= found.to_numpy(zero_copy_only=False)
    if one.check is not None:
        passes = CHECKS[one.check]
        places = np.flatnonzero(mask)
        for place, text in zip(places.tolist(), texts.take(places).to_pylist(), strict=True):
            mask[place] = passes("".join(filter(str.isalnum, text)).upper())
    return mask
