"""What a blind spot says of itself, in the reader's language.

Rooms write the detail of a blind spot in English, once; it goes into records and calls as it is. Pages, reports and the
terminal say it in Chinese to those who read Chinese: whole sentences from a table, and patterns for those with a part
that varies. What is not in the table stays as it was written: it is never left out.
"""

from __future__ import annotations

import errno
import os
import re
from functools import cache, lru_cache

from tongguan.shipped_yaml import shipped_yaml
from tongguan.wording import Language, wording

__all__ = ["detail_in", "why_in"]

_PART = re.compile(r"\{\w+\}")


@lru_cache(4096)
def detail_in(language: Language, detail: str) -> str:
    """The detail of a blind spot in one language."""
    if language == "en" or not detail:
        return detail
    whole, patterns = _known()
    if said := whole.get(detail):
        return said
    for pattern, said in patterns:
        if found := pattern.fullmatch(detail):
            return said.format(**{name: detail_in(language, part) for name, part in found.groupdict().items()})
    return detail


def why_in(language: Language, kind: str, detail: str) -> str:
    """Kind and detail of a blind spot on one line."""
    return f"{detail_in(language, kind)} {detail_in(language, detail)}".rstrip()


@cache
def _known() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Details that are always the same, among them the system's reasons, and those with a part that varies."""
    told: dict[str, str] = shipped_yaml(__package__, "unseen.yaml")
    reasons = wording("tongguan", "system_errors.yaml").texts
    system = {os.strerror(getattr(errno, name)): said["zh"] for name, said in reasons.items() if hasattr(errno, name)}
    whole = {detail: said for detail, said in told.items() if not _PART.search(detail)}
    varying = [(_pattern(detail), said) for detail, said in told.items() if _PART.search(detail)]
    return {**system, **whole}, varying


def _pattern(detail: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", detail)
    told = (f"(?P<{part}>.+)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile("".join(told), re.DOTALL)
