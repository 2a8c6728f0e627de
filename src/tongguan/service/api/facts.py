"""What may be asked of the law: facts, answers and cases, described from the law's own fields.

Bodies are mappings that the law room checks itself, so that one message names the field, what was expected and an
example; what stands here describes them, and bounds what comes in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, StringConstraints, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError

from tongguan import china_time, law
from tongguan.errors import BadFacts
from tongguan.law import clocks
from tongguan.law.asking import choices

__all__ = [
    "MOST_FACTS",
    "AsOf",
    "Case",
    "Checked",
    "Day",
    "Given",
    "GivenList",
    "Graded",
    "Noticed",
    "Readings",
    "apart",
    "dated",
    "today",
]

MOST_FACTS = 4000  # of one batch: a second's work, and about what an ordinary body holds
KEYS = 40  # of one mapping
MOST = 10_000_000_000

BOOL: dict[str, Any] = {"type": ["boolean", "null"]}
COUNT: dict[str, Any] = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST}
DAY: dict[str, Any] = {"type": "string", "format": "date", "examples": ["2026-11-21"]}
DAY_OR_NULL = DAY | {"type": ["string", "null"]}
TEXT: dict[str, Any] = {"type": ["string", "null"], "minLength": 1, "maxLength": 100}


def today() -> date:
    """The day in China."""
    return china_time.today()


def dated(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, of today where it names no day."""
    return {**given, "date": today().isoformat() if given.get("date") is None else given["date"]}


def apart(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was asked, and the readings that stand beside it. Raises BadFacts where those are not names with values."""
    asked = dict(given)
    readings = asked.pop("readings", None) or {}
    if not isinstance(readings, Mapping) or not all(isinstance(value, str) for value in readings.values()):
        raise BadFacts("readings: expected names with their values, such as {ground_for_ciio: closed}")
    return asked, dict(readings)


def _day(given: Any) -> date:
    """A day as every call writes it; a number is no day."""
    if type(given) is date:
        return given
    try:
        if not isinstance(given, str) or len(given) != 10:
            raise ValueError
        return date.fromisoformat(given)
    except ValueError:
        raise PydanticCustomError("day", "expected a day written YYYY-MM-DD, such as 2026-11-21") from None


def _choices(names: Iterable[str]) -> dict[str, Any]:
    return {"type": ["string", "null"], "enum": [*names, None]}


def _of_fact(path: str, kind: str) -> dict[str, Any]:
    """The JSON Schema of a fact: what its kind may be, or what it may be chosen from."""
    known: dict[str, dict[str, Any]] = {
        "bool": BOOL,
        "count": COUNT,
        "date": DAY_OR_NULL,
        "text": TEXT,
        "country": {"type": ["string", "null"], "pattern": "^[A-Z]{2}$", "examples": ["SG"]},
    }
    named = choices(path)
    schema = known.get(kind) or (_choices(named) if named else {})
    return {**schema, "title": law.fact_name(path, "en")}


def _nested(fields: Mapping[str, Mapping[str, Any]], about: str) -> dict[str, Any]:
    """Dotted paths with their schemas as one schema of nested objects."""
    whole = _object(about)
    for path, schema in fields.items():
        *above, last = path.split(".")
        node = whole
        for name in above:
            node = node["properties"].setdefault(name, _object())
        node["properties"][last] = dict(schema)
    return whole


def _object(about: str = "") -> dict[str, Any]:
    more: dict[str, Any] = {"description": about} if about else {}
    return {"type": "object", "properties": {}, "additionalProperties": False, **more}


def _answers(fields: Mapping[str, Mapping[str, Any]], about: str) -> dict[str, Any]:
    """The JSON Schema of answers to these fields (path → kind, choices, names)."""
    texts = {"type": ["array", "null"], "maxItems": 500, "items": {"type": "string", "maxLength": 200}}
    kinds: dict[str, dict[str, Any]] = {"bool": BOOL, "count": COUNT, "date": DAY_OR_NULL, "texts": texts}
    described = {
        path: (_choices(field["choices"]) if field.get("choices") else kinds.get(field["kind"], {}))
        | {"title": f"{field['zh']} / {field['en']}"}
        for path, field in fields.items()
    }
    return _nested(described, f"{about} What is absent is unknown; the day is today where none is given.")


def _checklist(name: str) -> dict[str, Any]:
    about = "The answers of GET /law/checklists, nested as the dots of their paths say."
    return _answers(law.checklists()[name]["answers"], about)


def _grading() -> dict[str, Any]:
    return _answers(law.grading_fields(), "What is known of the data and of who handles it.")


def _case() -> dict[str, Any]:
    found = _object(
        "A case: which procedure, what happened on which day, what is known about it, and on which day one asks "
        "(today where absent)."
    )
    events = sorted({event for one in clocks.procedures().values() for event in one.events})
    days = {"type": ["string", "array", "null"], "items": DAY, "minItems": 1, "maxItems": 200}
    return found | {
        "required": ["procedure"],
        "properties": {
            "name": {"type": ["string", "null"], "maxLength": 200},
            "procedure": {"type": "string", "enum": list(clocks.procedures())},
            "as_of": DAY,
            "events": {"type": ["object", "null"], "propertyNames": {"enum": events}, "additionalProperties": days},
            "facts": {"type": ["object", "null"], "maxProperties": KEYS},
            "readings": {"type": ["object", "null"], "propertyNames": {"enum": list(clocks.readings())}},
            "horizon": {"type": ["integer", "null"], "minimum": 1, "maximum": 120},
        },
    }


def _facts() -> dict[str, Any]:
    return _nested(
        {path: _of_fact(path, kind) for path, kind in law.FIELDS.items()},
        "Facts as in a facts file; what is absent is unknown, and the day is today where none is given.",
    )


def _with_readings(schema: Mapping[str, Any]) -> dict[str, Any]:
    readings = {
        "type": ["object", "null"],
        "additionalProperties": {"type": "string"},
        "description": "Interpretations other than the default, by name; GET /law/readings has them.",
    }
    return {**schema, "properties": {**schema["properties"], "readings": readings}}


class _Described:
    """The JSON Schema of a value, made when the description is asked for: the law is not read before."""

    def __init__(self, schema: Callable[[], dict[str, Any]]) -> None:
        self.schema = schema

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.schema()


def _plain(given: Any) -> Any:
    """What can be written again, into an answer or a log: no halves of characters, no depths without end."""
    try:
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("surrogate", "holds half of a character (a lone surrogate)") from None
    except RecursionError:
        raise PydanticCustomError("deep", "is nested too deep; expected facts as in a facts file") from None
    return given


_Mapping = Annotated[dict[str, Any], Field(max_length=KEYS), AfterValidator(_plain)]
Given = Annotated[_Mapping, _Described(lambda: _with_readings(_facts()))]
"""Facts, and readings beside them."""
GivenList = Annotated[
    list[Any],
    Field(min_length=1, max_length=MOST_FACTS),
    AfterValidator(_plain),
    _Described(lambda: {"type": "array", "items": _facts(), "minItems": 1, "maxItems": MOST_FACTS}),
]
"""Facts, many times; what is wrong with one is told of that one."""
Checked = Annotated[_Mapping, _Described(lambda: _checklist("necessity"))]
Noticed = Annotated[_Mapping, _Described(lambda: _with_readings(_checklist("notice")))]
Graded = Annotated[_Mapping, _Described(lambda: _with_readings(_grading()))]
Case = Annotated[_Mapping, _Described(_case)]
Short = Annotated[str, StringConstraints(max_length=60)]
Readings = Annotated[dict[Short, Short], Field(max_length=KEYS)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(DAY)]
AsOf = Annotated[Day | None, Query(description="A day; today where absent.")]
