"""The service bus of the law and the detectors: which path the law asks, and what a text holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from tongguan import identify, law
from tongguan.service.api.calling import House, TrustRoom
from tongguan.service.api.shapes import Shown, Strict
from tongguan.service.console.figures import ZONE
from tongguan.service.console.visit import exporter_of
from tongguan.service.permission import needs
from tongguan.trust import workspace_key
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(tags=["decisions"])
Part = Annotated[dict[str, Any], Field(default_factory=dict, max_length=20)]
TEXT = 300_000  # characters of one text to look at


class Facts(Strict):
    """Facts as in a facts file; what is absent is unknown."""

    date: Annotated[str, Field(max_length=10)] | None = None
    exporter: Part
    recipient: Part
    data: Part
    activity: Part


class Recorded(Shown):
    """A decision and the entry of the audit log that holds it."""

    decision: dict[str, Any]
    entry: int


class Looked(Strict):
    text: Annotated[str, Field(max_length=TEXT)]


class Found(Shown):
    """One recognised item: where it stands, and a masked sample of it."""

    type: str
    start: int
    end: int
    masked: str
    score: float
    category: str
    level: str
    sensitive: bool


@router.post("/decisions/ask")
def ask(by: Annotated[Principal, needs("decisions.ask")], facts: Facts) -> dict[str, Any]:
    """The path that the law of the day asks, why, and what would change it. Nothing is recorded."""
    return law.decision_json(law.decide(_facts(facts)))


@router.post("/decisions", status_code=201)
def record(house: House, by: Annotated[Principal, needs("decisions.record", exporter_of)], facts: Facts) -> Recorded:
    """The same, written into the audit log."""
    asked = _facts(facts)
    decision = law.decision_json(law.decide(asked))
    body = {"facts": dict(asked.values), "date": decision["date"], "pathway": decision["pathway"]}
    return Recorded(decision=decision, entry=house.trust.record("decision", by.name, body))


@router.post("/files/identify")
def identify_text(trust: TrustRoom, by: Annotated[Principal, needs("files.identify")], looked: Looked) -> list[Found]:
    """What a text holds: types, places and masked samples; no value leaves or stays."""
    detector = identify.Detector(workspace_key(trust.home))
    return [Found.model_validate(finding) for finding in detector.scan([identify.Piece(looked.text)])[0]]


def _facts(facts: Facts) -> law.Facts:
    """Raises BadFacts. The day is today where none is given."""
    given = facts.model_dump(exclude_none=True)
    given.setdefault("date", datetime.now(ZONE).date().isoformat())
    return law.Facts.of(given)
