"""Clocks: procedures as state machines, with deadlines in working days.

    case ─► machine (events replayed) ─► reckoning (what is due) ─► timeline ─► JSON, text, iCalendar

`procedure` holds what data/procedures.yaml says, `checklist` the conditions of an extension.
"""

from tongguan.law.clocks.case import Case, parse_case
from tongguan.law.clocks.icalendar import to_icalendar
from tongguan.law.clocks.procedure import procedures, readings
from tongguan.law.clocks.telling import clock_word, tell, timeline_json
from tongguan.law.clocks.timeline import Timeline, clocks

__all__ = [
    "Case",
    "Timeline",
    "clock_word",
    "clocks",
    "parse_case",
    "procedures",
    "readings",
    "tell",
    "timeline_json",
    "to_icalendar",
]
