"""The service bus of the law: which path it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from tongguan import law
from tongguan.errors import BadFacts, Conflict
from tongguan.model import Decision
from tongguan.service.api.calling import House
from tongguan.service.api.facts import Given, GivenList, Readings, apart, dated
from tongguan.service.api.shapes import Shown, Strict
from tongguan.service.console.visit import exporter_of
from tongguan.service.limits import Full, Places
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(tags=["decisions"])
Asker = Annotated[Principal, needs("decisions.ask")]
BRIEF = ("date", "regime", "pathway", "options", "missing")
NAMED = re.compile(r"(?:unknown key '([^']+)'|([a-z_]+(?:\.[a-z_0-9]+)*)(?=: | is ))")
_batches = Places(total=2, each=1)


class Recorded(Shown):
    """A decision and the entry of the audit log that holds it."""

    decision: dict[str, Any]
    entry: int


class Batch(Strict):
    """Facts of many questions. `brief`: without reasons, duties, warnings and what would change it."""

    facts: GivenList
    readings: Readings = Field(default_factory=dict)
    brief: bool = False


class Wrong(Shown):
    """What was wrong with one item; `field` is null where no single one is to blame."""

    index: int
    field: str | None
    message: str


class Answer(Shown):
    """The decision, or what was wrong with the facts."""

    decision: dict[str, Any] | None
    error: Wrong | None


class Answers(Shown):
    """One answer for each of the facts, in their order."""

    answers: list[Answer]
    decided: int
    refused: int


@router.post("/decisions/ask", response_model=dict[str, Any])
def ask(by: Asker, facts: Given) -> JSONResponse:
    """The path that the law of the day asks, why, and what would change it. Nothing is recorded."""
    asked, readings = apart(facts)
    return JSONResponse(law.decision_json(law.decide(_facts(asked), readings=readings)))


@router.post("/decisions/batch", response_model=Answers)
def ask_many(by: Asker, batch: Batch) -> JSONResponse:
    """The same for up to 4000 facts at once. What is wrong with one is told in its place; the others are decided.
    409 while another batch of the caller is being decided, or two of others."""
    with _place(by):
        known = [_known(item, index) for index, item in enumerate(batch.facts)]
        questions = [one for one in known if isinstance(one, law.Facts)]
        decided = iter(law.decide_many(questions, readings=batch.readings))
        answers = [_answer(one if isinstance(one, Wrong) else next(decided), batch.brief) for one in known]
        refused = sum(answer["decision"] is None for answer in answers)
        return JSONResponse({"answers": answers, "decided": len(answers) - refused, "refused": refused})


@router.post("/decisions/trace")
def trace(by: Asker, facts: Given) -> dict[str, Any]:
    """The answer, and under `trace` every rule of the day in the order in which it is asked: whether it applied, and
    on which facts. Nothing is recorded."""
    given, readings = apart(facts)
    asked = _facts(given)
    steps = law.trace(asked, readings=readings)
    return {**law.decision_json(law.decide(asked, readings=readings)), "trace": [law.step_json(step) for step in steps]}


@router.post("/decisions", status_code=201)
def record(house: House, by: Annotated[Principal, needs("decisions.record", exporter_of)], facts: Given) -> Recorded:
    """The same as `ask`, written into the audit log with the facts and the readings taken."""
    given, readings = apart(facts)
    asked = _facts(given)
    decision = law.decision_json(law.decide(asked, readings=readings))
    known = {path: value.isoformat() if isinstance(value, date) else value for path, value in asked.values.items()}
    body: dict[str, Any] = {"facts": known, "date": decision["date"], "pathway": decision["pathway"]}
    if readings:
        body["readings"] = readings
    return Recorded(decision=decision, entry=house.trust.record("decision", by.name, body))


def _facts(given: Mapping[str, Any]) -> law.Facts:
    """Raises BadFacts. The day is today where none is given."""
    return law.Facts.of(dated(given))


def _known(item: Any, index: int) -> law.Facts | Wrong:
    """The facts of one item, or what is wrong with them."""
    try:
        return _facts(item) if isinstance(item, Mapping) else law.Facts.of(item)
    except BadFacts as wrong:
        return _wrong(index, wrong)


def _wrong(index: int, why: BadFacts) -> Wrong:
    message = str(why).removeprefix("facts: ")
    named = NAMED.match(message)
    return Wrong(index=index, field=named and (named[1] or named[2]), message=message)


def _answer(one: Decision | Wrong, brief: bool) -> dict[str, Any]:
    if isinstance(one, Wrong):
        return {"decision": None, "error": one.model_dump()}
    told = law.decision_json(one)
    return {"decision": {key: told[key] for key in BRIEF} if brief else told, "error": None}


@contextmanager
def _place(by: Principal) -> Iterator[None]:
    """Room for one batch; a few of them would hold up everybody else. Raises Conflict."""
    try:
        with _batches.one(by.name):
            yield
    except Full as full:
        whose = "another batch of yours is" if full.own else "batches of others are"
        raise Conflict(f"{whose} being decided; wait until that is done") from None
