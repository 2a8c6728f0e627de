"""The flow picture's data: systems inside → recipients → countries, from the flows of a completed result."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tongguan.casework.report.pictures import Link, Node
from tongguan.casework.report.words import Words

__all__ = ["columns", "links"]

MOST = 12  # nodes of one column; the smaller ones become one

Flow = dict[str, Any]
Path = tuple[str, str, str]  # node ids of the three columns
REST = "\0rest"


def columns(result: dict[str, Any], words: Words) -> list[list[Node]]:
    """Three columns of nodes, each from the most persons to the fewest, what was put together last.

    Persons of a node are exact where one flow or one recipient makes it up; else the sum is an upper bound, since the
    same person may be in several flows, and is marked so.
    """
    known = {_ids(r)[1]: r["persons"]["count"] for r in result["recipients"]}
    through: list[dict[str, list[Flow]]] = [defaultdict(list), defaultdict(list), defaultdict(list)]
    for flow, path in zip(result["flows"], _paths(result), strict=True):
        for column, id in enumerate(path):
            through[column][id].append(flow)
    return [
        sorted((_node(column, id, flows, known, words) for id, flows in found.items()), key=_rank)
        for column, found in enumerate(through)
    ]


def links(result: dict[str, Any]) -> list[Link]:
    """Between neighbouring columns, flows of the same ends and pathway put together."""
    widths: dict[tuple[int, str, str, str], int] = defaultdict(int)
    for flow, path in zip(result["flows"], _paths(result), strict=True):
        for column in (0, 1):
            widths[column, path[column], path[column + 1], flow["pathway"] or "undetermined"] += flow["persons"]
    return [Link(*ends, persons) for ends, persons in widths.items()]


def _node(column: int, id: str, flows: list[Flow], known: dict[str, int], words: Words) -> Node:
    persons = sum(flow["persons"] for flow in flows)
    if id == REST:
        label = words("flow.rest", count=len({_ids(flow)[column] for flow in flows}))
    elif column == 2:
        label = words.country(id)
    else:
        label = flows[0]["recipient" if column else "system"] or words("unnamed")
    recipients = {_ids(flow)[1] for flow in flows}
    if column and len(recipients) == 1 and (only := recipients.pop()) in known:
        shown, exact = known[only], True
    else:
        shown, exact = persons, len(flows) == 1
    note = words("flow.persons" if exact else "flow.at_most", persons=words.short(shown))
    return Node(id, label, note, persons, last=id == REST)


def _rank(node: Node) -> tuple[bool, int, str]:
    return node.last, -node.value, node.label


def _ids(item: dict[str, Any]) -> Path:
    """Of a flow; of a recipient the middle one."""
    if "recipient" in item:
        return item["system"], item["recipient_id"] or item["recipient"], item["country"]
    return "", item["id"] or item["name"], item["country"]


def _paths(result: dict[str, Any]) -> list[Path]:
    """Each flow's three node ids, the small ones as REST."""
    whole = [_ids(flow) for flow in result["flows"]]
    kept = []
    for column in range(3):
        sums: dict[str, int] = defaultdict(int)
        for flow, ids in zip(result["flows"], whole, strict=True):
            sums[ids[column]] += flow["persons"]
        ranked = sorted(sums, key=lambda id: -sums[id])
        kept.append(set(ranked if len(ranked) <= MOST else ranked[: MOST - 1]))
    return [tuple(id if id in keep else REST for id, keep in zip(ids, kept, strict=True)) for ids in whole]  # type: ignore[misc]
