from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import yaml
from border_scenes import MEMBERS, OFFICE, RETAILER, Scene, at, exchange, org_of, people

from tongguan import border
from tongguan.border import alert_dict, differences, reconcile, summarise
from tongguan.identify.types import TYPES
from tongguan.model import Alert, BlindKind, BlindSpot

AS_OF = date(2026, 11, 20)
PARENT, LUMORA, PAGEWELL, STRANGER, UNPLACED = (
    "203.0.113.9",
    "203.0.113.70",
    "203.0.113.80",
    "192.0.2.9",
    "203.0.113.99",
)
NAMES = {LUMORA: ("a.lumora.example",), PAGEWELL: ("x.pagewell.example",)}

Move = tuple[str, str, int, tuple[str, ...], str]  # from, to, persons, data types, when
MIDDAY = "2026-09-01T12:00"


def alerts_of(folder: Path, moves: Sequence[Move], text: str = RETAILER) -> list[Alert]:
    scene = Scene(folder, org_of(text, folder))
    for source, destination, number, types, when in moves:
        moved = exchange(source, destination, names=NAMES.get(destination, ()), ts=at(when))
        scene.sent(moved, people(0, number, *types))
    ledger = scene.committed()
    return reconcile(scene.org, summarise(ledger, scene.org, AS_OF), AS_OF, ledger)


MARKETING_NONE = RETAILER.replace("    approval: {path: standard_contract, persons: 1000}\n", "")
NECESSARY_UNMET = RETAILER.replace("necessary: true}", "necessary: false}")
CIIO = RETAILER.replace("ciio: false", "ciio: true")
SILENT: list[tuple[str, str | None, str | None, str]] = []

# What moved, under which organisation file → rule, recipient, activity, severity of each alert
CASES: list[tuple[str, list[Move], str, list[tuple[str, str | None, str | None, str]]]] = [
    ("within its filing", [(MEMBERS, PARENT, 10, ("person_name", "phone"), MIDDAY)], RETAILER, SILENT),
    ("exempt", [(MEMBERS, PAGEWELL, 50, ("phone", "bank_card"), MIDDAY)], RETAILER, SILENT),
    ("inside", [(MEMBERS, OFFICE, 50, ("phone", "id_card"), MIDDAY)], RETAILER, SILENT),
    ("no personal data", [(MEMBERS, LUMORA, 3, ("uscc", "organisation"), MIDDAY)], RETAILER, SILENT),
    ("nothing at all", [], RETAILER, SILENT),
    (
        "a type that is not filed",
        [(MEMBERS, LUMORA, 3, ("phone", "address"), MIDDAY)],
        RETAILER,
        [("type_not_filed", "lumora", "MARKETING", "mid")],
    ),
    (
        "a document that is not filed",
        [(MEMBERS, LUMORA, 3, ("phone", "id_card", "address"), MIDDAY)],
        RETAILER,
        [("type_not_filed", "lumora", "MARKETING", "high")],
    ),
    (
        "somebody who is not in the register",
        [(MEMBERS, "9.1.1.1", 3, ("phone", "bank_card"), MIDDAY)],
        RETAILER + "  # the country comes from no table here\n",
        [("recipient_unknown", "9.1.1.1", None, "high")],
    ),
    (
        "an office abroad that nobody declared",
        [(MEMBERS, STRANGER, 3, ("phone",), MIDDAY)],
        RETAILER,
        [("recipient_unknown", "东京办公室", None, "high")],
    ),
    (
        "a place that is unknown",
        [(MEMBERS, UNPLACED, 3, ("phone",), MIDDAY)],
        RETAILER,
        [("recipient_unknown", UNPLACED, None, "mid")],
    ),
    (
        "a system that nobody declared",
        [(OFFICE, PARENT, 3, ("phone",), MIDDAY)],
        RETAILER,
        [("recipient_unknown", "parent", None, "high")],
    ),
    (
        "more persons than filed",
        [(MEMBERS, PARENT, 11, ("phone",), MIDDAY)],
        RETAILER,
        [("scale_above_filed", "parent", "MEMBERS", "mid")],
    ),
    (
        "more sensitive persons than filed",
        [(MEMBERS, PARENT, 3, ("bank_card",), MIDDAY)],
        RETAILER.replace("[person_name, phone, email]", "[person_name, phone, email, bank_card]"),
        [("scale_above_filed", "parent", "MEMBERS", "high")],
    ),
    (
        "after the approval ended",
        [(MEMBERS, PARENT, 3, ("phone",), "2026-11-01T12:00")],
        RETAILER,
        [("activity_expired", "parent", "MEMBERS", "high")],
    ),
    (
        "before the approval was granted",
        [(MEMBERS, PARENT, 3, ("phone",), "2026-01-15T12:00")],
        RETAILER,
        [("activity_expired", "parent", "MEMBERS", "high")],
    ),
    (
        "no approval where none is needed",
        [(MEMBERS, LUMORA, 3, ("phone",), MIDDAY)],
        MARKETING_NONE,
        SILENT,
    ),
    (
        "no approval where sensitive data asks for one",
        [(MEMBERS, LUMORA, 3, ("phone",), MIDDAY), (MEMBERS, PAGEWELL, 3, ("bank_card",), MIDDAY)],
        NECESSARY_UNMET,
        [("path_not_taken", "pagewell", "STAFF", "high")],
    ),
    (
        "a contract where the law asks for an assessment",
        [(MEMBERS, LUMORA, 3, ("phone",), MIDDAY)],
        CIIO,
        [("path_not_taken", "lumora", "MARKETING", "high")],
    ),
    (
        "one cause for several activities",
        [(MEMBERS, LUMORA, 3, ("phone",), MIDDAY), (MEMBERS, PARENT, 3, ("phone",), MIDDAY)],
        CIIO,
        [("path_not_taken", None, None, "high")],
    ),
    (
        "an assessment that was not needed",
        [(MEMBERS, LUMORA, 3, ("phone",), MIDDAY)],
        RETAILER.replace("{path: standard_contract, persons: 1000}", "{path: security_assessment}"),
        SILENT,
    ),
    (
        "each root cause by itself, the gravest first",
        [
            (MEMBERS, UNPLACED, 3, ("phone",), MIDDAY),
            (MEMBERS, LUMORA, 3, ("id_card",), MIDDAY),
            (MEMBERS, PARENT, 11, ("phone",), MIDDAY),
        ],
        RETAILER,
        [
            ("type_not_filed", "lumora", "MARKETING", "high"),
            ("recipient_unknown", UNPLACED, None, "mid"),
            ("scale_above_filed", "parent", "MEMBERS", "mid"),
        ],
    ),
]


@pytest.mark.parametrize(("moves", "text", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rules(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moves: list[Move],
    text: str,
    wanted: list[tuple[str, str | None, str | None, str]],
) -> None:
    class Table:
        def get(self, ip: str) -> dict[str, str] | None:
            return {"country_code": "US"} if ip == "9.1.1.1" else None

    monkeypatch.setattr("tongguan.border.locate._open", lambda path: Table())
    alerts = alerts_of(tmp_path, moves, text)
    assert [(a.rule, a.recipient, a.activity, a.severity) for a in alerts] == wanted
    for alert in alerts:
        assert set(alert.title) == {"zh", "en"}
        assert alert.citations
        assert alert.evidence
        assert json.loads(json.dumps(alert_dict(alert))) == alert_dict(alert)


def test_a_file_without_connection_is_a_blind_spot_and_no_recipient(tmp_path: Path) -> None:
    scene = Scene(tmp_path, org_of(RETAILER, tmp_path))
    scene.sent(exchange("0.0.0.0", "0.0.0.0", protocol="file", capture="x.csv"), people(0, 9, "phone"))
    ledger = scene.committed()
    assert reconcile(scene.org, summarise(ledger, scene.org, AS_OF), AS_OF, ledger) == []


def test_an_unread_export_alone_is_no_difference(tmp_path: Path) -> None:
    scene = Scene(tmp_path, org_of(RETAILER, tmp_path))
    spot = BlindSpot(BlindKind.ENCRYPTED, "C1")
    scene.sent(exchange(MEMBERS, LUMORA, names=NAMES[LUMORA], blind_spots=(spot,)))
    ledger = scene.committed()
    assert reconcile(scene.org, summarise(ledger, scene.org, AS_OF), AS_OF, ledger) == []


def test_evidence_shows_where_most_was_seen(tmp_path: Path) -> None:
    moves = [(MEMBERS, LUMORA, number, ("phone", "id_card"), MIDDAY) for number in (3, 9, 1, 7, 5, 2, 8)]
    moves.append((MEMBERS, LUMORA, 50, ("phone",), MIDDAY))
    (alert,) = alerts_of(tmp_path, moves)
    assert alert.detail["types"] == ["id_card"]
    assert alert.detail["type_persons"] == {"id_card": 9}
    assert len(alert.evidence) == 5
    first = alert.evidence[0]
    assert set(first) == {"exchange", "ts", "operation", "application", "types", "masked"}
    assert (first["ts"], first["operation"]) == ("2026-09-01T12:00:00Z", "POST /batch")
    assert 0 < len(first["masked"]) <= 5
    assert all("id_card" in row["types"] for row in alert.evidence)


def test_evidence_of_an_expired_activity_is_what_left_too_late(tmp_path: Path) -> None:
    late = "2026-11-01T12:00"
    moves = [(MEMBERS, PARENT, 3, ("phone",), MIDDAY), (MEMBERS, PARENT, 2, ("phone",), late)]
    (alert,) = alerts_of(tmp_path, moves)
    assert alert.rule == "activity_expired"
    assert [row["ts"][:10] for row in alert.evidence] == ["2026-11-01"]
    assert alert.detail == {"crossings": 1, "starts": "2026-02-01", "ends": "2026-10-31"}


# How MARKETING was filed → the first citation of an alert on types
CITED = [
    ("{path: standard_contract}", "《个人信息出境标准合同办法》第八条"),
    ("{path: security_assessment}", "《数据出境安全评估办法》第十四条"),
    ("{path: certification}", "《个人信息出境认证办法》第十条"),
    ("null", "《个人信息保护法》第三十八条"),
]


@pytest.mark.parametrize(("approval", "cited"), CITED)
def test_what_is_cited_follows_from_what_was_filed(tmp_path: Path, approval: str, cited: str) -> None:
    text = RETAILER.replace("{path: standard_contract, persons: 1000}", approval)
    alerts = alerts_of(tmp_path, [(MEMBERS, LUMORA, 3, ("address",), MIDDAY)], text)
    assert alert_dict(alerts[0])["citation"] == cited


def test_titles_name_types_and_numbers_in_both_languages(tmp_path: Path) -> None:
    moves = [(MEMBERS, LUMORA, 3, ("id_card",), MIDDAY), (MEMBERS, PARENT, 11, ("phone",), MIDDAY)]
    types, scale = alerts_of(tmp_path, moves)
    assert TYPES["id_card"].zh in types.title["zh"]
    assert TYPES["id_card"].en in types.title["en"]
    assert "Lumora" in types.title["zh"]
    assert "备案 10 人，实际 11 人" in scale.title["zh"]


def test_ids_stay_the_same_from_run_to_run(tmp_path: Path) -> None:
    moves = [(MEMBERS, LUMORA, 3, ("id_card",), MIDDAY), (MEMBERS, UNPLACED, 3, ("phone",), MIDDAY)]
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    ids = [[alert_dict(alert)["id"] for alert in alerts_of(folder, moves)] for folder in (first, second)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_differences_of_a_recipient(tmp_path: Path) -> None:
    moves = [(MEMBERS, LUMORA, 3, ("phone", "id_card"), MIDDAY), (MEMBERS, PARENT, 3, ("phone",), MIDDAY)]
    alerts = alerts_of(tmp_path, moves, CIIO)
    assert [one["kind"] for one in differences(alerts, "lumora")] == ["path_not_taken", "type_not_filed"]
    assert [one["kind"] for one in differences(alerts, "parent")] == ["path_not_taken"]
    assert differences(alerts, "pagewell") == []


def test_every_text_is_there_in_both_languages() -> None:
    texts = yaml.safe_load((Path(border.__file__).parent / "wording.yaml").read_text(encoding="utf-8"))
    for key, both in texts.items():
        assert set(both) == {"zh", "en"}, key
        assert all(both.values()), key
