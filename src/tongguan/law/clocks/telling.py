"""A timeline as JSON and as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from tongguan.law.book import Cite
from tongguan.law.calendar import work_calendar
from tongguan.law.clocks.checklist import Checked
from tongguan.law.clocks.procedure import FactField, actor, readings
from tongguan.law.clocks.reckoning import Deadline
from tongguan.law.clocks.timeline import Timeline
from tongguan.wording import LANGUAGES, Language, wording

__all__ = ["cited", "clock_word", "tell", "timeline_json"]

SETTLED = ("done", "late", "early", "void", "passed", "ended")


# ---- JSON ---------------------------------------------------------------------------------------------------------


def timeline_json(timeline: Timeline) -> dict[str, Any]:
    """The timeline as `tongguan law clocks --json` prints it: days as YYYY-MM-DD, texts in both languages."""
    case, procedure = timeline.case, timeline.case.procedure
    return {
        "name": case.name,
        "procedure": procedure.id,
        "title": dict(procedure.text),
        "as_of": case.as_of.isoformat(),
        "calendar_known_until": work_calendar().last.isoformat(),
        "state": timeline.state,
        "state_text": dict(procedure.states[timeline.state]),
        "history": [
            {
                "event": moment.event,
                "date": moment.day.isoformat(),
                "state": moment.state,
                "planned": moment.day > case.as_of,
                "text": dict(procedure.events[moment.event].text),
            }
            for moment in timeline.history
        ],
        "next": [
            {"event": event.id, "who": event.who, "who_text": dict(actor(event.who)), "text": dict(event.text)}
            for event in timeline.next
        ],
        "deadlines": [_deadline(one) for one in timeline.deadlines],
        "overdue": [_name(one) for one in timeline.overdue],
        "recurring": [_name(one) for one in timeline.recurring],
        "missing": list(timeline.missing),
        "checklist": _checklist(timeline.checklist),
        "triggers": [
            {
                "id": trigger.id,
                "event": trigger.event,
                "text": dict(trigger.text),
                "citations": _cites(trigger.cites),
                "confidence": trigger.confidence,
            }
            for trigger in timeline.triggers
        ],
        "readings": [
            {
                "id": reading.id,
                "taken": case.readings[reading.id],
                "default": reading.default,
                "text": dict(reading.text),
                "options": {option: dict(text) for option, text in reading.options.items()},
            }
            for reading in readings().values()
        ],
    }


def _deadline(one: Deadline) -> dict[str, Any]:
    step = one.step
    return {
        **_name(one),
        "kind": step.kind,
        "who": step.who,
        "who_text": dict(actor(step.who)),
        "status": one.status,
        "trigger": one.trigger,
        "trigger_date": _iso(one.trigger_day),
        "opens": _iso(one.opens),
        "provisional": one.provisional,
        "met": _iso(one.met),
        "days_left": one.days_left,
        "working_days_left": one.working_days_left,
        "duration": {"n": step.n, "unit": step.unit, "direction": "before" if step.before else "after"},
        "optional": step.optional,
        "missing": list(one.missing),
        "citations": _cites(one.cites),
        "confidence": step.confidence,
        "text": dict(step.text),
        "missed": dict(step.missed) if step.missed else None,
        "unknown": dict(step.unknown) if step.unknown else None,
    }


def _name(one: Deadline) -> dict[str, Any]:
    return {"step": one.step.id, "due": _iso(one.due)}


def _checklist(checked: Checked | None) -> dict[str, Any] | None:
    if checked is None:
        return None
    return {
        "id": checked.id,
        "text": dict(checked.text),
        "met": checked.met,
        "conditions": [
            {
                "id": answer.id,
                "met": answer.met,
                "text": dict(answer.text),
                "facts": dict(answer.facts),
                "missing": list(answer.missing),
            }
            for answer in checked.answers
        ],
        "citations": _cites(checked.cites),
        "confidence": checked.confidence,
    }


def _cites(cites: Iterable[Cite]) -> list[dict[str, Any]]:
    return [
        {"instrument": cite.instrument.title, "article": cite.article or None, "source": cite.instrument.source}
        for cite in cites
    ]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ---- text ---------------------------------------------------------------------------------------------------------


def tell(timeline: Timeline, language: Language) -> str:
    """The timeline as plain text, one heading a part, parts without content left out."""
    case, procedure = timeline.case, timeline.case.procedure
    title = f"{case.name} · {procedure.text[language]}" if case.name else procedure.text[language]
    state = procedure.states[timeline.state][language]
    parts = [
        f"{title} · {_say('heading.as_of', language)} {case.as_of}",
        f"{_say('heading.state', language)}: {state}",
    ]
    once = [one for one in timeline.deadlines if one.step.kind != "recurring"]
    again = [one for one in timeline.recurring if one.status != "overdue"]
    running = [one for one in once if one.status in ("running", "lapsed")]
    settled = [one for one in once if one.status in SETTLED]
    to_do = [one for one in timeline.upcoming if one in once]
    checked = timeline.checklist
    facts = procedure.facts
    sections: list[tuple[str, Iterator[str]]] = [
        (_say("heading.overdue", language), _lines(timeline.overdue, facts, language)),
        (_say("heading.upcoming", language), _lines(to_do, facts, language)),
        (_say("heading.recurring", language), _lines(again, facts, language)),
        (_say("heading.running", language), _lines(running, facts, language)),
        (checked.text[language] if checked else "", _checklist_lines(checked, language)),
        (_say("heading.past", language), _lines(settled, facts, language, short=True)),
        (_say("heading.next", language), _next_lines(timeline, language)),
        (_say("heading.triggers", language), _trigger_lines(timeline, language)),
        (
            _say("heading.missing", language),
            (f"  - {facts[fact].text[language]} (facts.{fact})" for fact in timeline.missing),
        ),
        (_say("heading.readings", language), _reading_lines(case.readings, language)),
    ]
    for heading, lines in sections:
        body = "\n".join(lines)
        if body:
            parts.append(f"\n{heading}\n{body}")
    parts.append(f"\n{_say('heading.disclaimer', language)}")
    return "\n".join(parts)


def clock_word(key: str, language: Language) -> str:
    """A word of the clocks that stands by itself: status.overdue, heading.next, check.true …"""
    return _say(key, language)


def cited(cites: Iterable[Cite]) -> str:
    """Citations as people write them: 《title》article."""
    return "；".join(f"《{cite.instrument.title}》{cite.article}" for cite in cites)


def _lines(
    deadlines: Iterable[Deadline], facts: Mapping[str, FactField], language: Language, *, short: bool = False
) -> Iterator[str]:
    for one in deadlines:
        step = one.step
        status = _say(f"status.{one.status}", language)
        met = f" · {_say('line.met', language, day=one.met)}" if one.met else ""
        who = "" if step.kind == "validity" else f" · {_say('line.who', language, who=actor(step.who)[language])}"
        yield f"  - [{status}] {_when(one, language)}{met}: {step.text[language]}{who}"
        confidence = _say("line.confidence", language, text=_say(f"confidence.{step.confidence}", language))
        yield f"    {cited(one.cites)} · {confidence}"
        if short:
            continue
        if one.missing:
            named = "; ".join(facts[fact].text[language] for fact in one.missing)
            yield f"    {_say('line.missing', language, facts=named)}"
        for key, text in (("missed", step.missed), ("unknown", step.unknown)):
            if text:
                yield f"    {_say(f'line.{key}', language, text=text[language])}"


def _next_lines(timeline: Timeline, language: Language) -> Iterator[str]:
    return (f"  - {event.text[language]} ({actor(event.who)[language]})" for event in timeline.next)


def _trigger_lines(timeline: Timeline, language: Language) -> Iterator[str]:
    return (f"  - {trigger.text[language]} ({cited(trigger.cites)})" for trigger in timeline.triggers)


def _when(one: Deadline, language: Language) -> str:
    if one.due is None:
        return _say("due.none", language)
    if one.opens:
        text = _say("due.window", language, opens=one.opens, due=one.due)
    else:
        text = _say("due.until" if one.step.kind in ("validity", "retention") else "due.by", language, due=one.due)
    if one.provisional:
        text += _say("due.provisional", language, last=work_calendar().last)
    if one.status in SETTLED or one.days_left is None:
        return text
    left = _say("left.ahead" if one.days_left >= 0 else "left.behind", language, days=abs(one.days_left))
    if one.working_days_left is not None:
        left += _say("left.working", language, working=abs(one.working_days_left))
    return f"{text}, {left}"


def _checklist_lines(checked: Checked | None, language: Language) -> Iterator[str]:
    if checked is None:
        return
    for answer in checked.answers:
        yield f"  - [{_say(f'check.{str(answer.met).lower()}', language)}] {answer.text[language]}"
    yield f"    {cited(checked.cites)}"


def _reading_lines(taken: Mapping[str, str], language: Language) -> Iterator[str]:
    for key, option in taken.items():
        reading = readings()[key]
        if option != reading.default:
            yield f"  - {reading.text[language]}: {reading.options[option][language]}"


def _say(key: str, language: Language, **values: object) -> str:
    assert language in LANGUAGES
    return wording("tongguan.law.clocks").text(key, language, **values)
