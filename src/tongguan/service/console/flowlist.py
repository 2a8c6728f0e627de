"""Rows of the flow list: flows (system → recipient) summed up from the ledger, or the exchanges one by one."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tongguan.service.console.filters import LEAVING, UNKNOWN, Filter
from tongguan.service.console.workspace import Row, Workspace

__all__ = [
    "EXCHANGE_ORDERS",
    "FLOW_ORDERS",
    "Page",
    "choices",
    "evidence",
    "exchange",
    "exchanges",
    "flows",
    "same_connection",
    "timeline",
]

FLOW_ORDERS = ("persons", "crossings", "bytes", "last")
EXCHANGE_ORDERS = {"last": "ts", "bytes": "size", "findings": "findings", "records": "records"}

_FLOWS = """
select system, recipient_id, recipient, country, direction,
  count(*) as crossings, cast(sum(size) as bigint) as bytes, min(ts) as first, max(ts) as last,
  cast(sum(findings) as bigint) as findings, cast(sum(records) as bigint) as records,
  list_sort(list_distinct(flatten(list(types)))) as types,
  list_sort(list_distinct(flatten(list(sensitive_types)))) as sensitive_types,
  list_sort(list_distinct(list(protocol))) as protocols,
  list_sort(list_distinct(list(act))) as acts,
  list_sort(list_distinct(list(activity))) as activities,
  list_sort(list_distinct(list(application))) as applications,
  min(basis) as basis, max(confidence) as confidence,
  count(*) filter (len(blind) > 0) as unseen
from exchanges where {where}
group by system, recipient_id, recipient, country, direction
order by crossings desc, system, recipient, country, direction
"""
_COLUMNS = (
    "uid, conn, ts, source_ip, source_port, destination_ip, destination_port, protocol, application, account, "
    "operation, role, act, direction, system, recipient_id, recipient, country, basis, confidence, size, contents, "
    "records, findings, types, sensitive_types, blind, capture, activity"
)
_FINDINGS = 'select uid, type, "count", "distinct", sensitive, level, category, masked from findings'


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `number` counts from 1."""

    rows: list[Row]
    total: int
    number: int
    length: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.length))

    def as_json(self) -> Row:
        return {"rows": self.rows, "total": self.total, "page": self.number, "pages": self.pages, "size": self.length}


def flows(workspace: Workspace, result: Row, chosen: Filter) -> list[Row]:
    """Every flow that the filter lets through. Crossings, bytes and types follow the filter; persons are those of the
    whole window, for a filter cannot say who is the same person."""
    where, values = chosen.where(result)
    counted = {(f["system"], f["recipient_id"] or f["recipient"], f["country"]): f for f in result["flows"]}
    recipients = {r["id"] or r["name"]: r for r in result["recipients"]}
    rows = []
    for row in workspace.rows(_FLOWS.format(where=where), values):
        key = (row["system"], row["recipient_id"] or row["recipient"] or "", row["country"])
        known = recipients.get(key[1]) if row["direction"] in LEAVING else None
        count = counted.get(key) if row["direction"] in LEAVING else None
        rows.append(
            {
                "id": _flow_id(row),
                **row,
                "persons": count["persons"] if count else None,
                "pathway": (count or {}).get("pathway") or (known["decision"]["pathway"] if known else None),
                "differences": known["differences"] if known else [],
                "filed": known["filed"] if known else None,
            }
        )
    return rows


def exchanges(
    workspace: Workspace, result: Row, chosen: Filter, order: str, down: bool, number: int, length: int
) -> Page:
    """One page of exchanges."""
    where, values = chosen.where(result)
    total = int(workspace.rows(f"select count(*) as n from exchanges where {where}", values)[0]["n"])
    number = min(number, max(1, -(-total // length)))
    sql = (
        f"select {_COLUMNS} from exchanges where {where} "
        f"order by {EXCHANGE_ORDERS[order]} {'desc' if down else 'asc'}, uid limit ? offset ?"
    )
    return Page(workspace.rows(sql, [*values, length, (number - 1) * length]), total, number, length)


def exchange(workspace: Workspace, uid: str) -> Row | None:
    """One exchange with what was found in it, by type."""
    found = workspace.rows(f"select {_COLUMNS} from exchanges where uid = ? limit 1", [uid])
    if not found:
        return None
    details = workspace.rows(f"{_FINDINGS} where uid = ? order by 3 desc", [uid])
    return {**found[0], "found": details}


def timeline(workspace: Workspace, flow: Row) -> list[Row]:
    """Crossings, bytes and findings of a flow by day, newest first."""
    where, values = same_flow(flow)
    sql = (
        "select cast(day as varchar) as day, count(*) as crossings, cast(sum(size) as bigint) as bytes, "
        f"cast(sum(findings) as bigint) as findings from exchanges where {where} group by day "
        "order by day desc limit 60"
    )
    return workspace.rows(sql, values)


def same_flow(flow: Row) -> tuple[str, list[Any]]:
    """The condition that an exchange belongs to a flow."""
    columns = ("system", "recipient_id", "recipient", "country", "direction")
    return " and ".join(f"{column} is not distinct from ?" for column in columns), [flow[column] for column in columns]


def choices(workspace: Workspace) -> Row:
    """What the filter's lists offer: values that stand in the ledger."""
    one = "select distinct {0} as value from exchanges where {0} is not null and {0} != '' order by 1"
    many = "select distinct unnest(types) as value from exchanges order by 1"
    found = {name: _values(workspace, one.format(name)) for name in ("system", "protocol", "country")}
    unknown = workspace.rows("select count(*) as n from exchanges where country is null")
    if unknown and unknown[0]["n"]:
        found["country"].append(UNKNOWN)
    return {**found, "type": _values(workspace, many)}


def _values(workspace: Workspace, sql: str) -> list[str]:
    return [row["value"] for row in workspace.rows(sql)]


def _flow_id(row: Row) -> str:
    key = "\x1f".join(str(row[c]) for c in ("system", "recipient_id", "recipient", "country", "direction"))
    return sha256(key.encode()).hexdigest()[:12]


def evidence(workspace: Workspace, flow: Row, limit: int) -> list[Row]:
    """A flow's newest exchanges with findings, each with what was found, by type."""
    where, values = same_flow(flow)
    sql = f"select {_COLUMNS} from exchanges where {where} order by findings > 0 desc, ts desc limit ?"
    found = workspace.rows(sql, [*values, limit])
    by_uid: dict[str, list[Row]] = {row["uid"]: [] for row in found}
    sql = f"{_FINDINGS} where list_contains(?, uid) order by 3 desc"
    for finding in workspace.rows(sql, [list(by_uid)]) if by_uid else []:
        by_uid[finding.pop("uid")].append(finding)
    return [{**row, "found": by_uid[row["uid"]]} for row in found]


def same_connection(workspace: Workspace, row: Row) -> list[Row]:
    """The exchanges of one connection, oldest first."""
    sql = f"select {_COLUMNS} from exchanges where conn = ? order by ts, uid limit 60"
    return workspace.rows(sql, [row["conn"]])
