"""Files of values in which something is not as it should be: another kind of value, a key too many or too few."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from typing import Any

from hypothesis import strategies as st

Way = tuple[str | int, ...]
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**14, 0.5, "", "x", "北" * 700, "a/b", "*", "\\", "(", "2026-13-01", date(2026, 1, 1),
    [], {}, [[]], [None], ["x", "x"], ["x", {}], {"a": {}}, {"zh": "x"}, {"": 1}, [["x"] * 3] * 3,
)  # fmt: skip


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to all values within a value, itself included."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from ways(each, (*way, key))


def _at(value: Any, way: Way) -> Any:
    for step in way:
        value = value[step]
    return value


@st.composite
def altered(draw: st.DrawFn, good: Any) -> Any:
    """The values with one to three of them made odd, taken away, doubled or put under another key."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(list(ways(value))))
        if not way:
            return draw(st.sampled_from(ODD))
        holder, key = _at(value, way[:-1]), way[-1]
        match draw(st.sampled_from(("odd", "gone", "other", "more"))):
            case "gone":
                del holder[key]
            case "other" if isinstance(holder, dict):
                holder[draw(st.sampled_from(("x", "", "0", "型"))) or "-"] = holder.pop(key)
            case "more" if isinstance(holder, list):
                holder += [copy.deepcopy(holder[int(key)])] * 2
            case _:
                holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return value
