"""自贸区清单: the lists of zones and regions on a day, one of them in full, and where they disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan import law
from tongguan.errors import BadFacts, NotFound
from tongguan.service.console.pages.law import asked_day
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row

__all__ = ["router"]

router = APIRouter()
PATH = "/law/zones"
VIEWS = ("lists", "differences")
STATES = ("in_force", "ended", "not_yet")
KINDS = ("negative_list", "general_list", "regional_rules", "regional_contract")
LONGEST = 200


@page_at(router, PATH, "law.read")
def zones(visit: Visitor) -> Response:
    """The lists that pass the filter with the chosen one beside them, or what they say differently."""
    day, problem = asked_day(visit)
    readings, switches = _readings(visit)
    asked = _asked(visit)
    every = [law.zone_list_json(law.zone_list(key), day, readings) for key in law.zone_list_ids()]
    rows = [_row(one) for one in every]
    listed = [row for row in rows if _passes(row, asked)]
    chosen, missing = _chosen(visit, day, readings)
    view = visit.get("view") if visit.get("view") in VIEWS else VIEWS[0]
    data = {
        "day": day.isoformat(),
        "problem": problem or missing,
        "view": view,
        "views": list(VIEWS),
        "filter": asked,
        "kinds": list(KINDS),
        "states": list(STATES),
        "zones": law.zone_names(visit.language),
        "readings": switches,
        "total": len(rows),
        "list": {"rows": [{key: row[key] for key in row if key != "search"} for row in listed], "total": len(listed)},
        "differences": [law.disagreement_json(one) for one in law.disagreements(day, readings)],
        "differ_on": _differ_on(every, readings) if view == "differences" else [],
        "chosen": chosen,
    }
    return visit.page("law_zones.html", data)


def _asked(visit: Visit) -> dict[str, str]:
    zone, kind, state = visit.get("zone"), visit.get("kind"), visit.get("state")
    return {
        "words": visit.get("words")[:LONGEST],
        "zone": zone if zone in law.zone_names("zh") else "",
        "kind": kind if kind in KINDS else "",
        "state": state if state in STATES else "",
    }


def _readings(visit: Visit) -> tuple[dict[str, str], list[Row]]:
    """The readings that the address chooses, and what can be chosen."""
    held = [one for key in law.zone_list_ids() if (one := law.zone_list(key).reading)]
    switches = list({one.id: one for one in held}.values())
    chosen = {one.id: one.in_force_where for one in switches if visit.get("readings." + one.id) == one.in_force_where}
    told = [
        {"id": one.id, "text": dict(one.text), "default": one.default, "other": one.in_force_where,
         "taken": chosen.get(one.id, one.default)}
        for one in switches
    ]  # fmt: skip
    try:
        law.zone_lists(date.max, chosen)
    except BadFacts:
        return {}, told
    return chosen, told


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A list in a line: how it stands, how much of it is held, and how much is not verified."""
    scenarios = [scenario for sector in one["sectors"] for scenario in sector["scenarios"]]
    return {
        "id": one["id"],
        "kind": one["kind"],
        "names": one["names"],
        "zones": one["zones"],
        "edition": one["edition"],
        "from": one["from"],
        "to": one["to"],
        "state": _state(one),
        "by_reading": one["by_reading"],
        "counts": one["counts"],
        "held": {"sectors": len(one["sectors"]), "scenarios": len(scenarios)},
        "limits": sum(bool(scenario["limits"]) for scenario in scenarios),
        "unverified": len(one["unverified"]),
        "confidence": one["confidence"],
        "expected_end": one["expected_end"]["month"] if one["expected_end"] else None,
        "search": " ".join(_texts(one)).casefold(),
    }


def _state(one: Mapping[str, Any]) -> str:
    return "in_force" if one["in_force"] else "not_yet" if one["from"] > one["as_of"] else "ended"


def _texts(node: Any) -> Iterator[str]:
    """Every text of a list."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from _texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child)


def _passes(row: Row, asked: Row) -> bool:
    return (
        (not asked["zone"] or asked["zone"] in row["zones"])
        and asked["kind"] in ("", row["kind"])
        and asked["state"] in ("", row["state"])
        and all(word in row["search"] for word in asked["words"].casefold().split())
    )


def _differ_on(every: list[dict[str, Any]], readings: Mapping[str, str]) -> list[Row]:
    """The days on which a list begins, and on how many topics the lists then differ."""
    days = sorted({one["from"] for one in every})
    counted = [{"day": day, "n": len(law.disagreements(date.fromisoformat(day), readings))} for day in days]
    return [one for one in counted if one["n"]]


def _chosen(visit: Visit, day: date, readings: Mapping[str, str]) -> tuple[Row | None, str | None]:
    """The list of the address in full; a message where there is none of that id."""
    key = visit.get("list")[:LONGEST]
    if not key:
        return None, None
    try:
        one = law.zone_list_json(law.zone_list(key), day, readings)
    except NotFound:
        return None, visit.t("law.zones.bad", found=key[:40])
    return {**one, "state": _state(one)}, None
