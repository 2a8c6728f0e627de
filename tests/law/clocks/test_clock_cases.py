"""Cases: what may be asked, what is refused and how, and which events can follow each other."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tongguan.errors import BadFacts
from tongguan.law.clocks import Case, clocks, parse_case

GOOD: dict[str, Any] = {"procedure": "standard_contract", "as_of": "2026-11-21"}


def test_a_case_needs_little() -> None:
    case = Case.of(GOOD)
    assert (case.as_of, case.events, case.facts, case.horizon, case.name) == (date(2026, 11, 21), (), {}, 24, "")
    assert clocks(GOOD).state == "preparing"


def test_days_may_be_dates_or_texts_and_single_or_several() -> None:
    one = Case.of({**GOOD, "as_of": date(2026, 11, 21), "events": {"pipia_finished": [date(2026, 8, 1), "2026-09-01"]}})
    assert one.events == (("pipia_finished", date(2026, 8, 1)), ("pipia_finished", date(2026, 9, 1)))


def test_null_is_unknown() -> None:
    case = Case.of({**GOOD, "name": None, "events": {"effective": None}, "facts": {"exporting_before": None}, "horizon": None,
                    "readings": {"start_day": None}})  # fmt: skip
    assert case.events == () and case.facts == {} and case.readings["start_day"] == "next_day"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"procedure": None}, "procedure: expected one of security_assessment"),
        ({"procedure": "visa"}, "found 'visa'"),
        ({"procedure": ["standard_contract"]}, "procedure: expected one of"),
        ({"as_of": None}, "as_of: expected a day written YYYY-MM-DD"),
        ({"as_of": "2026-02-30"}, "such as `as_of: 2026-11-21`; found '2026-02-30'"),
        ({"as_of": "21.11.2026"}, "as_of: expected a day"),
        ({"as_of": "2026-1-1"}, "as_of: expected a day"),
        ({"as_of": 20261121}, "as_of: expected a day"),
        ({"as_of": datetime(2026, 11, 21)}, "as_of: expected a day"),
        ({"as_of": "2017-05-31"}, "from 2017-06-01 to 2099-12-31"),
        ({"as_of": "2100-01-01"}, "from 2017-06-01 to 2099-12-31"),
        ({"as_of": "２０２６-11-21"}, "as_of: expected a day"),
        ({"events": []}, "events: expected keys with values"),
        ({"events": {"arrived": "2026-01-01"}}, "events.arrived: expected one of pipia_finished"),
        ({"events": {"effective": []}}, "events.effective: expected from 1 to 200 days"),
        ({"events": {"effective": [["2026-01-01"]]}}, "events.effective: expected a day"),
        ({"events": {"effective": ["2026-01-01"] * 2}}, "events.effective: expected each day once; found '2026-01-01'"),
        ({"events": {"effective": ["2026-01-01"] * 201}}, "events.effective: expected from 1 to 200 days"),
        ({"events": {"effective": "2023-05-31"}}, "events.effective: expected a day on or after 2023-06-01"),
        ({"events": {"effective": True}}, "events.effective: expected a day"),
        ({"facts": {"ciio": True}}, "facts.ciio: expected one of exporting_before"),
        ({"facts": {"exporting_before": "yes"}}, "facts.exporting_before: expected true or false"),
        ({"facts": {"exporting_before": 1}}, "facts.exporting_before: expected true or false"),
        ({"facts": "none"}, "facts: expected keys with values"),
        ({"readings": {"start_day": "today"}}, "readings.start_day: expected one of next_day, same_day"),
        ({"readings": {"weekday": "mon"}}, "readings.weekday: expected one of start_day"),
        ({"horizon": 0}, "horizon: expected months, from 1 to 120"),
        ({"horizon": 121}, "horizon: expected months"),
        ({"horizon": True}, "horizon: expected months"),
        ({"horizon": 12.0}, "horizon: expected months"),
        ({"name": ""}, "name: expected one line of text"),
        ({"name": "a\nb"}, "name: expected one line of text"),
        ({"name": "x" * 201}, "name: expected one line of text"),
        ({"name": 7}, "name: expected one line of text"),
        ({"colour": "red"}, "colour: expected one of name, procedure"),
        ({5: "red"}, "5: expected one of name, procedure"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(change: dict[Any, Any], says: str) -> None:
    with pytest.raises(BadFacts) as caught:
        clocks({**GOOD, **change})
    message = str(caught.value)
    assert says in message and message.startswith("case: ") and "\n" not in message and len(message) < 900


@pytest.mark.parametrize("persons", [-1, 1.5, "100", True, 10**15 + 1])
def test_counts_are_whole_numbers(persons: Any) -> None:
    with pytest.raises(BadFacts, match=r"facts.persons: expected a whole number, 0 or more"):
        clocks({"procedure": "standing_duties", "as_of": "2026-11-21", "facts": {"persons": persons}})


def test_a_choice_names_what_may_be_chosen() -> None:
    with pytest.raises(BadFacts, match=r"facts.zone: expected one of beijing, shanghai, guangdong, hainan, other"):
        clocks({"procedure": "zone_registration", "as_of": "2026-11-21", "facts": {"zone": "paris"}})


@pytest.mark.parametrize("case", [None, [], "standard_contract", 5])
def test_no_mapping_at_all(case: Any) -> None:
    with pytest.raises(BadFacts, match=r"^case: expected keys with values, such as"):
        clocks(case)


# ---- YAML --------------------------------------------------------------------------------------------------------


def test_yaml_is_read_as_written() -> None:
    case = parse_case(
        "procedure: standing_duties\nas_of: 2026-11-21\nname: 示例\nevents: {audit_finished: [2025-06-30]}\n"
        "facts: {persons: 12000000, minors: false, automotive: null, important: }\nhorizon: 36\n",
        "a.yaml",
    )
    assert case.facts == {"persons": 12_000_000, "minors": False} and case.horizon == 36 and case.name == "示例"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected keys with values"),
        ("- a\n", "expected keys with values"),
        ("procedure: [", "not readable as YAML"),
        ("procedure: a\nprocedure: b\n", "line 2: not readable as YAML (procedure is given twice)"),
        ("events: &a {x: 1}\nfacts: *a\n", "line 2: an alias"),
        ("as_of: !!timestamp 2026-11-21\n", "line 1: a tag"),
        ("a: " + "[" * 50 + "]" * 50, "nested more than 6 levels deep"),
        ("? [a]\n: b\n", "a key that is no text"),
        ("procedure: standing_duties\nas_of: 2026-11-21\nfacts: {persons: 0x10}\n", "found '0x10'"),
        ("procedure: standing_duties\nas_of: 2026-11-21\nfacts: {persons: 010}\n", "found '010'"),
        ("procedure: standing_duties\nas_of: 2026-11-21\nfacts: {persons: 1_000}\n", "found '1_000'"),
        ("procedure: standing_duties\nas_of: 2026-11-21\nfacts: {minors: yes}\n", "expected true or false"),
        ("procedure: standing_duties\nas_of: 2026-11-21\nfacts: {minors: 'true'}\n", "expected true or false"),
        ("a: \x00", "not readable as YAML"),
        ("x" * 100_001, "at most 100000"),
        ("<<: {procedure: standing_duties}\n", "<<: expected one of"),
        ("--- a\n--- b\n", "not readable as YAML"),
    ],
)
def test_bad_yaml_is_told_with_the_file(text: str, says: str) -> None:
    with pytest.raises(BadFacts) as caught:
        parse_case(text, "a.yaml")
    assert str(caught.value).startswith("a.yaml") and says in str(caught.value), str(caught.value)


# ---- which events can follow each other --------------------------------------------------------------------------


def refused(procedure: str, events: dict[str, Any]) -> str:
    with pytest.raises(BadFacts) as caught:
        clocks({"procedure": procedure, "as_of": "2026-11-21", "events": events})
    return str(caught.value)


def test_events_that_contradict_the_procedure() -> None:
    assert "events.returned: 2026-03-05 cannot be: the procedure then stands at 'assessing'" in refused(
        "security_assessment", {"accepted": "2026-03-02", "returned": "2026-03-05"}
    )
    message = refused("security_assessment", {"submitted": "2026-03-05", "passed": "2026-03-09"})
    assert "expected one of returned, forwarded, not_accepted, accepted, withdrawn" in message
    assert "'preparing'" in refused("security_assessment", {"extended": "2026-03-05"})
    assert "filed" in refused("standard_contract", {"filed": "2026-03-02", "effective": "2026-03-09"})
    assert "nothing more" not in message


def test_planned_events_are_held_against_the_procedure_too() -> None:
    assert "2027-03-05 cannot be" in refused(
        "security_assessment", {"submitted": "2026-03-05", "extended": "2027-03-05"}
    )


def test_a_history_may_begin_in_the_middle() -> None:
    timeline = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "events": {"accepted": "2026-11-02"}})
    assert timeline.state == "assessing"


def test_events_of_one_day_go_in_the_order_in_which_they_can() -> None:
    events = {"submitted": ["2026-03-02", "2026-03-06"], "returned": "2026-03-06"}
    timeline = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "events": events})
    assert [moment.event for moment in timeline.history] == ["submitted", "returned", "submitted"]
    assert timeline.state == "provincial_check"


def test_what_is_planned_starts_clocks_and_leaves_the_state() -> None:
    case = {"procedure": "standard_contract", "events": {"signed": "2026-11-02", "effective": "2026-12-01"}}
    before = clocks({**case, "as_of": "2026-11-30"})
    (planned,) = [one for one in before.deadlines if one.step.id == "file"]
    assert before.state == "signed" and (planned.status, planned.due) == ("planned", date(2026, 12, 15))
    on = clocks({**case, "as_of": "2026-12-01"})
    assert on.state == "effective" and [one.status for one in on.deadlines if one.step.id == "file"] == ["open"]


def test_what_can_come_next() -> None:
    timeline = clocks({**GOOD, "events": {"effective": "2026-11-20", "filed": "2026-11-21"}})
    assert {event.id for event in timeline.next} == {
        "supplement_requested", "number_issued", "filing_terminated", "changed", "contract_ended",
    }  # fmt: skip
    expired = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "events": {"passed": "2023-01-10"}})
    assert expired.state == "expired" and "extension_applied" not in {event.id for event in expired.next}


# ---- a whole story -----------------------------------------------------------------------------------------------


def test_a_filing_from_beginning_to_end() -> None:
    """Mid-Autumn and National Day 2026 lie in the middle."""
    events = {"pipia_finished": "2026-08-20", "signed": "2026-09-15", "effective": "2026-09-21", "filed": "2026-10-12",
              "supplement_requested": "2026-10-28", "supplemented": "2026-11-11", "number_issued": "2026-11-20"}  # fmt: skip
    timeline = clocks({**GOOD, "events": events})
    found = [(one.step.id, str(one.due), one.status) for one in timeline.deadlines]
    assert found == [
        ("file", "2026-10-12", "done"),
        ("check", "2026-11-02", "done"),
        ("supplement", "2026-11-11", "done"),
        ("assessment_fresh", "2026-11-20", "done"),
        ("check", "2026-12-02", "done"),
        ("keep_assessment", "2029-08-20", "running"),
    ]
    assert timeline.state == "filed" and timeline.overdue == ()


def test_an_assessment_done_again_starts_its_three_months_anew() -> None:
    events = {"pipia_finished": ["2026-02-02", "2026-06-01"], "effective": "2026-08-03", "filed": "2026-08-10"}
    timeline = clocks({**GOOD, "events": events})
    fresh = [(str(one.trigger_day), one.status) for one in timeline.deadlines if one.step.id == "assessment_fresh"]
    assert fresh == [("2026-02-02", "void"), ("2026-06-01", "done")]
    kept = [one.status for one in timeline.deadlines if one.step.id == "keep_assessment"]
    assert kept == ["running", "running"], "each report is kept"


def test_an_extended_assessment_has_no_number() -> None:
    events = {"accepted": "2026-09-01", "assessment_extended": "2026-10-30"}
    timeline = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "events": events})
    statuses = {one.step.id: (one.status, one.due) for one in timeline.deadlines}
    assert statuses["assessment"][0] == "void" and statuses["assessment_longer"] == ("open", None)


def test_what_was_terminated_is_no_longer_due() -> None:
    events = {"submitted": "2026-10-12", "withdrawn": "2026-10-14"}
    timeline = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "events": events})
    assert [one.status for one in timeline.deadlines] == ["void"] and timeline.state == "withdrawn"


def test_an_ended_contract_calls_for_deletion_and_undoes_no_breach() -> None:
    events = {"effective": "2026-11-02", "filed": "2026-11-10", "contract_ended": "2026-11-16"}
    found = {one.step.id: one.status for one in clocks({**GOOD, "events": events}).deadlines}
    assert found == {"file": "done", "check": "void", "delete": "open"}
    never_filed = {"effective": "2026-11-02", "contract_ended": "2026-11-18"}
    assert [one.step.id for one in clocks({**GOOD, "events": never_filed}).overdue] == ["file"]
    deleted = clocks({**GOOD, "events": events | {"data_deleted": "2026-11-20"}})
    assert {one.step.id: one.status for one in deleted.deadlines}[
        "delete"
    ] == "done" and deleted.state == "contract_ended"


def test_nobody_is_called_late_before_it_is_known_whether_the_duty_applies() -> None:
    case = {
        "procedure": "standing_duties",
        "as_of": "2026-11-21",
        "events": {"audit_finished": ["2023-01-10", "2026-01-12"]},
    }
    cycles = {
        one.step.id: (one.status, one.missing) for one in clocks(case).recurring if one.due and one.due.year <= 2026
    }
    assert cycles["audit_two_years"] == ("undetermined", ("persons",))
    known = {
        one.step.id: one.status
        for one in clocks({**case, "facts": {"persons": 20_000_000}}).recurring
        if one.origin == "audit_finished 0"
    }
    assert known == {"audit_two_years": "late"}


def test_data_notified_as_important() -> None:
    def status(as_of: str, **events: str) -> list[str]:
        case = {
            "procedure": "security_assessment",
            "as_of": as_of,
            "events": {"important_data_notified": "2026-08-31", **events},
        }
        return [one.status for one in clocks(case).deadlines if one.step.id == "apply_for_notified_data"]

    assert status("2026-10-31") == ["open"] and status("2026-11-01") == ["overdue"]
    assert status("2026-11-21", submitted="2026-10-31") == ["done"] and status(
        "2026-11-21", submitted="2026-11-01"
    ) == ["late"]
