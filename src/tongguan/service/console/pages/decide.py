"""路径判定: facts in, the path that the law of a day asks out, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan import border, china_time, law
from tongguan.errors import TongguanError
from tongguan.service.console.address import link
from tongguan.service.console.lines import legal_lines
from tongguan.service.console.pages.decide_answer import answer, compared, readings_of, steps_of, traced
from tongguan.service.console.pages.decide_form import READING, STEPS, Form, read_form, step_of, text_of
from tongguan.service.console.visit import Visit, Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()


@page_at(router, "/decide", "decisions.ask")
def decide(visit: Visitor) -> Response:
    """The form in steps, with the answer to what it holds."""
    return visit.page("decide.html", _all(visit))


@router.get("/decide/export", dependencies=[needs("decisions.ask")])
def save(visit: Visitor) -> Response:
    """Facts, readings, answer and trace as a JSON file, its digest sealed in the audit log before it leaves."""
    data = _all(visit)
    kept = {name: data[name] for name in ("facts", "errors", "decision", "trace", "compare")}
    kept["readings"] = {reading["id"]: reading["taken"] for reading in data["readings"]}
    content = json.dumps(kept, ensure_ascii=False, indent=1, default=str).encode()
    decision = data["decision"] or {"date": None, "pathway": None}
    body = {"date": decision["date"], "pathway": decision["pathway"], "sha256": sha256(content).hexdigest()}
    entry = visit.seal("export", {"what": "decision", "format": "json", "rows": 1, **body})
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Content-Disposition": f'attachment; filename="tongguan-decision-{stamp}.json"',
        "X-Audit-Entry": str(entry),
    }
    return Response(content, media_type="application/json", headers=headers)


@router.post("/decide", dependencies=[needs("decisions.record", exporter_of)])
async def record(visit: Visitor) -> Response:
    """Seal the answer in the audit log, and come back to it."""
    sent = await visit.request.form()
    visit.check_form(str(sent.get("csrf", "")))
    form = read_form(visit, {name: str(value) for name, value in sent.items()})
    decision = answer(form)
    back = {**form.params, "step": _step(str(sent.get("step", "")))}
    if decision is None:
        return visit.go(link("/decide", back))
    body = {
        "facts": dict(form.facts),
        "date": decision["date"],
        "pathway": decision["pathway"],
        **({"readings": dict(form.readings)} if form.readings else {}),
    }
    return visit.go(link("/decide", {**back, "logged": visit.seal("decision", body)}))


def _all(visit: Visit) -> Row:
    """What page, twin and file are drawn from."""
    form, given = _form(visit)
    decision = answer(form)
    trace = traced(form)
    steps = steps_of(visit, form, decision, trace)
    asked_for = _step(visit.get("step"))
    return {
        "asked": dict(form.asked),
        "given": given,
        "facts": dict(form.facts),
        "errors": dict(form.errors),
        "params": form.params,
        "decision": decision,
        "steps": steps,
        "step": asked_for or _first_open(steps, form),
        "readings": readings_of(form, decision),
        "turned": len(form.readings),
        "trace": trace,
        "lines": legal_lines(str(form.facts.get("date") or _today())),
        **compared(visit, form, decision),
        "links": _links(form, decision),
        "logged": _logged(visit),
    }


def _links(form: Form, decision: Row | None) -> Row:
    """Ways to every field, and to what would change the answer, filled in."""

    def to(path: str, more: Mapping[str, str]) -> str:
        return link("/decide", {**form.params, **more, "step": step_of(path)}) + f"#f-{path.replace('.', '-')}"

    changes = (decision or {}).get("would_change", ())
    return {
        "fields": {path: to(path, {}) for path in law.FIELDS},
        "changes": [to(change["fact"], {change["fact"]: text_of(change["value"])}) for change in changes],
    }


def _form(visit: Visit) -> tuple[Form, bool]:
    """The form of the address; at first what the workspace knows already."""
    asked = visit.request.query_params
    given = any(name in law.FIELDS or name.startswith(READING) for name in asked) or (
        "step" in asked and "about" not in asked
    )
    return read_form(visit, dict(asked) if given else _known(visit)), given


def _step(text: str) -> str:
    """A step that was named, "" where there is none of that name."""
    return text if text in STEPS else ""


def _first_open(steps: list[Row], form: Form) -> str:
    """The step that needs somebody first: something wrong, something missing; else the one that is changed most."""
    for need in ("wrong", "missing"):
        for step in steps:
            if step[need]:
                return str(step["id"])
    return "data" if form.facts else "who"


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
    return {path: text_of(value) for path, value in facts.items() if path in law.FIELDS and value not in (None, "")}


def _exporter(path: Path) -> Mapping[str, object]:
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


def _logged(visit: Visit) -> int:
    """The entry that the address names, where it is a decision; else -1."""
    index = visit.number("logged", -1, 0, 2**53)
    try:
        return index if index >= 0 and visit.console.audit.entry(index).kind == "decision" else -1
    except IndexError:
        return -1


def _today() -> str:
    return china_time.today().isoformat()
