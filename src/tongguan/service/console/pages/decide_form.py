"""The wizard's form: which fact stands in which step, what was typed, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from tongguan import law
from tongguan.errors import BadFacts
from tongguan.service.console.names import fact_name, fact_value, has_word
from tongguan.service.console.visit import Visit
from tongguan.service.console.workspace import Row

__all__ = [
    "READING",
    "STEPS",
    "UNKNOWN",
    "Form",
    "nested",
    "open_readings",
    "read_form",
    "shown_in",
    "step_of",
    "text_of",
]

LONGEST = 200  # characters of one field that are looked at
READING = "reading."  # parameters that choose a reading
UNKNOWN = "unknown"
YES_NO = {"yes": True, "no": False}
SEPARATORS = re.compile(r"[,，\s]")

STEPS: Mapping[str, tuple[str, ...]] = {  # step → its facts, in the order in which one fills them in
    "who": ("date", "exporter.ciio", "exporter.processes_persons", "exporter.city", "exporter.automotive"),
    "act": ("activity.act", "activity.began", "recipient.country", "recipient.city"),
    "data": (
        "data.state_secret",
        "data.core",
        "data.important",
        "data.important_since",
        "data.personal",
        "data.persons",
        "data.sensitive_persons",
        "data.persons_with_both",
        "data.genetic",
        "data.surveying",
        "data.export_controlled",
    ),
    "ground": (
        "recipient.restricted",
        "activity.foreign_authority_request",
        "activity.ground",
        "activity.unnecessary",
        "activity.conditions.party",
        "activity.conditions.labour_rules",
        "activity.conditions.collective_contract",
        "activity.conditions.applicants",
        "activity.conditions.protects_life_health_property",
        "activity.conditions.collected_abroad",
        "activity.conditions.domestic_added",
        "activity.conditions.treaty_applies",
        "activity.conditions.necessary",
    ),
    "zone": (
        "exporter.zone",
        "activity.zone_list",
        "activity.zone_scenario",
        "activity.on_zone_list",
        "activity.zone_list_part",
    ),
    "filed": (
        "filed.path",
        "filed.state",
        "filed.day",
        "activity.ordered_to_stop",
        "data.persons_before_split",
        "data.sensitive_persons_before_split",
    ),
    "readings": (),
}
FALLBACK = {"exporter": "who", "recipient": "act", "data": "data", "filed": "filed"}  # a fact that no step names yet


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds: texts as typed, facts as the law room takes them, readings, and messages by field."""

    asked: Mapping[str, str]
    facts: Mapping[str, Any]
    readings: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def params(self) -> dict[str, str]:
        """The form as parameters of an address."""
        return {**self.asked, **{READING + name: value for name, value in self.readings.items()}}


def step_of(path: str) -> str:
    """The step in which a fact stands."""
    named = (step for step, paths in STEPS.items() if path in paths)
    return next(named, FALLBACK.get(path.partition(".")[0], "ground"))


def read_form(visit: Visit, given: Mapping[str, str]) -> Form:
    """The form that parameters hold; what is not known is left out."""
    asked = {path: given[path].strip()[:LONGEST] for path in law.FIELDS if given.get(path, "").strip()}
    asked = {path: text for path, text in asked.items() if text != UNKNOWN}
    facts: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for path, text in asked.items():
        value = _value(path, text)
        if _refused(path, value):
            errors[path] = _expected(visit, path, text)
        else:
            facts[path] = value
    errors |= _contradictions(visit, facts)
    taken, wrong = _readings(visit, given)
    return Form(asked, facts, taken, errors | wrong)


@cache
def open_readings() -> list[Row]:
    """The points on which the text leaves two readings: id, names (the question), default, other, says, cites."""
    return law.listing(date.max, "reading")


def nested(flat: Mapping[str, Any]) -> Row:
    """{"data.persons": 1} → {"data": {"persons": 1}}"""
    tree: Row = {}
    for path, value in flat.items():
        *above, last = path.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def text_of(value: Any) -> str:
    """A fact as the form holds it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _value(path: str, text: str) -> Any:
    """A field's text as the law room takes it; a text that cannot be read stays as it is, and is refused there."""
    kind = law.FIELDS[path]
    if kind == "bool":
        return YES_NO.get(text, text)
    if kind == "count":
        digits = SEPARATORS.sub("", text)
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text
    return text


def _refused(path: str, value: Any) -> bool:
    """Whether the law room does not take the value of a field, whatever the others hold."""
    try:
        law.Facts.of(nested({path: value}))
    except BadFacts as error:
        return f" {path}: expected" in str(error)
    return False


def _expected(visit: Visit, path: str, text: str) -> str:
    """What a field should have held, with an example."""
    kind = law.FIELDS[path]
    if kind == "date" and _is_day(text):
        first, until = law.known_days()
        return visit.t("decide.bad.day", first=first, until=until)
    if choices := law.choices(path):
        example = next((value for value in ("US", *choices) if value in choices), "")
        return visit.t("decide.bad.choice", example=f"{fact_value(path, example, visit.language)} ({example})")
    return visit.t(f"decide.bad.{kind}" if has_word(f"decide.bad.{kind}") else "decide.bad.text")


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _contradictions(visit: Visit, facts: Mapping[str, Any]) -> dict[str, str]:
    """Messages for facts that cannot be true together. The law room names the first such set; it is left aside, and
    the rest is asked again."""
    left, errors = dict(facts), dict[str, str]()
    while left:
        try:
            law.Facts.of(nested(left))
            break
        except BadFacts as error:
            named = _named(str(error))
        against = [path for path in named if path in left] or list(left)
        for path in against:
            others = [fact_name(other, visit.language) for other in named if other != path]
            key = "decide.bad.contradiction" if len(against) > 1 else "decide.bad.alone"
            errors[path] = visit.t(key, others=visit.t("comma").join(others))
            del left[path]
    return errors


def _named(message: str) -> list[str]:
    """The facts that a message names, in its order."""
    words = re.findall(r"[a-z_]+(?:\.[a-z_]+)*", message)
    return list(dict.fromkeys(word for word in words if word in law.FIELDS))


def _readings(visit: Visit, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The readings that differ from the default, and messages for those that there are not."""
    taken, errors = dict[str, str](), dict[str, str]()
    for reading in open_readings():
        name = reading["id"]
        value = given.get(READING + name, "").strip()[:LONGEST]
        if value in ("", reading["default"]):
            continue
        if value == reading["other"]:
            taken[name] = value
        else:
            errors[READING + name] = visit.t("decide.bad.reading", default=reading["default"], other=reading["other"])
    return taken, errors


def shown_in(step: str, asked: Mapping[str, str]) -> list[str]:
    """The facts that a step shows: conditions only of the ground claimed, and those that were given all the same."""
    conditions = law.GROUNDS.get(asked.get("activity.ground", ""), {})
    paths = [path for path in law.FIELDS if step_of(path) == step]
    order = {path: place for place, path in enumerate(STEPS[step])}
    paths.sort(key=lambda path: order.get(path, len(order)))
    return [
        path
        for path in paths
        if not path.startswith("activity.conditions.") or path.rpartition(".")[2] in conditions or path in asked
    ]
