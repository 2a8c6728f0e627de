"""A case of the clocks as a form: read from the address field by field, so that a message stands beside its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongguan import china_time
from tongguan.errors import BadFacts
from tongguan.law import clocks
from tongguan.law.clocks.procedure import FactField, Procedure
from tongguan.service.console.visit import Visit
from tongguan.service.console.workspace import Row

__all__ = ["LONGEST_CASE", "Form", "query_of", "read_form"]

LONGEST_CASE = 6000  # characters of a pasted case: it travels in the address
LONGEST, MOST_DAYS = 200, 40  # characters of one field; days of one event that a form can hold
DEFAULT = "standard_contract"
YES_NO = {"yes": True, "no": False}
EVENT = re.compile(r"\bevents\.(\w+)")


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in: as typed, with a message for each field that cannot be read, and the timeline if all can."""

    procedure: Procedure
    asked: Row
    errors: Mapping[str, str]
    timeline: clocks.Timeline | None
    query: Mapping[str, str]  # the address of this case
    repeated: bool  # the address held a field several times


def read_form(visit: Visit) -> Form:
    """The case of the address. The day asked about is today where there is none."""
    procedure = clocks.procedures().get(visit.get("procedure"), clocks.procedures()[DEFAULT])
    asked = _asked(visit, procedure)
    given, errors = _given(visit, procedure, asked)
    timeline = None
    if not errors:
        try:
            timeline = clocks.clocks(given)
        except BadFacts as error:
            errors |= _contradiction(visit, given, str(error))
    every = visit.request.query_params
    repeated = len(every) < len(every.multi_items())
    return Form(procedure, asked, errors, timeline, _query(visit, procedure, asked), repeated)


def query_of(case: clocks.Case) -> Row:
    """The address of a case that was read from YAML."""
    events: dict[str, list[str]] = {}
    for event, day in case.events:
        events.setdefault(event, []).append(day.isoformat())
    facts = {f: ("yes" if v else "no") if isinstance(v, bool) else str(v) for f, v in case.facts.items()}
    chosen = {key: option for key, option in case.readings.items() if option != clocks.readings()[key].default}
    return {
        "procedure": case.procedure.id,
        "as_of": case.as_of.isoformat(),
        "name": case.name,
        "horizon": str(case.horizon),
        **{"events." + event: ",".join(days) for event, days in events.items()},
        **{"facts." + fact: text for fact, text in facts.items()},
        **{"readings." + key: option for key, option in chosen.items()},
    }


def _asked(visit: Visit, procedure: Procedure) -> Row:
    """The fields as typed; several days of an event stand in several parameters, or in one with commas."""
    several = visit.request.query_params.getlist
    events = {}
    for event in procedure.events:
        typed = ",".join(several("events." + event)).replace("，", ",").split(",")
        if days := [text.strip()[:40] for text in typed if text.strip()][:MOST_DAYS]:
            events[event] = days
    return {
        "name": visit.get("name")[:LONGEST],
        "as_of": visit.get("as_of")[:40] or china_time.today().isoformat(),
        "horizon": visit.get("horizon")[:10],
        "events": events,
        "facts": {f: visit.get("facts." + f)[:40] for f in procedure.facts if visit.get("facts." + f)},
        "readings": {r: visit.get("readings." + r)[:40] for r in clocks.readings() if visit.get("readings." + r)},
    }


def _query(visit: Visit, procedure: Procedure, asked: Row) -> Row:
    view = {name: visit.get(name)[:20] for name in ("view", "month")}
    return {
        "procedure": procedure.id,
        "as_of": asked["as_of"],
        "name": asked["name"],
        "horizon": asked["horizon"],
        **{"events." + event: ",".join(days) for event, days in asked["events"].items()},
        **{"facts." + fact: text for fact, text in asked["facts"].items()},
        **{"readings." + key: text for key, text in asked["readings"].items()},
        **view,
    }


def _given(visit: Visit, procedure: Procedure, asked: Row) -> tuple[dict[str, Any], dict[str, str]]:
    """What is to be reckoned, and a message for each field that cannot be."""
    whole: dict[str, Any] = {"procedure": procedure.id, "as_of": asked["as_of"]}
    errors: dict[str, str] = {}

    def fits(field: str, message: str, **part: Any) -> bool:
        try:
            clocks.Case.of({"procedure": procedure.id, "as_of": asked_day, **part})
        except BadFacts:
            errors[field] = message
            return False
        return True

    asked_day = china_time.today()
    day_help = visit.t("law.clocks.bad.day", first=procedure.first)
    fits("as_of", visit.t("law.clocks.bad.as_of"), as_of=asked["as_of"])
    if asked["name"] and fits("name", visit.t("law.clocks.bad.name"), name=asked["name"]):
        whole["name"] = asked["name"]
    if horizon := asked["horizon"]:
        months = int(horizon) if horizon.isascii() and horizon.isdigit() else -1
        if fits("horizon", visit.t("law.clocks.bad.horizon"), horizon=months):
            whole["horizon"] = months
    for event, days in asked["events"].items():
        if fits("events." + event, f"{day_help} {_odd(visit, days)}", events={event: days}):
            whole.setdefault("events", {})[event] = days
    for fact, text in asked["facts"].items():
        value = _value(procedure.facts[fact], text)
        if value is not None and fits("facts." + fact, visit.t("law.clocks.bad.fact"), facts={fact: value}):
            whole.setdefault("facts", {})[fact] = value
    for key, text in asked["readings"].items():
        if fits("readings." + key, visit.t("law.clocks.bad.reading"), readings={key: text}):
            whole.setdefault("readings", {})[key] = text
    return whole, errors


def _odd(visit: Visit, days: list[str]) -> str:
    """Which of several days is wrong."""
    for text in days:
        try:
            date.fromisoformat(text)
        except ValueError:
            return visit.t("law.clocks.bad.found", found=text)
    return visit.t("law.clocks.bad.twice") if len(set(days)) < len(days) else ""


def _value(field: FactField, text: str) -> Any:
    """A fact's text as a case has it; None where it says that it is not known."""
    if field.kind == "bool":
        return YES_NO.get(text)
    if field.kind == "count":
        digits = text.replace(",", "").replace("，", "").replace(" ", "")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else text
    return text


def _contradiction(visit: Visit, given: Mapping[str, Any], message: str) -> dict[str, str]:
    """An event that cannot follow what came before: told with the state that the procedure stood at."""
    named = EVENT.search(message)
    if named is None:
        return {"case": message}
    event = named[1]
    days: dict[str, list[str]] = given.get("events", {})
    before = {name: earlier for name, all_ in days.items() if (earlier := [d for d in all_ if d < max(days[event])])}
    before.pop(event, None)
    try:
        then = clocks.clocks({**given, "events": before, "as_of": max(days[event])})
    except BadFacts:
        return {"events." + event: visit.t("law.clocks.bad.order.plain")}
    possible = visit.t("comma").join(visit.say(one.text) for one in then.next)
    state = visit.say(then.case.procedure.states[then.state])
    return {"events." + event: visit.t("law.clocks.bad.order", state=state, possible=possible or "–")}
