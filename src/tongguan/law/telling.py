"""A decision as JSON and as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from tongguan.law.naming import fact_name, pathway_name, regime_name, value_name
from tongguan.model import Decision, Obligation, Reason
from tongguan.wording import Language, wording

__all__ = ["decision_json", "explain"]


def decision_json(decision: Decision) -> dict[str, Any]:
    """The answer as `tongguan decide --json` prints it. An unknown date is null."""
    return {
        "date": decision.date or None,
        "regime": decision.regime or None,
        "pathway": decision.pathway.value,
        "options": list(decision.options),
        "reasons": [_reason(reason) for reason in decision.reasons],
        "missing": list(decision.missing),
        "obligations": [_obligation(obligation) for obligation in decision.obligations],
        "warnings": [dict(entry) for entry in decision.warnings],
        "would_change": [dict(entry) for entry in decision.would_change],
    }


def explain(decision: Decision, language: Language) -> str:
    """The answer as plain text, one heading a part, parts without content left out."""
    day = decision.date or _unknown(language)
    parts = [
        f"{_heading('answer', language)}: {pathway_name(decision.pathway, language)}",
        f"{_heading('date', language)}: {day} · {regime_name(decision.regime, language)}",
    ]
    if decision.options:
        ways = " · ".join(pathway_name(option, language) for option in decision.options)
        parts.append(f"{_heading('options', language)}: {ways}")
    sections: list[tuple[str, Iterator[str]]] = [
        ("reasons", _reason_lines(decision.reasons, language)),
        ("missing", (f"  - {fact_name(path, language)} ({path})" for path in decision.missing)),
        ("obligations", (_obligation_line(obligation, language) for obligation in decision.obligations)),
        ("would_change", (f"  - {entry['text'][language]}" for entry in decision.would_change)),
        ("warnings", (f"  - {entry['text'][language]}" for entry in decision.warnings)),
    ]
    for key, lines in sections:
        body = "\n".join(lines)
        if body:
            parts.append(f"\n{_heading(key, language)}\n{body}")
    parts.append(f"\n{_heading('disclaimer', language)}")
    return "\n".join(parts)


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "instrument": reason.instrument,
        "article": reason.article,
        "rule": reason.rule,
        "facts": {path: _plain(value) for path, value in reason.facts.items()},
        "text": dict(reason.text),
    }


def _obligation(obligation: Obligation) -> dict[str, Any]:
    return {
        "what": obligation.what,
        "instrument": obligation.instrument,
        "article": obligation.article,
        "due": obligation.due,
        "text": dict(obligation.text),
    }


def _reason_lines(reasons: Sequence[Reason], language: Language) -> Iterator[str]:
    """One entry a rule, with all the articles that it cites."""
    for _, group in groupby(reasons, key=lambda reason: reason.rule):
        same = list(group)
        cites = " ".join(f"《{reason.instrument}》{reason.article}" for reason in same)
        yield f"  - {same[0].text[language]} {cites}"
        if same[0].facts:
            yield f"    {_heading('facts', language)}: {_listed(same[0].facts, language)}"


def _listed(facts: Mapping[str, Any], language: Language) -> str:
    return "; ".join(
        f"{fact_name(path, language)} = {value_name(path, value, language)}" for path, value in facts.items()
    )


def _obligation_line(obligation: Obligation, language: Language) -> str:
    due = f" [{_heading('due', language)} {obligation.due}]" if obligation.due else ""
    return f"  - {obligation.text[language]}{due} (《{obligation.instrument}》{obligation.article})"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _heading(key: str, language: Language) -> str:
    return wording("tongguan.law").text(f"heading.{key}", language)


def _unknown(language: Language) -> str:
    return wording("tongguan.law").text("value.unknown", language)
