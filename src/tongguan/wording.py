"""Two languages from one file: YAML of `key: {zh: …, en: …}`, both always there."""

from __future__ import annotations

import errno
from functools import cache
from typing import Literal

from tongguan.shipped_yaml import shipped_yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

__all__ = ["LANGUAGES", "Language", "Wording", "on_one_line", "readable", "system_error", "without_controls", "wording"]

_LINE_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\n\r\t\u2028\u2029"}
_CONTROLS = {
    code: f"\\u{code:04x}"
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}
"""Escaped as JSON does it: a line of JSON stays one that says the same."""


class Wording:
    """Texts of one room. A missing key or language is a `KeyError`: a fault of ours, and the tests look for it."""

    def __init__(self, texts: dict[str, dict[str, str]]) -> None:
        self.texts = texts

    def both(self, key: str, **values: object) -> dict[str, str]:
        """The text in both languages, with `{name}` filled in; a value may itself come in both, {"zh": …, "en": …}."""
        return {language: self.texts[key][language].format(**_spoken(values, language)) for language in LANGUAGES}

    def text(self, key: str, language: Language, **values: object) -> str:
        """The text in one language, with `{name}` filled in."""
        return self.texts[key][language].format(**values)


def _spoken(values: dict[str, object], language: Language) -> dict[str, object]:
    return {name: value[language] if isinstance(value, dict) else value for name, value in values.items()}


def system_error(error: OSError) -> dict[str, str]:
    """Why the system refused, in both languages; the rarer reasons in the system's English words alone."""
    said = error.strerror or type(error).__name__
    known = wording("tongguan", "system_errors.yaml").texts.get(errno.errorcode.get(error.errno or 0, ""), {})
    return {"zh": known.get("zh", said), "en": said}


def readable(text: str) -> str:
    """The text with all escaped that UTF-8 cannot hold: Python carries odd bytes of file names as lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def on_one_line(text: str) -> str:
    """As `readable`, with controls, line ends and turns of direction escaped too: a name stays within its line."""
    return readable(text).translate(_CONTROLS | _LINE_ENDS)


def without_controls(text: str) -> str:
    """The text with what moves a cursor, changes colours or turns a line around escaped; lines and tabs stay."""
    return text.translate(_CONTROLS)


@cache
def wording(package: str, name: str = "wording.yaml") -> Wording:
    """The texts in a package's YAML file."""
    return Wording(shipped_yaml(package, name))
