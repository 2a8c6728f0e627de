"""规则库: the book of the law on any day: texts, rules in the order of asking, numbers, readings, matters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import yaml
from fastapi import APIRouter
from fastapi.responses import Response

from tongguan import china_time, law
from tongguan.errors import NotFound
from tongguan.service.console.figures import day as read_day
from tongguan.service.console.lawpicture import SHOWN, picture
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.wording import LANGUAGES

__all__ = ["asked_day", "router"]

router = APIRouter()
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
STANDINGS = ("in_force", "ended", "ahead", "unclear")
CONFIDENCES = ("official", "secondary", "seed", "interpretation", "memory", "unverified")
EVERY = "all"
SIZE = 50
ONE_DAY = timedelta(days=1)


@page_at(router, "/law", "law.read")
def rules(visit: Visitor) -> Response:
    """The list of one kind, or what was searched for, as it stands on a day; the chosen entry beside it."""
    day, problem = asked_day(visit)
    asked = _asked(visit)
    chosen, missing = _chosen(visit, day)
    found = law.listing(day, None, asked["words"])
    counted = [row for row in found if _passes(row, {**asked, "kind": EVERY, "standing": ""})]
    of_kind = [row for row in counted if _passes(row, {**asked, "standing": ""})]
    rows = [row for row in of_kind if _passes(row, asked)]
    data = {
        "day": day.isoformat(),
        "problem": problem or missing,
        "checked": law.checked_day().isoformat(),
        "filter": asked,
        "kinds": _counts([EVERY, *law.kinds()], [row["kind"] for row in counted], keep=(EVERY, asked["kind"])),
        "standings": _counts(["", *STANDINGS], [row["standing"] for row in of_kind], keep=("", asked["standing"])),
        "confidences": list(CONFIDENCES),
        "list": _page(visit, rows),
        "most_hits": law.MOST_HITS if asked["words"] and len(found) == law.MOST_HITS else None,
        **_around(day),
        "picture": picture(day),
        "chosen": chosen,
    }
    return visit.page("law.html", data)


def asked_day(visit: Visit) -> tuple[date, str | None]:
    """The day of the address, today where there is none; with a message where it is no day that the book could have."""
    today = china_time.today()
    text = visit.get("day")[:40]
    if not text:
        return today, None
    day = read_day(text) if len(text) == len("2026-11-21") else None
    if day is None or not FIRST <= day <= LAST:
        return today, visit.t("law.bad.day", found=text, first=FIRST, last=LAST, today=today)
    return day, None


def _asked(visit: Visit) -> dict[str, str]:
    """The filter; without words the list opens with instruments, with words it has every kind."""
    words = visit.get("words")[:200]
    kind = visit.get("kind")
    if kind not in (EVERY, *law.kinds()):
        kind = EVERY if words else "instrument"
    standing, confidence = visit.get("standing"), visit.get("confidence")
    return {
        "words": words,
        "kind": kind,
        "standing": standing if standing in STANDINGS else "",
        "confidence": confidence if confidence in CONFIDENCES else "",
    }


def _passes(row: Row, asked: Row) -> bool:
    return (
        asked["kind"] in (EVERY, row["kind"])
        and asked["standing"] in ("", row["standing"])
        and asked["confidence"] in ("", row["confidence"])
    )


def _counts(names: list[str], found: list[str], keep: tuple[str, ...]) -> list[Row]:
    """How many of each; one that has none is left out, save where it is chosen."""
    numbers = {name: len(found) if name in ("", EVERY) else found.count(name) for name in names}
    return [{"id": name, "n": n} for name, n in numbers.items() if n or name in keep]


def _page(visit: Visit, rows: list[dict[str, Any]]) -> Row:
    pages = max(1, -(-len(rows) // SIZE))
    page = visit.number("page", 1, 1, pages)
    shown = rows[(page - 1) * SIZE : page * SIZE]
    return {"rows": shown, "total": len(rows), "page": page, "pages": pages, "size": SIZE}


def _around(day: date) -> Row:
    """The period of the day, and the turning days before and after it with what they bring."""
    regime = next(row for row in law.listing(day, "regime") if row["standing"] == "in_force")
    before = law.turns(FIRST, day)
    after = law.turns(day + ONE_DAY, LAST)
    earlier = [turn for turn in before if turn.day < day]
    return {
        "regime": regime["id"],
        "earlier": earlier[-1].day.isoformat() if earlier else None,
        "later": after[0].day.isoformat() if after else None,
        "turns": [_turn(turn) for turn in law.turns(SHOWN[0], SHOWN[1])],
    }


def _turn(turn: law.Turn) -> Row:
    return {"day": turn.day.isoformat(), "begins": _named(turn.begins), "ends": _named(turn.ends)}


def _named(ids: tuple[tuple[str, str], ...]) -> list[Row]:
    names = law.entry_names()
    return [{"key": f"{kind}/{ident}", "kind": kind, "names": names[kind, ident]} for kind, ident in ids]


def _chosen(visit: Visit, day: date) -> tuple[Row | None, str | None]:
    """The entry of the address in full; a message where the book has none of that name."""
    name = visit.get("entry")[:200]
    if not name:
        return None, None
    try:
        entry = law.show(name, day)
    except NotFound:
        return None, visit.t("law.bad.entry", name=name[:80])
    key = f"{entry['kind']}/{entry['id']}"
    rows = [row for row in law.listing(day, entry["kind"]) if row["id"] == entry["id"]]
    row = next((row for row in rows if row["standing"] == "in_force"), rows[0])
    matters = [one["id"] for one in entry.get("matters", [])]
    return {
        **entry,
        "key": key,
        "row": row,
        "cited_by": [{**one, "key": law.entry_of(one["document"], one["id"])} for one in entry["cited_by"]],
        "history": law.matter_history(entry["id"]) if entry["kind"] == "matter" else [],
        "matter_histories": {matter: law.matter_history(matter) for matter in dict.fromkeys(matters)},
        "successor": _instrument_name(entry.get("replaced_by")),
        "others": [_instrument_name(other) for other in entry.get("other_texts", [])],
        "raw": [_raw(version["values"]) for version in entry.get("versions", [])],
    }, None


def _instrument_name(ident: str | None) -> Row | None:
    if ident is None:
        return None
    row = law.show(f"instrument/{ident}")
    return {"key": f"instrument/{ident}", "names": row["names"], "from": row["effective"], "to": row["until"]}


def _raw(values: Row) -> str:
    """What else the data says of an entry, as its file has it; texts that the page shows are left out."""
    shown = {"pathway", "value", "default", "other", "says", "at", *LANGUAGES}
    rest = {key: value for key, value in values.items() if key not in shown}
    return yaml.safe_dump(rest, allow_unicode=True, sort_keys=False, width=100) if rest else ""
