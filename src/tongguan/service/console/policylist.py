"""Fingerprints and policies of the workspace, as pages and calls have them: who may see which, and texts held against
them. Nothing of a text is kept; the audit log has a keyed digest and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tongguan.errors import BadInput, Broken, NotFound
from tongguan.identify import Detector, extract
from tongguan.identify.fingerprints import DocumentSegments, Near, Store, Stores, TableSegments
from tongguan.identify.fingerprints.policy import Asked, Policies, Policy, evaluate, evidence_of, stores_of
from tongguan.identify.pieces import Piece
from tongguan.model import Content
from tongguan.service.console.recognition import spots_of
from tongguan.service.console.uploads import LIMITS, digest_of, looking
from tongguan.trust import workspace_key
from tongguan.trust.access import Principal, check, may
from tongguan.trust.opening import Trust

__all__ = [
    "held", "loaded", "match", "policies_of", "remove_policy", "remove_store", "store_of", "stores_of_house",
    "visible_stores",
]  # fmt: skip

SHOWN: Final = 200  # cells, rows or documents that are told one by one; all are counted


def stores_of_house(trust: Trust) -> Stores:
    return Stores(trust.home / "fingerprints", workspace_key(trust.home))


def policies_of(trust: Trust) -> Policies:
    return Policies(trust.home / "policies", workspace_key(trust.home))


# ---- fingerprints


def visible_stores(trust: Trust, by: Principal) -> tuple[list[Store], list[str]]:
    """Stores that somebody may see, and names of those whose records are damaged."""
    stores, found, damaged = stores_of_house(trust), list[Store](), list[str]()
    for name in stores.names():
        try:
            store = stores.get(name)
        except Broken:
            damaged.append(name)
            continue
        if may(trust.policy, by, "fingerprints.read", entity=store.entity):
            found.append(store)
    return found, damaged


def store_of(trust: Trust, by: Principal, name: str, operation: str) -> Store:
    """A store that somebody may do this with. Raises NotFound, Denied."""
    store = stores_of_house(trust).get(name)
    check(trust.policy, by, operation, entity=store.entity)
    return store


def remove_store(trust: Trust, by: Principal, name: str, reason: str = "") -> int:
    """Remove a store; gives the entry of the log. Raises NotFound, Denied, Conflict."""
    stores = stores_of_house(trust)
    try:
        entity = store_of(trust, by, name, "fingerprints.manage").entity
    except Broken:  # whoever may remove any may remove what nobody can read
        entity = None
        check(trust.policy, by, "fingerprints.manage")
    stores.remove(name)
    return trust.record("fingerprints_removed", by.name, {"name": name, "entity": entity, "reason": reason})


def match(
    trust: Trust, by: Principal, name: str, content: Content, *, rows: int | None = None, within: int = 300
) -> dict[str, Any]:
    """What of a store stands in a content: documents; rows of which `rows` columns stand within so many characters of
    each other; or cells, where `rows` is not given. Raises NotFound, Denied, BadInput, Full."""
    store = store_of(trust, by, name, "fingerprints.match")
    if rows is not None and store.kind == "documents":
        raise BadInput("these are fingerprints of documents; rows are those of a table")
    with looking(by.name):
        known = stores_of_house(trust).open(store.name)
        extraction = extract(content, LIMITS)
        spots, pieces = list(extraction.blind_spots), extraction.pieces
        if isinstance(known, TableSegments):
            near = None if rows is None else Near(rows, characters=within)
            found, total, distinct, more = _cells(known, pieces, near)
            spots += more
        else:
            found = _documents(known, pieces)
            total = distinct = len(found)
        body = {
            "name": store.name, "digest": digest_of(content, workspace_key(trust.home)), "size": content.size,
            "found": total, "blind_spots": sum(spot.count for spot in spots),
        }  # fmt: skip
        trust.record("fingerprints_matched", by.name, body)
        return {
            "store": store.name, "kind": store.kind, "total": total, "distinct": distinct, "found": found[:SHOWN],
            "blind_spots": spots_of(spots),
        }  # fmt: skip


def _cells(
    known: TableSegments, pieces: Sequence[Piece], near: Near | None
) -> tuple[list[dict[str, Any]], int, int, Sequence[Any]]:
    matches = known.match(pieces, near)
    if near is not None:
        told = [
            {"member": pieces[row.piece].member, "row": row.row, "columns": list(row.columns), "start": row.start,
             "end": row.end}
            for row in matches.rows[:SHOWN]
        ]  # fmt: skip
        return told, len(matches.rows), matches.distinct_rows, matches.blind_spots
    told = [
        {"member": pieces[cell.piece].member, "columns": [cell.column], "holders": cell.holders, "start": cell.start,
         "end": cell.end}
        for cell in matches.cells[:SHOWN]
    ]  # fmt: skip
    return told, len(matches.hits), matches.distinct_cells, matches.blind_spots


def _documents(known: DocumentSegments, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [
        {
            "document": found.document, "share_of_document": round(found.share_of_document, 4),
            "share_of_text": round(found.share_of_text, 4), "resemblance": round(found.resemblance, 4),
            "passages": [
                {"member": pieces[p.piece].member, "start": p.start, "end": p.end} for p in found.passages[:SHOWN]
            ],
        }
        for found in known.match(pieces)
    ]  # fmt: skip


# ---- policies


def loaded(trust: Trust, by: Principal, policy: Policy) -> tuple[dict[str, TableSegments], dict[str, DocumentSegments]]:
    """The fingerprints that a policy asks, of those that somebody may use: any other is told as not loaded."""
    tables, documents = dict[str, TableSegments](), dict[str, DocumentSegments]()
    stores = stores_of_house(trust)
    for name in sorted(set().union(*stores_of(policy).values())):
        try:
            store = stores.get(name)
        except (NotFound, BadInput):
            continue
        if may(trust.policy, by, "fingerprints.match", entity=store.entity):
            known = stores.open(name)
            if isinstance(known, TableSegments):
                tables[name] = known
            else:
                documents[name] = known
    return tables, documents


def held(trust: Trust, by: Principal, name: str, policy: Policy, content: Content) -> dict[str, Any]:
    """A policy held against a content: each rule with its truth (true, false, null) and why. Raises BadInput, Full."""
    key = workspace_key(trust.home)
    with looking(by.name):
        tables, documents = loaded(trust, by, policy)
        evidence, _ = evidence_of(
            content, Asked([policy]), detector=Detector(key), tables=tables, documents=documents, limits=LIMITS
        )
        outcome = evaluate(policy, evidence).to_dict()
        body = {
            "name": name, "digest": digest_of(content, key), "size": content.size, "fires": outcome["fires"],
            "rules": [rule["rule"] for rule in outcome["rules"] if rule["fires"] is not False],
        }  # fmt: skip
        trust.record("policy_tested", by.name, body)
        members = [piece.member for piece in evidence.pieces]
        return {
            "fires": outcome["fires"],
            "rules": [
                {**rule, "when": _placed(rule["when"], members),
                 "except": _placed(rule["except"], members) if rule["except"] else None}
                for rule in outcome["rules"]
            ],
            "blind_spots": spots_of(list(evidence.blind_spots)),
        }  # fmt: skip


def _placed(judged: dict[str, Any], members: Sequence[str | None]) -> dict[str, Any]:
    """A condition with its places by member."""
    spans = [{"member": members[p], "start": start, "end": end} for p, start, end in judged.get("spans", ())]
    parts = [_placed(part, members) for part in judged.get("parts", ())]
    return {"truth": judged["truth"], "text": judged["text"], "parts": parts, "spans": spans}


def remove_policy(trust: Trust, by: Principal, name: str, reason: str = "") -> int:
    """Remove a policy; gives the entry of the log. Raises NotFound."""
    policies_of(trust).remove(name)
    return trust.record("policy_removed", by.name, {"name": name, "reason": reason})
