"""What the charts show, as data: a Sankey of flows, a matrix of countries and types, bars over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tongguan import china_time
from tongguan.service.console.filters import UNKNOWN
from tongguan.service.console.workspace import Row, Workspace

__all__ = ["bars", "matrix", "sankey"]

LEFT = "direction in ('export', 'undetermined')"  # what left, or may have left
WIDEST = 16  # flows that a picture can hold and still be read
HOURS_UP_TO_S = 2 * 86_400  # a span up to which bars are hours, beyond it days


def sankey(rows: Sequence[Row], result: Row, by: str) -> Row:
    """Three columns: system → recipient → country. `by` is persons or bytes.

    Of many flows the widest are drawn; `drawn` and `flows` say how many of how many. A link's `value` is its width, a
    sum of flows; `shown` is what may be said of it. One person may be in several flows, so that what is joined of
    several has `at_most` so many persons, save a recipient whose flows are all drawn: its own count is known.
    """
    links: dict[tuple[str, str], Row] = {}
    nodes: dict[str, Row] = {}

    def node(kind: str, key: str, name: str | None) -> str:
        ident = f"{kind}:{key}"
        plain: Row = {"id": ident, "column": kind, "key": key, "name": name, "value": 0, "at_most": False}
        nodes.setdefault(ident, plain)
        return ident

    wide = sorted((row for row in rows if row[by]), key=lambda row: -int(row[by]))
    for row in wide[:WIDEST]:
        key = row["recipient_id"] or row["recipient"] or ""
        system = node("system", row["system"] or "", row["system"])
        recipient = node("recipient", key, row["recipient"])
        country = node("country", row["country"] or UNKNOWN, row["country"])
        for source, target in ((system, recipient), (recipient, country)):
            plain = {"source": source, "target": target, "value": 0, "pathway": row["pathway"]}
            links.setdefault((source, target), plain)["value"] += int(row[by])
    for found in nodes.values():
        end = "source" if found["column"] == "system" else "target"
        values = [link["value"] for link in links.values() if link[end] == found["id"]]
        found["value"], found["at_most"] = sum(values), by == "persons" and len(values) > 1
    for link in links.values():
        link["shown"], link["at_most"] = link["value"], False
    if by == "persons":
        _bound(nodes, list(links.values()), result)
    drawn = min(len(wide), WIDEST)
    return {"by": by, "drawn": drawn, "flows": len(wide), "nodes": list(nodes.values()), "links": list(links.values())}


def _bound(nodes: dict[str, Row], links: list[Row], result: Row) -> None:
    """Put recipients' own counts in the place of sums, and carry what is then known to their countries."""
    counted = {r["id"] or r["name"]: int(r["persons"]["count"]) for r in result["recipients"]}
    flows = Counter(f["recipient_id"] or f["recipient"] for f in result["flows"] if f["persons"])
    for node in nodes.values():
        if node["column"] == "recipient" and node["key"] in counted:
            drawn = sum(link["target"] == node["id"] for link in links)
            node["at_most"] = node["at_most"] and drawn < flows[node["key"]]
            node["value"] = min(node["value"], counted[node["key"]])
    onward = Counter(link["source"] for link in links)
    for node in nodes.values():
        if node["column"] == "country":
            arriving = [link for link in links if link["target"] == node["id"]]
            for link in arriving:
                sender = nodes[link["source"]]
                link["shown"] = min(link["value"], sender["value"])
                link["at_most"] = sender["at_most"] or onward[sender["id"]] > 1
            node["value"] = sum(link["shown"] for link in arriving)
            node["at_most"] = len(arriving) > 1 or any(link["at_most"] for link in arriving)


def matrix(rows: Sequence[Row], result: Row) -> Row:
    """Countries × data types with numbers of persons: the sum over the recipients there, who may share persons."""
    shown = {row["recipient_id"] or row["recipient"] for row in rows}
    cells: dict[str, dict[str, Any]] = {}
    types: dict[str, int] = {}
    for recipient in result["recipients"]:
        if (recipient["id"] or recipient["name"]) not in shown:
            continue
        new = {t for d in recipient["differences"] if d["kind"] == "type_not_filed" for t in d.get("types", [])}
        line = cells.setdefault(recipient["country"] or UNKNOWN, {})
        for type_id, persons in (recipient.get("type_persons") or {}).items():
            cell = line.setdefault(type_id, {"persons": 0, "new": False})
            cell["persons"] += persons
            cell["new"] = cell["new"] or type_id in new
            types[type_id] = types.get(type_id, 0) + persons
    order = sorted(types, key=lambda t: -types[t])
    most = max((cell["persons"] for line in cells.values() for cell in line.values()), default=0)
    return {"types": order, "rows": [{"country": c, "cells": line} for c, line in cells.items()], "most": most}


def bars(workspace: Workspace) -> Row:
    """Exports over time: by hour in Beijing where two days or fewer were seen, else by day."""
    span = workspace.rows(f"select min(ts) as first, max(ts) as last from exchanges where {LEFT}")
    if not span or span[0]["first"] is None:
        return {"step": "hour", "bars": []}
    step = 3600 if span[0]["last"] - span[0]["first"] <= HOURS_UP_TO_S else 86_400
    offset = int(china_time.ZONE.utcoffset(None).total_seconds()) if step == 86_400 else 0
    sql = (
        f"select cast(floor((ts + {offset}) / {step}) * {step} - {offset} as double) as start, "
        "count(*) as crossings, cast(sum(size) as bigint) as bytes, cast(sum(findings) as bigint) as findings "
        f"from exchanges where {LEFT} group by 1 order by 1"
    )
    return {"step": "hour" if step == 3600 else "day", "bars": workspace.rows(sql)}
