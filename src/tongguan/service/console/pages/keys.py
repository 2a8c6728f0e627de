"""密钥: the catalogue of keys, and what a visitor may do with them. No secret ever comes to a page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan import china_time
from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.service.console.address import link
from tongguan.service.console.telling import refuse_unseen, told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.access import may
from tongguan.trust.audit import Query
from tongguan.trust.ciphers.pem import KeyKind, public_pem
from tongguan.trust.keys import MOVES, OPERATIONS, PURPOSES, STATES, Key
from tongguan.trust.keys.material import ALGORITHMS
from tongguan.trust.keys.states import purpose_named

__all__ = ["router"]

router = APIRouter()
SIZE = 50
HISTORY = 20  # entries of the audit log beside a key
KINDS_OF_KEY: dict[str, KeyKind] = {"ed25519": "ed25519", "sm2": "sm2", "rsa-pss-3072": "rsa", "rsa-oaep-3072": "rsa"}
ACTS = ("keys.manage", "keys.destroy", "audit.read", "approvals.request")

Text = Annotated[str, Form()]
Several = Annotated[list[str] | None, Form()]


@page_at(router, "/keys", "keys.read")
def keys(visit: Visitor) -> Response:
    """The list, by name, and the chosen key beside it."""
    return visit.page("keys.html", _data(visit))


@router.post("/keys", dependencies=[needs("keys.create")])
def create(
    visit: Visitor, csrf: Text = "", name: Text = "", purpose: Text = "", algorithm: Text = "", owner: Text = "",
    entity: Text = "", first: Text = "", last: Text = "", waiting: Text = "",
) -> Response:  # fmt: skip
    """A new key, active at once unless it is to wait."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        key = visit.console.trust.keys.create(
            name=name.strip(), purpose=purpose_named(purpose), algorithm=algorithm or None, owner=owner.strip(),
            entity=entity.strip() or None, not_before=_begin(first), not_after=_end(last), activate=waiting != "yes",
            by=visit.principal,
        )  # fmt: skip
    except (BadInput, Denied) as error:
        typed = {"name": name, "purpose": purpose, "algorithm": algorithm, "owner": owner, "entity": entity,
                 "first": first, "last": last}  # fmt: skip
        return visit.page("keys.html", {**_data(visit), "error": told(visit, error), "typed": typed, "open": True}, 400)
    return visit.go(link("/keys", {"id": key.id, "done": "create"}))


@page_at(router, "/keys/register", "keys.register")
def registration(visit: Visitor) -> Response:
    """The form for another party's public key."""
    return visit.page("keys_register.html", {"error": None, "typed": {"entity": _own_entity(visit)}, "made": None})


@router.post("/keys/register", dependencies=[needs("keys.register")])
def register(
    visit: Visitor, csrf: Text = "", name: Text = "", purpose: Text = "", owner: Text = "", entity: Text = "",
    public: Text = "", last: Text = "",
) -> Response:  # fmt: skip
    """Register a public key; its fingerprint is shown, to be compared with the owner's by another way."""
    visit.check_form(csrf)
    assert visit.principal
    typed = {"name": name, "purpose": purpose, "owner": owner, "entity": entity, "last": last}
    if "PRIVATE" not in public:  # a secret that was pasted by mistake does not come back in the page
        typed["public"] = public
    try:
        key = visit.console.trust.keys.register(
            name=name.strip(), public=public, purpose=purpose_named(purpose) if purpose else None, owner=owner.strip(),
            entity=entity.strip() or None, not_after=_end(last), by=visit.principal,
        )  # fmt: skip
    except (BadInput, Denied) as error:
        return visit.page("keys_register.html", {"error": told(visit, error), "typed": typed, "made": None}, 400)
    made = {"id": key.id, "name": key.name, "fingerprint": key.fingerprint, "may_read": visit.may("keys.read")}
    return visit.page("keys_register.html", {"error": None, "typed": {"entity": entity}, "made": made})


@router.post("/keys/{key_id}/{act}", dependencies=[needs("keys.read")])
def change(
    visit: Visitor, key_id: str, act: str, csrf: Text = "", first: Text = "", last: Text = "", revision: Text = "",
    principals: Text = "", role: Text = "", operations: Several = None, rule: Text = "",
) -> Response:  # fmt: skip
    """One change to one key; the key service asks for the permission."""
    visit.check_form(csrf)
    room, by = visit.console.trust.keys, visit.principal
    assert by
    moves = {"activate": room.activate, "suspend": room.suspend, "retire": room.retire, "rotate": room.rotate}
    try:
        if act in moves:
            moves[act](key_id, by)
        elif act == "destroy":
            room.destroy(key_id, by)
        elif act == "days":
            room.set_days(key_id, _begin(first), _end(last), by)
        elif act in ("allow", "disallow"):
            key = room.get(key_id, by)
            if str(key.revision) != revision:
                raise Conflict(visit.t("keys.changed_meanwhile"))
            rules = _without(key, rule) if act == "disallow" else [*_rules(key), _rule(principals, role, operations)]
            room.set_policy(key_id, {"allow": rules}, by)
        else:
            raise HTTPException(404)
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied) as error:
        refuse_unseen(error)
        return visit.page("keys.html", {**_data(visit, key_id), "error": told(visit, error)}, 400)
    return visit.go(link("/keys", {"id": key_id, "done": act}))


def _data(visit: Visit, chosen: str = "") -> Row:
    room, by = visit.console.trust.keys, visit.principal
    assert by
    purpose = next((name for name in PURPOSES if name == visit.get("purpose")), None)
    state = next((name for name in STATES if name == visit.get("state")), None)
    foreign = {"yes": True, "no": False}.get(visit.get("foreign"))
    entity = visit.get("entity")
    number = visit.number("page", 1, 1, 10**6)
    found = room.list(
        entity=entity or None, purpose=purpose, state=state, foreign=foreign,
        offset=(number - 1) * SIZE, limit=SIZE + 1, by=by,
    )  # fmt: skip
    one = chosen or visit.get("id")
    return {
        "filter": {"purpose": purpose or "", "state": state or "", "entity": entity,
                   "foreign": visit.get("foreign") if foreign is not None else ""},
        "purposes": list(PURPOSES),
        "states": list(STATES),
        "algorithms": {name: list(names) for name, names in ALGORITHMS.items()},
        "suite": visit.console.trust.settings.suite,
        "roles": {r.id: visit.say(r.name) for r in visit.console.trust.policy.roles.values()},
        "rows": [_row(visit, key) for key in found[:SIZE]],
        "page": number,
        "more": len(found) > SIZE,
        "chosen": _chosen(visit, one) if one else None,
        "done": visit.get("done")[:20],
        "may": {o: visit.may(o) for o in ("keys.create", "keys.register", "keys.master")},
        "error": None,
        "typed": {"entity": _own_entity(visit)},
        "open": False,
    }  # fmt: skip


def _row(visit: Visit, key: Key) -> Row:
    return {
        "id": key.id, "name": key.name, "purpose": key.purpose, "algorithm": key.algorithm, "owner": key.owner,
        "entity": key.entity, "state": key.state, "now": visit.console.trust.keys.state_now(key),
        "version": key.version, "foreign": key.foreign, "not_before": key.not_before, "not_after": key.not_after,
        "created": key.created, "changed": key.changed, "fingerprint": key.fingerprint,
    }  # fmt: skip


def _chosen(visit: Visit, key_id: str) -> Row | None:
    """One key with all that the visitor may see of it; None where there is none that they may see."""
    room, by, policy = visit.console.trust.keys, visit.principal, visit.console.trust.policy
    assert by
    try:
        key = room.get(key_id, by)
    except (BadInput, Denied):
        return None
    can = {o: may(policy, by, o, entity=key.entity) for o in ACTS}
    moves = [m for m in ("active", "suspended", "retired") if m in MOVES[key.state]] if can["keys.manage"] else []
    return {
        **_row(visit, key),
        "revision": key.revision,
        "public": public_pem(KINDS_OF_KEY[key.algorithm], key.public) if key.public else None,
        "rules": _rules(key),
        "operations": [o.name for o in OPERATIONS.values() if key.purpose in o.purposes],
        "first": _day(key.not_before),
        "last": _day(None if key.not_after is None else key.not_after - 1),
        "may": can,
        "moves": moves,
        "rotates": can["keys.manage"] and key.state == "active" and not key.foreign,
        "destroyable": can["keys.destroy"] and "destroyed" in MOVES[key.state],
        "approvals": _approvals(visit, key.id) if can["keys.destroy"] else [],
        "history": _history(visit, key.id) if can["audit.read"] else None,
    }


def _approvals(visit: Visit, key_id: str) -> list[Row]:
    """The visitor's own requests to destroy this key that are open or granted."""
    assert visit.principal
    found = visit.console.trust.approvals.list(visit.principal, operation="keys.destroy", resource=key_id)
    mine = [a for a in found if a.requester_id == visit.principal.id and a.state in ("asked", "approved")]
    return [{"id": a.id, "state": a.state, "expires": a.expires} for a in mine]


def _history(visit: Visit, key_id: str) -> Row:
    """The newest entries of the audit log that name the key."""
    found = visit.console.audit.search(Query(words=key_id), limit=HISTORY)
    rows = [
        {"index": e.index, "ts": e.ts, "kind": e.kind, "actor": e.actor, "body": dict(e.body)} for e in found.entries
    ]
    return {"rows": rows, "more": found.next is not None}


def _rules(key: Key) -> list[Any]:
    rules: list[Any] = key.policy.to_dict()["allow"]
    return rules


def _without(key: Key, rule: str) -> list[Any]:
    """The rules without one of them, by its place."""
    rules = _rules(key)
    if rule not in map(str, range(len(rules))):
        raise BadInput("there is no such rule")
    return rules[: int(rule)] + rules[int(rule) + 1 :]


def _rule(principals: str, role: str, operations: list[str] | None) -> Row:
    names = [name.strip() for name in principals.replace("，", ",").split(",") if name.strip()]
    return {"principals": names, "roles": [role] if role else [], "operations": operations or None}


def _own_entity(visit: Visit) -> str:
    """The one entity that the visitor acts for, "" where there are none or several."""
    assert visit.principal
    limits = [grant.entities for grant in visit.principal.grants]
    if any(limit is None for limit in limits):
        return ""
    mine = sorted({entity for limit in limits for entity in limit or ()})
    return mine[0] if len(mine) == 1 else ""


def _begin(day: str) -> int | None:
    """The first second of a day, Beijing time; None where no day is given. Raises BadInput."""
    if not day.strip():
        return None
    try:
        return int(datetime.combine(date.fromisoformat(day.strip()), datetime.min.time(), china_time.ZONE).timestamp())
    except (ValueError, OverflowError):
        raise BadInput("a day is no date; expected YYYY-MM-DD") from None


def _end(day: str) -> int | None:
    """The second after a day."""
    begin = _begin(day)
    return None if begin is None else begin + int(timedelta(days=1).total_seconds())


def _day(at: int | None) -> str:
    """The day of a moment, for a form."""
    return "" if at is None else datetime.fromtimestamp(at, china_time.ZONE).date().isoformat()
