"""What the chapters tell."""

from __future__ import annotations

from typing import Any

from tongguan.casework.report import contents
from tongguan.casework.report.compare import filing, other_differences
from tongguan.casework.report.particulars import particulars, recipient_name
from tongguan.casework.report.shape import complete
from tongguan.casework.report.words import Words

ZH, EN = Words("zh"), Words("en")


def test_alerts_come_by_severity(retailer: dict[str, Any]) -> None:
    assert [alert["severity"] for alert in contents.alerts(complete(retailer))] == ["high", "mid"]


def test_blind_spots_are_put_together_and_none_is_lost(crowded: dict[str, Any]) -> None:
    crowded["blind_spots"].append({"kind": "gap", "count": 7, "where": "x", "detail": "", "size": 10**9})
    groups = contents.blind(complete(crowded))
    assert [(g.kind, g.count) for g in groups] == [("gap", 7), ("encrypted", 500)]
    assert groups[1].size == sum(range(500)) and groups[1].places[0]["size"] == 499


def test_the_matrix_says_where_it_adds_up(retailer: dict[str, Any]) -> None:
    matrix = contents.matrix(complete(retailer))
    assert matrix.countries[0] == "US" and matrix.types[0] == "phone"
    singapore = matrix.cells["SG", "phone"]
    assert (singapore.persons, singapore.recipients) == (268800 + 96100, 2)
    assert matrix.cells["US", "id_card"].unfiled and not matrix.cells["US", "phone"].unfiled
    assert matrix.cells["SG", "bank_card"].sensitive
    assert not matrix.cells["US", "address"].counted, "seen, but its persons were not counted apart"


def test_filed_against_observed(retailer: dict[str, Any]) -> None:
    by_id = {r["id"]: r for r in complete(retailer)["recipients"]}
    lumora = {row.item: row for row in filing(by_id["lumora"], "2026-11-20", EN)}
    assert (lumora["Path"].kind, lumora["Path"].filed) == ("same", "standard contract")
    assert (lumora["Persons"].kind, lumora["Persons"].difference) == ("more", "148,930 more")
    assert lumora["Data types"].difference == "1 more: Resident identity card"
    assert lumora["Valid until"].kind == "same"
    parent = {row.item: row for row in filing(by_id["xingye-intl"], "2026-11-20", EN)}
    assert (parent["Valid until"].kind, parent["Persons"].kind) == ("more", "same")
    assert parent["Data types"].kind == "same"
    pagewell = {row.item: row for row in filing(by_id["pagewell"], "2026-11-20", EN)}
    assert (pagewell["Path"].kind, pagewell["Persons"].kind) == ("", "")
    assert filing(by_id["mx.quillmark.example"], "2026-11-20", EN) == []
    assert [d["kind"] for d in other_differences(by_id["mx.quillmark.example"])] == ["recipient_unknown"]
    assert other_differences(by_id["lumora"]) == []


def test_several_activities_are_compared_each_with_its_own(retailer: dict[str, Any]) -> None:
    """The border found nothing; the main activity's filing alone must not look as if it had been exceeded."""
    one = next(r for r in complete(retailer)["recipients"] if r["id"] == "xingye-intl")
    one["activity"], one["filed"]["types"], one["filed"]["persons"] = "ACT-2026-002", ["phone"], 5
    rows = {row.item: row for row in filing(one, "2026-11-20", EN)}
    assert {rows[key].kind for key in ("Persons", "Data types")} == {"same"}
    assert {rows[key].difference for key in ("Persons", "Data types")} == {EN("filed.several")}
    assert contents.filed_head(one, EN) == "Filed (ACT-2026-002)"


def test_what_was_not_read_agrees_with_nothing(retailer: dict[str, Any]) -> None:
    one = next(r for r in complete(retailer)["recipients"] if r["id"] == "pagewell")
    one |= {"types": [], "persons": {"count": 0, "low": 0, "high": 0}, "unread": 4}
    rows = {row.item: row for row in filing(one, "2026-11-20", EN)}
    assert (rows["Persons"].kind, rows["Data types"].kind) == ("blind", "blind")
    assert "unread apart" in rows["Persons"].observed


def test_a_path_not_taken_shows_in_its_row(retailer: dict[str, Any]) -> None:
    one = complete(retailer)["recipients"][1]
    one["differences"].append({"kind": "path_not_taken", "types": []})
    assert filing(one, "2026-11-20", ZH)[0].kind == "more"


def test_reasons_of_one_rule_stand_together(retailer: dict[str, Any]) -> None:
    decision = complete(retailer)["decision"]
    assert [[r["article"] for r in same] for same in contents.rules(decision)] == [["第八条", "第五条"]]
    assert contents.facts_used(decision) == {
        "data.persons": 842310,
        "exporter.ciio": False,
        "data.important": False,
    }


def test_the_verdict_in_a_sentence(retailer: dict[str, Any], quiet: dict[str, Any]) -> None:
    told = contents.sentence(complete(retailer), ZH)
    assert "84.2 万 人" in told and "6,284 人" in told and "2 处" in told and "3.7 万 次往来看不到内容" in told
    assert contents.sentence(complete(quiet), ZH) == "没有属于数据出境的流动。未见与登记和备案不符之处。"
    later = complete({"decision": {"pathway": "a_path_of_2030"}})
    assert contents.asked(later, EN) == "a_path_of_2030"


def test_how_far_it_is_to_the_next_line() -> None:
    from tongguan.casework.report.lines import zones

    found = zones("2026-11-20", "persons", ZH)
    assert contents.next_line(ZH, found, 842_310) == "100 万，还差 157,690"
    assert contents.next_line(ZH, found, 1_000_000) == "已过最后一条线"
    assert contents.next_line(ZH, [], 5) == "当日的规则没有人数界线。"


def test_a_recipient_is_named_by_its_id(retailer: dict[str, Any]) -> None:
    whole = complete(retailer)
    assert recipient_name(whole, "lumora") == "Lumora Analytics, Inc."
    assert recipient_name(whole, "gone") == "gone"


def test_the_particulars_of_every_rule(retailer: dict[str, Any]) -> None:
    """The shapes that the border's reconciliation gives."""

    def told(**alert: Any) -> dict[str, str]:
        retailer["alerts"] = [{"rule": "x", "severity": "high", "title": "", **alert}]
        whole = complete(retailer)
        return dict(particulars(whole["alerts"][0], whole, EN))

    count = {"count": 30, "low": 29, "high": 31}
    assert told(
        recipient="lumora", detail={"cause": "unregistered", "types": ["phone"], "persons": count, "crossings": 3}
    ) == {
        "Recipient": "Lumora Analytics, Inc.",
        "Data types": "Mobile phone",
        "Persons": "30 (between 29 and 31)",
        "Movements": "3",
    }
    extra = {"types": ["id_card"], "filed": ["phone"], "type_persons": {"id_card": 3117}}
    assert told(activity="ACT-1", detail=extra) == {
        "Activity": "ACT-1",
        "Data types": "Resident identity card (3,117)",
    }
    assert told(detail={"sensitive_persons": {"filed": 5, "seen": count}}) == {
        "Persons with sensitive information": "30 (between 29 and 31), filed 5"
    }
    assert told(detail={"crossings": 2, "starts": None, "ends": "2026-10-01"})["Valid"] == "… to 2026-10-01"
    several = [{"id": "ACT-1", "recipient": "lumora", "filed": None}]
    path = told(detail={"pathway": "security_assessment", "options": [], "activities": several})
    assert path == {
        "Path asked": "security assessment",
        "Activity": "ACT-1 (Lumora Analytics, Inc. · Filed not stated)",
    }
    assert told(detail={"something": "else"}) == {}
