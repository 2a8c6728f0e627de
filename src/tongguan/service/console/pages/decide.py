"""路径判定: facts in, the path that the law of a day asks out, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan import border, law
from tongguan.errors import BadFacts, TongguanError
from tongguan.service.console.address import link
from tongguan.service.console.figures import ZONE
from tongguan.service.console.lines import legal_lines
from tongguan.service.console.visit import Visit, Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
YES_NO = {"yes": True, "no": False}


@page_at(router, "/decide", "decisions.ask")
def decide(visit: Visitor) -> Response:
    """The form with the answer to what it holds."""
    asked = _asked(visit)
    data = {
        "asked": asked,
        "given": bool([k for k in law.FIELDS if k in visit.request.query_params]),
        **answer(visit, asked),
        "conditions": {ground: list(needs) for ground, needs in law.GROUNDS.items()},
        "countries": sorted(law.country_codes()),
        "zones": law.zone_names(visit.language),
        "logged": _logged(visit),
    }
    return visit.page("decide.html", data)


@router.post("/decide", dependencies=[needs("decisions.record", exporter_of)])
async def record(visit: Visitor) -> Response:
    """Seal the answer in the audit log, and come back to it."""
    form = await visit.request.form()
    visit.check_form(str(form.get("csrf", "")))
    asked = {name: str(form[name]).strip() for name in law.FIELDS if form.get(name)}
    found = answer(visit, asked)
    if found["decision"] is None:
        return visit.go(link("/decide", asked))
    body = {"facts": found["facts"], "date": found["decision"]["date"], "pathway": found["decision"]["pathway"]}
    return visit.go(link("/decide", {**asked, "logged": visit.seal("decision", body)}))


def answer(visit: Visit, asked: Mapping[str, str]) -> Row:
    """The decision for what a form holds: facts, decision (None where a field cannot be read), errors by field."""
    facts: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, text in asked.items():
        value = _value(name, text)
        if value is None:
            continue
        try:
            law.Facts.of(_nested({name: value}))
            facts[name] = value
        except BadFacts:
            errors[name] = visit.t(f"decide.bad.{law.FIELDS[name]}")
    decision = None
    if not errors:
        try:
            decision = law.decision_json(law.decide(_nested(facts)))
        except BadFacts:
            errors["data.personal"] = visit.t("decide.bad.contradiction")
    lines = legal_lines(str(facts.get("date") or _today()))
    return {"facts": facts, "errors": errors, "decision": decision, "lines": lines}


def _asked(visit: Visit) -> dict[str, str]:
    """The fields of the address; at first what the workspace knows already."""
    given = {name: visit.get(name)[:200] for name in law.FIELDS if visit.get(name)}
    return given or _known(visit)


def _known(visit: Visit) -> dict[str, str]:
    """The facts that the inspection judged by, of one recipient (`about`) or of all exports together; else the day."""
    result = visit.result
    if result is None:
        return {"date": _today()}
    about = visit.get("about")
    one = next((r for r in result["recipients"] if about and about in (r["id"], r["name"])), None)
    judged = (one or result)["decision"]
    used = {path: value for reason in judged["reasons"] for path, value in reason["facts"].items()}
    facts = {**_exporter(visit.console.org), "date": result["as_of"], **used}
    return {path: _text(value) for path, value in facts.items() if path in law.FIELDS and value not in (None, "")}


def _exporter(path: Path) -> Row:
    """What the organisation file says of the exporter; nothing where it cannot be read."""
    try:
        exporter = border.load_org(path).exporter
    except TongguanError:
        return {}
    return {
        "exporter.ciio": exporter.ciio,
        "exporter.city": exporter.city,
        "exporter.zone": exporter.zone,
        "exporter.processes_persons": exporter.processes_persons,
        "data.important": exporter.important_data,
        "data.core": exporter.core_data,
        "data.state_secret": exporter.state_secrets,
    }


def _text(value: Any) -> str:
    """A fact as the form holds it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _logged(visit: Visit) -> int:
    """The entry that the address names, where it is a decision; else -1."""
    index = visit.number("logged", -1, 0, 2**53)
    try:
        return index if index >= 0 and visit.console.audit.entry(index).kind == "decision" else -1
    except IndexError:
        return -1


def _today() -> str:
    return datetime.now(ZONE).date().isoformat()


def _value(name: str, text: str) -> Any:
    """A field's text as the law room takes it; None where it says that it is not known."""
    kind = law.FIELDS[name]
    if kind == "bool":
        return YES_NO.get(text)
    if kind == "count":
        digits = text.replace(",", "").replace("，", "").replace(" ", "")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text
    return text or None


def _nested(flat: Mapping[str, Any]) -> Row:
    """{"data.persons": 1} → {"data": {"persons": 1}}"""
    tree: Row = {}
    for path, value in flat.items():
        *above, last = path.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return tree
