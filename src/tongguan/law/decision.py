"""From facts to a `Decision`: the verdict, why, what goes with it, and what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.alike import answered
from tongguan.law.book import Rule, book
from tongguan.law.cautions import cautions
from tongguan.law.changes import changes
from tongguan.law.facts import FIELDS, Facts
from tongguan.law.obligations import filled, obligations
from tongguan.law.rules import CONDITIONS, ZONE_RULES
from tongguan.law.verdict import Leaf, Verdict, deciding_rule, judge
from tongguan.law.view import Unknown, View
from tongguan.model import Decision, Pathway, Reason
from tongguan.wording import LANGUAGES, wording

__all__ = ["decide", "decide_many", "thresholds", "window"]

WAYS: dict[str, tuple[str, ...]] = {
    Pathway.CONTRACT_OR_CERTIFICATION: ("standard_contract", "certification"),
    Pathway.SECURITY_ASSESSMENT: ("security_assessment",),
    Pathway.CERTIFICATION: ("certification",),
    Pathway.EXEMPT: ("exempt",),
    Pathway.ZONE_REGISTRATION: ("zone_registration",),
    Pathway.APPROVAL_REQUIRED: ("approval_required",),
}
GBA = "gba_standard_contract"
GBA_BESIDE = (Pathway.CONTRACT_OR_CERTIFICATION, Pathway.SECURITY_ASSESSMENT, Pathway.ZONE_REGISTRATION)


def decide(facts: Facts | Mapping[str, Any], *, readings: Mapping[str, str] | None = None) -> Decision:
    """What the law of the day asks.

    `facts` are parsed facts, or a nested mapping of the shape of the file. `readings` switches interpretations by
    name (see `readings` in data/parameters.yaml). Raises BadFacts. A security assessment may be applied for
    voluntarily below its line; that stands among the warnings, not among the options. Without a date every period
    since 2017-06-01 is judged, and the answer is definite only where all agree.
    """
    _check_readings(readings or {})
    return _decide(facts if isinstance(facts, Facts) else Facts.of(facts), readings or {})


def decide_many(
    questions: Iterable[Facts | Mapping[str, Any]], *, readings: Mapping[str, str] | None = None
) -> list[Decision]:
    """`decide` for each question, in order. Raises BadFacts for the first that cannot be asked, naming its number.

    Questions that no rule tells apart are worked out once. Ask in one process: nothing is shared between processes.
    """
    _check_readings(readings or {})
    taken = readings or {}
    return [
        _decide(asked if isinstance(asked, Facts) else Facts.of(asked, f"question {number}"), taken)
        for number, asked in enumerate(questions, 1)
    ]


def _decide(known: Facts, readings: Mapping[str, str]) -> Decision:
    given = dict(known.values)
    day: date | None = given.pop("date", None)
    if day is not None:
        page = book().page(day)
        return answered(page, given, day, readings, lambda facts: _decision(judge(page, facts, readings), day))
    verdicts = [judge(page, given, readings) for page in book().pages() if page.regime != "none"]
    pathways = {pathway for verdict in verdicts for pathway in verdict.pathways}
    if len(pathways) == 1:
        return _decision(verdicts[-1], None)
    return _undated(verdicts)


def window(as_of: date) -> tuple[date, date]:
    """The days over which persons are counted for a question of that day, both inclusive.

    The 2022 rules count from 1 January of the year before, the 2024 rules from 1 January of the year. Before 2022-09-01
    no rule counted; the first counting rule's window is used.
    """
    years_back = 1 if book().page(as_of).window_starts == "previous_year" else 0
    return date(max(as_of.year - years_back, 1), 1, 1), as_of


def thresholds(as_of: date) -> dict[str, tuple[int, ...]]:
    """The lines (persons) of that day's national rules, ascending, for `persons` and `sensitive_persons`."""
    numbers = book().page(as_of).numbers
    return {
        fact: tuple(
            sorted(numbers[key] for key in (f"{fact}_for_contract", f"{fact}_for_assessment") if key in numbers)
        )
        for fact in ("persons", "sensitive_persons")
    }


def _check_readings(readings: Mapping[str, str]) -> None:
    for name, value in readings.items():
        entry = book().readings.get(name)
        if entry is None:
            raise BadFacts(f"unknown reading {name!r}; expected one of {', '.join(book().readings)}")
        if value not in (entry["default"], entry["other"]):
            raise BadFacts(f"reading {name}: expected {entry['default']} or {entry['other']}, found {value!r}")


def _decision(verdict: Verdict, day: date | None) -> Decision:
    pathway = verdict.pathway
    definite = len(verdict.pathways) == 1
    options = _options(verdict) if definite else ()
    return Decision(
        date=day.isoformat() if day else "",
        regime=verdict.page.regime if day else "",
        pathway=pathway,
        options=options,
        reasons=tuple(_reasons(verdict) if definite else _reasons_at_stake(verdict)),
        missing=verdict.missing(),
        obligations=tuple(obligations(verdict, options)),
        warnings=tuple(cautions(verdict, options, day)),
        would_change=tuple(changes(verdict)),
    )


def _undated(verdicts: list[Verdict]) -> Decision:
    """No date, and the periods differ: undetermined for want of it, and of what any period would ask besides."""
    latest = _decision(verdicts[-1], None)
    missing = {"date"}.union(*(verdict.missing() for verdict in verdicts))
    whole = Verdict(
        verdicts[-1].page,
        verdicts[-1].given,
        verdicts[-1].readings,
        tuple(leaf for verdict in verdicts for leaf in verdict.leaves),
    )
    return Decision(
        date="",
        regime="",
        pathway=Pathway.UNDETERMINED,
        reasons=latest.reasons,
        missing=tuple(path for path in FIELDS if path in missing),
        warnings=tuple(cautions(whole, (), None)),
    )


def _options(verdict: Verdict) -> tuple[str, ...]:
    """The lawful ways open in every completion."""
    each = [_ways(verdict.view(leaf), leaf) for leaf in verdict.leaves]
    return tuple(way for way in each[0] if all(way in ways for ways in each))


def _ways(view: View, leaf: Leaf) -> tuple[str, ...]:
    ways = WAYS.get(leaf.pathway, ())
    if leaf.pathway == Pathway.ZONE_REGISTRATION:
        try:
            national = deciding_rule(view, without=ZONE_RULES)
        except Unknown:
            national = None
        ways += WAYS.get(national.pathway, ()) if national else ()
    return (*ways, GBA) if leaf.pathway in GBA_BESIDE and _inside_greater_bay_area(view) else ways


def _inside_greater_bay_area(view: View) -> bool:
    """Both ends inside, personal information only, no important data. It has no cap of persons."""
    try:
        return (
            view("recipient.country") in view.page.gba_recipients
            and book().in_greater_bay_area(view("exporter.city") or "")
            and bool(view("data.personal"))
            and not view("data.important")
            and (view.readings["gba_for_ciio"] == "open" or not view("exporter.ciio"))
        )
    except Unknown:
        return False


def _reasons(verdict: Verdict) -> list[Reason]:
    """The rules that hold in every completion; where none does, all that decide one of them."""
    each = [_holding(verdict, leaf) for leaf in verdict.leaves]
    common = [key for key in each[0] if all(key in other for other in each)]
    keys = common or list(dict.fromkeys(key for found in each for key in found))
    rules = {key: found[key] for found in reversed(each) for key in found}
    return [reason for key in keys for reason in _cited(verdict, *rules[key])]


def _holding(verdict: Verdict, leaf: Leaf) -> dict[str, tuple[Rule, Mapping[str, Any]]]:
    """The deciding rule, and others of its pathway that hold on what is known, each with the given facts it used."""
    if leaf.rule is None:
        return {}
    found = {leaf.rule.id: (leaf.rule, _looked_at(verdict, leaf))}
    if leaf.rule.id in ZONE_RULES:  # the list stands in the place of the national lines (art. 7(2), art. 8)
        return found
    for rule in verdict.page.rules:
        if rule.pathway == leaf.pathway and rule.id not in found:
            try:
                view = verdict.view(leaf)
                if CONDITIONS[rule.id](view):
                    found[rule.id] = (rule, view.reads)
            except Unknown:
                continue
    return found


def _looked_at(verdict: Verdict, leaf: Leaf) -> Mapping[str, Any]:
    return {path: verdict.given[path] for path in leaf.reads}


def _reasons_at_stake(verdict: Verdict) -> Iterator[Reason]:
    """One rule for each pathway that is possible."""
    seen: set[str] = set()
    words = wording("tongguan.law")
    for leaf in verdict.leaves:
        if leaf.rule and leaf.pathway not in seen:
            seen.add(leaf.pathway)
            for reason in _cited(verdict, leaf.rule, _looked_at(verdict, leaf)):
                text: dict[str, str] = {
                    language: words.text("at_stake", language, text=reason.text[language]) for language in LANGUAGES
                }
                yield replace(reason, text=text)


def _cited(verdict: Verdict, rule: Rule, used: Mapping[str, Any]) -> Iterator[Reason]:
    text = filled(rule.text, verdict)
    for cite in rule.cites:
        yield Reason(cite.instrument.title, cite.article, rule.id, dict(used), text)
