"""The iCalendar file, read back by an independent parser and looked at byte by byte."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.law.clocks import Timeline, clocks, to_icalendar
from tongguan.wording import LANGUAGES

ASSESSED: dict[str, Any] = {
    "name": "会员数据；出境, \\示例",
    "procedure": "security_assessment",
    "as_of": "2026-11-21",
    "events": {"passed": "2024-04-10"},
    "facts": {"goes_on": True},
}


def events(timeline: Timeline, language: Any = "zh") -> list[Any]:
    return list(icalendar.Calendar.from_ical(to_icalendar(timeline, language)).walk("VEVENT"))


def test_it_reads_back_as_what_is_due() -> None:
    timeline = clocks(ASSESSED)
    found = [(str(one["SUMMARY"]), one.decoded("DTSTART")) for one in events(timeline)]
    name = ASSESSED["name"]
    assert found == [
        (f"（暂定）{name}: 不能延长而须继续出境的，重新申报评估", date(2027, 1, 13)),
        (f"{name}: 评估结果有效", date(2027, 4, 10)),
        (f"（暂定）{name}: 可以开始：需要继续出境且未发生须重新申报情形的，申请延长有效期三年", date(2027, 1, 13)),
        (f"{name}: 需要继续出境且未发生须重新申报情形的，申请延长有效期三年", date(2027, 4, 10)),
    ]


def test_events_are_all_day_and_block_no_time() -> None:
    for one in events(clocks(ASSESSED)):
        start, end = one.decoded("DTSTART"), one.decoded("DTEND")
        assert type(start) is date and end == start + timedelta(days=1)
        assert one["DTSTART"].params["VALUE"] == "DATE" and str(one["TRANSP"]) == "TRANSPARENT"
        assert one.decoded("DTSTAMP").isoformat() == "2026-11-21T00:00:00+00:00"
        assert str(one["STATUS"]) == ("TENTATIVE" if "（暂定）" in str(one["SUMMARY"]) else "CONFIRMED")


def test_the_whole_calendar_names_itself() -> None:
    calendar = icalendar.Calendar.from_ical(to_icalendar(clocks(ASSESSED), "en"))
    assert str(calendar["VERSION"]) == "2.0" and str(calendar["CALSCALE"]) == "GREGORIAN"
    assert str(calendar["PRODID"]) == "-//Tongguan//Clocks//EN"
    assert not calendar.errors and not [error for one in calendar.walk() for error in one.errors]


def test_the_description_cites_and_says_what_is_unknown() -> None:
    window = events(clocks(ASSESSED))[-1]
    lines = str(window["DESCRIPTION"]).split("\n")
    assert "《促进和规范数据跨境流动规定》第九条；《数据出境安全评估申报指南（第三版）》" in lines
    assert any(line.startswith("逾期后果：") for line in lines) and any(line.startswith("未知：") for line in lines)


def test_alarms_ring_before_and_never_in_the_past() -> None:
    def alarms(as_of: str) -> list[timedelta]:
        case = {"procedure": "standard_contract", "as_of": as_of, "events": {"effective": "2026-11-02"}}
        (one,) = events(clocks(case))
        assert one.decoded("DTSTART") == date(2026, 11, 16)
        return [alarm.decoded("TRIGGER") for alarm in one.walk("VALARM")]

    weeks, eve = timedelta(days=-7), timedelta(days=-1)
    assert alarms("2026-11-02") == alarms("2026-11-09") == [weeks, eve]
    assert alarms("2026-11-10") == alarms("2026-11-15") == [eve]
    assert alarms("2026-11-16") == alarms("2026-11-20") == []


def test_what_is_settled_or_has_no_day_is_left_out() -> None:
    case = {"procedure": "standard_contract", "as_of": "2026-11-21",
            "events": {"effective": "2026-11-02", "filed": "2026-11-05", "changed": "2026-11-20"}}  # fmt: skip
    timeline = clocks(case)
    assert {one.step.id: one.status for one in timeline.deadlines}["file_again"] == "open"
    assert [str(one["SUMMARY"]) for one in events(timeline, "en")] == [
        "Filing of the standard contract: check the material; where it passes, issue the filing number"
    ]
    assert (
        events(clocks({"procedure": "incident", "as_of": "2026-11-21", "events": {"discovered": "2026-11-20"}})) == []
    )


# ---- UIDs --------------------------------------------------------------------------------------------------------


def uids(**change: Any) -> list[str]:
    return [str(one["UID"]) for one in events(clocks({**ASSESSED, **change}))]


def test_uids_are_unique_and_stay() -> None:
    assert len(set(uids())) == len(uids()) == 4
    assert uids() == uids(as_of="2026-12-01"), "asking on another day changes nothing"
    assert uids() == uids(events={"passed": "2024-04-12"}), (
        "a day that was put right moves the event, and makes no other"
    )
    assert uids() == [str(one["UID"]) for one in events(clocks(ASSESSED), "en")]
    assert not set(uids()) & set(uids(name="another export"))


def test_uids_without_a_name_come_from_the_first_event() -> None:
    one = {"procedure": "standard_contract", "as_of": "2026-11-21", "events": {"effective": "2026-11-16"}}
    same = {**one, "events": {"effective": "2026-11-16", "changed": "2026-11-20"}}
    other = {**one, "events": {"effective": "2026-11-17"}}
    (first,) = events(clocks(one))
    assert str(first["UID"]) in {str(event["UID"]) for event in events(clocks(same))}
    assert str(first["UID"]) not in {str(event["UID"]) for event in events(clocks(other))}


def test_each_year_and_each_extension_has_a_uid_of_its_own() -> None:
    case = {
        "name": "n",
        "procedure": "standing_duties",
        "as_of": "2026-11-21",
        "horizon": 60,
        "facts": {"automotive": True, "minors": True},
    }
    found = [str(one["UID"]) for one in events(clocks(case))]
    assert len(found) == len(set(found)) >= 10
    later = [str(one["UID"]) for one in events(clocks({**case, "as_of": "2027-11-21"}))]
    assert set(found) & set(later), "the years that both show are the same events"
    extended = {"events": {"passed": "2024-03-20", "extension_applied": "2026-01-15", "extended": "2026-03-02"}}
    assert not set(uids(events={"passed": "2024-03-20"}, as_of="2025-12-01")[-1:]) & set(uids(**extended))


# ---- lines -------------------------------------------------------------------------------------------------------


@given(
    st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=200).filter(
        lambda name: name.strip() and name.isprintable()
    )
)
def test_any_name_survives_folding_and_escaping(name: str) -> None:
    for language in LANGUAGES:
        timeline = clocks({**ASSESSED, "name": name})
        text = to_icalendar(timeline, language)
        assert text.endswith("END:VCALENDAR\r\n") and "\n" not in text.replace("\r\n", "")
        for line in text.encode().split(b"\r\n"):
            assert len(line) <= 75
            line.decode()  # no character is cut in two
        for one in events(timeline, language):
            assert f"{name.strip()}: " in str(one["SUMMARY"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_timeline_gives_the_same_text(language: Any) -> None:
    assert to_icalendar(clocks(ASSESSED), language) == to_icalendar(clocks(ASSESSED), language)
