"""Why a scan or a test of a connection failed, as it is kept: in both languages, read by whoever looks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from tongguan.errors import TongguanError
from tongguan.wording import LANGUAGES, readable, system_error, wording

__all__ = ["Why", "kept", "read", "why"]

Why = Mapping[str, str]
"""{"zh": …, "en": …}"""

_texts: Final = wording("tongguan.casework.assets")


def why(error: TongguanError | OSError) -> dict[str, str]:
    """What an error says. One that comes in English alone stands in a Chinese sentence, lest it look cut off."""
    if isinstance(error, OSError):
        return _texts.both("scan.no_process", why=system_error(error))
    return error.text or _framed(str(error))


def kept(told: object) -> str | None:
    """As a record holds it; None stays None. `told`: both texts, or one of a process that an older version began."""
    if told is None:
        return None
    return json.dumps(_both(told) or _framed(str(told)), ensure_ascii=False)


def read(text: str | None) -> dict[str, str] | None:
    """What a record holds; records of older versions hold one text in English."""
    if not text:
        return None
    try:
        return _both(json.loads(text)) or _framed(text)
    except ValueError:
        return _framed(text)


def _both(told: object) -> dict[str, str] | None:
    if not isinstance(told, dict) or not all(isinstance(told.get(language), str) for language in LANGUAGES):
        return None
    return {language: readable(told[language]) for language in LANGUAGES}


def _framed(said: str) -> dict[str, str]:
    return _texts.both("error.other", said=readable(said))
