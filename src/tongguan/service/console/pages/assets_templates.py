"""分类分级模板: the rules that say which class and level data has, by which text, and how well that text is known."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.service.console.assetrules import SECTORS, rules_of, shown_templates
from tongguan.service.console.figures import ZONE
from tongguan.service.console.visit import Visitor, page_at

__all__ = ["router"]

router = APIRouter()
KNOWN = ("text", "digest", "unverified")


@page_at(router, "/assets/templates", "assets.read")
def templates(visit: Visitor) -> Response:
    """Templates for every sector and the chosen one, with the rules of the chosen template."""
    sector = visit.get("sector") if visit.get("sector") in SECTORS else None
    rules = rules_of(visit.console.trust.home, sector)
    found = shown_templates(rules, datetime.now(ZONE).date())
    words = visit.get("q")[:200].casefold()
    known = visit.get("known") if visit.get("known") in KNOWN else None
    for one in found:
        kept = [rule for rule in one["rules"] if _passes(rule, words, known)]
        one |= {"total": len(one["rules"]), "on": sum(rule["enabled"] for rule in one["rules"]), "rules": kept}
    chosen = next((one for one in found if one["id"] == visit.get("template")), None)
    data = {
        "sector": sector,
        "sectors": SECTORS,
        "filter": {"q": visit.get("q")[:200], "known": known},
        "known": KNOWN,
        "templates": found,
        "chosen": chosen["id"] if chosen else None,
        "levels": {level: dict(text) for level, text in rules.levels.items()},
        "policy": {
            "disabled": sorted(rules.policy.disabled),
            "filters": [{"table": f.table, "column": f.column, "why": f.why} for f in rules.policy.filters],
            "tables": rules.policy.tables,
            "columns": rules.policy.columns,
        },
    }
    return visit.page("assets_templates.html", data)


def _passes(rule: dict[str, object], words: str, known: str | None) -> bool:
    said = (rule["id"], rule["text"], rule["class"], rule["instrument"], rule["article"], rule["words"], rule["types"])
    return (known is None or rule["known"] == known) and (not words or words in str(said).casefold())
