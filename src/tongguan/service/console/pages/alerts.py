"""告警: where observed and filed differ, grouped by recipient, each with its chain of evidence."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.service.console import flowlist
from tongguan.service.console.exports import export
from tongguan.service.console.tasks import same_recipient
from tongguan.service.console.visit import Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
SEVERITIES = ("high", "mid", "low")
EVIDENCE = 8  # exchanges of one alert shown in full


@page_at(router, "/alerts", "results.read", exporter_of)
def alerts(visit: Visitor) -> Response:
    """The list, and the chosen alert beside it."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    asked = {name: visit.get(name) for name in ("severity", "rule", "recipient")}
    group = "rule" if visit.get("group") == "rule" else "recipient"
    rows = [a for a in result["alerts"] if all(a[k] == v for k, v in asked.items() if v)]
    chosen = next((a for a in rows if a["id"] == visit.get("id")), rows[0] if rows else None)
    data = {
        "filter": asked,
        "group": group,
        "severities": SEVERITIES,
        "rules": sorted({a["rule"] for a in result["alerts"]}),
        "recipients": sorted({a["recipient"] for a in result["alerts"] if a["recipient"]}),
        "groups": _grouped(rows, result, group),
        "total": len(rows),
        "all": len(result["alerts"]),
        "coverage": result["coverage"],
        "as_of": result["as_of"],
        "chosen": _detail(visit, result, chosen) if chosen else None,
    }
    return visit.page("alerts.html", data)


@router.get("/alerts/export", dependencies=[needs("results.export", exporter_of)])
def save(visit: Visitor) -> Response:
    """The current filter as a file."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    asked = {name: visit.get(name) for name in ("severity", "rule", "recipient") if visit.get(name)}
    heads = ["id", "severity", "rule", "title", "title_en", "recipient", "activity", "citation", "evidence"]
    rows = [
        [*(a[h] for h in heads[:-1]), " ".join(e.get("exchange") or "" for e in a["evidence"])]
        for a in result["alerts"]
        if all(a[k] == v for k, v in asked.items())
    ]
    return export(visit, "alerts", asked, heads, rows)


def _grouped(rows: list[Row], result: Row, group: str) -> list[Row]:
    found: dict[str, Row] = {}
    for alert in sorted(rows, key=lambda a: SEVERITIES.index(a["severity"]) if a["severity"] in SEVERITIES else 9):
        known = next((r for r in result["recipients"] if same_recipient(alert["recipient"], r)), None)
        key = alert["rule"] if group == "rule" else (known["name"] if known else alert["recipient"] or "")
        place = found.setdefault(key, {"key": key, "country": known["country"] if known else None, "alerts": []})
        place["alerts"].append(alert)
    return list(found.values())


def _sealed(visit: Visitor, result: Row) -> int | None:
    """The inspection's entry in this workspace's audit log; None where it was made with another log."""
    index = result["run"]["audit"]["index"]
    try:
        return int(index) if visit.console.audit.entry(index).kind == "run" else None
    except IndexError:
        return None


def _detail(visit: Visitor, result: Row, alert: Row) -> Row:
    """The alert with its exchanges out of the ledger, and the recipient that it is about."""
    recipient = next((r for r in result["recipients"] if same_recipient(alert["recipient"], r)), None)
    uids = list(dict.fromkeys(e["exchange"] for e in alert["evidence"] if e.get("exchange")))
    found = [flowlist.exchange(visit.console.workspace, uid) for uid in uids[:EVIDENCE]]
    unfiled = {
        type
        for difference in (recipient["differences"] if recipient else ())
        if difference["kind"] == "type_not_filed"
        for type in difference["types"]
    }
    return {
        **alert,
        "about": recipient,
        "unfiled": sorted(unfiled),
        "exchanges": [row for row in found if row],
        "originals": {e["exchange"]: len(e.get("originals", ())) for e in alert["evidence"] if e.get("exchange")},
        "more": max(0, len(uids) - EVIDENCE),
        "sealed": _sealed(visit, result),
    }
