"""What identifiers are called: data types, countries, pathways, facts. One place asks the rooms that know."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from tongguan import law
from tongguan.identify.kinds import known_names
from tongguan.identify.types import CATEGORIES, TYPES
from tongguan.service.console.filters import UNKNOWN
from tongguan.wording import Language, Wording, wording

__all__ = [
    "category_name",
    "country_name",
    "document_kind",
    "fact_name",
    "fact_value",
    "has_word",
    "is_sensitive",
    "pathway_name",
    "texts",
    "type_name",
    "word",
]

PACKAGE = "tongguan.service.console"


def type_name(type_id: str, language: Language) -> str:
    """A data type's name; the identifier itself where it is not one of ours."""
    known = TYPES.get(type_id)
    if known is None:
        return type_id
    return known.zh if language == "zh" else known.en


def is_sensitive(type_id: str) -> bool:
    """Whether a data type is sensitive personal information by itself."""
    known = TYPES.get(type_id)
    return known is not None and known.sensitive


def category_name(category: str, language: Language) -> str:
    """A category's name; the identifier itself where it is not one of ours."""
    return CATEGORIES[category][language] if category in CATEGORIES else category


def document_kind(kind: str, language: Language) -> str:
    """The name of a kind of documents; that it is not told where we know none."""
    known = known_names().get(kind)
    return known[language] if known else word("recipient.kinds.unknown", language)


def country_name(code: str | None, language: Language) -> str:
    """A country's or region's name; 未定 where we do not know which."""
    return word("country.unknown", language) if code in (None, UNKNOWN) else law.country_name(code, language)


def pathway_name(pathway: str, language: Language) -> str:
    """A pathway's name with a capital, as its badge says it; the identifier itself where it is not one of the law's."""
    try:
        name = law.pathway_name(pathway, language)
    except KeyError:
        return pathway
    return name[:1].upper() + name[1:]


def fact_name(path: str, language: Language) -> str:
    """A fact's name with a capital; its path where the law room does not know it."""
    try:
        name = law.fact_name(path, language)
    except KeyError:
        return path
    return name[:1].upper() + name[1:]


def fact_value(path: str, value: Any, language: Language) -> str:
    """A fact's value as people write it."""
    try:
        name = law.value_name(path, value, language)
    except KeyError:
        return str(value)
    return name[:1].upper() + name[1:]


@cache
def texts() -> Wording:
    """All texts of the console: wording.yaml, and one wording_*.yaml for each family of pages."""
    names = sorted(
        f.name for f in files(PACKAGE).iterdir() if f.name.startswith("wording") and f.name.endswith(".yaml")
    )
    merged: dict[str, dict[str, str]] = {}
    for name in names:
        merged |= wording(PACKAGE, name).texts
    return Wording(merged)


def has_word(key: str) -> bool:
    """Whether the console has a text of that key."""
    return key in texts().texts


def word(key: str, language: Language, **values: object) -> str:
    """A text of the console."""
    return texts().text(key, language, **values)
