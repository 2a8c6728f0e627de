"""接收方: who received what, towards which legal line, and whether it is what was filed."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from tongguan.service.console import flowlist, pictures
from tongguan.service.console.exports import export
from tongguan.service.console.filters import UNKNOWN, Filter
from tongguan.service.console.lines import legal_lines
from tongguan.service.console.tasks import same_recipient
from tongguan.service.console.visit import Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["filed_against_observed", "router"]

router = APIRouter()
ORDERS = ("persons", "sensitive_persons", "crossings", "bytes", "last")


@page_at(router, "/recipients", "results.read", exporter_of)
def recipients(visit: Visitor) -> Response:
    """The list."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    asked = {name: visit.get(name) for name in ("q", "country", "pathway", "diff")}
    order = visit.get("sort") if visit.get("sort") in ORDERS else "persons"
    down = visit.get("dir") != "asc"
    rows = _chosen(result, asked)
    rows.sort(key=lambda r: r[order]["count"] if "persons" in order else r[order] or 0, reverse=down)
    data = {
        "filter": asked,
        "countries": sorted({r["country"] or UNKNOWN for r in result["recipients"]}),
        "pathways": sorted({r["decision"]["pathway"] for r in result["recipients"]}),
        "order": order,
        "down": down,
        "recipients": rows,
        "all": len(result["recipients"]),
        "totals": result["totals"],
        "coverage": result["coverage"],
        "lines": legal_lines(result["as_of"]),
    }
    return visit.page("recipients.html", data)


@router.get("/recipients/export", dependencies=[needs("results.export", exporter_of)])
def save(visit: Visitor) -> Response:
    """The current filter as a file."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    asked = {name: visit.get(name) for name in ("q", "country", "pathway", "diff") if visit.get(name)}
    heads = ["name", "country", "basis", "persons", "persons_low", "persons_high", "sensitive_persons", "types",
             "crossings", "bytes", "activities", "pathway", "differences"]  # fmt: skip
    rows = [
        [
            r["name"], r["country"], r["basis"], r["persons"]["count"], r["persons"]["low"], r["persons"]["high"],
            r["sensitive_persons"]["count"], " ".join(r["types"]), r["crossings"], r["bytes"],
            " ".join(r["activities"]), r["decision"]["pathway"], " ".join(d["kind"] for d in r["differences"]),
        ]
        for r in _chosen(result, asked)
    ]  # fmt: skip
    return export(visit, "recipients", asked, heads, rows)


@page_at(router, "/recipient", "results.read", exporter_of)
def recipient(visit: Visitor) -> Response:
    """One of them. Raises 404 where nobody of that id or name received anything."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    key = visit.get("id")
    found = next((r for r in result["recipients"] if key and key in (r["id"], r["name"])), None)
    if found is None:
        raise HTTPException(404)
    rows = flowlist.flows(visit.console.workspace, result, Filter(recipient=key))
    data = {
        "recipient": found,
        "filed": filed_against_observed(found),
        "flows": rows,
        "matrix": pictures.matrix(rows or [{"recipient_id": found["id"], "recipient": found["name"]}], result),
        "alerts": [a for a in result["alerts"] if same_recipient(a["recipient"], found)],
        "window": result["run"]["window"],
        "as_of": result["as_of"],
        "totals": result["totals"],
        "lines": legal_lines(result["as_of"]),
        "unseen": sum(row["unseen"] for row in rows),
        "seen": sum(row["crossings"] for row in rows),
    }
    return visit.page("recipient.html", data)


def filed_against_observed(recipient: Row) -> list[Row]:
    """The rows of the comparison: what, as filed, as observed, and the difference (over, add, same, several, unseen,
    none). What differs is the finding of the inspection: `filed` is of the main activity, and each of several was held
    against its own."""
    filed = recipient["filed"] or {}
    observed = int(recipient["persons"]["count"])
    allowed = filed.get("persons") or 0
    given, seen = set(filed.get("types") or []), set(recipient["types"])
    kinds = {d["kind"]: d for d in recipient["differences"]}
    extra = kinds.get("type_not_filed", {}).get("types", [])
    above = kinds.get("scale_above_filed", {})
    more = {what: above[what]["seen"]["count"] - above[what]["filed"]
            for what in ("persons", "sensitive_persons") if what in above}  # fmt: skip
    several = len(recipient.get("activities") or ()) > 1
    rows: list[Row] = [
        {"what": "path", "filed": filed.get("path"), "observed": recipient["decision"]["pathway"],
         "state": "over" if "path_not_taken" in kinds else ("same" if filed.get("path") else "none")},
        {"what": "persons", "filed": allowed or None, "observed": observed, "by": more.get("persons", 0),
         "state": "over" if "persons" in more else _agrees(allowed, several and observed > allowed)},
        {"what": "types", "filed": sorted(given), "observed": sorted(seen), "new": sorted(extra),
         "state": "add" if extra else _agrees(filed, several and bool(seen - given))},
        {"what": "sensitive", "filed": None, "observed": recipient["sensitive_types"],
         "by": more.get("sensitive_persons", 0), "state": "over" if "sensitive_persons" in more else "none"},
        {"what": "expires", "filed": filed.get("expires") or None, "observed": recipient["last"],
         "state": "over" if "activity_expired" in kinds else ("same" if filed.get("expires") else "none")},
        {"what": "onward", "filed": None, "observed": None, "state": "unseen"},
        {"what": "retention", "filed": None, "observed": None, "state": "unseen"},
    ]  # fmt: skip
    return rows


def _agrees(filed: object, beside: bool) -> str:
    """No difference was found; `beside`: what there is more than in this filing stands in that of another activity."""
    return ("several" if beside else "same") if filed else "none"


def _chosen(result: Row, asked: Row) -> list[Row]:
    def fits(recipient: Row) -> bool:
        q, country, pathway, diff = (asked.get(k, "") for k in ("q", "country", "pathway", "diff"))
        return (
            (not q or q.lower() in f"{recipient['name']} {recipient['id'] or ''}".lower())
            and (not country or country == (recipient["country"] or UNKNOWN))
            and (not pathway or pathway == recipient["decision"]["pathway"])
            and (not diff or bool(recipient["differences"]) == (diff == "yes"))
        )

    return [r for r in result["recipients"] if fits(r)]
