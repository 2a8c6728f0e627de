"""分类分级模板: the rules that say which class and level data has, by which text; changed after a look at what that
would do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tongguan import china_time
from tongguan.errors import BadInput
from tongguan.service.console import assetlist
from tongguan.service.console.address import link
from tongguan.service.console.assetrules import (
    EDITS,
    SECTORS,
    book_of,
    edit_of,
    own_templates,
    preview,
    rules_of,
    shown_templates,
)
from tongguan.service.console.names import texts
from tongguan.service.console.telling import told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
KNOWN = ("text", "digest", "unverified")
FIELDS = ("what", "id", "on", "level", "class", "sensitive", "zh", "en", "table", "column", "why", "tables", "columns")
MOST = 300  # characters of a field


@page_at(router, "/assets/templates", "assets.read")
def templates(visit: Visitor) -> Response:
    """Templates with their rules, one rule beside them, and what a change of the address would do."""
    return visit.page("assets_templates.html", _data(visit, dict(visit.request.query_params)))


@router.post("/assets/templates", dependencies=[needs("assets.rules")])
async def change(request: Request, visit: Visitor) -> Response:
    """Keep a change; the log has it first."""
    from starlette.concurrency import run_in_threadpool

    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return await run_in_threadpool(_change, visit, form)


def _change(visit: Visit, form: dict[str, str]) -> Response:
    visit.check_form(form.get("csrf", ""))
    assert visit.user
    given = _given(form)
    try:
        if long := [name for name, value in given.items() if len(value) > MOST]:
            raise BadInput(texts().both("assets.rules.long", names=", ".join(long), most=MOST))
        book_of(visit.console.trust.home).edit(edit_of(given), by=visit.user, record=visit.console.trust.record)
    except BadInput as error:
        return visit.page("assets_templates.html", {**_data(visit, form), "error": told(visit, error)}, 400)
    rule = given.get("id") if "/" in (given.get("id") or "") else None
    return visit.go(link("/assets/templates", {"rule": rule, "view": _view_of(given["what"]), "done": "changed"}))


def _given(form: dict[str, str]) -> dict[str, str]:
    return {name: form[name].strip()[: MOST + 1] for name in FIELDS if name in form}


def _view_of(what: str) -> str | None:
    return "policy" if what in ("rename", "leave_out", "take_in", "scope") else None


def _data(visit: Visit, asked: dict[str, str]) -> Row:
    home = visit.console.trust.home
    sector = visit.get("sector") if visit.get("sector") in SECTORS else None
    rules, own = rules_of(home), own_templates(home)
    used = {template.id for template in rules.templates}
    every = book_of(home).every_template()
    found = shown_templates(rules, china_time.today(), every)
    words = visit.get("q")[:200].casefold()
    known = visit.get("known") if visit.get("known") in KNOWN else None
    shown = []
    for one in found:
        kept = [rule for rule in one["rules"] if _passes(rule, words, known)]
        one |= {"total": len(one["rules"]), "on": sum(rule["enabled"] for rule in one["rules"]),
                "own": one["id"] in own, "used": one["id"] in used}  # fmt: skip
        if sector is None or one["sector"] in (None, sector):
            shown.append({**one, "rules": kept})
    chosen = asked.get("rule") or (asked.get("id") if asked.get("what") in ("switch", "change") else None)
    rule = next((r for one in found for r in one["rules"] if r["id"] == chosen), None) if chosen else None
    about = next((one for one in found if rule in one["rules"]), None) if rule else None
    given = _given(asked)
    error, foreseen = None, None
    if given.get("what") in EDITS:
        try:
            with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
                foreseen = preview(catalogue, home, edit_of(given))
        except BadInput as wrong:
            error = str(wrong)
    classes: Any = next((template.classes for template in every if about and template.id == about["id"]), {})
    return {
        "sector": sector,
        "sectors": SECTORS,
        "view": "policy" if visit.get("view") == "policy" or _view_of(given.get("what", "")) else "templates",
        "filter": {"q": visit.get("q")[:200], "known": known},
        "known": KNOWN,
        "templates": shown,
        "chosen": visit.get("template") if visit.get("template") in {one["id"] for one in shown} else None,
        "drawer": _drawer(chosen, rule, about, classes) if chosen and "/" in chosen else None,
        "levels": {level: dict(text) for level, text in rules.levels.items()},
        "named": sorted(rules.policy.levels),
        "policy": {
            "disabled": sorted(rules.policy.disabled),
            "enabled": sorted(rules.policy.enabled),
            "filters": [{"table": f.table, "column": f.column, "why": f.why} for f in rules.policy.filters],
            "tables": rules.policy.tables,
            "columns": rules.policy.columns,
        },
        "edit": given if given.get("what") in EDITS and error is None else None,
        "typed": given,
        "preview": foreseen,
        "may_change": visit.may("assets.rules"),
        "done": visit.get("done") if visit.get("done") == "changed" else None,
        "error": error,
    }  # fmt: skip


def _drawer(chosen: str, rule: Row | None, about: Row | None, classes: Any) -> Row:
    """One rule, or that there is none of that name."""
    template = {name: value for name, value in about.items() if name != "rules"} if about else None
    named = {name: dict(text) for name, text in classes.items()}
    return {"id": chosen, "rule": rule, "template": template, "classes": named}


def _passes(rule: dict[str, object], words: str, known: str | None) -> bool:
    said = (rule["id"], rule["text"], rule["class"], rule["instrument"], rule["article"], rule["words"], rule["types"])
    return (known is None or rule["known"] == known) and (not words or words in str(said).casefold())
