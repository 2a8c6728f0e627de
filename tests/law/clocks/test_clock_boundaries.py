"""Every clock at its boundary: the day before, the day itself, the day after; with days reckoned by a peer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from histories import ONE_DAY, dated, path_to, peer

from tongguan.law.clocks import Timeline, clocks, procedures
from tongguan.law.clocks.procedure import Procedure, Step
from tongguan.law.clocks.reckoning import Deadline

# Trigger days: plain, a Friday, a weekend, before Spring Festival and National Day, a make-up day, a leap day, a month's end.
TRIGGERS = [
    date(2024, 2, 9), date(2024, 2, 29), date(2024, 9, 30), date(2025, 1, 27), date(2025, 5, 31), date(2025, 9, 28),
    date(2025, 9, 30), date(2025, 12, 31), date(2026, 2, 13), date(2026, 2, 14), date(2026, 5, 9), date(2026, 8, 31),
    date(2026, 9, 21), date(2023, 1, 20), date(2022, 9, 1), date(2023, 6, 1), date(2022, 11, 4), date(2026, 8, 21),
]  # fmt: skip


def numbered_steps() -> Iterator[tuple[Procedure, Step]]:
    for procedure in procedures().values():
        for step in procedure.steps:
            if step.after and step.n is not None:
                yield procedure, step


def cases() -> Iterator[Any]:
    for procedure, step in numbered_steps():
        for event in sorted(step.after):
            for day in TRIGGERS:
                path = path_to(procedure, event)
                if procedure.first <= day - len(path) * ONE_DAY and step.first <= day <= step.last:
                    if step.unit == "working_day" and peer_is_beyond(day, step.n or 0):
                        continue
                    yield pytest.param(procedure, step, event, day, id=f"{procedure.id}-{step.id}-{event}-{day}")


def peer_is_beyond(day: date, n: int) -> bool:
    try:
        peer(day, n, "working_day")
    except NotImplementedError:
        return True
    return False


def facts_for(step: Step) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for fact, wanted in step.when.items():
        facts[fact] = wanted.get("from", 0) if isinstance(wanted, dict) else wanted
    return facts


def ask(procedure: Procedure, step: Step, events: dict[str, Any], as_of: date) -> Timeline:
    return clocks(
        {
            "procedure": procedure.id,
            "as_of": as_of,
            "events": events,
            "facts": facts_for(step),
            "readings": dict(step.reading),
        }
    )


def only(timeline: Timeline, step: Step, day: date) -> Deadline:
    (found,) = [one for one in timeline.deadlines if one.step.id == step.id and one.trigger_day == day]
    return found


@pytest.mark.parametrize(("procedure", "step", "event", "day"), cases())
def test_the_last_day_and_its_neighbours(procedure: Procedure, step: Step, event: str, day: date) -> None:
    events = dated(path_to(procedure, event), day)
    due = peer(day, step.n or 0, step.unit)
    expected = {
        "deadline": ("open", "open", "passed" if step.optional else "overdue"),
        "recurring": ("open", "open", "overdue"),
        "validity": ("running", "running", "lapsed"),
        "retention": ("running", "running", "lapsed"),
    }[step.kind]
    for as_of, status in zip((due - ONE_DAY, due, due + ONE_DAY), expected, strict=True):
        one = only(ask(procedure, step, events, as_of), step, day)
        assert (one.due, one.status, one.days_left) == (due, status, (due - as_of).days)
        assert not one.provisional


def meetings() -> Iterator[Any]:
    """Steps that an event can meet directly after the one that starts them."""
    for procedure, step in numbered_steps():
        for event in sorted(step.after):
            path = path_to(procedure, event)
            state = procedure.begins
            for one in path:
                state = procedure.events[one].to or state
            direct = [one for one in sorted(step.until) if state in procedure.events[one].sources]
            day = next(
                (
                    at
                    for at in TRIGGERS
                    if step.first <= at <= step.last and at - len(path) * ONE_DAY >= procedure.first
                ),
                None,
            )
            if step.kind == "deadline" and direct and day:
                yield pytest.param(procedure, step, event, day, direct[0], id=f"{procedure.id}-{step.id}-{event}")


@pytest.mark.parametrize(("procedure", "step", "event", "day", "meeting"), meetings())
def test_met_on_the_last_day_is_in_time_and_a_day_later_is_late(
    procedure: Procedure, step: Step, event: str, day: date, meeting: str
) -> None:
    due = peer(day, step.n or 0, step.unit)
    for met, status in ((due - ONE_DAY, "done"), (due, "done"), (due + ONE_DAY, "late")):
        events = dated(path_to(procedure, event), day)
        events.setdefault(meeting, []).append(met)
        one = only(ask(procedure, step, events, date(2026, 12, 31)), step, day)
        assert (one.status, one.met) == (status, met)
        before = only(ask(procedure, step, events, met - ONE_DAY), step, day)
        assert before.met is None and before.status in ("open", "overdue", "passed"), (
            "what is planned meets nothing yet"
        )


def test_most_steps_are_among_the_boundaries() -> None:
    asked = {(case.values[0].id, case.values[1].id) for case in cases()}
    assert asked == {(procedure.id, step.id) for procedure, step in numbered_steps()}
    assert len(list(meetings())) >= 15


# ---- fixed days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("procedure", "due"),
    [("security_assessment", date(2023, 2, 28)), ("standard_contract", date(2023, 11, 30))],
)
def test_earlier_exports_had_six_months(procedure: str, due: date) -> None:
    def status(as_of: date, facts: dict[str, Any]) -> list[str]:
        timeline = clocks({"procedure": procedure, "as_of": as_of, "facts": facts})
        assert all(one.due == due for one in timeline.deadlines if one.step.id == "rectify_earlier")
        return [one.status for one in timeline.deadlines if one.step.id == "rectify_earlier"]

    begun = {"exporting_before": True}
    assert status(due, begun) == ["open"] and status(due + ONE_DAY, begun) == ["overdue"]
    assert status(due, {}) == [] == status(due, {"exporting_before": False})


def test_the_officers_of_those_already_above_a_million_were_due_on_one_day() -> None:
    def due(reached: date) -> date | None:
        timeline = clocks({"procedure": "protection_officer", "as_of": reached, "events": {"reached_million": reached}})
        (one,) = timeline.deadlines
        return one.due

    assert due(date(2025, 7, 17)) == due(date(2023, 1, 5)) == date(2025, 8, 29)
    assert due(date(2025, 7, 18)) == date(2025, 8, 29), "30 working days after the announcement are the same day"
    assert due(date(2025, 7, 21)) == date(2025, 9, 1)


# ---- windows before an expiry ------------------------------------------------------------------------------------


def assessed(as_of: date | str, events: dict[str, Any], **more: Any) -> Timeline:
    return clocks({"procedure": "security_assessment", "as_of": as_of, "events": events, **more})


def the(timeline: Timeline, step: str) -> Deadline:
    (found,) = [one for one in timeline.deadlines if one.step.id == step]
    return found


LAST_OF_OLD = date(2024, 3, 21)  # the last day on which a result was good for two years
EXPIRY = date(2026, 3, 21)
OPENS = peer(EXPIRY, -60, "working_day")


@pytest.mark.parametrize(
    ("as_of", "status", "state"),
    [
        (OPENS - ONE_DAY, "waiting", "valid"),
        (OPENS, "open", "extension_open"),
        (EXPIRY, "open", "extension_open"),
        (EXPIRY + ONE_DAY, "passed", "expired"),
    ],
)
def test_the_extension_window_opens_and_closes(as_of: date, status: str, state: str) -> None:
    timeline = assessed(as_of, {"passed": LAST_OF_OLD})
    window = the(timeline, "extension_window")
    assert (window.opens, window.due, window.status) == (OPENS, EXPIRY, status)
    assert timeline.state == state and not window.provisional


@pytest.mark.parametrize(
    ("applied", "status"), [(OPENS - ONE_DAY, "early"), (OPENS, "done"), (EXPIRY, "done"), (EXPIRY + ONE_DAY, "late")]
)
def test_applying_for_the_extension(applied: date, status: str) -> None:
    timeline = assessed(EXPIRY + 2 * ONE_DAY, {"passed": LAST_OF_OLD, "extension_applied": applied})
    assert the(timeline, "extension_window").status == status


def test_a_result_of_the_next_day_is_good_for_three_years() -> None:
    old, new = assessed("2024-04-01", {"passed": "2024-03-21"}), assessed("2024-04-01", {"passed": "2024-03-22"})
    assert the(old, "validity_two_years").due == date(2026, 3, 21)
    assert the(new, "validity").due == date(2027, 3, 22)
    assert {cite.instrument.id for cite in the(old, "validity_two_years").cites} == {"SA-2022"}
    assert {cite.instrument.id for cite in the(new, "validity").cites} == {"PROMO-2024"}


def test_an_old_result_that_ended_before_the_new_rule_was_not_extended() -> None:
    """The extension came with the rule of 2024-03-22; results of 2022-09 run to 2024-09 and have it, none ended before."""
    timeline = assessed("2024-09-02", {"passed": "2022-09-02"})
    assert the(timeline, "extension_window").due == date(2024, 9, 2)


def test_an_extension_adds_three_years_and_opens_a_new_window() -> None:
    events = {"passed": LAST_OF_OLD, "extension_applied": "2026-01-15", "extended": "2026-03-02"}
    timeline = assessed("2026-11-21", events)
    assert the(timeline, "validity_two_years").due == date(2029, 3, 21)
    window = the(timeline, "extension_window")
    assert window.due == date(2029, 3, 21) and window.status == "waiting" and window.provisional
    assert timeline.state == "valid"
    again = assessed(
        "2026-11-21",
        {
            "passed": "2022-09-30",
            "extension_applied": ["2024-09-01", "2027-08-01"],
            "extended": ["2024-09-20", "2027-09-01"],
        },
    )
    assert the(again, "validity_two_years").due == date(2027, 9, 30), "what is planned prolongs nothing yet"


def test_a_leap_day_expires_on_the_last_of_february() -> None:
    timeline = assessed("2024-03-01", {"passed": "2024-02-29"})
    assert the(timeline, "validity_two_years").due == date(2026, 2, 28)


def test_a_refused_extension_leaves_the_result_until_it_expires() -> None:
    events = {"passed": LAST_OF_OLD, "extension_applied": "2026-01-15", "extension_refused": "2026-02-10"}
    assert assessed(EXPIRY, events).state == "extension_refused"
    assert assessed(EXPIRY + ONE_DAY, events).state == "expired"


def test_a_change_takes_the_extension_away() -> None:
    timeline = assessed("2026-01-20", {"passed": LAST_OF_OLD, "changed": "2026-01-19"})
    assert timeline.state == "reapply_required"
    assert the(timeline, "extension_window").status == "void"
    assert timeline.checklist and timeline.checklist.met is False
    assert the(timeline, "reapply_on_change").due is None


def test_a_stop_ends_the_validity() -> None:
    timeline = assessed("2026-11-21", {"passed": LAST_OF_OLD, "stopped": "2026-01-19"})
    assert timeline.state == "stopped" and the(timeline, "validity_two_years").status == "ended"


def test_a_new_result_takes_the_place_of_the_old_one() -> None:
    timeline = assessed(
        "2026-11-21", {"passed": ["2024-01-10", "2025-12-10"], "submitted": "2025-09-01", "accepted": "2025-09-10"}
    )
    assert the(timeline, "validity_two_years").status == "void"
    assert the(timeline, "validity").due == date(2028, 12, 10)
    assert timeline.state == "valid"


def test_a_result_in_part_takes_the_place_of_a_full_one() -> None:
    events = {
        "passed": "2024-01-10",
        "submitted": "2025-09-01",
        "accepted": "2025-09-10",
        "partly_passed": "2025-12-10",
    }
    timeline = assessed("2026-11-21", events)
    assert the(timeline, "validity_two_years").status == "void" and the(timeline, "validity").due == date(2028, 12, 10)


def test_a_new_application_that_is_withdrawn_leaves_the_result_alone() -> None:
    timeline = assessed("2025-11-21", {"passed": "2024-03-10", "submitted": "2025-09-01", "withdrawn": "2025-09-03"})
    assert the(timeline, "validity_two_years").status == "running"
    assert the(timeline, "completeness_check").status == "void"


@pytest.mark.parametrize(("filed", "guide"), [("2024-03-21", "GUIDE-SCC-1"), ("2024-03-22", "GUIDE-SCC-2")])
def test_the_guide_of_the_day_is_cited(filed: str, guide: str) -> None:
    case = {
        "procedure": "standard_contract",
        "as_of": "2026-11-21",
        "events": {"effective": "2024-03-18", "filed": filed},
    }
    assert [cite.instrument.id for cite in the(clocks(case), "check").cites] == [guide]


def test_applying_again_is_due_sixty_working_days_before_where_no_extension_can_be_had() -> None:
    facts = {"goes_on": True, "personal": False, "important": False, "scope_unchanged": True, "parties_unchanged": True,
             "contract_conforms": True, "ran_as_assessed": True, "major_incident": False}  # fmt: skip
    events = {"passed": LAST_OF_OLD}
    assert not [one for one in assessed(OPENS, events, facts=facts).deadlines if one.step.id == "reapply_before_expiry"]
    incident = facts | {"major_incident": True}
    for as_of, status in ((OPENS, "open"), (OPENS + ONE_DAY, "overdue")):
        assert the(assessed(as_of, events, facts=incident), "reapply_before_expiry").status == status
    unknown = {key: value for key, value in facts.items() if key != "major_incident"}
    assert the(assessed(OPENS, events, facts=incident), "extension_window").status == "void", "of no use"
    assert the(assessed(OPENS, events, facts=facts), "extension_window").status == "open"
    undetermined = the(assessed(OPENS, events, facts=unknown), "reapply_before_expiry")
    assert (undetermined.status, undetermined.missing) == ("undetermined", ("major_incident",))
    ends = facts | {"goes_on": False, "major_incident": True}
    assert not [one for one in assessed(OPENS, events, facts=ends).deadlines if one.step.id == "reapply_before_expiry"]


def test_the_renewal_of_a_certificate() -> None:
    def ask_for(as_of: str, **readings: str) -> Timeline:
        return clocks({"procedure": "certification", "as_of": as_of, "events": {"certified": "2026-08-31"},
                       "facts": {"goes_on": True}, "readings": readings})  # fmt: skip

    assert the(ask_for("2026-09-01"), "validity").due == date(2029, 8, 31)
    assert the(ask_for("2029-02-28"), "renewal_latest").due == date(2029, 2, 28)
    assert the(ask_for("2029-02-28"), "renewal_latest").status == "open"
    assert the(ask_for("2029-03-01"), "renewal_latest").status == "overdue"
    within = ask_for("2029-03-01", renewal_time="within")
    assert the(within, "renewal_window").status == "open" and within.state == "renewal_open"
    assert ask_for("2029-02-27", renewal_time="within").state == "certified"
    old = clocks({"procedure": "certification", "as_of": "2026-01-05", "events": {"certified": "2025-12-31"}})
    assert the(old, "validity_before_2026").due is None and the(old, "validity_before_2026").step.unknown


# ---- readings ----------------------------------------------------------------------------------------------------


def test_the_day_on_which_a_period_begins() -> None:
    def due(effective: str, reading: str) -> date | None:
        case = {"procedure": "standard_contract", "as_of": "2026-09-21", "events": {"effective": effective}}
        return the(clocks({**case, "readings": {"start_day": reading}}), "file").due

    assert due("2026-09-21", "next_day") == date(2026, 10, 12)
    assert due("2026-09-21", "same_day") == date(2026, 10, 10)
    assert due("2026-09-26", "same_day") == due("2026-09-26", "next_day"), "a day off counts under neither reading"


def test_a_period_of_months_that_ends_on_a_day_off() -> None:
    def due(reading: str) -> date | None:
        case = {"procedure": "standard_contract", "as_of": "2026-07-02", "events": {"pipia_finished": "2026-07-02"}}
        return the(clocks({**case, "readings": {"rest_day": reading}}), "assessment_fresh").due

    assert due("stay") == date(2026, 10, 2) and due("next_working_day") == date(2026, 10, 8)


def test_the_other_reading_of_the_time_to_extend() -> None:
    events, readings = {"passed": LAST_OF_OLD}, {"extension_time": "before"}
    latest = the(assessed(OPENS, events, readings=readings), "extension_latest")
    assert (latest.opens, latest.due, latest.status) == (None, OPENS, "open")
    assert assessed(OPENS, events, readings=readings).state == "valid"
    assert the(assessed(OPENS + ONE_DAY, events, readings=readings), "extension_latest").status == "passed"


# ---- yearly duties -----------------------------------------------------------------------------------------------


def yearly(step: str, as_of: str, events: dict[str, Any], **facts: Any) -> list[tuple[str, str]]:
    case = {"procedure": "standing_duties", "as_of": as_of, "events": events, "facts": facts, "horizon": 18}
    return [(str(one.due), one.status) for one in clocks(case).recurring if one.step.id == step]


def test_yearly_reports_at_their_day() -> None:
    def report(as_of: str, events: dict[str, Any]) -> list[tuple[str, str]]:
        return yearly("automotive_report", as_of, events, automotive=True)

    ahead = [("2026-12-15", "open"), ("2027-12-15", "open")]
    assert report("2026-12-14", {}) == report("2026-12-15", {}) == ahead
    assert report("2026-12-16", {}) == [("2027-12-15", "open")], "nobody said that it stood before"
    began = {"began": "2025-06-01"}
    assert report("2026-12-15", began) == [("2025-12-15", "overdue"), *ahead]
    assert report("2026-12-15", began | {"automotive_report_submitted": "2025-12-15"}) == [
        ("2025-12-15", "done"),
        *ahead,
    ]
    assert report("2026-12-15", began | {"automotive_report_submitted": "2025-12-16"}) == [
        ("2025-12-15", "late"),
        *ahead,
    ]
    two = began | {"automotive_report_submitted": ["2025-12-10", "2026-12-01"]}
    assert report("2026-12-10", two) == [("2025-12-15", "done"), ("2026-12-15", "done"), ("2027-12-15", "open")]


def test_yearly_reports_begin_with_their_rule() -> None:
    began = {"began": "2021-09-01"}
    assert yearly("minors_report", "2026-02-01", began, minors=True)[0] == ("2026-01-31", "overdue")
    earlier = {"minors_report_submitted": "2025-01-31"}
    assert yearly("minors_report", "2026-02-01", earlier, minors=True)[0] == ("2026-01-31", "overdue"), (
        "of the year before"
    )
    assert yearly("automotive_report", "2022-01-01", began, automotive=True)[0] == ("2021-12-15", "overdue")
    assert yearly("important_assessment", "2025-01-05", began, important=True)[0] == ("2025-12-31", "open")


@pytest.mark.parametrize(
    ("persons", "years", "step"),
    [
        (1, 5, "audit_five_years"), (1_000_000, 5, "audit_five_years"), (1_000_001, 3, "audit_three_years"),
        (10_000_000, 3, "audit_three_years"), (10_000_001, 2, "audit_two_years"),
    ],
)  # fmt: skip
def test_how_often_an_audit_is_due(persons: int, years: int, step: str) -> None:
    case = {"procedure": "standing_duties", "as_of": "2026-11-21", "facts": {"persons": persons}}
    found = [
        one for one in clocks({**case, "events": {"audit_finished": "2026-02-28"}}).recurring if "audit" in one.step.id
    ]
    assert [(one.step.id, one.due) for one in found] == [(step, date(2026 + years, 2, 28))]
    never = [one for one in clocks(case).recurring if "audit" in one.step.id]
    assert [(one.step.id, one.due, one.status) for one in never] == [(step, None, "open")]


def test_the_other_reading_of_the_audit_cycle() -> None:
    case = {"procedure": "standing_duties", "as_of": "2026-11-21", "events": {"audit_finished": "2026-02-28"},
            "facts": {"persons": 5_000_000}, "readings": {"audit_cycle": "four"}}  # fmt: skip
    assert [one.due for one in clocks(case).recurring if "audit" in one.step.id] == [date(2030, 2, 28)]


def test_an_audit_restarts_its_clock() -> None:
    case = {"procedure": "standing_duties", "as_of": "2028-01-01", "facts": {"persons": 20_000_000},
            "events": {"audit_finished": ["2025-06-30", "2027-06-30"]}}  # fmt: skip
    found = [(one.due, one.status) for one in clocks(case).recurring if one.step.id == "audit_two_years"]
    assert found == [(date(2027, 6, 30), "done"), (date(2029, 6, 30), "open")]


def test_unknown_facts_leave_a_duty_undetermined_and_named() -> None:
    timeline = clocks({"procedure": "standing_duties", "as_of": "2026-11-21"})
    assert {one.status for one in timeline.recurring} == {"undetermined"}
    assert set(timeline.missing) == {"important", "automotive", "minors", "persons"}


# ---- 2027 --------------------------------------------------------------------------------------------------------


def test_what_reaches_into_2027_is_provisional() -> None:
    def file(effective: str) -> Deadline:
        return the(
            clocks({"procedure": "standard_contract", "as_of": effective, "events": {"effective": effective}}), "file"
        )

    assert (file("2026-12-17").due, file("2026-12-17").provisional) == (date(2026, 12, 31), False)
    assert (file("2026-12-18").due, file("2026-12-18").provisional) == (date(2027, 1, 4), True)
    assert file("2026-12-17").working_days_left == 10 and file("2026-12-18").working_days_left is None


def test_months_and_years_are_certain() -> None:
    timeline = clocks(
        {"procedure": "standard_contract", "as_of": "2026-12-01", "events": {"pipia_finished": "2026-12-01"}}
    )
    assert (
        the(timeline, "assessment_fresh").due == date(2027, 3, 1) and not the(timeline, "assessment_fresh").provisional
    )
