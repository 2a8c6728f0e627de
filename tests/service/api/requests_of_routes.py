"""For every route of the API and the console a request that is right in itself, so that only permission decides."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from api_house import BUSINESS, FACTS, REASON, Call, House
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tongguan.service.permission import Declared
from tongguan.trust.access import Principal

V1 = "/api/v1"
Make = Callable[[House, Principal], Call]


def _b(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


PUBLIC_KEY = (
    Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
)


def page(path: str, **params: str) -> Make:
    return lambda house, who: Call(path, params=params)


def plain(**json: object) -> Make:
    return lambda house, who: Call(json=json or None)


def user(end: str = "", *roles: str, kind: str = "user", **json: object) -> Make:
    return lambda house, who: Call(f"{V1}/users/{house.user(*roles, kind=kind)}{end}", json=json or None)


def evidence(end: str = "", **json: object) -> Make:
    return lambda house, who: Call(f"{V1}/evidence/{house.evidence()}{end}", json=json or None)


def key(end: str = "", purpose: str = "seal", **json: object) -> Make:
    return lambda house, who: Call(f"{V1}/keys/{house.key(purpose)}{end}", json=json or None)


def opened(purpose: str, made_by: str, end: str) -> Make:
    """A request to open what was protected just before."""

    def make(house: House, who: Principal) -> Call:
        ident, keys = house.key(purpose), house.trust.keys
        if made_by == "encrypt_to":
            return Call(f"{V1}/keys/{ident}{end}", json={"message": _b64(keys.encrypt_to(ident, b"text", BUSINESS))})
        if made_by == "data_key":
            data = keys.data_key(ident, b"row 1", BUSINESS)[1]
        else:
            data = getattr(keys, made_by)(ident, b"a value", b"row 1", BUSINESS)
        return Call(f"{V1}/keys/{ident}{end}", json={"data": _b64(data), "context": _b("row 1")})

    return make


REQUESTS: dict[str, Make] = {
    # ---- one's own
    f"GET {V1}/session": plain(),
    f"DELETE {V1}/session": plain(),
    f"GET {V1}/openapi.json": plain(),
    f"GET {V1}/me": plain(),
    f"PUT {V1}/me/password": plain(old="wrong password here", new="a brand new password"),
    f"GET {V1}/me/proof": plain(),
    f"POST {V1}/me/proof": plain(method="password", answer="wrong password here"),
    f"POST {V1}/me/totp": plain(),
    f"POST {V1}/me/totp/confirmation": plain(code="123456"),
    f"DELETE {V1}/me/totp": plain(),
    f"POST {V1}/me/recovery-codes": plain(),
    f"GET {V1}/me/recovery-codes": plain(),
    f"GET {V1}/me/security-keys": plain(),
    f"DELETE {V1}/me/security-keys/{{id}}": page(f"{V1}/me/security-keys/none"),
    f"GET {V1}/me/sessions": plain(),
    f"DELETE {V1}/me/sessions": page(f"{V1}/me/sessions", session="none"),
    f"GET {V1}/me/tokens": plain(),
    f"POST {V1}/me/tokens": plain(name="mine", scopes=["people.read"], days=1),
    f"DELETE {V1}/me/tokens/{{id}}": lambda house, who: Call(
        f"{V1}/me/tokens/{house.trust.identity.issue_token(who.id, name='t', scopes=[_one(who, house)], days=1, by=who)[0]}"
    ),
    # ---- people
    f"GET {V1}/users": plain(),
    f"POST {V1}/users": lambda house, who: Call(json={"name": house.name()}),
    f"GET {V1}/users/{{id}}": user(),
    f"PATCH {V1}/users/{{id}}": user(display="Somebody"),
    f"DELETE {V1}/users/{{id}}": user(),
    f"POST {V1}/users/{{id}}/disable": user("/disable"),
    f"POST {V1}/users/{{id}}/enable": user("/enable"),
    f"PUT {V1}/users/{{id}}/password": user("/password", password="a brand new password"),
    f"POST {V1}/users/import": plain(csv="name,display\nnew-person,Somebody\n"),
    f"GET {V1}/teams": plain(),
    f"POST {V1}/teams": lambda house, who: Call(json={"name": house.name()}),
    f"PATCH {V1}/teams/{{id}}": lambda house, who: Call(f"{V1}/teams/{house.team()}", json={"name": house.name()}),
    f"DELETE {V1}/teams/{{id}}": lambda house, who: Call(f"{V1}/teams/{house.team()}"),
    # ---- rights
    f"GET {V1}/operations": plain(),
    f"GET {V1}/roles": plain(),
    f"GET {V1}/roles/matrix": plain(),
    f"PUT {V1}/users/{{id}}/roles/{{role}}": lambda house, who: Call(
        f"{V1}/users/{house.user()}/roles/viewer", json={"entities": ["A"]}
    ),
    f"DELETE {V1}/users/{{id}}/roles/{{role}}": lambda house, who: Call(f"{V1}/users/{house.user('viewer')}/roles/viewer"),
    f"GET {V1}/users/{{id}}/sessions": user("/sessions"),
    f"DELETE {V1}/users/{{id}}/sessions": user("/sessions"),
    f"DELETE {V1}/users/{{id}}/second-factors": user("/second-factors"),
    f"GET {V1}/users/{{id}}/tokens": user("/tokens"),
    f"POST {V1}/users/{{id}}/tokens": user("/tokens", "viewer", kind="service", name="t", scopes=["results.read"], days=1),
    f"DELETE {V1}/tokens/{{id}}": lambda house, who: Call(
        f"{V1}/tokens/{house.token_id(house.user('viewer', kind='service'))}"
    ),
    # ---- approvals
    f"POST {V1}/approvals": plain(operation="evidence.release", resource="ev_1", reason="the case is closed"),
    f"GET {V1}/approvals": plain(),
    f"GET {V1}/approvals/mine": plain(),
    f"GET {V1}/approvals/{{id}}": lambda house, who: Call(f"{V1}/approvals/{house.approval(house.asker)}"),
    f"POST {V1}/approvals/{{id}}/decision": lambda house, who: Call(
        f"{V1}/approvals/{house.approval(house.asker)}/decision", json={"approve": True}
    ),
    f"POST {V1}/approvals/{{id}}/withdrawal": lambda house, who: Call(
        f"{V1}/approvals/{house.approval(who if who.kind == 'user' else house.asker)}/withdrawal"
    ),
    # ---- evidence
    f"POST {V1}/evidence": lambda house, who: Call(
        params={"kind": "file", "name": "a.txt", "media_type": "text/plain"}, content=b"content"
    ),
    f"GET {V1}/evidence": plain(),
    f"GET {V1}/evidence/{{id}}": evidence(),
    f"GET {V1}/evidence/{{id}}/masked": evidence("/masked"),
    f"GET {V1}/evidence/{{id}}/history": evidence("/history"),
    f"POST {V1}/evidence/{{id}}/original": evidence("/original", **REASON),
    f"POST {V1}/evidence/{{id}}/hold": evidence("/hold", **REASON),
    f"POST {V1}/evidence/{{id}}/release": evidence("/release", **REASON),
    f"POST {V1}/evidence/{{id}}/retention": evidence("/retention", until=4e9, **REASON),
    f"POST {V1}/evidence/expiry": plain(),
    f"POST {V1}/evidence/sweep": plain(),
    f"POST {V1}/evidence/rewrap": plain(),
    # ---- keys
    f"POST {V1}/keys": lambda house, who: Call(json={"name": house.name(), "purpose": "seal", "owner": "desk"}),
    f"POST {V1}/keys/registrations": lambda house, who: Call(
        json={"name": house.name(), "public": PUBLIC_KEY, "owner": "partner"}
    ),
    f"GET {V1}/keys": plain(),
    f"GET {V1}/keys/{{id}}": key(),
    f"POST {V1}/keys/{{id}}/rotate": key("/rotate"),
    f"POST {V1}/keys/{{id}}/activate": lambda house, who: Call(f"{V1}/keys/{house.key(activate=False)}/activate"),
    f"POST {V1}/keys/{{id}}/suspend": key("/suspend"),
    f"POST {V1}/keys/{{id}}/retire": key("/retire"),
    f"PUT {V1}/keys/{{id}}/policy": key("/policy", allow=[{"roles": ["modeller"]}]),
    f"PUT {V1}/keys/{{id}}/days": key("/days", not_after=4_000_000_000),
    f"POST {V1}/keys/{{id}}/destroy": lambda house, who: Call(f"{V1}/keys/{house.key(activate=False)}/destroy"),
    f"POST {V1}/keys/{{id}}/seal": key("/seal", data=_b("value"), context=_b("row 1")),
    f"POST {V1}/keys/{{id}}/unseal": opened("seal", "seal", "/unseal"),
    f"POST {V1}/keys/{{id}}/wrap": key("/wrap", "wrap", data=_b("a key of 16 bytes"), context=_b("row 1")),
    f"POST {V1}/keys/{{id}}/unwrap": opened("wrap", "wrap", "/unwrap"),
    f"POST {V1}/keys/{{id}}/data-key": key("/data-key", "wrap", context=_b("row 1")),
    f"POST {V1}/keys/{{id}}/open-data-key": opened("wrap", "data_key", "/open-data-key"),
    f"POST {V1}/keys/{{id}}/rewrap": opened("seal", "seal", "/rewrap"),
    f"POST {V1}/keys/{{id}}/sign": key("/sign", "sign", message=_b("text")),
    f"POST {V1}/keys/{{id}}/verify": key("/verify", "sign", message=_b("text"), signature=_b("no signature")),
    f"POST {V1}/keys/{{id}}/mac": key("/mac", "mac", message=_b("text")),
    f"POST {V1}/keys/{{id}}/check-mac": key("/check-mac", "mac", data=_b("text"), tag=_b("no tag")),
    f"POST {V1}/keys/{{id}}/derive": key("/derive", "derive", context=_b("row 1")),
    f"POST {V1}/keys/{{id}}/encrypt-to": key("/encrypt-to", "decrypt", message=_b("text")),
    f"POST {V1}/keys/{{id}}/decrypt": opened("decrypt", "encrypt_to", "/decrypt"),
    f"POST {V1}/master-key/shares": plain(threshold=2, holders=["one", "two", "three"]),
    f"GET {V1}/master-key/shares": plain(),
    f"POST {V1}/master-key/drill": plain(shares=["no such words"]),
    f"POST {V1}/master-key/restoration": plain(shares=["no such words"]),
    f"POST {V1}/master-key/rotation": plain(),
    f"DELETE {V1}/master-key/{{generation}}": page(f"{V1}/master-key/none"),
    f"POST {V1}/master-key/check": plain(),
    # ---- audit
    f"POST {V1}/checks": plain(),
    f"GET {V1}/audit": plain(),
    f"GET {V1}/audit/entries": plain(),
    f"GET {V1}/audit/entries/{{index}}": page(f"{V1}/audit/entries/0"),
    f"GET {V1}/audit/entries/{{index}}/proof": page(f"{V1}/audit/entries/0/proof"),
    f"GET {V1}/audit/consistency": page(f"{V1}/audit/consistency", first="1", second="2"),
    f"POST {V1}/audit/verification": plain(),
    f"POST {V1}/audit/export": plain(),
    f"POST {V1}/audit/cosignatures": plain(),
    f"GET {V1}/audit/cosignatures": plain(),
    f"POST {V1}/audit/anchors": plain(),
    f"GET {V1}/audit/anchors": plain(),
    # ---- decisions
    f"POST {V1}/decisions/ask": plain(**FACTS),
    f"POST {V1}/decisions": plain(**FACTS),
    f"POST {V1}/decisions/batch": plain(facts=[FACTS, {"date": "nonsense"}]),
    f"POST {V1}/decisions/trace": plain(**FACTS),
    # ---- recognition, fingerprints, policies, of which the house has none
    f"POST {V1}/identify": plain(text="电话 13800138000"),
    f"POST {V1}/identify/file": page(f"{V1}/identify/file", name="a.txt"),
    f"GET {V1}/kinds": plain(),
    f"GET {V1}/fingerprints": plain(),
    f"GET {V1}/fingerprints/{{name}}": page(f"{V1}/fingerprints/none"),
    f"POST {V1}/fingerprints/{{name}}/match": lambda house, who: Call(f"{V1}/fingerprints/none/match", json={"text": "x"}),
    f"POST {V1}/fingerprints/{{name}}/match/file": page(f"{V1}/fingerprints/none/match/file"),
    f"POST {V1}/fingerprints/{{name}}/merge": page(f"{V1}/fingerprints/none/merge"),
    f"DELETE {V1}/fingerprints/{{name}}": page(f"{V1}/fingerprints/none"),
    f"GET {V1}/policies": plain(),
    f"POST {V1}/policies/check": plain(text="policy: p\nrules: [{id: a, when: {keyword: {any: [secret]}}}]"),
    f"GET {V1}/policies/{{name}}": page(f"{V1}/policies/none"),
    f"PUT {V1}/policies/{{name}}": lambda house, who: Call(f"{V1}/policies/{house.name()}", json={"text":
        "policy: p\nrules: [{id: a, when: {keyword: {any: [secret]}}}]"}),
    f"POST {V1}/policies/{{name}}/{{switch}}": page(f"{V1}/policies/none/enable"),
    f"DELETE {V1}/policies/{{name}}": page(f"{V1}/policies/none"),
    f"POST {V1}/policies/{{name}}/test/text": lambda house, who: Call(f"{V1}/policies/none/test/text", json={"text": "x"}),
    f"POST {V1}/policies/{{name}}/test/file": page(f"{V1}/policies/none/test/file"),
    # ---- the law
    f"GET {V1}/law/instruments": plain(),
    f"GET {V1}/law/entries/{{name}}": page(f"{V1}/law/entries/PIPL"),
    f"GET {V1}/law/search": page(f"{V1}/law/search", q="标准合同"),
    f"GET {V1}/law/readings": plain(),
    f"GET {V1}/law/zones": plain(),
    f"GET {V1}/law/zones/disagreements": plain(),
    f"GET {V1}/law/zones/{{id}}": page(f"{V1}/law/zones/BJ-2024"),
    f"POST {V1}/law/clocks": plain(procedure="certification"),
    f"GET {V1}/law/destinations": plain(),
    f"GET {V1}/law/destinations/{{country}}": page(f"{V1}/law/destinations/SG"),
    f"POST {V1}/law/destinations/{{country}}/threshold": lambda house, who: Call(
        f"{V1}/law/destinations/US/threshold", json={"category": "health", "number": 10_000}
    ),
    f"GET {V1}/law/checklists": plain(),
    f"POST {V1}/law/checklists/necessity": plain(scope={"persons_sent": 5}),
    f"POST {V1}/law/checklists/notice": plain(basis={"ground": "consent"}),
    f"POST {V1}/law/grade": plain(data={"persons": 5}),
    # ---- data assets, of which the house has none
    f"GET {V1}/assets": page(f"{V1}/assets", level="general-3", words="手机"),
    f"GET {V1}/assets/scans": plain(),
    f"GET {V1}/assets/rules": plain(),
    f"POST {V1}/assets/rules": plain(what="rename", level="general-4", zh="机密", en="Secret"),
    f"POST {V1}/assets/rules/preview": plain(what="switch", id="general/organisation", on=False),
    f"GET {V1}/assets/sources": plain(),
    f"POST {V1}/assets/sources": lambda house, who: Call(json={"name": house.name(), "owner": "desk", "kind": "postgresql",
        "host": f"{house.name()}.example", "database": "shop", "user": "scanner", "password": "made up"}),
    f"GET {V1}/assets/sources/{{id}}": page(f"{V1}/assets/sources/none"),
    f"PUT {V1}/assets/sources/{{id}}": lambda house, who: Call(
        f"{V1}/assets/sources/none", json={"name": "n", "owner": "desk", "host": "db.example", "user": "scanner"}
    ),
    f"DELETE {V1}/assets/sources/{{id}}": page(f"{V1}/assets/sources/none"),
    f"POST {V1}/assets/sources/{{id}}/test": page(f"{V1}/assets/sources/none/test"),
    f"POST {V1}/assets/sources/{{id}}/enable": page(f"{V1}/assets/sources/none/enable"),
    f"POST {V1}/assets/sources/{{id}}/disable": page(f"{V1}/assets/sources/none/disable"),
    f"PUT {V1}/assets/sources/{{id}}/schedule": lambda house, who: Call(
        f"{V1}/assets/sources/none/schedule", json={"every": "week", "hour": 2, "weekday": 6}
    ),
    f"DELETE {V1}/assets/sources/{{id}}/schedule": page(f"{V1}/assets/sources/none/schedule"),
    f"POST {V1}/assets/sources/{{id}}/scans": lambda house, who: Call(f"{V1}/assets/sources/none/scans", json={"rows": 5}),
    f"POST {V1}/assets/sources/{{id}}/resumption": page(f"{V1}/assets/sources/none/resumption"),
    f"GET {V1}/assets/runs": page(f"{V1}/assets/runs", state="running"),
    f"GET {V1}/assets/runs/{{id}}": page(f"{V1}/assets/runs/1"),
    f"POST {V1}/assets/runs/{{id}}/stop": page(f"{V1}/assets/runs/1/stop"),
    f"GET {V1}/assets/changes": page(f"{V1}/assets/changes", what="grade_up"),
    f"GET {V1}/assets/review": page(f"{V1}/assets/review", why="low"),
    f"GET {V1}/assets/templates": page(f"{V1}/assets/templates", sector="finance"),
    f"GET {V1}/assets/corrections": plain(),
    f"DELETE {V1}/assets/corrections/{{id}}": page(f"{V1}/assets/corrections/none"),
    f"GET {V1}/assets/{{id}}": page(f"{V1}/assets/1"),
    f"POST {V1}/assets/{{id}}/corrections": lambda house, who: Call(
        f"{V1}/assets/1/corrections", json={"column": 0, "type": None, "reason": "order numbers"}
    ),
    # ---- settings
    f"GET {V1}/settings": plain(),
    f"PATCH {V1}/settings": plain(identity={"lock_after": 5}),
    # ---- pages, as far as an empty form or no parameter says too little
    "GET /recipient": page("/recipient", id="lumora"),
    "GET /recipient.json": page("/recipient.json", id="lumora"),
    "GET /audit/proof/{index}": page("/audit/proof/0"),
    "GET /decide/export": lambda house, who: Call("/decide/export?date=2026-11-20"),
    "POST /decide": lambda house, who: Call(form={"date": "2026-11-20", "data.personal": "yes"}),
}  # fmt: skip


def request_of(house: House, who: Principal, route: Declared) -> Call:
    """A request for the route, made for whoever sends it."""
    made = REQUESTS.get(f"{route.method} {route.path}")
    if made is not None:
        return made(house, who)
    path = re.sub(r"\{\w+\}", "none", route.path)
    return Call(path) if route.method == "GET" else Call(path, form={})


def _one(who: Principal, house: House) -> str:
    """An operation that the caller may put into a token."""
    return next(o for role in who.roles for o in sorted(house.trust.policy.roles[role].grants) if o != "profile.own")


__all__ = ["REQUESTS", "request_of"]
