"""目的地: what the law of the recipient's country asks, a card a jurisdiction; bulk thresholds asked of a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan import law
from tongguan.errors import BadFacts
from tongguan.service.console.address import link
from tongguan.service.console.pages.law import asked_day
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row

__all__ = ["router"]

router = APIRouter()
PATH = "/law/destinations"
# Words by which a card's facts name a mechanism, in either language.
MECHANISMS: Mapping[str, tuple[str, ...]] = {
    "adequacy": ("充分性", "白名单", "adequa", "white list"),
    "contract": ("标准合同", "合同条款", "standard contract", "contractual clause", "model clause"),
    "bcr": ("约束性企业规则", "约束性公司规则", "binding corporate"),
    "certification": ("认证", "certif", "cbpr", "code of conduct", "行为准则"),
    "consent": ("同意", "consent"),
    "approval": ("许可", "批准", "备案", "licen", "approv", "permit"),
    "assessment": ("影响评估", "评估", "assessment"),
}
MECHANISM_TOPICS = ("transfer", "adequacy")
DENIALS = ("无", "没有", "尚无", "未")  # a fact that begins so says that there is none
KNOWN = ("held", "unverified", "coming")
UNVERIFIED = "unverified"
LONGEST = 200


@page_at(router, PATH, "law.read")
def destinations(visit: Visitor) -> Response:
    """Cards that pass the filter, one of them in full beside them, and the answer of its thresholds where asked."""
    query = visit.request.query_params
    if len(query) < len(query.multi_items()):  # several categories stand in one parameter, with commas
        category = ",".join(query.getlist("category"))
        return visit.go(link(visit.request.url.path, {**query, "category": category}))
    day, problem = asked_day(visit)
    asked = _asked(visit)
    every = [_card(one, day) for one in law.destinations(day)]
    cards = [card for card in every if _passes(card, asked)]
    chosen, missing = _chosen(visit, day)
    data = {
        "day": day.isoformat(),
        "problem": problem or missing,
        "filter": asked,
        "mechanisms": list(MECHANISMS),
        "known": list(KNOWN),
        "countries": sorted(law.country_codes()),
        "total": len(every),
        "cards": [{key: card[key] for key in card if key != "search"} for card in cards],
        "chosen": chosen,
        "bulk": _bulk(visit, chosen["regime"], day) if chosen and chosen["regime"] else None,
    }
    return visit.page("law_destinations.html", data)


def _asked(visit: Visit) -> dict[str, str]:
    mechanism, localisation = visit.get("mechanism"), visit.get("localisation")
    return {
        "mechanism": mechanism if mechanism in MECHANISMS else "",
        "localisation": localisation if localisation in KNOWN else "",
        "regulator": visit.get("regulator")[:LONGEST],
        "words": visit.get("words")[:LONGEST],
    }


def _card(one: law.Destination, day: date) -> dict[str, Any]:
    """What a card shows: its regulator, mechanisms and localisation in short, and how much of it is known how."""
    facts = [fact for fact in one.facts if fact.topic != "open"]
    known = [fact for fact in facts if fact.confidence != UNVERIFIED]
    levels = [fact.confidence for fact in known]
    return {
        "id": one.regime,
        "names": dict(one.names),
        "regulator": _texts(one, "regulator"),
        "transfer": _texts(one, "transfer"),
        "localisation": _texts(one, "localisation"),
        "mechanisms": [name for name in MECHANISMS if _mentions(one, name)],
        "facts": len(known),
        "confidence": {level: levels.count(level) for level in dict.fromkeys(sorted(levels))},
        "unverified": [fact.topic for fact in facts if fact.confidence == UNVERIFIED],
        "coming": len(one.coming),
        "coming_localisation": any(fact.topic == "localisation" for fact in one.coming),
        "bulk": bool(law.bulk_categories(one.regime, day)),
        "search": " ".join(_words(one)).casefold(),
    }


def _texts(one: law.Destination, topic: str) -> list[dict[str, str]]:
    """The verified facts of a topic in both languages; none where nothing is verified."""
    return [dict(fact.text) for fact in one.topic(topic) if fact.confidence != UNVERIFIED]


def _mentions(one: law.Destination, mechanism: str) -> bool:
    """Whether the facts about transfers name the mechanism. It says nothing of what they do not name."""
    facts = [fact for topic in MECHANISM_TOPICS for fact in one.topic(topic) if fact.confidence != UNVERIFIED]
    named = [fact for fact in facts if not fact.text["zh"].startswith(DENIALS)]
    told = " ".join(text for fact in named for text in fact.text.values()).casefold()
    return any(word in told for word in MECHANISMS[mechanism])


def _words(one: law.Destination) -> Iterator[str]:
    yield one.regime
    yield from one.names.values()
    for fact in (*one.facts, *one.coming):
        yield from fact.text.values()
        yield fact.cite or ""


def _passes(card: Row, asked: Row) -> bool:
    regulator = " ".join(text for one in card["regulator"] for text in one.values()).casefold()
    held = {"held": bool(card["localisation"]), "unverified": not card["localisation"]}
    held["coming"] = card["coming_localisation"]
    return (
        asked["mechanism"] in ("", *card["mechanisms"])
        and (not asked["localisation"] or held[asked["localisation"]])
        and asked["regulator"].casefold() in regulator
        and all(word in card["search"] for word in asked["words"].casefold().split())
    )


def _chosen(visit: Visit, day: date) -> tuple[Row | None, str | None]:
    """The card of a country in full, also of one that is not covered; a message for what is no country."""
    country = visit.get("country")[:LONGEST]
    if not country:
        return None, None
    try:
        return law.destination_json(country.upper(), day), None
    except BadFacts:
        return None, visit.t("law.dest.bad.country", found=country[:20])


def _bulk(visit: Visit, regime: str, day: date) -> Row | None:
    """The thresholds of a card, and whether the number of the address reaches one."""
    categories = law.bulk_categories(regime, day)
    if not categories:
        return None
    typed = visit.get("n")[:40]
    wanted = [name for name in visit.get("category").split(",")[: len(categories) + 1] if name]
    reading = visit.get("reading")[:40]
    digits = typed.replace(",", "").replace("，", "").replace(" ", "")
    errors: dict[str, str] = {}
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    if typed and number is None:
        errors["n"] = visit.t("law.dest.bad.number")
    if not set(wanted) <= set(categories):
        errors["category"] = visit.t("law.dest.bad.category")
    answer = None
    if not errors and (typed or wanted):
        try:
            readings = {"bulk_line": reading} if reading else None
            answer = _answer(law.threshold(regime, tuple(wanted) or None, number, day, readings=readings))
        except BadFacts:
            errors["n"] = visit.t("law.dest.bad.number")
    lines = [
        {"id": name, "at": one["at"], "unit": one["unit"], "cite": one["cite"], "confidence": one["confidence"],
         "from": one["from"].isoformat(), "names": {"zh": one["zh"], "en": one["en"]}}
        for name, one in categories.items()
    ]  # fmt: skip
    asked = {"n": typed, "category": wanted, "reading": reading}
    return {"lines": lines, "asked": asked, "errors": errors, "answer": answer, "readings": law.bulk_readings()}


def _answer(found: law.Threshold) -> Row:
    return {
        "reached": found.reached,
        "at": found.at,
        "unit": found.unit,
        "cite": found.cite,
        "confidence": found.confidence,
        "reading": found.reading,
        "missing": list(found.missing),
        "text": dict(found.text),
    }
