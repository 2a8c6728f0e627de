"""策略: when content may not leave as it is; each rule in words, its versions, and a trial on a text or a file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.errors import BadInput, Broken, Conflict, NotFound
from tongguan.identify.fingerprints.policy import Registered, policy_in_words, stores_of
from tongguan.service.console.address import link
from tongguan.service.console.policylist import held, policies_of, remove_policy
from tongguan.service.console.telling import told
from tongguan.service.console.uploads import FILE_LIMIT, TEXT_LIMIT, HandedIn
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
Text = Annotated[str, Form()]
TABS = ("words", "text", "history")
ACTS = ("enable", "disable", "remove")
REASON = 1000


@page_at(router, "/policies", "policies.read")
def policies(visit: Visitor) -> Response:
    """The policies, and the chosen one beside them."""
    return visit.page("policies.html", _data(visit, visit.get("name")))


@router.post("/policies", dependencies=[needs("policies.read")])
def attempt(visit: Visitor, handed: HandedIn) -> Response:
    """Which rules a text or a file would set off."""
    visit.check_form(handed.get("csrf"))
    assert visit.principal
    name = handed.get("name")
    data = _data(visit, name)
    if data["chosen"] is None:
        raise HTTPException(404)
    try:
        if handed.content is None:
            raise BadInput(visit.t("uploads.nothing"))
        policy = policies_of(visit.console.trust).policy(name)
        found = held(visit.console.trust, visit.principal, name, policy, handed.content)
    except BadInput as error:
        return visit.page("policies.html", {**data, "error": told(visit, error)}, 400)
    return visit.page("policies.html", {**data, "held": found})


@router.post("/policies/register", dependencies=[needs("policies.manage")])
def keep(visit: Visitor, csrf: Text = "", name: Text = "", text: Text = "", off: Text = "") -> Response:
    """Register a policy, or a new version of one."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        if len(text) > TEXT_LIMIT:
            raise BadInput(visit.t("policies.too_long", n=f"{TEXT_LIMIT:,}"))
        plain = text.replace("\r\n", "\n")
        there = policies_of(visit.console.trust)
        found = there.register(name.strip(), plain, visit.principal.name, enabled=off != "yes")
    except (BadInput, Conflict) as error:
        data = _data(visit, name.strip())
        typed = {"name": name[:60], "text": text[:TEXT_LIMIT], "off": off == "yes"}
        return visit.page("policies.html", {**data, "typed": typed, "error": told(visit, error)}, 400)
    body = {"name": found.name, "version": found.latest.number, "sha256": found.latest.sha256, "on": found.enabled}
    visit.seal("policy_registered", body)
    return visit.go(link("/policies", {"name": found.name, "done": "registered"}))


@router.post("/policies/change", dependencies=[needs("policies.manage")])
def change(visit: Visitor, csrf: Text = "", name: Text = "", act: Text = "", reason: Text = "") -> Response:
    """Put a policy in force, take it out, or remove it with a reason. Raises 404."""
    visit.check_form(csrf)
    assert visit.principal
    there = policies_of(visit.console.trust)
    try:
        if act in ("enable", "disable"):
            found = there.enable(name, act == "enable")
            visit.seal("policy_enabled" if found.enabled else "policy_disabled", {"name": found.name})
            return visit.go(link("/policies", {"name": name, "done": act}))
        if not reason.strip():
            raise BadInput(visit.t("uploads.reason"))
        remove_policy(visit.console.trust, visit.principal, name, reason.strip()[:REASON])
    except NotFound as error:
        raise HTTPException(404) from error
    except BadInput as error:
        return visit.page("policies.html", {**_data(visit, name), "error": told(visit, error)}, 400)
    return visit.go(link("/policies", {"done": "remove"}))


def _data(visit: Visit, name: str) -> dict[str, Any]:
    there = policies_of(visit.console.trust)
    found, damaged = list[Registered](), list[str]()
    for one in there.names():
        try:
            found.append(there.get(one))
        except Broken:
            damaged.append(one)
    chosen = next((one for one in found if one.name == name), None)
    fault: str | None = None
    told: dict[str, Any] = {"rules": [], "text": "", "stores": [], "version": None}
    if chosen is not None:
        version = visit.number("version", chosen.latest.number, 1, chosen.latest.number)
        try:
            policy = there.policy(name, version)
            told = {
                "rules": policy_in_words(policy), "text": there.text(name, version), "version": version,
                "stores": sorted(set().union(*stores_of(policy).values())),
            }  # fmt: skip
        except Broken as error:
            fault = str(error)
    return {
        "policies": [one.to_dict() for one in found],
        "damaged": damaged,
        "name": name if chosen or name in damaged else None,
        "chosen": chosen.to_dict() if chosen else None,
        "told": told,
        "tab": visit.get("tab") if visit.get("tab") in TABS else "words",
        "tabs": TABS,
        "new": visit.get("new") == "1",
        "typed": None,
        "held": None,
        "limits": {"file": FILE_LIMIT, "text": TEXT_LIMIT},
        "may_manage": visit.may("policies.manage"),
        "may_match": visit.may("fingerprints.match"),
        "done": visit.get("done") if visit.get("done") in ("registered", *ACTS) else None,
        "error": fault,
    }
