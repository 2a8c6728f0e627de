"""Two languages from one file: YAML of `key: {zh: …, en: …}`, both always there."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

__all__ = ["LANGUAGES", "Language", "Wording", "readable", "wording"]


class Wording:
    """Texts of one room. A missing key or language is a `KeyError`: a fault of ours, and the tests look for it."""

    def __init__(self, texts: dict[str, dict[str, str]]) -> None:
        self.texts = texts

    def both(self, key: str, **values: object) -> dict[str, str]:
        """The text in both languages, with `{name}` filled in."""
        return {language: self.texts[key][language].format(**values) for language in LANGUAGES}

    def text(self, key: str, language: Language, **values: object) -> str:
        """The text in one language, with `{name}` filled in."""
        return self.texts[key][language].format(**values)


def readable(text: str) -> str:
    """The text with all escaped that UTF-8 cannot hold: Python carries odd bytes of file names as lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


@cache
def wording(package: str, name: str = "wording.yaml") -> Wording:
    """The texts in a package's YAML file."""
    loaded = yaml.load(files(package).joinpath(name).read_text(encoding="utf-8"), Loader=_loader())
    return Wording(loaded)


def _loader() -> type:
    """The C loader where PyYAML was built with it: ten times faster at start-up."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
