"""Every rule of a day in the order in which it is asked: whether it applied, and on which facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.book import Rule, book
from tongguan.law.facts import FIELDS, Facts
from tongguan.law.index import fill
from tongguan.law.naming import fact_name, pathway_name, value_name
from tongguan.law.rules import CONDITIONS
from tongguan.law.verdict import Verdict, judge
from tongguan.law.view import Range, Unknown, View
from tongguan.wording import Language, wording

__all__ = ["Outcome", "Step", "step_json", "trace", "traced"]


COUNTED = frozenset(path for path, kind in FIELDS.items() if kind == "count")


class Outcome(StrEnum):
    """What asking a rule came to."""

    DECIDES = "decides"  # it holds, and no rule before it does
    MAY_DECIDE = "may_decide"  # in some of what the unknown facts could be
    FAILS = "fails"  # asked, and it does not hold
    NOT_ASKED = "not_asked"  # a rule before it decides in every case


@dataclass(frozen=True, slots=True)
class Step:
    """One rule, asked or passed over.

    `facts` are the given facts that it looked at. `unknown` are those that it needed and nobody gave, each with the
    values for which it decides (none where it never does); a number is a text such as 100,000–999,999.
    `not_claimed` are the claims that it asks for and nobody made.
    `also_holds`: it was not asked, but would hold on what is known, so that it supports the answer or would stand in.
    """

    rule: str
    pathway: str
    outcome: Outcome
    facts: Mapping[str, Any]
    unknown: Mapping[str, tuple[Any, ...]]
    not_claimed: tuple[str, ...]
    also_holds: bool
    cites: tuple[tuple[str, str], ...]  # title, article
    text: Mapping[str, str]


def trace(facts: Facts | Mapping[str, Any], *, readings: Mapping[str, str] | None = None) -> list[Step]:
    """The rules in force on the facts' day, each with what asking it came to. `readings` as `decide` takes them.

    Raises BadFacts where the facts are malformed or have no day: which rules are asked depends on it.
    """
    known = facts if isinstance(facts, Facts) else Facts.of(facts)
    day: date | None = known.values.get("date")
    if day is None:
        raise BadFacts(
            f"{known.name}: date: which rules are asked depends on the day; expected such as date: 2026-11-21"
        )
    given = {path: value for path, value in known.values.items() if path != "date"}
    verdict = judge(book().page(day), given, readings)
    return [_step(verdict, rule) for rule in verdict.page.rules]


def step_json(step: Step) -> dict[str, Any]:
    """A step as JSON."""
    return {
        "rule": step.rule,
        "pathway": step.pathway,
        "outcome": step.outcome.value,
        "facts": dict(step.facts),
        "unknown": {path: list(values) for path, values in step.unknown.items()},
        "not_claimed": list(step.not_claimed),
        "also_holds": step.also_holds,
        "cites": [{"instrument": title, "article": article} for title, article in step.cites],
        "text": dict(step.text),
    }


class _Noted(dict[str, Any]):
    """Facts that note which of them were looked for."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.looked: set[str] = set()

    def __contains__(self, path: object) -> bool:
        self.looked.add(str(path))
        return super().__contains__(path)

    def __getitem__(self, path: str) -> Any:
        self.looked.add(path)
        return super().__getitem__(path)

    def get(self, path: str, default: Any = None) -> Any:
        self.looked.add(path)
        return super().get(path, default)


def _step(verdict: Verdict, rule: Rule) -> Step:
    places = {one.id: at for at, one in enumerate(verdict.page.rules)}
    here = places[rule.id]
    asked = [leaf for leaf in verdict.leaves if leaf.rule is None or places[leaf.rule.id] >= here]
    facts: dict[str, Any] = {}
    unknown: dict[str, list[Any]] = {}
    looked: set[str] = set()
    deciding = 0
    for leaf in asked:
        assumed = _Noted(leaf.assumed)
        view = View(verdict.page, verdict.given, verdict.readings, assumed)
        decides = bool(CONDITIONS[rule.id](view))  # it was asked with these assumptions, so nothing is missing here
        deciding += decides
        facts |= view.reads
        looked |= assumed.looked
        for path in assumed.looked & leaf.assumed.keys():
            values = unknown.setdefault(path, [])
            value = _plain(leaf.assumed[path])
            if decides and value not in values:
                values.append(value)
    return Step(
        rule=rule.id,
        pathway=rule.pathway,
        outcome=_outcome(asked=len(asked), deciding=deciding, of=len(verdict.leaves)),
        facts=facts,
        unknown={path: tuple(unknown[path]) for path in FIELDS if path in unknown},
        not_claimed=tuple(path for path in FIELDS if path in (looked & book().claims) - facts.keys() - unknown.keys()),
        also_holds=not asked and _holds(verdict, rule),
        cites=tuple((cite.instrument.title, cite.article) for cite in rule.cites),
        text=fill(rule.text, _numbers(verdict)),
    )


def _outcome(asked: int, deciding: int, of: int) -> Outcome:
    if not asked:
        return Outcome.NOT_ASKED
    if not deciding:
        return Outcome.FAILS
    return Outcome.DECIDES if deciding == of else Outcome.MAY_DECIDE


def _holds(verdict: Verdict, rule: Rule) -> bool:
    for leaf in verdict.leaves:
        try:
            if not CONDITIONS[rule.id](verdict.view(leaf)):
                return False
        except Unknown:
            return False
    return True


def _numbers(verdict: Verdict) -> dict[str, int]:
    """The numbers of the day, and those of the zone list's scenario that is claimed."""
    scenario = verdict.page.scenarios.get(verdict.given.get("activity.zone_scenario", ""))
    zone = {f"zone_{name}": value for name, value in scenario.numbers.items()} if scenario else {}
    return {**verdict.page.numbers, **zone}


def _plain(value: Any) -> Any:
    if isinstance(value, Range):
        return f"{value.low:,}–{value.high:,}" if value.high is not None else f"≥ {value.low:,}"
    return value


# ---- As text -----------------------------------------------------------------------------------------------------


def traced(steps: Sequence[Step], language: Language) -> str:
    """The steps as text for people; rules that were not asked are summed in one line."""
    lines = [_word("trace.heading", language)]
    lines += [line for step in steps if step.outcome != Outcome.NOT_ASKED for line in _lines(step, language)]
    passed = [step.rule for step in steps if step.outcome == Outcome.NOT_ASKED]
    if passed:
        lines.append(f"  {_word('trace.not_asked', language)}: {', '.join(passed)}")
    return "\n".join(lines)


def _lines(step: Step, language: Language) -> Iterator[str]:
    cites = " ".join(f"《{title}》{article}" for title, article in step.cites)
    mark = {Outcome.DECIDES: "●", Outcome.MAY_DECIDE: "◐", Outcome.FAILS: "○"}[step.outcome]
    outcome = _word(f"trace.{step.outcome.value}", language)
    yield f"  {mark} {step.rule} [{outcome} → {pathway_name(step.pathway, language)}] {step.text[language]} {cites}"
    if step.facts:
        told = "; ".join(f"{fact_name(k, language)} = {value_name(k, v, language)}" for k, v in step.facts.items())
        yield f"      {_word('trace.on', language)}: {told}"
    if step.not_claimed:
        told = "; ".join(fact_name(path, language) for path in step.not_claimed)
        yield f"      {_word('trace.not_claimed', language)}: {told}"
    for path, values in step.unknown.items():
        if values:
            told = _word("trace.if", language, values=" / ".join(_value(path, value, language) for value in values))
        else:
            told = _word("trace.whatever", language)
        yield f"      {_word('trace.unknown', language)}: {fact_name(path, language)} ({path}){told}"


def _value(path: str, value: Any, language: Language) -> str:
    return value if path in COUNTED or value == "abroad" else value_name(path, value, language)


def _word(key: str, language: Language, **values: object) -> str:
    return wording("tongguan.law", "faces.yaml").text(key, language, **values)
