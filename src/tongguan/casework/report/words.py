"""What stands on paper, in one language: names, numbers, times, and the sentences of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tongguan import china_time, law
from tongguan.identify.types import TYPES
from tongguan.unseen import detail_in
from tongguan.wording import Language, wording

__all__ = ["Words"]

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


class Words:
    """One language's words. Templates, pictures and documents ask here and nowhere else."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._wording = wording("tongguan.casework.report")

    def __call__(self, key: str, **values: object) -> str:
        """A text of this room. A missing key is a KeyError."""
        return self._wording.text(key, self.language, **values)

    def __contains__(self, key: str) -> bool:
        return key in self._wording.texts

    def known(self, group: str, id: str) -> str:
        """The text `group.id`, or the id itself where another version of Tongguan made it."""
        return self(f"{group}.{id}") if f"{group}.{id}" in self else id

    def optional(self, key: str) -> str:
        """A text of this room, empty where there is none."""
        return self(key) if key in self else ""

    def unseen(self, detail: str) -> str:
        """What a blind spot says of itself."""
        return detail_in(self.language, detail)

    # ---- names

    def type(self, id: str) -> str:
        found = TYPES.get(id)
        return getattr(found, self.language) if found else id

    def types(self, ids: list[str]) -> str:
        return self("list.join").join(self.type(id) for id in ids)

    def kind_of_document(self, kind: str, count: int) -> str:
        """A kind of documents, and how many."""
        from tongguan.identify.kinds import known_names

        names = known_names().get(kind)
        return self.aside(names[self.language] if names else self("kinds.unknown"), self.exact(count))

    def country(self, code: str | None) -> str:
        return law.country_name(code, self.language) if code else self("country.unknown")

    def pathway(self, id: str) -> str:
        try:
            return law.pathway_name(id, self.language)
        except KeyError:
            return id

    def regime(self, id: str) -> str:
        return law.regime_name(id, self.language)

    def fact(self, path: str) -> str:
        try:
            return law.fact_name(path, self.language)
        except KeyError:
            return path

    def value(self, fact: str, value: Any) -> str:
        """A fact's value as people write it."""
        if value is None or isinstance(value, bool):
            return self.yes(value)
        try:
            return law.value_name(fact, value, self.language)
        except KeyError:  # of another version
            return str(value)

    def said(self, item: Any) -> str:
        """The text of a reason, obligation, warning or alert in this language."""
        if not isinstance(item, Mapping):
            return str(item)
        text = item.get("text", item)
        if isinstance(text, Mapping) and self.language in text:
            return str(text[self.language])
        return self("list.join").join(f"{key}: {value}" for key, value in item.items())

    def cite(self, item: Mapping[str, Any]) -> str:
        return f"《{item['instrument']}》{item['article']}" if item.get("instrument") else ""

    # ---- put together

    def pair(self, name: str, value: str) -> str:
        return self("pair", name=name, value=value)

    def aside(self, text: str, more: str) -> str:
        return self("aside", text=text, more=more)

    # ---- numbers and times

    def exact(self, number: float) -> str:
        return f"{number:,.0f}"

    def short(self, number: float) -> str:
        """As it is read: ten thousands in Chinese, all digits in English."""
        if self.language == "en" or number < 10_000:
            return self.exact(number)
        if number < 100_000_000:
            return f"{number / 10_000:,.1f} 万"
        return f"{number / 100_000_000:,.2f} 亿"

    def line(self, number: int) -> str:
        """A legal line, as it is called."""
        if self.language == "zh" and number >= 10_000 and number % 10_000 == 0:
            return f"{number // 10_000:,} 万"
        return self.exact(number)

    def bounds(self, persons: Mapping[str, int], unread: int = 0) -> str:
        """At least and at most; with exchanges unread, that these bounds are of what was read."""
        if persons["low"] == persons["high"] == persons["count"]:
            told = self("persons.exact")
        else:
            told = self("persons.bounds", low=self.short(persons["low"]), high=self.short(persons["high"]))
        return self("persons.apart", bounds=told) if unread else told

    def bytes(self, size: float) -> str:
        for unit in _UNITS:
            if size < 1000 or unit == _UNITS[-1]:
                break
            size /= 1000
        return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:,.1f} {unit}"

    def share(self, part: float, whole: float) -> str:
        """A percentage that shows 0 and 100 only where they are exact."""
        if not whole:
            return "–"
        percent = 100 * part / whole
        if 0 < part < whole:
            percent = min(max(percent, 0.1), 99.9)
        return f"{percent:.1f}%".replace(".0%", "%")

    def time(self, text: str | float) -> str:
        """An instant, on Beijing's clock. What cannot be read as one is shown as it is."""
        try:
            instant = datetime.fromtimestamp(float(text), china_time.ZONE)
        except (TypeError, ValueError, OverflowError, OSError):
            try:
                instant = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
            except ValueError:
                return str(text)
        return instant.astimezone(china_time.ZONE).strftime("%Y-%m-%d %H:%M") if instant.tzinfo else str(text)

    def yes(self, value: bool | None) -> str:
        return self("yes" if value else "unknown" if value is None else "no")
