"""人员: accounts, teams and import. What a visitor may not change is shown without the means to change it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import Response

from tongguan.errors import BadInput, Denied, NotFound
from tongguan.service.console.address import link
from tongguan.service.console.telling import told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.access import Grant
from tongguan.trust.identity import ImportReport, User
from tongguan.trust.identity.passwords import random_password

__all__ = ["router"]

router = APIRouter()
SIZE = 50
IMPORT_LIMIT = 1 << 20  # bytes
VIEWS = ("accounts", "teams", "import")

Text = Annotated[str, Form()]


@page_at(router, "/people", "people.read")
def people(visit: Visitor) -> Response:
    """Accounts with the chosen one beside them, the teams, or the import."""
    return visit.page("people.html", _data(visit))


@router.post("/people", dependencies=[needs("people.manage")])
def create(
    visit: Visitor, csrf: Text = "", name: Text = "", display: Text = "", email: Text = "", entity: Text = "",
    kind: Text = "user",
) -> Response:  # fmt: skip
    """A new account, with a first password where it is a person's."""
    visit.check_form(csrf)
    identity = visit.console.trust.identity
    assert visit.principal
    try:
        made = identity.create_user(
            name, display=display, email=email, entity=entity or None,
            kind="service" if kind == "service" else "user", by=visit.principal,
        )  # fmt: skip
    except (BadInput, Denied) as error:
        typed = {"name": name, "display": display, "email": email, "entity": entity, "kind": kind}
        return visit.page("people.html", {**_data(visit), "error": told(visit, error), "typed": typed}, 400)
    secret = None if made.kind == "service" else _first_password(visit, made.id)
    return visit.page("people.html", {**_data(visit, made.id), "secret": secret})


@router.post("/people/{user_id}/{act}", dependencies=[needs("people.read")])
def change(
    visit: Visitor, user_id: str, act: str, csrf: Text = "", role: Text = "", entities: Text = "", teams: Text = "",
    display: Text = "", email: Text = "", entity: Text = "", session: Text = "",
) -> Response:  # fmt: skip
    """One change to one account; the part that it touches asks for the permission."""
    visit.check_form(csrf)
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    secret = None
    try:
        if act == "update":
            identity.update_user(user_id, display=display, email=email, entity=entity, by=by)
        elif act == "disable":
            identity.disable(user_id, by)
        elif act == "enable":
            identity.enable(user_id, by)
        elif act == "password":
            secret = _first_password(visit, user_id)
        elif act == "grant":
            identity.grant(user_id, role, entities=_several(entities), teams=_several(teams), by=by)
        elif act == "revoke":
            identity.revoke(user_id, role, by)
        elif act == "sessions":
            identity.close_sessions(user_id, by, session_id=session or None)
        else:
            raise NotFound("there is no such change")
    except (BadInput, Denied) as error:
        return visit.page("people.html", {**_data(visit, user_id), "error": told(visit, error)}, 400)
    if secret is not None:
        return visit.page("people.html", {**_data(visit, user_id), "secret": secret})
    return visit.go(link("/people", {"user": user_id, "done": act}))


@router.post("/teams", dependencies=[needs("people.manage")])
def change_team(
    visit: Visitor, csrf: Text = "", act: Text = "create", team: Text = "", name: Text = "", entity: Text = "",
    member: Text = "",
) -> Response:  # fmt: skip
    """Make, change or remove a team, or put an account in or out."""
    visit.check_form(csrf)
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    try:
        if act == "create":
            identity.create_team(name, entity=entity or None, by=by)
        elif act == "delete":
            identity.delete_team(team, by=by)
        elif act in ("add", "remove"):
            user = identity.by_name(member)
            if user is None:
                raise BadInput(visit.t("people.no_such"))
            identity.update_team(
                team, by=by, add=[user.id] if act == "add" else [], remove=[user.id] if act == "remove" else []
            )
        else:
            raise BadInput("act is create, delete, add or remove")
    except (BadInput, Denied) as error:
        return visit.page("people.html", {**_data(visit, view="teams"), "error": told(visit, error)}, 400)
    return visit.go(link("/people", {"view": "teams", "done": act}))


@router.post("/people-import", dependencies=[needs("people.import")])
def bring_in(visit: Visitor, file: UploadFile, csrf: Text = "", really: Text = "") -> Response:
    """Accounts out of a CSV file: first what would happen, then, on request, all of it or nothing."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        content = file.file.read(IMPORT_LIMIT + 1)
        if len(content) > IMPORT_LIMIT:
            raise BadInput(f"the file has more than {IMPORT_LIMIT} bytes; split it")
        report = visit.console.trust.identity.import_csv(content, visit.principal, dry_run=really != "yes")
    except (BadInput, Denied) as error:
        return visit.page("people.html", {**_data(visit, view="import"), "error": told(visit, error)}, 400)
    return visit.page("people.html", {**_data(visit, view="import"), "report": _report(report)})


def _first_password(visit: Visit, user_id: str) -> str:
    """A random password that must be changed at the next sign-in; shown this once."""
    assert visit.principal
    password = random_password()
    visit.console.trust.identity.set_password(user_id, password, visit.principal, must_change=True)
    return password


def _data(visit: Visit, chosen: str = "", view: str = "") -> Row:
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    view = view or (visit.get("view") if visit.get("view") in VIEWS else VIEWS[0])
    asked = {name: visit.get(name) for name in ("q", "kind", "state", "entity")}
    number = visit.number("page", 1, 1, 10**6)
    found = identity.users(
        by, kind=asked["kind"] or None, state=_state(asked["state"]), entity=asked["entity"] or None, text=asked["q"],
        offset=(number - 1) * SIZE, limit=SIZE + 1,
    )  # fmt: skip
    one = chosen or visit.get("user")
    return {
        "view": view,
        "views": [name for name in VIEWS if name != "import" or visit.may("people.import")],
        "filter": asked,
        "rows": [_row(user) for user in found[:SIZE]],
        "page": number,
        "more": len(found) > SIZE,
        "teams": _teams(visit) if view == "teams" else [],
        "roles": _roles(visit),
        "chosen": _chosen(visit, one) if one else None,
        "done": visit.get("done")[:20],
        "may": {name: visit.may(name) for name in ("people.manage", "people.import", "roles.assign", "sessions.read",
                                                   "sessions.revoke", "tokens.read")},
        "error": None, "secret": None, "report": None, "typed": {},
    }  # fmt: skip


def _report(report: ImportReport) -> Row:
    return {
        "applied": report.applied,
        "created": len(report.created),
        "updated": len(report.updated),
        "unchanged": report.rows - len({*report.created, *report.updated, *report.enabled, *report.disabled}),
        "problems": [{"line": error.line, "text": error.text} for error in report.errors],
    }


def _chosen(visit: Visit, user_id: str) -> Row | None:
    """The account beside the list; None where there is none, or no longer."""
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    try:
        user = identity.user(user_id, by)
    except NotFound:
        return None
    sessions = identity.sessions(user_id, by) if visit.may("sessions.read") or by.id == user_id else []
    tokens = identity.tokens(user_id, by) if visit.may("tokens.read") or by.id == user_id else []
    return {
        **_row(user),
        "own": by.id == user.id,
        "sessions": [{"id": s.id, "opened": s.opened, "used": s.used, "agent": s.agent} for s in sessions],
        "tokens": [
            {"id": t.id, "name": t.name, "expires": t.expires, "last_used": t.last_used, "revoked": t.revoked}
            for t in tokens
        ],
    }


def _row(user: User) -> Row:
    return {
        "id": user.id, "name": user.name, "display": user.display, "email": user.email, "kind": user.kind,
        "state": user.state, "entity": user.entity, "teams": list(user.teams), "created": user.created,
        "last_sign_in": user.last_sign_in, "must_change": user.must_change, "has_password": user.has_password,
        "second_factors": list(user.second_factors), "grants": [_grant(grant) for grant in user.grants],
    }  # fmt: skip


def _grant(grant: Grant) -> Row:
    def listed(values: frozenset[str] | None) -> list[str] | None:
        return None if values is None else sorted(values)

    return {"role": grant.role, "entities": listed(grant.entities), "teams": listed(grant.teams)}


def _teams(visit: Visit) -> list[Row]:
    identity, by = visit.console.trust.identity, visit.principal
    assert by
    found = identity.teams(by)
    names = {one: identity.user(one, by).name for one in {member for team in found for member in team.members}}
    return [
        {
            "id": team.id, "name": team.name, "entity": team.entity,
            "members": [{"id": member, "name": names[member]} for member in team.members],
        }
        for team in found
    ]  # fmt: skip


def _roles(visit: Visit) -> dict[str, Row]:
    policy = visit.console.trust.policy
    return {
        role.id: {"name": visit.say(role.name), "about": visit.say(role.about), "duty": role.duty}
        for role in policy.roles.values()
        if role.duty != "terminal"  # held by whoever types at this machine, not by accounts
    }


def _state(text: str) -> Any:
    return text if text in ("active", "disabled", "deleted") else None


def _several(text: str) -> list[str] | None:
    """Names with commas between them; an empty field means all. Raises BadInput where there are only commas."""
    if not text.strip():
        return None
    names = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    if not names:
        raise BadInput("there is no name between the commas; leave the field empty for all")
    return names
