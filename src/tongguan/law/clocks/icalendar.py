"""A timeline as an iCalendar file (RFC 5545), for the calendars that people already look at.

One all-day event for each day that is still to come or overdue, and one for the first day of a window that is still to
open. A clock keeps its UID when its day moves, so that importing again replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256

from tongguan.law.clocks.procedure import actor
from tongguan.law.clocks.reckoning import Deadline
from tongguan.law.clocks.telling import cited
from tongguan.law.clocks.timeline import Timeline
from tongguan.wording import Language, wording

__all__ = ["to_icalendar"]

SHOWN = ("open", "waiting", "planned", "overdue", "undetermined", "running")
ALARMS = (30, 7, 1)  # days before
LONGEST_LINE = 75  # octets, without the line break (§3.1)
ONE_DAY = timedelta(days=1)


def to_icalendar(timeline: Timeline, language: Language) -> str:
    """The calendar, with CRLF line ends. The same timeline gives the same text."""
    case = timeline.case
    title = case.name or case.procedure.text[language]
    calendar = _say("calendar.name", language)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Tongguan//Clocks//{language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(f'{calendar}: {title}')}",
    ]
    for one in timeline.deadlines:
        if one.status in SHOWN:
            lines += _events(timeline, one, title, language)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _events(timeline: Timeline, one: Deadline, title: str, language: Language) -> Iterator[str]:
    text = one.step.text[language]
    if one.opens and one.opens > timeline.case.as_of:
        yield from _event(
            timeline, one, "opens", one.opens, f"{title}: {_say('calendar.opens', language, text=text)}", language
        )
    if one.due:
        yield from _event(timeline, one, "due", one.due, f"{title}: {text}", language)


def _event(timeline: Timeline, one: Deadline, edge: str, day: date, summary: str, language: Language) -> Iterator[str]:
    as_of = timeline.case.as_of
    provisional = one.provisional and (edge == "opens" or one.opens is None)  # a window's last day is certain
    if provisional:
        summary = _say("calendar.provisional", language, text=summary)
    yield "BEGIN:VEVENT"
    yield f"UID:{_uid(timeline, one, edge)}"
    yield f"DTSTAMP:{as_of:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + ONE_DAY:%Y%m%d}"
    yield f"SUMMARY:{_escaped(summary)}"
    yield f"DESCRIPTION:{_escaped(_description(one, provisional, language))}"
    yield f"CATEGORIES:{_escaped(timeline.case.procedure.text[language])}"
    yield f"STATUS:{'TENTATIVE' if provisional or one.status == 'undetermined' else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    for before in ALARMS:
        if day - before * ONE_DAY >= as_of:
            yield "BEGIN:VALARM"
            yield "ACTION:DISPLAY"
            yield f"TRIGGER:-P{before}D"
            yield f"DESCRIPTION:{_escaped(summary)}"
            yield "END:VALARM"
    yield "END:VEVENT"


def _description(one: Deadline, provisional: bool, language: Language) -> str:
    step = one.step
    lines = [
        _say(f"status.{one.status}", language),
        _say("line.who", language, who=actor(step.who)[language]),
        cited(one.cites),
    ]
    lines.append(_say("line.confidence", language, text=_say(f"confidence.{step.confidence}", language)))
    for key, text in (("missed", step.missed), ("unknown", step.unknown)):
        if text:
            lines.append(_say(f"line.{key}", language, text=text[language]))
    if provisional:
        lines.append(_say("line.provisional", language))
    return "\n".join(lines)


def _uid(timeline: Timeline, one: Deadline, edge: str) -> str:
    """From the case, the step and what started the clock; not from days, which may move.

    A case is known by its name; one without by its first event.
    """
    case = timeline.case
    first = case.events[0] if case.events else ("", None)
    known_by = [case.name] if case.name else [first[0], str(first[1])]
    occurrence = str(one.due.year) if one.step.every and one.due else one.origin
    identity = "\n".join([*known_by, case.procedure.id, one.step.id, occurrence, edge])
    return f"{sha256(identity.encode()).hexdigest()[:32]}@tongguan"


def _folded(line: str) -> Iterator[str]:
    """A content line in pieces of at most 75 octets, no character cut in two (§3.1)."""
    piece, size, limit = "", 0, LONGEST_LINE
    for character in line:
        width = len(character.encode())
        if size + width > limit:
            yield piece
            piece, size = " ", 1
        piece += character
        size += width
    yield piece


def _escaped(text: str) -> str:
    """A TEXT value (§3.3.11)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _say(key: str, language: Language, **values: object) -> str:
    return wording("tongguan.law.clocks").text(key, language, **values)
