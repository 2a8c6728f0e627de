from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from border_scenes import MEMBERS, OFFICE, RETAILER, Scene, at, exchange, org_of, people

from tongguan import law
from tongguan.border import Locator, Org, facts_for, summarise
from tongguan.border.activities import exemption
from tongguan.border.summary import Summary
from tongguan.model import BlindKind, BlindSpot, Count, Role

AS_OF = date(2026, 11, 20)
PARENT, LUMORA, PAGEWELL, HARBOUR, UNPLACED = (
    "203.0.113.9",
    "203.0.113.70",
    "203.0.113.80",
    "203.0.113.90",
    "203.0.113.99",
)
NAMES = {LUMORA: ("a.lumora.example",), PAGEWELL: ("x.pagewell.example",), HARBOUR: ("harbour.example",)}


@pytest.fixture
def org(tmp_path: Path) -> Org:
    return org_of(RETAILER, tmp_path)


@pytest.fixture
def scene(tmp_path: Path, org: Org) -> Scene:
    return Scene(tmp_path, org)


def send(scene: Scene, destination: str, first: int, last: int, *types: str, when: str = "2026-09-01T12:00") -> None:
    moved = exchange(MEMBERS, destination, names=NAMES.get(destination, ()), ts=at(when))
    scene.sent(moved, people(first, last, *types))


def summary_of(scene: Scene, as_of: date = AS_OF) -> Summary:
    return summarise(scene.committed(), scene.org, as_of)


def exactly(number: int) -> Count:
    return Count(number, number, number)


def test_nothing_seen(scene: Scene) -> None:
    summary = summary_of(scene)
    assert summary.seen.persons == Count()
    assert summary.recipients == ()
    assert summary.coverage.first is None
    assert facts_for(scene.org, summary, None, AS_OF)["activity"]["act"] == "none"
    json.dumps(summary.to_dict())


def test_each_person_once_over_all_recipients(scene: Scene) -> None:
    send(scene, PARENT, 0, 30, "person_name", "phone")
    send(scene, LUMORA, 20, 50, "phone", "email")
    summary = summary_of(scene)
    assert summary.seen.persons == exactly(50)
    assert summary.counted.persons == exactly(50)
    assert {total.id: total.seen.persons for total in summary.recipients} == {
        "parent": exactly(30),
        "lumora": exactly(30),
    }
    assert summary.recipient("lumora").type_persons == {"phone": 30, "email": 30}
    assert (summary.crossings, summary.size) == (2, 200)


def test_exempt_exports_are_shown_apart_and_not_counted(scene: Scene) -> None:
    send(scene, PAGEWELL, 0, 20, "person_name", "phone", "bank_card")
    send(scene, LUMORA, 10, 40, "phone")
    summary = summary_of(scene)
    assert summary.seen.persons == exactly(40)
    assert summary.seen.sensitive_persons == exactly(20)
    assert summary.counted.persons == exactly(30)
    assert summary.counted.sensitive_persons == exactly(0)
    assert summary.exempt.persons == exactly(20)
    assert summary.exempt.sensitive_persons == exactly(20)
    assert summary.recipient("pagewell").exempt
    assert not summary.recipient("lumora").exempt


GROUND = "    conditions: {labour_rules: true, collective_contract: true, necessary: true}\n"
# What the staff activity says of its ground → counted
GROUNDS = [
    (GROUND, exactly(0)),
    (GROUND.replace("necessary: true", "necessary: false"), exactly(20)),
    (GROUND.replace(", necessary: true", ""), Count(20, 0, 20)),  # unknown: not in the lower bound
    (GROUND.replace(", necessary: true", "") + "    approval: {path: exempt}\n", exactly(0)),  # filed as exempt
    (GROUND.replace("necessary: true", "necessary: false") + "    approval: {path: exempt}\n", exactly(20)),
]


@pytest.mark.parametrize(("ground", "counted"), GROUNDS)
def test_a_ground_exempts_when_its_conditions_are_met(tmp_path: Path, ground: str, counted: Count) -> None:
    scene = Scene(tmp_path, org_of(RETAILER.replace(GROUND, ground), tmp_path))
    send(scene, PAGEWELL, 0, 20, "person_name", "phone")
    assert summary_of(scene).counted.persons == counted


def test_small_volume_is_no_ground_to_leave_persons_out(tmp_path: Path) -> None:
    text = RETAILER.replace("{path: standard_contract, persons: 1000}", "{path: exempt}")
    scene = Scene(tmp_path, org_of(text, tmp_path))
    send(scene, LUMORA, 0, 20, "phone")
    assert summary_of(scene).counted.persons == exactly(20)


def test_nothing_was_exempt_before_the_rules_of_2024(scene: Scene) -> None:
    send(scene, PAGEWELL, 0, 20, "phone", when="2024-01-05T12:00")
    assert summary_of(scene, date(2024, 3, 21)).counted.persons == exactly(20)
    assert summary_of(scene, date(2024, 3, 22)).counted.persons == exactly(0)


def test_the_window_is_that_of_the_rules_of_the_day(scene: Scene) -> None:
    send(scene, LUMORA, 0, 10, "phone", when="2023-12-31T15:59")  # 2023-12-31 in Beijing
    send(scene, LUMORA, 10, 15, "phone", when="2023-12-31T16:00")  # 2024-01-01 in Beijing
    assert summary_of(scene, date(2024, 3, 21)).counted.persons == exactly(15)
    assert summary_of(scene, date(2024, 3, 22)).counted.persons == exactly(5)
    assert summary_of(scene, date(2025, 1, 1)).counted.persons == exactly(0)
    assert summary_of(scene, date(2023, 12, 31)).counted.persons == exactly(10)


def test_what_may_have_left_widens_the_upper_bound_only(scene: Scene) -> None:
    send(scene, LUMORA, 0, 10, "phone")
    send(scene, UNPLACED, 5, 30, "phone")
    scene.sent(exchange(UNPLACED, MEMBERS), people(30, 60, "phone"))  # came in: cannot have left
    summary = summary_of(scene)
    assert summary.counted.persons == Count(10, 10, 30)
    assert summary.seen.persons == Count(10, 10, 30)
    unplaced = summary.recipient(UNPLACED)
    assert (unplaced.direction, unplaced.party.country, unplaced.seen.persons) == ("undetermined", None, exactly(25))
    assert facts_for(scene.org, summary, UNPLACED, AS_OF)["recipient"]["country"] is None
    assert dict(summary.coverage.directions) == {
        "export": 1, "import": 0, "inside": 0, "outside": 0, "undetermined": 2,
    }  # fmt: skip


def test_what_stays_inside_is_not_counted(scene: Scene) -> None:
    scene.sent(exchange(MEMBERS, OFFICE), people(0, 10, "phone"))
    scene.sent(exchange(PARENT, MEMBERS, role=Role.RESPONSE), people(0, 10, "phone"))
    summary = summary_of(scene)
    assert summary.seen.persons == Count()
    assert summary.recipients == ()
    assert summary.coverage.exchanges == 2


def test_sensitive_persons_are_those_of_whom_anything_sensitive_left(scene: Scene) -> None:
    send(scene, LUMORA, 0, 10, "phone")
    send(scene, LUMORA, 5, 8, "phone", "bank_card")
    scene.sent(exchange(MEMBERS, LUMORA, names=NAMES[LUMORA]), [{"bank_card": "alone"}])
    summary = summary_of(scene)
    assert summary.seen.persons == exactly(11)
    assert summary.seen.sensitive_persons == exactly(4)
    assert summary.counted.persons == exactly(10)  # of the last, nothing but a sensitive item left
    assert summary.counted.sensitive_persons == exactly(4)


BEFORE = "exported_before: [{{from: {}, to: {}, persons: 100, sensitive_persons: 3}}]"


@pytest.mark.parametrize(
    ("start", "end", "persons", "sensitive"),
    [
        ("2026-01-01", "2026-06-30", Count(110, 100, 110), Count(3, 3, 3)),
        ("2025-10-01", "2026-03-01", Count(10, 10, 110), Count(0, 0, 3)),
        ("2025-01-01", "2025-12-31", exactly(10), exactly(0)),
    ],
)
def test_earlier_exports_cannot_be_told_apart(
    tmp_path: Path, start: str, end: str, persons: Count, sensitive: Count
) -> None:
    scene = Scene(tmp_path, org_of(RETAILER + BEFORE.format(start, end), tmp_path))
    send(scene, LUMORA, 0, 10, "phone")
    summary = summary_of(scene)
    assert (summary.counted.persons, summary.counted.sensitive_persons) == (persons, sensitive)
    assert summary.seen.persons == exactly(10)


def test_an_activity_is_matched_by_recipient_system_and_day(scene: Scene) -> None:
    scene.sent(exchange(OFFICE, PARENT), people(0, 5, "phone"))
    send(scene, PARENT, 5, 10, "phone")
    total = summary_of(scene).recipient("parent")
    assert [activity.activity.id for activity in total.activities] == ["MEMBERS"]
    assert total.activities[0].seen.persons == exactly(5)
    assert total.undeclared == 1  # from the office network, which no activity names


TWO = """
  - {id: EARLY, name: e, purpose: p, recipient: lumora, types: [phone], starts: 2026-01-01, ends: 2026-06-30}
  - {id: LATE, name: l, purpose: p, recipient: lumora, types: [phone], starts: 2026-07-01}
  - {id: CARDS, name: c, purpose: p, recipient: lumora, types: [phone, bank_card], starts: 2026-07-01}
"""


def test_of_several_activities_the_day_decides_and_then_the_types(tmp_path: Path) -> None:
    text = RETAILER.replace("  - id: STAFF", TWO + "  - id: STAFF").replace(
        "    types: [phone, email]\n    approval: {path: standard_contract, persons: 1000}",
        "    types: [phone, email]\n    ends: 2025-12-31",
    )
    scene = Scene(tmp_path, org_of(text, tmp_path))
    send(scene, LUMORA, 0, 3, "phone", when="2026-03-01T12:00")
    send(scene, LUMORA, 3, 7, "phone", when="2026-08-01T12:00")
    send(scene, LUMORA, 7, 12, "phone", "bank_card", when="2026-08-01T12:00")
    total = summary_of(scene).recipient("lumora")
    assert {one.activity.id: one.seen.persons.count for one in total.activities} == {"EARLY": 3, "LATE": 4, "CARDS": 5}


def test_unread_content_is_told_and_leaves_personal_data_unknown(scene: Scene) -> None:
    spot = BlindSpot(BlindKind.ENCRYPTED, "C1", "TLS", 1, 500)
    scene.sent(exchange(MEMBERS, LUMORA, names=NAMES[LUMORA], protocol="tls", blind_spots=(spot,), size=500))
    send(scene, HARBOUR, 0, 0)
    summary = summary_of(scene)
    assert (summary.coverage.unread, summary.coverage.unread_size, summary.coverage.read) == (1, 500, 1)
    assert summary.recipient("lumora").unread == 1
    assert facts_for(scene.org, summary, "lumora", AS_OF)["data"]["personal"] is None
    assert facts_for(scene.org, summary, "harbour", AS_OF)["data"]["personal"] is False
    assert facts_for(scene.org, summary, None, AS_OF)["data"]["personal"] is None


def test_blind_spots_are_summed_and_placed_and_bounded(scene: Scene) -> None:
    for _ in range(3):
        moved = exchange(MEMBERS, LUMORA, names=NAMES[LUMORA], application="a.lumora.example")
        scene.batch.add(
            scene.locator.locate(moved), blind_spots=[BlindSpot(BlindKind.UNSUPPORTED, moved.uid, "x", 1, 10)]
        )
    scene.batch.blind([BlindSpot(BlindKind.GAP, f"place {n}", "", 1, n) for n in range(300)], "a.pcap")
    spots = summary_of(scene).blind_spots
    assert {"kind": "unsupported", "where": "a.lumora.example", "detail": "x", "count": 3, "size": 30} in spots
    gaps = [spot for spot in spots if spot["kind"] == "gap"]
    assert len(gaps) == 201
    assert sum(spot["count"] for spot in gaps) == 300
    assert sum(spot["size"] for spot in gaps) == sum(range(300))


def test_places_that_are_unknown_or_assumed_are_blind_spots(scene: Scene) -> None:
    send(scene, UNPLACED, 0, 1, "phone")
    send(scene, "172.16.0.9", 0, 1, "phone")
    scene.sent(exchange("0.0.0.0", "0.0.0.0", protocol="file", capture="x.csv"), people(5, 9, "phone"))
    summary = summary_of(scene)
    told = {spot["where"]: spot["detail"] for spot in summary.blind_spots if spot["kind"] == "location_unknown"}
    assert set(told) == {UNPLACED, "172.16.0.9", "file"}
    assert "taken for the mainland" in told["172.16.0.9"]
    assert [total.id for total in summary.recipients] == [UNPLACED]
    assert summary.counted.persons == Count(0, 0, 5)


def test_flows_run_from_system_to_recipient(scene: Scene) -> None:
    send(scene, PARENT, 0, 10, "phone")
    send(scene, PARENT, 0, 10, "phone")
    scene.sent(exchange(OFFICE, PARENT), people(0, 4, "phone"))
    flows = [
        (flow.system, flow.recipient_id, flow.country, flow.persons, flow.crossings) for flow in summary_of(scene).flows
    ]
    assert flows == [("会员中心", "parent", "SG", 10, 2), ("办公网", "parent", "SG", 4, 1)]


def test_a_recipient_is_one_wherever_it_is_reached(scene: Scene) -> None:
    send(scene, PARENT, 0, 10, "phone")
    send(scene, "198.51.100.3", 5, 12, "phone")  # its office in the register of networks
    summary = summary_of(scene)
    assert [(total.id, total.seen.persons.count, total.crossings) for total in summary.recipients] == [
        ("parent", 12, 2)
    ]


def test_many_strangers_without_personal_data_are_summed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Table:
        def get(self, ip: str) -> dict[str, str]:
            return {"country_code": "US" if ip.endswith("1") else "DE"}

    monkeypatch.setattr("tongguan.border.locate._open", lambda path: Table())
    scene.locator = Locator(scene.org)
    for number in range(130):
        for address in (f"9.0.{number}.1", f"9.0.{number}.2"):
            scene.sent(exchange(MEMBERS, address, names=(f"h{number}.example",), size=number))
    scene.sent(exchange(MEMBERS, "9.9.1.1", names=("reader.example",)), people(0, 3, "phone"))
    summary = summary_of(scene)
    assert len(summary.recipients) == 101
    assert summary.recipients[0].id == "reader.example"
    assert summary.recipient("h129.example").countries == ("DE", "US")
    assert summary.unlisted.recipients == 30
    assert summary.unlisted.size == 2 * sum(range(30))
    assert summary.crossings == 261
    assert {flow.recipient_id for flow in summary.flows} == {total.id for total in summary.recipients}


def test_result_has_the_agreed_shape(scene: Scene) -> None:
    send(scene, LUMORA, 0, 10, "phone", "id_card")
    told = summary_of(scene).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["window"] == ["2026-01-01", "2026-11-20"]
    assert set(told["totals"]) == {
        "exchanges", "crossings", "bytes", "persons", "sensitive_persons", "counted", "exempt",
    }  # fmt: skip
    (recipient,) = told["recipients"]
    assert {
        "id", "name", "country", "basis", "confidence", "persons", "sensitive_persons", "types", "sensitive_types",
        "type_persons", "crossings", "bytes", "first", "last", "activity", "activities", "filed", "exempt",
    } <= set(recipient)  # fmt: skip
    assert recipient["types"] == ["phone", "email", "id_card"][::2]
    assert recipient["first"] == "2026-09-01T12:00:00Z"
    assert (recipient["activity"], recipient["filed"]["persons"]) == ("MARKETING", 1000)


def test_facts_are_those_of_the_exporter_in_all(scene: Scene) -> None:
    send(scene, PARENT, 0, 30, "person_name", "phone")
    send(scene, HARBOUR, 30, 45, "phone", "bank_card")
    summary = summary_of(scene)
    facts = facts_for(scene.org, summary, "parent", AS_OF)
    assert (facts["data"]["persons"], facts["data"]["sensitive_persons"]) == (45, 15)
    assert facts["recipient"] == {"country": "SG", "city": None, "restricted": False}
    assert "ground" not in facts_for(scene.org, summary, "harbour", AS_OF)["activity"]
    assert facts_for(scene.org, summary, None, AS_OF)["recipient"]["country"] == "SG"
    with pytest.raises(KeyError):
        facts_for(scene.org, summary, "nobody", AS_OF)
    for recipient in (None, "parent", "harbour"):
        assert law.decide(facts_for(scene.org, summary, recipient, AS_OF)).pathway.value == (
            "standard_contract_or_certification"
        )


def test_facts_at_the_bounds(scene: Scene) -> None:
    send(scene, LUMORA, 0, 10, "phone")
    send(scene, UNPLACED, 5, 30, "phone")
    summary = summary_of(scene)
    persons = [
        facts_for(scene.org, summary, "lumora", AS_OF, bound)["data"]["persons"] for bound in ("low", "count", "high")
    ]
    assert persons == [10, 10, 30]


def test_what_the_organisation_did_not_say_stays_unknown(tmp_path: Path) -> None:
    scene = Scene(tmp_path, org_of("exporter: {name: x}\nnetworks: [{cidr: 10.0.0.0/8, site: s}]", tmp_path))
    scene.sent(exchange("10.1.1.1", UNPLACED), people(0, 3, "phone"))
    facts = facts_for(scene.org, summary_of(scene), UNPLACED, AS_OF)
    assert facts["exporter"] == {"ciio": None, "processes_persons": None, "city": None, "zone": None}
    assert (facts["data"]["important"], facts["data"]["core"], facts["recipient"]["restricted"]) == (None, None, None)
    assert law.decide(facts).pathway.value == "undetermined"


@pytest.mark.parametrize(
    ("stands", "way", "pathway"),
    [
        ("on_zone_list: false", "exempt", "exempt"),  # twenty persons
        ("on_zone_list: true", "counted", "undetermined"),  # neither part frees, and which one it is decides
        ("on_zone_list: true\n    zone_list_part: assessment", "counted", "security_assessment"),
        ("on_zone_list: true\n    zone_list_part: contract", "counted", "standard_contract_or_certification"),
    ],
)
def test_the_part_of_a_zones_list_decides(tmp_path: Path, stands: str, way: str, pathway: str) -> None:
    text = RETAILER.replace("exporter: {", "exporter: {zone: tianjin, ", 1)
    text = text.replace("recipient: lumora\n", f"recipient: lumora\n    {stands}\n", 1)
    org = org_of(text, tmp_path)
    scene = Scene(tmp_path, org)
    send(scene, LUMORA, 0, 20, "phone")
    assert law.decide(facts_for(org, summary_of(scene), "lumora", AS_OF)).pathway.value == pathway
    activity = next(one for one in org.activities.values() if one.recipient == "lumora")
    assert exemption(activity, org, AS_OF) == way


def test_remote_access_is_told_from_transmission(scene: Scene) -> None:
    scene.sent(exchange(MEMBERS, PARENT, role=Role.RESPONSE), people(0, 3, "phone"))
    summary = summary_of(scene)
    assert facts_for(scene.org, summary, "parent", AS_OF)["activity"]["act"] == "remote_access"
    send(scene, PARENT, 0, 3, "phone")
    scene.ledger.commit("more", 0, scene.batch)
    assert summarise(scene.ledger, scene.org, AS_OF).recipient("parent").acts == ("remote_access", "transmission")


def test_other_days_are_in_no_total_and_are_told(scene: Scene) -> None:
    send(scene, PARENT, 0, 3, "phone")
    send(scene, LUMORA, 0, 3, "phone", when="2019-06-01T12:00")
    summary = summary_of(scene)
    assert summary.crossings == 1
    told = [spot for spot in summary.blind_spots if spot["kind"] == BlindKind.OUT_OF_WINDOW]
    assert [(spot["where"], spot["count"]) for spot in told] == [("2019-06-01", 1)]
