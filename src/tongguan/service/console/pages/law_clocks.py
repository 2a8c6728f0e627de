"""期限日历: a case of one of the procedures, its dates filled in, and what is due when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.errors import BadFacts
from tongguan.law import clocks
from tongguan.law.calendar import work_calendar
from tongguan.law.clocks.procedure import Procedure, actor
from tongguan.service.console import lawmonth
from tongguan.service.console.address import link
from tongguan.service.console.lawcase import LONGEST_CASE, Form, query_of, read_form
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
PATH = "/law/clocks"
VIEWS = ("table", "month", "steps")


@page_at(router, PATH, "decisions.ask")
def calendar(visit: Visitor) -> Response:
    """The form of a case beside what its clocks say; pasted cases become an address of their own."""
    pasted = visit.get("case")
    problem = None
    if pasted:
        try:
            case = clocks.parse_case(_short_enough(visit, pasted), visit.t("law.clocks.case"))
            return visit.go(link(visit.request.url.path, query_of(case)))
        except BadFacts as error:
            problem = str(error)
    form = read_form(visit)
    if form.repeated:  # one address for one case
        return visit.go(link(visit.request.url.path, form.query))
    return visit.page("law_clocks.html", _data(visit, form, pasted[:LONGEST_CASE], problem))


@router.get("/law/clocks.ics", dependencies=[needs("decisions.ask")])
def file(visit: Visitor) -> Response:
    """The case's days as an iCalendar file; the page with its messages where the case cannot be read."""
    form = read_form(visit)
    if form.timeline is None:
        return visit.page("law_clocks.html", _data(visit, form, "", None), 400)
    text = clocks.to_icalendar(form.timeline, visit.language)
    name = f"tongguan-{form.procedure.id}-{form.timeline.case.as_of}.ics"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


def _data(visit: Visit, form: Form, pasted: str, problem: str | None) -> Row:
    view = visit.get("view") if visit.get("view") in VIEWS else VIEWS[0]
    timeline = clocks.timeline_json(form.timeline) if form.timeline else None
    return {
        "procedures": [
            {"id": one.id, "names": dict(one.text), "from": one.first.isoformat()}
            for one in clocks.procedures().values()
        ],
        "procedure": form.procedure.id,
        "begins": form.procedure.first.isoformat(),
        "asked": form.asked,
        "errors": form.errors,
        "fields": _fields(form),
        "query": form.query,
        "case": {"text": pasted, "problem": problem, "longest": LONGEST_CASE},
        "filed": _filed(visit),
        "view": view,
        "views": list(VIEWS),
        "timeline": timeline,
        "month": lawmonth.month(timeline, visit.get("month")) if timeline else None,
        "steps": [_step(form.procedure, at) for at in range(len(form.procedure.steps))],
        "known_until": work_calendar().last.isoformat(),
        "chosen": _chosen(timeline, visit.get("step")) if timeline else None,
    }


def _fields(form: Form) -> Row:
    """What can be filled in: events that are there or can come next first, the others apart; facts; readings."""
    known = {event for event, _ in form.timeline.case.events} if form.timeline else set(form.asked["events"])
    after = {event.id for event in form.timeline.next} if form.timeline else set()
    opening = {event.id for event in form.procedure.events.values() if event.opens} if not known else set()
    events = [
        {
            "id": event.id,
            "text": dict(event.text),
            "who": dict(actor(event.who)),
            "near": event.id in known | after | opening or "events." + event.id in form.errors,
        }
        for event in form.procedure.events.values()
    ]
    facts = [
        {"id": fact.id, "kind": fact.kind, "text": dict(fact.text), "choices": list(fact.choices), "claim": fact.claim}
        for fact in form.procedure.facts.values()
    ]
    readings = [
        {
            "id": one.id,
            "text": dict(one.text),
            "default": one.default,
            "options": {option: dict(text) for option, text in one.options.items()},
        }
        for one in clocks.readings().values()
    ]
    return {"events": events, "facts": facts, "readings": readings}


def _step(procedure: Procedure, at: int) -> Row:
    """One of the procedure's clocks as the rules have it, whatever the case."""
    step = procedure.steps[at]
    starts = [dict(procedure.events[e].text) for e in sorted(step.after | step.before) if e in procedure.events]
    return {
        "id": step.id,
        "kind": step.kind,
        "text": dict(step.text),
        "who": dict(actor(step.who)),
        "starts": starts,
        "n": step.n,
        "unit": step.unit,
        "direction": "before" if step.before else "after",
        "every": {"month": step.every.month, "day": step.every.day} if step.every else None,
        "due": step.due.isoformat() if step.due else None,
        "from": None if step.first == date.min else step.first.isoformat(),
        "to": None if step.last == date.max else step.last.isoformat(),
        "cites": [
            {"instrument": one.instrument.id, "title": one.instrument.title, "article": one.article}
            for one in step.cites
        ],
        "confidence": step.confidence,
    }


def _chosen(timeline: Mapping[str, Any], asked: str) -> Row | None:
    """One deadline in full: it is asked for by its step and its place among the deadlines of that step."""
    step, _, place = asked.partition("~")
    same = [one for one in timeline["deadlines"] if one["step"] == step]
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    return {**same[at], "key": f"{step}~{at}"} if at < len(same) else None


def _filed(visit: Visit) -> list[Row]:
    """What the workspace knows was filed: a case may begin from it."""
    result = visit.result
    recipients = result["recipients"] if result else []
    return [
        {"name": one["name"], "procedure": one["filed"]["path"], "expires": one["filed"].get("expires") or None}
        for one in recipients
        if (one.get("filed") or {}).get("path") in clocks.procedures()
    ][:20]


def _short_enough(visit: Visit, text: str) -> str:
    if len(text) > LONGEST_CASE:
        raise BadFacts(visit.t("law.clocks.case.long", n=LONGEST_CASE))
    return text
