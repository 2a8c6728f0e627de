"""The wizard's answer: the decision, what each step can still change, the readings, and the same on another day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tongguan import law
from tongguan.errors import BadFacts
from tongguan.service.console.names import fact_value, has_word
from tongguan.service.console.pages.decide_form import (
    READING,
    STEPS,
    Form,
    nested,
    open_readings,
    read_form,
    shown_in,
    step_of,
)
from tongguan.service.console.visit import Visit
from tongguan.service.console.workspace import Row

__all__ = ["answer", "compared", "readings_of", "steps_of", "traced"]

ROW, FRAME = 76, 4  # half-width letters that a row of choices holds, and what the frame of each takes
FEW = 2  # facts that a reason names; where more decide together, it says only that they do


def answer(form: Form) -> Row | None:
    """The decision as JSON; None where a field cannot be read."""
    if form.errors:
        return None
    return law.decision_json(law.decide(nested(form.facts), readings=form.readings))


def steps_of(visit: Visit, form: Form, decision: Row | None, trace: list[Row]) -> list[Row]:
    """The steps with their fields. `settled`: nothing in it can change the answer, for what `because` holds decides."""
    because = _deciding(trace)
    return [
        {
            "id": step,
            "fields": [_field(visit, path, form) for path in shown_in(step, form.asked)],
            "wrong": [path for path in form.errors if _stands_in(path, step)],
            "missing": [path for path in (decision or {}).get("missing", ()) if _stands_in(path, step)],
            "settled": bool(decision) and step not in ("who", "readings") and not _can_change(form, step),
            "because": because,
        }
        for step in STEPS
    ]


def traced(form: Form) -> list[Row]:
    """Every rule of the day and what asking it came to; none without a day."""
    if form.errors or "date" not in form.facts:
        return []
    return [law.step_json(step) for step in law.trace(nested(form.facts), readings=form.readings)]


def readings_of(form: Form, decision: Row | None) -> list[Row]:
    """Every point with two readings: which is taken, and what the answer is under the one that is not."""
    return [_reading(reading, form, decision) for reading in open_readings()]


def _reading(reading: Row, form: Form, decision: Row | None) -> Row:
    name, default, other = reading["id"], reading["default"], reading["other"]
    taken = form.readings.get(name, default)
    left = default if taken == other else other
    found = _answered(form.facts, {**form.readings, name: left}) if decision else None
    otherwise = None
    if found is not None and decision is not None and _key(found) != _key(decision):
        otherwise = {"value": left, "pathway": found["pathway"], "options": found["options"]}
    return {
        **{part: reading[part] for part in ("id", "names", "default", "other", "says", "cites")},
        "taken": taken,
        "otherwise": otherwise,
    }


def compared(visit: Visit, form: Form, decision: Row | None) -> Row:
    """The same facts on another day, where one was named."""
    day = visit.get("other")[:200]
    shown: Row = {
        "other": day,
        "other_error": "",
        "compare": None,
        "turns": [one["from"] for one in law.periods() if one["kind"] == "regime" and one["from"]],
    }
    if not day or decision is None:
        return shown
    asked = read_form(visit, {**form.params, "date": day})
    if asked.errors:
        path, message = next(iter(asked.errors.items()))
        return {**shown, "other_error": message if path == "date" else visit.t("decide.other.bad", message=message)}
    other = answer(asked)
    assert other is not None
    return {**shown, "compare": {"sides": [decision, other], "differs": _differs(decision, other)}}


def _field(visit: Visit, path: str, form: Form) -> Row:
    """One field: what is asked, what one can choose ("not clear" among it), and how absence counts."""
    kind, day = law.FIELDS[path], _day(form)
    dated = kind in ("list", "scenario")  # the choices hang on the day
    choices = list(dict.fromkeys([*law.choices(path, day), *_kept(path, form)]))
    named = _named(visit, path, choices)
    left = ("", _left_open(visit, path))
    beside = bool(named) and not dated and _fit([*named, left])
    return {
        "path": path,
        "kind": kind,
        "options": ([*named, left] if beside else [left, *named]) if named or dated else [],
        "beside": beside,
        "dated": dated,
        "claim": law.is_claim(path),
        "open": left[1],
        "help": visit.t(f"decide.help.{path}") if has_word(f"decide.help.{path}") else "",
        "text": form.asked.get(path, ""),
        "value": form.facts.get(path),
    }


def _named(visit: Visit, path: str, choices: list[str]) -> list[tuple[str, str]]:
    """Values with their names; none where a field is free."""
    if law.FIELDS[path] == "bool":
        return [("yes", visit.t("fact.yes")), ("no", visit.t("fact.no"))]
    return [(value, _choice_name(visit, path, value)) for value in choices]


def _left_open(visit: Visit, path: str) -> str:
    """What it is called to leave a fact open: an absent claim is not made, anything else is not known."""
    if not law.is_claim(path):
        return visit.t("fact.unknown")
    return visit.t("decide.none" if law.FIELDS[path] == "bool" or law.choices(path) else "decide.empty")


def _fit(options: list[tuple[str, str]]) -> bool:
    """Whether the names stand side by side in one row."""
    return sum(FRAME + sum(2 if ord(letter) > 0x2E7F else 1 for letter in name) for _, name in options) <= ROW


def _choice_name(visit: Visit, path: str, value: str) -> str:
    """A choice as the list shows it: countries by their code first, so that one can type it."""
    name = fact_value(path, value, visit.language)
    return f"{value} {name}" if law.FIELDS[path] == "country" else name


def _kept(path: str, form: Form) -> Iterable[str]:
    """A choice that is not open on that day stays in the list while it is chosen."""
    value = form.facts.get(path)
    return [value] if isinstance(value, str) and value in law.choices(path) else []


def _day(form: Form) -> date | None:
    text = form.facts.get("date")
    return date.fromisoformat(text) if isinstance(text, str) else None


def _stands_in(path: str, step: str) -> bool:
    return step == "readings" if path.startswith(READING) else step_of(path) == step


def _can_change(form: Form, step: str) -> bool:
    paths = frozenset(path for path in law.FIELDS if _stands_in(path, step))
    return law.can_change(nested(form.facts), paths, readings=form.readings)


def _deciding(trace: list[Row]) -> Row:
    """The rule that decides, with the few facts that it rests on; none of them where they are many.

    Where an answer is definite although facts are unknown, several rules may lead to it, and none decides alone.
    """
    rule = next((step for step in trace if step["outcome"] == "decides"), None)
    if rule is None:
        return {"rule": None, "pathway": None, "facts": {}}
    facts = rule["facts"] if len(rule["facts"]) <= FEW else {}
    return {"rule": rule["rule"], "pathway": rule["pathway"], "facts": facts}


def _answered(facts: Mapping[str, Any], readings: Mapping[str, str]) -> Row | None:
    try:
        return law.decision_json(law.decide(nested(facts), readings=readings))
    except BadFacts:
        return None


def _key(decision: Row) -> tuple[str, tuple[str, ...]]:
    return decision["pathway"], tuple(decision["options"])


def _differs(one: Row, other: Row) -> list[str]:
    """The parts of two decisions that are not the same."""
    rules = [[(r["rule"], r["instrument"], r["article"]) for r in d["reasons"]] for d in (one, other)]
    duties = [[(o["what"], o["due"]) for o in d["obligations"]] for d in (one, other)]
    found = [part for part in ("regime", "pathway", "options", "missing") if one[part] != other[part]]
    return found + ["reasons"] * (rules[0] != rules[1]) + ["obligations"] * (duties[0] != duties[1])
