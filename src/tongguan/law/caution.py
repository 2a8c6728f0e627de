"""One warning beside an answer, in both languages, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tongguan.law.book import book
from tongguan.law.naming import fact_name, pathway_name
from tongguan.law.verdict import Verdict
from tongguan.wording import LANGUAGES, wording

__all__ = ["Caution", "caution", "named", "reading", "used"]

Caution = Mapping[str, Any]


def used(verdict: Verdict, *rules: str) -> bool:
    return any(leaf.rule is not None and leaf.rule.id in rules for leaf in verdict.leaves)


def caution(id: str, names: Mapping[str, Mapping[Any, str]] | None = None, **values: object) -> Caution:
    text = {
        language: wording("tongguan.law").text(
            f"warning.{id}", language, **values, **{key: name[language] for key, name in (names or {}).items()}
        )
        for language in LANGUAGES
    }
    return {"id": id, "text": text}


def named(id: str, *, facts: Iterable[str] = (), pathways: Iterable[str] = ()) -> Caution:
    """A caution about facts or pathways, which it also lists by id."""
    listed = list(facts or pathways)
    name = fact_name if facts else pathway_name
    between = {"zh": "、", "en": ", "}
    names = {language: between[language].join(name(item, language) for item in listed) for language in LANGUAGES}
    key = "facts" if facts else "pathways"
    return {**caution(id, {key: names}), key: listed}


def reading(verdict: Verdict, name: str) -> Caution:
    entry: Any = book().readings[name]
    taken = verdict.readings[name]
    names = {"question": {"zh": entry["zh"], "en": entry["en"]}, "reading": entry["says"][taken]}
    return {**caution("reading", names), "reading": name, "taken": taken}
