"""Any history that the procedures allow: no crash, no contradiction, and time that only goes forward."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import icalendar
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadFacts
from tongguan.law.clocks import clocks, parse_case, procedures, readings, tell, timeline_json, to_icalendar

MOVING = {"waiting", "open", "overdue", "passed", "running", "lapsed", "undetermined", "planned"}


@st.composite
def histories(draw: st.DrawFn) -> dict[str, Any]:
    """A walk through a procedure's table, with days that never go back."""
    procedure = procedures()[draw(st.sampled_from(sorted(procedures())))]
    day = max(procedure.first, date(2022, 1, 1)) + timedelta(days=draw(st.integers(0, 900)))
    state, events = procedure.begins, {}
    for _ in range(draw(st.integers(0, 10))):
        possible = [
            event for event in procedure.events.values() if state in event.sources or (not events and event.opens)
        ]
        if not possible:
            break
        event = draw(st.sampled_from(possible))
        state = event.to or state
        day += timedelta(days=draw(st.integers(1, 300)))
        events.setdefault(event.id, []).append(day)
    facts = {}
    for fact in procedure.facts.values():
        kinds = {
            "bool": st.booleans(),
            "count": st.integers(0, 20_000_000),
            "choice": st.sampled_from(fact.choices or ("",)),
        }
        value = draw(st.none() | kinds[fact.kind])
        if value is not None:
            facts[fact.id] = value
    chosen = {key: draw(st.sampled_from(sorted(reading.options))) for key, reading in readings().items()}
    as_of = date(2022, 9, 1) + timedelta(days=draw(st.integers(0, 3000)))
    return {"procedure": procedure.id, "as_of": as_of, "events": events, "facts": facts, "readings": chosen}


@settings(max_examples=200, deadline=None)
@given(histories())
def test_any_history_can_be_told(case: dict[str, Any]) -> None:
    timeline = clocks(case)
    answer = timeline_json(timeline)
    assert json.loads(json.dumps(answer)) == answer
    assert tell(timeline, "zh") and tell(timeline, "en")
    calendar = icalendar.Calendar.from_ical(to_icalendar(timeline, "zh"))
    uids = [str(one["UID"]) for one in calendar.walk("VEVENT")]
    assert len(uids) == len(set(uids))
    for one in timeline.deadlines:
        assert one.cites and (one.opens is None or one.due is None or one.opens <= one.due)
        assert (one.due is None) == (one.days_left is None)
        assert one.met is None or one.met <= timeline.case.as_of
        assert (one.status == "undetermined") == bool(one.missing) or one.status in (
            "done",
            "early",
            "late",
            "void",
            "ended",
        )
        if one.status == "overdue":
            assert one.due is not None and one.due < timeline.case.as_of and not one.step.optional
        if one.status == "lapsed":
            assert one.due is not None and one.due < timeline.case.as_of


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(1, 400))
def test_as_long_as_nothing_happens_days_stay_where_they_are(case: dict[str, Any], later: int) -> None:
    """Between two events only the days left change, and a clock never stands better than the day before."""
    as_of = case["as_of"]
    ahead = [day for days in case["events"].values() for day in days if day > as_of]
    after = min([as_of + timedelta(days=later), *(day - timedelta(days=1) for day in ahead)])

    def standing(day: date) -> dict[tuple[str, str], tuple[date | None, str]]:
        return {
            (one.step.id, one.origin): (one.due, one.status)
            for one in clocks({**case, "as_of": day}).deadlines
            if one.step.every is None
        }

    before, then = standing(as_of), standing(after)
    for key, (due, status) in before.items():
        assert then[key][0] == due
        if status in ("overdue", "passed", "lapsed", "done", "late", "early", "void", "ended"):
            assert then[key][1] == status
        else:
            assert then[key][1] in MOVING


@settings(max_examples=100, deadline=None)
@given(histories())
def test_what_the_facts_settle_was_open_before(case: dict[str, Any]) -> None:
    """Clocks that stand whatever the missing facts may be stay when these become known."""
    unknown = {key: value for key, value in case.items() if key != "facts"}
    certain = {
        (one.step.id, one.origin, one.due)
        for one in clocks(unknown).deadlines
        if not one.missing and not one.step.every and one.status not in ("void", "ended")
    }
    known = {(one.step.id, one.origin, one.due) for one in clocks(case).deadlines}
    assert certain <= known


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200)
    | st.builds(
        lambda *parts: "\n".join(parts),
        *[st.sampled_from(["procedure: incident", "as_of: 2026-11-21", "events: {}", "facts: [", "x: &a 1", "- b"])]
        * 3,
    )
)
def test_any_text_is_a_case_or_refused(text: str) -> None:
    try:
        case = parse_case(text, "a.yaml")
    except BadFacts as refused:
        assert str(refused).startswith("a.yaml")
    else:
        assert case.procedure.id in procedures()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["procedure", "as_of", "events", "facts", "readings", "horizon", "name"]), VALUES)
def test_any_value_is_taken_or_refused_with_its_field(field: str, value: Any) -> None:
    case = {"procedure": "incident", "as_of": "2026-11-21", field: value}
    try:
        clocks(case)
    except BadFacts as refused:
        assert str(refused).startswith(f"case: {field}")
