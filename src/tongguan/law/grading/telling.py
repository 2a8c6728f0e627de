"""A grade as plain text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tongguan.law.book import Cite
from tongguan.law.grading.answer import Basis, Grade, Obligation, Trigger
from tongguan.law.grading.reading import data, grading_fields
from tongguan.wording import Language, wording

__all__ = ["explain_grade"]


def explain_grade(grade: Grade, language: Language) -> str:
    """The level, the filing, why, what to do, what is missing and what to beware of."""
    return "\n".join(_lines(grade, language))


def _lines(grade: Grade, language: Language) -> Iterator[str]:
    between = "、" if language == "zh" else ", "
    levels = {key: entry[language] for key, entry in data()["levels"].items()}
    name = levels.get(grade.level) or _word("level.undetermined", language)
    yield _word("heading.grade", language, level=name, date=grade.date)
    if len(grade.possible) > 1:
        yield _word("possible", language, levels=between.join(levels[level] for level in grade.possible))
    for extra in (grade.sub_level, grade.data_class):
        if extra:
            yield f"{extra['text'][language]} {_cites(extra['cites'])} {_known(extra['confidence'], language)}"
    answered = [grading_fields()[f"factors.{name}"][language] for name, value in grade.factors.items() if value]
    if answered:
        yield _word("factors", language, factors=between.join(answered))
    filing = grade.for_filing
    yield "\n" + _word("heading.filing", language, answer=_word(f"filing.{filing.answer}", language))
    yield f"  {filing.text[language]} {_cites(filing.cites)}"
    yield from _section("findings", (_basis(one, language) for one in grade.findings), language)
    numbers = (_number(one, language) for one in grade.triggers if one.outcome != "not_applicable")
    yield from _section("triggers", numbers, language)
    rules = (f"{rule['text'][language]} {_cites(rule['cites'])}" for rule in grade.sector_rules)
    yield from _section("sector_rules", rules, language)
    yield from _section("obligations", (_to_do(one, language) for one in grade.obligations), language)
    wanted = (f"{one.text[language]} ({one.path}){_tell(one.tell, language)}" for one in grade.missing)
    yield from _section("missing", wanted, language)
    claims = (grading_fields()[path][language] for path in grade.not_claimed)
    yield from _section("not_claimed", claims, language)
    taken = (_taken(name, value, language) for name, value in grade.readings.items())
    yield from _section("readings", taken, language)
    yield from _section("cautions", (text[language] for text in grade.cautions), language)


def _section(name: str, lines: Iterable[str], language: Language) -> Iterator[str]:
    found = list(lines)
    if found:
        yield "\n" + _word(f"heading.{name}", language)
        yield from (f"  - {line}" for line in found)


def _basis(basis: Basis, language: Language) -> str:
    detail = "; ".join(text[language] for text in basis.detail)
    level = data()["levels"][basis.level][language]
    told = f" ({detail})" if detail else ""
    known = _known(basis.confidence, language)
    outcome = _word(f"outcome.{basis.outcome}", language)
    return f"[{outcome}] {level}: {basis.text[language]}{told} {_cites(basis.cites)} {known}"


def _number(one: Trigger, language: Language) -> str:
    outcome = _word(f"outcome.{one.outcome}", language)
    return f"[{outcome}] {one.text[language]} {_cites(one.cites)} {_known(one.confidence, language)}"


def _to_do(one: Obligation, language: Language) -> str:
    due = _word("due", language, date=one.due) if one.due else ""
    text = one.text[language] if one.certain else _word("if_so", language, text=one.text[language])
    return f"{text}{due} {_cites(one.cites)}"


def _tell(tell: object, language: Language) -> str:
    return f" → {tell[language]}" if isinstance(tell, dict) else ""


def _taken(name: str, value: str, language: Language) -> str:
    entry = data()["readings"][name]
    return f"{entry[language]}: {entry['readings'][value][language]}"


def _cites(cites: Iterable[Cite]) -> str:
    return " ".join(f"《{cite.instrument.title}》{cite.article}" for cite in cites)


def _known(confidence: str, language: Language) -> str:
    return f"〔{wording('tongguan.law', 'faces.yaml').text(f'confidence.{confidence}', language)}〕"


def _word(key: str, language: Language, **values: object) -> str:
    return wording("tongguan.law.grading").text(key, language, **values)
