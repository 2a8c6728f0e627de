"""What a pack may hold, as one table, and what of a given pack is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from tongguan.law.packs.reading import Path

__all__ = ["CONFIDENCES", "COUNTS", "KINDS", "LIMITS", "SECTIONS", "TREATMENTS", "Fault", "shape_faults"]

KINDS = ("negative_list", "general_list", "regional_rules", "regional_contract")
CONFIDENCES = ("official", "secondary", "seed", "memory", "interpretation", "unverified")
TREATMENTS = ("prohibited", "important", "assessment", "contract", "registration", "exempt")
SECTIONS = (  # what may stand at a list, a sector or a scenario, in the order in which it is shown
    "rules",
    "grades",
    "important",
    "assessment",
    "contract",
    "free",
    "fields",
    "places",
    "procedure",
    "documents",
    "duties",
    "practice",
)
LIMITS = (
    "persons_for_assessment",
    "persons_for_contract",
    "sensitive_persons_for_assessment",
    "sensitive_persons_for_contract",
)
COUNTS = (
    "sectors",
    "scenarios",
    "activities",
    "classes",
    "subclasses",
    "categories",
    "items",
    "important_items",
    "personal_items",
    "fields",
)
UNITS = ("working_day", "day", "month", "year")
MOST_PERSONS = 10_000_000_000  # more than there are people
LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place: what was expected, and an example."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar that `holds` accepts."""

    expected: str
    example: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys with values."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Each:
    """A list, with at least one entry."""

    of: Shape


@dataclass(frozen=True, slots=True)
class Either:
    """One value, or keys."""

    value: Value
    keys: Keys


Shape = Value | Keys | Each | Either


def shape_faults(values: Any) -> Iterator[Fault]:
    """All that is wrong with a pack's form, in the order of its places."""
    yield from _faults(values, PACK, ())


def _faults(value: Any, shape: Shape, path: Path) -> Iterator[Fault]:
    if isinstance(shape, Either):
        shape = shape.keys if isinstance(value, dict) else shape.value
    if isinstance(shape, Value):
        if not shape.holds(value):
            yield Fault(path, f"expected {shape.expected}, found {_told(value)}; such as {shape.example}")
    elif isinstance(shape, Each):
        yield from _list_faults(value, shape, path)
    else:
        yield from _keys_faults(value, shape, path)


def _list_faults(value: Any, shape: Each, path: Path) -> Iterator[Fault]:
    if not isinstance(value, list) or not value:
        yield Fault(path, f"expected a list with an entry or more, found {_told(value)}; leave the key out for none")
        return
    for at, child in enumerate(value):
        yield from _faults(child, shape.of, (*path, at))


def _keys_faults(value: Any, shape: Keys, path: Path) -> Iterator[Fault]:
    known = {**shape.required, **shape.optional}
    if not isinstance(value, dict):
        needed = ", ".join(shape.required or list(known)[:3])
        yield Fault(path, f"expected keys with values ({needed}), found {_told(value)}")
        return
    for key in shape.required:
        if value.get(key) is None:
            yield Fault((*path, key), f"is missing; such as {key}: {_example(shape.required[key])}")
    for key, child in value.items():
        if key not in known:
            yield Fault((*path, key), _unknown(key, child, known))
        elif child is not None:
            yield from _faults(child, known[key], (*path, key))


def _unknown(key: str, value: Any, known: Mapping[str, Shape]) -> str:
    if value is None and " " in key.strip():
        return "unknown key; it looks like the rest of a text with a comma: put the whole text in quotes"
    near = get_close_matches(key[:60], list(known), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"unknown key; {hint}Expected one of {', '.join(known)}"


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(str(value)[:60]) if isinstance(value, str) else str(value)


def _example(shape: Shape) -> str:
    if isinstance(shape, Either):
        shape = shape.value
    if isinstance(shape, Value):
        return shape.example
    if isinstance(shape, Each):
        return f"[{_example(shape.of)}]"
    inner = ", ".join(f"{key}: {_example(child)}" for key, child in shape.required.items())
    return f"{{{inner}}}"


# ---- Scalars -----------------------------------------------------------------------------------------------------


def _is_text(value: Any) -> bool:
    """A text that may be shown: no control or formatting characters, which could disguise what is written."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_TEXT:
        return False
    return not any(unicodedata.category(character)[0] == "C" and character != "\n" for character in value)


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _text(example: str) -> Value:
    return Value(f"a text of at most {LONGEST_TEXT:,} characters without control characters", example, _is_text)


def _one_of(*allowed: str) -> Value:
    return Value("one of " + ", ".join(allowed), allowed[0], lambda value: isinstance(value, str) and value in allowed)


def _is_edition(value: Any) -> bool:
    return _matches(r"[0-9]{4}[a-z0-9-]{0,20}")(str(value)) and type(value) in (int, str)


DAY = Value(
    "a day of the calendar written YYYY-MM-DD without quotes",
    "2024-08-30",
    lambda value: type(value) is date and 1990 <= value.year <= 2199,
)
LIST_ID = Value(
    "an id of letters, digits, hyphens and dots, at most 40", "BJ-2024", _matches(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
)
SLUG = Value(
    "an id of small letters, digits and underscores, at most 40", "membership", _matches(r"[a-z][a-z0-9_]{0,39}")
)
EDITION = Value("an edition that begins with its year", '"2024"', _is_edition)
MONTH = Value("a month written YYYY-MM", "2027-09", _matches(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])"))
CONFIDENCE = _one_of(*CONFIDENCES)
PERSONS = Value(
    "a whole number of persons, 1 or more, in plain digits without quotes", "500000", _is_whole(1, MOST_PERSONS)
)
NUMBER = Value("a whole number, 1 or more, in plain digits without quotes", "23", _is_whole(1, 1_000_000))
YES_NO = Value("true or false", "true", lambda value: isinstance(value, bool))
ADDRESS = Value(
    "an address that begins with https://",
    "https://www.cac.gov.cn/…",
    lambda value: _is_text(value) and _matches(r"https?://[^\s]{3,500}")(value),
)
FORMAT = Value("1, the only format so far", "1", lambda value: value == 1 and type(value) is int)

# ---- Shapes ------------------------------------------------------------------------------------------------------

BOTH: dict[str, Shape] = {"zh": _text("会员管理"), "en": _text("Membership")}
TEXTS = Keys(BOTH)
KNOWN: dict[str, Shape] = {"confidence": CONFIDENCE, "note": TEXTS}
CITED: dict[str, Shape] = {"instrument": LIST_ID, "article": _text("第六条")}
PERIOD: dict[str, Shape] = {"from": DAY, "to": DAY}  # where it is another than the list's
STATEMENT: dict[str, Shape] = {**KNOWN, **CITED, **PERIOD, "id": SLUG, "about": SLUG, "treatment": _one_of(*TREATMENTS)}
COUNTED: dict[str, Shape] = {
    "persons": PERSONS,
    "of": _one_of("ordinary", "sensitive", "sensitive_with_accounts", "any"),
    "boundary": _one_of("reached", "exceeded"),
    "ciio": YES_NO,
}
STEP: dict[str, Shape] = {"n": NUMBER, "unit": _one_of(*UNITS), "after": TEXTS, "whom": TEXTS}
MORE: dict[str, dict[str, Shape]] = {  # what statements of a section may say besides
    "important": COUNTED,
    "assessment": COUNTED,
    "contract": COUNTED,
    "fields": {"only": TEXTS},
    "places": {"places": Each(_text("广州"))},
    "procedure": STEP,
    "duties": STEP,
}
SAID: dict[str, Shape] = {section: Each(Keys(BOTH, {**STATEMENT, **MORE.get(section, {})})) for section in SECTIONS}
LIMITED = Keys({}, {**dict.fromkeys(LIMITS, PERSONS), **KNOWN})
SCENARIO = Keys({"id": SLUG, **BOTH}, {**KNOWN, "limits": LIMITED, "purpose": TEXTS, **SAID})
COUNTS_SHAPE = Keys({}, {**dict.fromkeys(COUNTS, NUMBER), **KNOWN})
SECTOR = Keys({"id": SLUG, **BOTH}, {**KNOWN, "counts": COUNTS_SHAPE, "scenarios": Each(SCENARIO), **SAID})
INSTRUMENT = Keys(
    {"title": _text("某地数据出境负面清单"), "en": _text("A negative list"), "issuer": TEXTS},
    {"number": _text("某发〔2025〕1号"), "published": DAY, "effective": DAY, "until": DAY, "source": ADDRESS, **KNOWN},
)
COVERS = Keys(
    {},
    {
        "registered": Keys(BOTH, KNOWN),
        "exporting": Keys(BOTH, KNOWN),
        "area": _one_of("zone", "city", "not_stated"),
        "ciio": _one_of("excluded", "open", "not_stated"),
        "others": Each(Keys(BOTH, KNOWN)),
        **KNOWN,
    },
)
READING = Keys({"id": SLUG, **BOTH, "default": SLUG, "in_force_where": SLUG}, KNOWN)
PACK = Keys(
    {
        "format": FORMAT,
        "id": LIST_ID,
        "kind": _one_of(*KINDS),
        "edition": EDITION,
        "names": TEXTS,
        "instrument": Either(LIST_ID, INSTRUMENT),
        "from": DAY,
    },
    {
        "to": DAY,
        "zone": SLUG,
        "also": Each(SLUG),
        "zone_names": TEXTS,
        "replaces": LIST_ID,
        "succeeds": LIST_ID,
        "measures": LIST_ID,
        "covers": COVERS,
        "counts": COUNTS_SHAPE,
        "expected_end": Keys({"month": MONTH, **BOTH}, KNOWN),
        "reading": READING,
        "sectors": Each(SECTOR),
        "unverified": Each(TEXTS),
        **KNOWN,
        **SAID,
    },
)
