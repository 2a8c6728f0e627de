"""Templates laid over a table's verdict: class and level of every column and the table, with rule and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from tongguan import china_time
from tongguan.identify.tables import ColumnVerdict, TableVerdict
from tongguan.identify.tables.naming import mentions
from tongguan.identify.templates.corrections import Exception_, corrected
from tongguan.identify.templates.pack import Condition, Rule, Template, Text, rank
from tongguan.identify.templates.policy import Policy
from tongguan.identify.templates.results import ColumnResult, Evidence, Match, TableResult
from tongguan.identify.types import TYPES
from tongguan.wording import wording

__all__ = ["classify"]

_TEXTS: Final = wording("tongguan.identify.templates")
_INSIDE: Final = 0.01  # share of a column's cells from which a type inside it counts


def classify(
    verdict: TableVerdict,
    templates: tuple[Template, ...],
    *,
    policy: Policy | None = None,
    exceptions: Sequence[Exception_] = (),
    as_of: date | None = None,
) -> TableResult:
    """Every column by the rule of the highest level that holds; of equals the narrower, then the template given later.

    `as_of` is the day whose rules are asked (today where it is not given).
    """
    policy, day = policy or Policy(), as_of or china_time.today()
    rules = [(template, rule) for template, rule in policy.rules(templates) if rule.holds_on(day)]
    judged, applied = corrected(verdict, exceptions)
    columns = tuple(_column(verdict, judged, i, rules, policy, applied.get(i)) for i in range(len(verdict.columns)))
    kept = [c for c in columns if c.filtered is None]
    found = (_table_match(judged, template, rule, kept) for template, rule in rules if rule.scope == "table")
    matches = _sorted(match for match in found if match)
    level = max((c.level for c in kept), key=rank, default=None)
    if policy.tables == "highest":
        level = max((level, *(m.level for m in matches)), key=rank)
    if policy.columns == "table":
        columns = tuple(c if c.filtered or not c.level else _levelled(c, level, policy) for c in columns)
    sensitive = any(c.sensitive for c in kept) or any(m.sensitive for m in matches)
    return TableResult(verdict.name, level, _level_name(level, policy), sensitive, matches, columns)


def _levelled(column: ColumnResult, level: str | None, policy: Policy) -> ColumnResult:
    return replace(column, level=level, level_name=_level_name(level, policy))


def _level_name(level: str | None, policy: Policy) -> Text | None:
    if level is None:
        return None
    return policy.levels.get(level) or _TEXTS.both(f"level.{level}")


def _column(
    given: TableVerdict,
    judged: TableVerdict,
    i: int,
    rules: Sequence[tuple[Template, Rule]],
    policy: Policy,
    exception: Exception_ | None,
) -> ColumnResult:
    column = judged.columns[i]
    if filter := policy.filter_for(given.name, column.name):
        why = filter.why or f"{filter.table}.{filter.column}"
        place = (given.name, i, column.name, column.type)
        return ColumnResult(*place, None, None, False, None, (), None, why, given.columns[i], given)
    found = (_match(judged, column, template, rule) for template, rule in rules if rule.scope == "column")
    matches = _sorted(match for match in found if match)
    level, sensitive = (matches[0].level, any(m.sensitive for m in matches)) if matches else (None, False)
    if exception:
        level = exception.now.level or level
        sensitive = sensitive if exception.now.sensitive is None else exception.now.sensitive
        matches = _with_exception(matches, exception, level, sensitive)
    return ColumnResult(
        given.name,
        i,
        column.name,
        column.type,
        level,
        _level_name(level, policy),
        sensitive,
        matches[0] if matches else None,
        matches,
        exception.id if exception else None,
        None,
        given.columns[i],
        given,
    )


def _with_exception(
    matches: tuple[Match, ...], exception: Exception_, level: str | None, sensitive: bool
) -> tuple[Match, ...]:
    """The correction as the first match, where it says more than another type."""
    now = exception.now
    if now.level is None and now.class_id is None and now.sensitive is None:
        return matches
    text = _TEXTS.both("exception", by=exception.by, day=exception.at[:10], reason=exception.reason)
    first = matches[0] if matches else None
    own = Match(
        f"exception/{exception.id}",
        text,
        now.class_id or (first.class_id if first else None),
        first.class_name if first and now.class_id in (None, first.class_id) else None,
        level,
        sensitive,
        None,
        None,
        None,
        "text",
        (Evidence("exception", text),),
    )
    return (own, *matches)


def _sorted(matches: Iterable[tuple[int, Match]]) -> tuple[Match, ...]:
    """By level, then by how much the rule asks for, then the later template first."""
    ranked = sorted(enumerate(matches), key=lambda row: (rank(row[1][1].level), row[1][0], row[0]), reverse=True)
    return tuple(match for _, (_, match) in ranked)


def _match(table: TableVerdict, column: ColumnVerdict, template: Template, rule: Rule) -> tuple[int, Match] | None:
    evidence = _met(rule.when, table, column)
    if evidence is None or (rule.unless and _met(rule.unless, table, column) is not None):
        return None
    types = _types(column)
    level = rule.level or max((TYPES[t].level for t in types), key=rank, default=None)
    sensitive = any(TYPES[t].sensitive for t in types) if rule.sensitive is None else rule.sensitive
    return rule.when.weight, _made(template, rule, level, sensitive, evidence)


def _table_match(
    table: TableVerdict, template: Template, rule: Rule, kept: Sequence[ColumnResult]
) -> tuple[int, Match] | None:
    left = {c.index for c in kept}
    evidence = _met(rule.when, table, None, left)
    if evidence is None or (rule.unless and _met(rule.unless, table, None, left) is not None):
        return None
    return rule.when.weight, _made(template, rule, rule.level, bool(rule.sensitive), evidence)


def _made(template: Template, rule: Rule, level: str | None, sensitive: bool, evidence: list[Evidence]) -> Match:
    return Match(
        rule.id,
        rule.text,
        f"{template.id}/{rule.class_id}" if rule.class_id else None,
        template.classes.get(rule.class_id) if rule.class_id else None,
        level,
        sensitive,
        rule.review,
        rule.basis.title if rule.basis else None,
        rule.article,
        rule.known,
        tuple(evidence),
    )


def _types(column: ColumnVerdict) -> list[str]:
    """The type of a column, and those of a good part of its cells."""
    return [t for t in (column.type, *(i.type for i in column.inside if i.share >= _INSIDE)) if t]


def _met(
    when: Condition, table: TableVerdict, column: ColumnVerdict | None, left: set[int] | None = None
) -> list[Evidence] | None:
    """What meets each part of a condition, None where a part is not met. Without a column the whole table is asked."""
    columns = [column] if column else [c for c in table.columns if left is None or c.index in left]
    found: list[Evidence] = []
    if when.types or when.categories:
        met = [e for c in columns if (e := _by_type(when, c))]
        if not met:
            return None
        found.append(met[0])
    for words, texts, kind in (
        (when.column, [t for c in columns for t in (c.name, c.comment)], "column"),
        (when.table, [table.name, table.comment], "table"),
    ):
        if words:
            word = next((w for w in words for text in texts if text and mentions(text, w)), None)
            if word is None:
                return None
            found.append(Evidence(kind, _TEXTS.both(kind, word=word)))
    if when.combinations:
        held = [
            c
            for c in table.combinations
            if c.rule in when.combinations and (column is None or column.index in c.columns)
        ]
        if not held:
            return None
        found.append(Evidence("combination", held[0].text))
    if when.persons is not None:
        subjects = table.subjects
        if subjects is None or subjects.high < when.persons:
            return None
        key = "persons" if subjects.low >= when.persons else "persons_perhaps"
        numbers = {"count": subjects.count, "low": subjects.low, "high": subjects.high, "line": when.persons}
        found.append(Evidence("persons", _TEXTS.both(key, **{name: f"{n:,}" for name, n in numbers.items()})))
    return found


def _by_type(when: Condition, column: ColumnVerdict) -> Evidence | None:
    def asked(type: str) -> bool:
        known = not when.types or type in when.types
        return known and (not when.categories or TYPES[type].category in when.categories)

    if column.type and column.score >= when.score and asked(column.type):
        return Evidence("type", _of_type("type", column, column.type, f"{column.score:.2f}"))
    for inside in column.inside:
        if inside.share >= _INSIDE and asked(inside.type):
            return Evidence("inside", _of_type("inside", column, inside.type, f"{inside.share:.0%}"))
    return None


def _of_type(key: str, column: ColumnVerdict, type: str, much: str) -> Text:
    about = TYPES[type]
    return {
        "zh": _TEXTS.text(key, "zh", column=column.name, type=about.zh, much=much),
        "en": _TEXTS.text(key, "en", column=column.name, type=about.en, much=much),
    }
