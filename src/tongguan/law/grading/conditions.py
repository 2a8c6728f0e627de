"""When a rule of grading holds: three-valued conditions under the rules' ids, and the counts of the triggers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tongguan.law.answers import Sheet
from tongguan.law.checklist import Truth, both, is_
from tongguan.law.grading.reading import KINDS, at_least_persons, data, factors

__all__ = ["CONDITIONS", "DEGREES", "PUBLIC", "any_of", "at_least_harm", "no_public_harm", "told", "trigger"]

Entry = Mapping[str, Any]
DEGREES = ("none", "general", "serious", "especially_serious")  # of harm, from the lowest
PUBLIC = ("national_security", "economy", "social_order", "public_interest")  # more than organisation and individual
ENDLESS = float("inf")


def any_of(*parts: Truth) -> Truth:
    """Disjunction: one true part decides; otherwise what is unknown stays so."""
    return ~both(*(~part for part in parts))


def at_least_harm(sheet: Sheet, what: str, degree: str) -> Truth:
    """Whether the harm to something (`economy`) is of this degree or worse."""
    found = sheet(f"harm.{what}")
    if found is None:
        return Truth(None, frozenset({f"harm.{what}"}))
    return Truth(DEGREES.index(found) >= DEGREES.index(degree))


def no_public_harm(sheet: Sheet, entry: Entry) -> Truth:
    """Nothing beyond an organisation or individuals is affected."""
    return ~any_of(*(at_least_harm(sheet, what, DEGREES[1]) for what in PUBLIC))


def told(sheet: Sheet, entry: Entry) -> Truth:
    """A department or region has told the handler, or published, that the data is important."""
    found = sheet("status.important")
    return Truth(None, frozenset({"status.important"})) if found is None else Truth(found != "none")


def _core_determined(sheet: Sheet, entry: Entry) -> Truth:
    return Truth(sheet("status.core") is True)


def _by_harm(sheet: Sheet, entry: Entry) -> Truth:
    """The table of the standard: the degree from which harm to each makes the entry's level."""
    table = data()["harm"]["public"]
    harmful = any_of(*(at_least_harm(sheet, what, table[what][entry["level"]]) for what in PUBLIC))
    return _with_elements(sheet, entry, harmful)


def _by_definition(sheet: Sheet, entry: Entry) -> Truth:
    """The legal definition: possible harm of any degree."""
    return _with_elements(sheet, entry, any_of(*(at_least_harm(sheet, what, DEGREES[1]) for what in PUBLIC)))


def _with_elements(sheet: Sheet, entry: Entry, harmful: Truth) -> Truth:
    """Beside the harm, what the definition of the entry's level names, where a reading asks for it too.

    One of its groups of factors must apply as a whole.
    """
    groups = entry.get("elements", [])
    if not groups or sheet.readings["elements"] == "harm_decides" or harmful.value is False:
        return harmful
    named = (both(*(is_(sheet, f"factors.{name}", True) for name in group)) for group in groups)
    return both(harmful, any_of(*named))


def _by_factor(sheet: Sheet, entry: Entry) -> Truth:
    """A factor of annex G. That none applies may be said at once."""
    none = sheet("annex_g.none")
    known = {path: sheet(path) for path in factors()}
    if none is False or any(known.values()):
        return Truth(True, detail=tuple(path.partition(".")[2] for path, value in known.items() if value))
    if none is True or all(value is False for value in known.values()):
        return Truth(False)
    unknown = [path for path, value in known.items() if value is None]
    return Truth(None, frozenset(unknown if len(unknown) < len(known) else {"annex_g.none"}))


def _by_list(sheet: Sheet, entry: Entry) -> Truth:
    return is_(sheet, "list.names_it", True)


CONDITIONS: Mapping[str, Callable[[Sheet, Entry], Truth]] = {
    "core_determined": _core_determined,
    "core_by_harm": _by_harm,
    "important_told": told,
    "important_by_list": _by_list,
    "important_by_definition": _by_definition,
    "important_by_harm": _by_harm,
    "important_by_factor": _by_factor,
    "only_self": no_public_harm,
}


# ---- Triggers ----------------------------------------------------------------------------------------------------


def trigger(sheet: Sheet, entry: Entry) -> tuple[Truth, Truth]:
    """Whether a trigger applies to this handler, and whether its number is reached."""
    applies = both(*(_is_one_of(sheet, path, wanted) for path, wanted in entry.get("when", {}).items()))
    if applies.value is False or "count" not in entry:
        return applies, Truth(False)
    if entry["id"] == "automotive_persons" and _list_prevails(sheet):
        return Truth(False), Truth(False)
    kinds = entry.get("any")
    reached = _reached(sheet, entry)
    return applies, both(reached, any_of(*(is_(sheet, path, True) for path in kinds))) if kinds else reached


def _is_one_of(sheet: Sheet, path: str, wanted: Any) -> Truth:
    choices = wanted if isinstance(wanted, list) else [wanted]
    return any_of(*(is_(sheet, path, one) for one in choices))


def _list_prevails(sheet: Sheet) -> bool:
    """Beijing's list of 2024 did not carry the number over; whether that matters is a reading."""
    if sheet.readings["beijing_automotive"] != "list_prevails" or sheet("handler.zone") != "beijing":
        return False
    listed = next(entry for entry in data()["triggers"] if entry["id"] == "beijing_persons")
    return bool(listed["from"] <= sheet.values["date"] <= listed["to"])


def _reached(sheet: Sheet, entry: Entry) -> Truth:
    least, most, missing = COUNTED[entry["count"]](sheet)
    if "more_than" in entry:
        sure, possible = least > entry["more_than"], most > entry["more_than"]
    else:
        sure, possible = least >= entry["at_least"], most >= entry["at_least"]
    if sure:
        return Truth(True)
    return Truth(None, frozenset(missing)) if possible else Truth(False)


Counted = tuple[float, float, set[str]]


def _one(sheet: Sheet, path: str) -> Counted:
    """The least and the most that a count can be, and what would tell."""
    value = 0 if sheet("data.personal") is False else sheet(path)
    if value is not None:
        return value, value, set()
    both = sheet("data.persons_with_both") if path in ("data.persons", "data.sensitive_persons") else None
    some = path == "data.sensitive_persons" and any(sheet(kind) for kind in KINDS)  # somebody's account or record
    return max(both or 0, some), ENDLESS, {path}


def _all(sheet: Sheet) -> Counted:
    """Natural persons of either kind, each once."""
    persons, sensitive = _one(sheet, "data.persons"), _one(sheet, "data.sensitive_persons")
    missing = persons[2] | sensitive[2]
    overlap = sheet("data.persons_with_both")
    if overlap is None and not (persons[0] and sensitive[0]) and not missing:
        overlap = 0  # without persons of the one kind there are none with both
    most = persons[1] + sensitive[1]
    if overlap is None:
        return max(persons[0], sensitive[0]), most, missing or {"data.persons_with_both"}
    return persons[0] + sensitive[0] - overlap, most - overlap, missing


def _processed(sheet: Sheet) -> Counted:
    """All persons whose information the handler processes; those of this data are among them."""
    value = sheet("handler.processes_persons")
    if value is not None:
        return value, value, set()
    return at_least_persons(sheet.values), ENDLESS, {"handler.processes_persons"}


COUNTED: Mapping[str, Callable[[Sheet], Counted]] = {
    "persons": lambda sheet: _one(sheet, "data.persons"),
    "sensitive": lambda sheet: _one(sheet, "data.sensitive_persons"),
    "group_health": lambda sheet: _one(sheet, "data.group_health_persons"),
    "all": _all,
    "processed": _processed,
}
