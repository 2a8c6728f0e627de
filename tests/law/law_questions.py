"""Questions for the property tests: all that a fact can be, whole questions drawn from it, and how heavy an answer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from tongguan.errors import BadFacts
from tongguan.law import FIELDS, GROUNDS, Facts, decide
from tongguan.law.book import book
from tongguan.law.verdict import Verdict, judge
from tongguan.model import Decision, Pathway

FIRST, TODAY, LAST = date(2017, 6, 1), date(2026, 11, 21), date(2027, 12, 31)  # the law that is known
DAYS = sorted({day for day in book().turns[1:] if FIRST <= day <= LAST} | {TODAY})
AT_LINES = (10_000, 100_000, 500_000, 1_000_000, 5_000_000)  # of the nation and of Beijing's list of 2024
LINES = sorted({0, 1, *(line + step for line in AT_LINES for step in (-1, 0))})
BURDEN = {
    Pathway.NOT_EXPORT: 0,
    Pathway.EXEMPT: 0,
    Pathway.ZONE_REGISTRATION: 1,
    Pathway.NO_ROUTE: 2,
    Pathway.CERTIFICATION: 2,
    Pathway.CONTRACT_OR_CERTIFICATION: 2,
    Pathway.SECURITY_ASSESSMENT: 3,
    Pathway.APPROVAL_REQUIRED: 4,
    Pathway.PROHIBITED: 5,
}
VALUES: dict[str, list[Any]] = {  # values that the rules tell apart, and some that they do not
    "bool": [True, False],
    "count": LINES,
    "act": ["transmission", "remote_access", "overseas_processing", "none"],
    "country": ["US", "HK", "MO", "CN"],
    "ground": list(GROUNDS),
    "zone": ["beijing", "tianjin", "zhejiang"],
    "scenario": ["beijing-2024/retail/membership", "zhejiang-2024/ecommerce/payment"],  # with limits, and without
    "text": ["深圳", "成都"],
    "date": [date(2022, 8, 31), date(2024, 3, 21), date(2024, 3, 22), date(2026, 1, 2)],
    "list": ["BJ-2024", "TJ-2024"],
    "part": ["assessment", "contract"],
    "filed_path": ["security_assessment", "standard_contract", "certification", "gba_standard_contract"],
    "filed_state": ["pending", "passed", "failed", "in_force"],
}
PATHS = [path for path in FIELDS if path != "date"]
OPEN = [path for path in PATHS if path not in book().claims]  # absent means unknown
RARE = {"data.state_secret", "data.core", "recipient.restricted", "activity.foreign_authority_request"}
RARE |= {
    path for path in ("activity.ordered_to_stop", "activity.zone_list", "activity.zone_list_part") if path in FIELDS
}


def nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts by dotted path in the shape of the file."""
    tree: dict[str, Any] = {}
    for path, value in facts.items():
        *groups, key = path.split(".")
        node = tree
        for group in groups:
            node = node.setdefault(group, {})
        node[key] = value
    return tree


def without(facts: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    left_out = set(paths)
    return {path: value for path, value in facts.items() if path not in left_out}


def consistent(facts: Mapping[str, Any]) -> bool:
    """Whether the facts may be asked together."""
    try:
        Facts.of(nested(facts))
    except BadFacts:
        return False
    return True


def decided(facts: Mapping[str, Any], readings: Mapping[str, str] | None = None) -> Decision:
    return decide(nested(facts), readings=readings)


def judged(facts: Mapping[str, Any], readings: Mapping[str, str] | None = None) -> Verdict:
    return judge(book().page(facts["date"]), without(facts, ["date"]), readings)


def pathway(facts: Mapping[str, Any], readings: Mapping[str, str] | None = None) -> Pathway:
    return judged(facts, readings).pathway


@st.composite
def complete_facts(draw: st.DrawFn) -> dict[str, Any]:
    """Facts by dotted path that may be asked together, every one known (a claim may be not made)."""
    facts: dict[str, Any] = {"date": draw(st.sampled_from(DAYS))}
    for path in PATHS:
        values = VALUES[FIELDS[path]]
        if path in RARE and FIELDS[path] == "bool":
            facts[path] = draw(st.integers(0, 19)) == 0
        elif path not in book().claims or draw(st.integers(0, 3)) == 0:
            facts[path] = draw(st.sampled_from(values))
    if draw(st.booleans()):
        facts |= draw(met_grounds)
    if "activity.zone_scenario" in facts:  # a scenario leaves open whether the exporter is in its zone
        facts.setdefault("exporter.zone", draw(st.sampled_from(VALUES["zone"])))
    facts = settled(facts)
    if facts["activity.on_zone_list"]:  # what stands on a list stands in one of its parts
        facts.setdefault("activity.zone_list_part", draw(st.sampled_from(VALUES["part"])))
    return facts


@st.composite
def _met_grounds(draw: st.DrawFn) -> dict[str, Any]:
    """A ground with conditions that are mostly met, so that exemptions do occur."""
    ground = draw(st.sampled_from(list(GROUNDS)))
    wanted = {name: must if draw(st.integers(0, 4)) else not must for name, must in GROUNDS[ground].items()}
    return {"activity.ground": ground, **{f"activity.conditions.{name}": value for name, value in wanted.items()}}


met_grounds = _met_grounds()
readings = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([entry["default"], entry["other"]]) for name, entry in book().readings.items()}
)


def settled(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts without what contradicts the rest, so that they may be asked."""
    if not facts["data.personal"]:
        for path in [path for path in facts if path.startswith(("data.persons", "data.sensitive_persons"))]:
            facts[path] = 0
    while not consistent(facts):  # what contradicts is a claim beside what it claims about
        for path in [path for path in PATHS if path in facts and path in book().claims]:
            if consistent(fewer := without(facts, [path])):
                return fewer
        facts.pop(next(path for path in reversed(PATHS) if path in facts and path in book().claims))
    return facts
