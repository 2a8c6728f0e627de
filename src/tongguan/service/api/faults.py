"""What is wrong with the fields of a request, in both languages and without the values that were given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tongguan.wording import LANGUAGES, Language, on_one_line, wording

__all__ = ["told"]

SHOWN = 8  # faults of one request that are named


def told(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The first faults of a request, as pydantic lists them: `body.name: is missing`."""
    some = list(errors)[:SHOWN]
    return {language: "; ".join(on_one_line(_fault(one, language)) for one in some) for language in LANGUAGES}


def _fault(one: Mapping[str, Any], language: Language) -> str:
    words = wording("tongguan.service.api", "faults.yaml")
    where = ".".join(map(str, one["loc"]))
    kind = one["type"] if one["type"] in words.texts else "other"
    if kind in ("too_short", "too_long") and isinstance(one.get("input"), str):  # of characters, not of entries
        kind = f"string_{kind}"
    said = one["msg"].removeprefix("Value error, ")
    particulars = dict(one.get("ctx", {}))
    if language == "zh" and isinstance(particulars.get("expected"), str):  # 'a', 'b' or 'c'
        particulars["expected"] = particulars["expected"].replace(" or ", "、").replace(", ", "、")
    try:
        text = words.text(kind, language, told=said, **particulars)
    except KeyError:  # a kind whose particulars have other names in another version of pydantic
        text = words.text("other", language, told=said)
    return f"{where}: {text}"
