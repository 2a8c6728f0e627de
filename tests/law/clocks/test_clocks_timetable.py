"""Every clock as clocks_timetable.yaml has it: its number, its days, for whom it counts and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tongguan.law.book import Cite, load
from tongguan.law.clocks import procedures, readings
from tongguan.law.clocks.procedure import Procedure, Step


def test_the_clocks_are_those_of_the_timetable() -> None:
    path = Path(__file__).with_name("clocks_timetable.yaml")
    written: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    wanted = {
        name: {key: line if key == "from" else set(line.split("; ")) for key, line in lines.items()}
        for name, lines in written.items()
    }
    assert {name: told(procedure) for name, procedure in procedures().items()} == wanted


def test_the_readings_taken_unless_told_otherwise() -> None:
    assert {key: reading.default for key, reading in readings().items()} == {
        "start_day": "next_day",
        "rest_day": "stay",
        "extension_time": "within",
        "renewal_time": "before",
        "audit_cycle": "three",
    }


def told(procedure: Procedure) -> dict[str, Any]:
    entries = {entry["id"]: entry for entry in load("procedures")["procedures"][procedure.id]["steps"]}
    steps = {
        step.id: {line for line in lines(step) if line}
        | ({"due although it ended"} if entries[step.id].get("never_void") else set())
        for step in procedure.steps
    }
    triggers = {
        f"when {one.id}": {cited(one.cites)} | ({days(one.first, date.max)} if one.first > procedure.first else set())
        for one in procedure.triggers
    }
    opens = " ".join(event.id for event in procedure.events.values() if event.opens)
    known = {"opens": {opens}} if opens else {}
    if procedure.checklist:
        known["checklist"] = {cited(procedure.checklist.cites)}
    return {"from": procedure.first, **known, **steps, **triggers}


def lines(step: Step) -> list[str]:
    return [
        time(step),
        days(step.first, step.last),
        whom(step.when),
        cited(step.cites),
        *(f"{name} {option}" for name, option in step.reading.items()),
        f"an extension adds {step.prolonged_by[1]}" if step.prolonged_by else "",
        "a right" if step.optional else "",
    ]


def time(step: Step) -> str:
    if step.due:
        return f"due {step.due}"
    if step.every:
        return f"every {step.every.month:02}-{step.every.day:02} since {step.every.first}"
    return "?" if step.n is None else f"{step.n} {step.unit}"


def days(first: date, last: date) -> str:
    written = f"{'' if first == date.min else first}..{'' if last == date.max else last}"
    return "" if written == ".." else written


def whom(when: Mapping[str, Any]) -> str:
    """A band of persons, a zone or recipient, or a fact that must be true."""
    for fact, wanted in when.items():
        band = f"{wanted.get('from', '')}..{wanted.get('to', '')}" if isinstance(wanted, dict) else wanted
        return f"where {fact}" if wanted is True else f"{fact} {band}"
    return ""


def cited(cites: tuple[Cite, ...]) -> str:
    return ", ".join(f"{cite.instrument.id} {cite.article}".strip() for cite in cites)
