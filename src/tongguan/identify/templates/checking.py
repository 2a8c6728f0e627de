"""Values of a file to a template: every key known, every reference there, or one message with its line."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Any, Final, Literal, cast

from tongguan.identify.tables import combination_rules
from tongguan.identify.templates.pack import LEVELS, Basis, Condition, Known, Rule, Template, Text
from tongguan.identify.templates.reading import Document, Way
from tongguan.identify.types import CATEGORIES, TYPES
from tongguan.wording import wording

__all__ = ["template_of"]

_say: Final = wording("tongguan.identify.templates", "faults.yaml").both
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KNOWN: Final = ("text", "digest", "unverified")
_OPTIONAL: Final = (
    "unless", "scope", "class", "level", "sensitive", "review", "basis", "article", "known", "from", "to",
)  # fmt: skip
_LONGEST: Final = 500  # characters of a text
_MOST: Final = 500  # rules of a template


def template_of(document: Document) -> Template:
    """Raises BadPack naming line and field."""
    check = _Check(document)
    top: dict[str, Any] = document.values
    check.keys(top, (), {"format", "id", "names", "dated"}, {"sector", "bases", "classes", "rules", "note"})
    if top["format"] != 1:
        raise document.fault(("format",), "format")
    id = check.id(top["id"], ("id",))
    dated = check.day(top["dated"], ("dated",))
    sector = check.id(top["sector"], ("sector",)) if top.get("sector") is not None else None
    bases = {}
    for i, row in enumerate(check.rows(top.get("bases"), ("bases",))):
        basis = check.basis(row, ("bases", i))
        bases[basis.id] = basis
    classes = check.mapping(top.get("classes"), ("classes",))
    names = {check.id(key, ("classes", key)): check.text(value, ("classes", key)) for key, value in classes.items()}
    rows = check.rows(top.get("rules"), ("rules",))
    if not rows or len(rows) > _MOST:
        raise document.fault(("rules",), "rules", most=_MOST)
    rules = [check.rule(row, ("rules", i), id, bases, names) for i, row in enumerate(rows)]
    for i, rule in enumerate(rules):
        if any(other.id == rule.id for other in rules[:i]):
            raise document.fault(("rules", i, "id"), "rule.second", rule=repr(rule.id.partition("/")[2]))
    return Template(id, check.text(top["names"], ("names",)), dated, sector, bases, names, tuple(rules))


class _Check:
    """Each method gives the value in its type or raises the fault of the document."""

    def __init__(self, document: Document) -> None:
        self._fault = document.fault

    def keys(self, row: Any, way: Way, needed: Collection[str], allowed: Collection[str]) -> None:
        known = {*needed, *allowed}
        given = self.mapping(row, way)
        for key in given:
            if key not in known:
                raise self._fault((*way, key), "key.unknown", known=", ".join(sorted(known)))
        for key in sorted(needed):
            if given.get(key) is None:
                raise self._fault(way, "key.missing", name=key)

    def mapping(self, value: Any, way: Way) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            raise self._fault(way, "mapping")
        return value or {}

    def rows(self, value: Any, way: Way) -> list[Any]:
        if value is not None and not isinstance(value, list):
            raise self._fault(way, "list.lines")
        return value or []

    def id(self, value: Any, way: Way) -> str:
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self._fault(way, "id")
        return value

    def day(self, value: Any, way: Way) -> date:
        if not isinstance(value, date):
            raise self._fault(way, "day")
        return value

    def words(self, value: Any, way: Way) -> tuple[str, ...]:
        rows = value if isinstance(value, list) else [value]
        for i, word in enumerate(rows):
            if not isinstance(word, str) or not word.strip() or len(word) > 100:
                raise self._fault((*way, i), "word")
        return tuple(rows)

    def chosen(self, value: Any, way: Way, known: Collection[str], what: str) -> frozenset[str]:
        words = self.words(value, way)
        for i, word in enumerate(words):
            if word not in known:
                raise self._fault(
                    (*way, i), "chosen", what=_say(what), given=repr(word[:60]), known=", ".join(sorted(known))
                )
        return frozenset(words)

    def text(self, value: Any, way: Way) -> Text:
        self.keys(value, way, {"zh", "en"}, ())
        for language in ("zh", "en"):
            words = value[language]
            if not isinstance(words, str) or len(words) > _LONGEST or any(ord(c) < 32 for c in words):
                raise self._fault((*way, language), "text", most=_LONGEST)
        return {"zh": value["zh"], "en": value["en"]}

    def basis(self, row: Any, way: Way) -> Basis:
        self.keys(row, way, {"id", "title", "en"}, {"known", "note"})
        note = self.text(row["note"], (*way, "note")) if row.get("note") is not None else None
        for key in ("title", "en"):
            self.words(row[key], (*way, key))
        return Basis(
            self.id(row["id"], (*way, "id")),
            row["title"],
            row["en"],
            self.known(row.get("known"), (*way, "known")),
            note,
        )

    def known(self, value: Any, way: Way) -> Known:
        if value is None:
            return "unverified"
        if value not in _KNOWN:
            raise self._fault(way, "one_of", known=", ".join(_KNOWN))
        return cast(Known, value)

    def flag(self, value: Any, way: Way) -> bool | None:
        if value is not None and not isinstance(value, bool):
            raise self._fault(way, "flag")
        return value

    def condition(self, value: Any, way: Way) -> Condition:
        allowed = ("types", "categories", "column", "table", "combinations", "persons", "score")
        self.keys(value, way, (), allowed)
        given: dict[str, Any] = {
            key: self.words(value[key], (*way, key)) for key in ("column", "table") if value.get(key)
        }
        for key, known, what in (
            ("types", TYPES, "is.type"), ("categories", CATEGORIES, "is.category"),
            ("combinations", combination_rules(), "is.combination"),
        ):  # fmt: skip
            if value.get(key):
                given[key] = self.chosen(value[key], (*way, key), known, what)
        if value.get("persons") is not None:
            if type(value["persons"]) is not int or value["persons"] < 1:
                raise self._fault((*way, "persons"), "persons")
            given["persons"] = value["persons"]
        if value.get("score") is not None:
            if type(value["score"]) not in (int, float) or not 0 <= value["score"] <= 1:
                raise self._fault((*way, "score"), "score")
            given["score"] = float(value["score"])
        if not given.keys() - {"score"}:
            raise self._fault(way, "condition.empty", known=", ".join(allowed[:-1]))
        return Condition(**given)

    def rule(self, row: Any, way: Way, template: str, bases: dict[str, Basis], classes: dict[str, Text]) -> Rule:
        optional = {
            "unless",
            "scope",
            "class",
            "level",
            "sensitive",
            "review",
            "basis",
            "article",
            "known",
            "from",
            "to",
        }
        self.keys(row, way, {"id", "zh", "en", "when"}, optional)
        basis, class_id, level = row.get("basis"), row.get("class"), row.get("level")
        if basis is not None and (not isinstance(basis, str) or basis not in bases):
            raise self._fault((*way, "basis"), "basis.none", given=repr(str(basis)[:60]))
        if class_id is not None and (not isinstance(class_id, str) or class_id not in classes):
            raise self._fault((*way, "class"), "class.unlisted", given=repr(str(class_id)[:60]))
        if level is not None and level not in LEVELS:
            raise self._fault((*way, "level"), "one_of", known=", ".join(LEVELS))
        scope = row.get("scope") or "column"
        if scope not in ("column", "table"):
            raise self._fault((*way, "scope"), "scope.rule")
        if row.get("article") is not None:
            self.words(row["article"], (*way, "article"))
        since, until = (self.day(row[k], (*way, k)) if row.get(k) is not None else None for k in ("from", "to"))
        if since and until and until < since:
            raise self._fault((*way, "to"), "days")
        known = self.known(row.get("known"), (*way, "known"))
        when = self.condition(row["when"], (*way, "when"))
        if scope == "table" and (when.column or when.categories):
            raise self._fault((*way, "when"), "rule.tables")
        return Rule(
            f"{template}/{self.id(row['id'], (*way, 'id'))}",
            self.text({"zh": row["zh"], "en": row["en"]}, way),
            when,
            self.condition(row["unless"], (*way, "unless")) if row.get("unless") is not None else None,
            cast(Literal["column", "table"], scope),
            class_id,
            level,
            self.flag(row.get("sensitive"), (*way, "sensitive")),
            self.text(row["review"], (*way, "review")) if row.get("review") is not None else None,
            bases[basis] if basis else None,
            row.get("article"),
            known,
            since,
            until,
        )
