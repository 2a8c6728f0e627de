"""What the packs hold, and how it stands on a day. The figures are a second copy, made from the sources by hand."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from tongguan import law
from tongguan.errors import BadFacts, NotFound
from tongguan.law.book import book
from tongguan.law.packs.reading import read
from tongguan.law.packs.shape import SECTIONS
from tongguan.law.packs.shelf import our_shelf
from tongguan.wording import LANGUAGES, wording

FIGURES: dict[str, tuple[str, str, str, dict[str, int], int]] = {  # zone, from, to, published, sectors held
    "TJ-2024": ("tianjin", "2024-05-09", "", {"classes": 13, "subclasses": 46}, 13),
    "BJ-2024": (
        "beijing",
        "2024-08-30",
        "2026-05-10",
        {"sectors": 5, "scenarios": 23, "items": 48, "important_items": 18, "personal_items": 30, "fields": 198},
        5,
    ),
    "BJ-2025": ("beijing", "2026-05-11", "", {"sectors": 9, "scenarios": 67, "fields": 612}, 9),
    "SH-2024": ("shanghai", "2025-02-08", "2026-04-23", {"sectors": 3, "scenarios": 6, "items": 84}, 3),
    "SH-2025": ("shanghai", "2026-04-24", "", {"sectors": 4, "scenarios": 9, "subclasses": 29, "items": 109}, 4),
    "HN-2024": ("hainan", "2025-02-20", "", {"sectors": 5, "scenarios": 14, "items": 88}, 5),
    "ZJ-2024": ("zhejiang", "2025-04-10", "", {"sectors": 2, "scenarios": 8, "items": 134}, 2),
    "GX-2025": ("guangxi", "2025-08-08", "", {"sectors": 4}, 4),
    "JS-2025": ("jiangsu", "2025-08-13", "", {"sectors": 1, "scenarios": 21}, 1),
    "CQ-2025": ("chongqing", "2025-09-05", "", {"sectors": 1, "scenarios": 9, "activities": 4, "items": 110}, 1),
    "FJ-2025": ("fujian", "2025-12-25", "", {"sectors": 4, "scenarios": 26, "items": 298}, 4),
    "GD-2025": ("guangdong", "2026-05-15", "", {"sectors": 2, "scenarios": 7, "items": 67}, 2),
    "LG-2024": ("lingang", "2024-05-17", "2025-05-15", {"sectors": 3, "scenarios": 11, "categories": 64}, 3),
}
RENEWED = {"lingang_renewed": "renewed"}


def day(text: str) -> date:
    return date.fromisoformat(text) if text else date.max


@pytest.mark.parametrize("key", FIGURES)
def test_days_zone_and_published_size(key: str) -> None:
    zone, first, last, counts, sectors = FIGURES[key]
    one = law.zone_list(key)
    assert (one.zones[0], one.first, one.last) == (zone, day(first), day(last))
    assert dict(one.counts) == counts
    assert len(one.sectors) == sectors
    if "sectors" in counts:
        assert counts["sectors"] == sectors
    assert sum(1 for _ in one.scenarios()) <= counts.get("scenarios", 99)
    assert one.unverified, "no list is known in full"


def test_there_are_no_others_but_regional_rules_and_contracts() -> None:
    others = {key: one.kind for key, one in book().zone_lists.items() if key not in FIGURES}
    assert others == {
        "ZONE-RULES": "regional_rules",
        "LG-MEASURES-2024": "regional_rules",
        "HN-IDC": "regional_rules",
        "GBA-HK": "regional_contract",
        "GBA-MO": "regional_contract",
    }


@pytest.mark.parametrize("key", sorted(book().zone_lists))
def test_a_list_holds_from_its_first_to_its_last_day(key: str) -> None:
    one = law.zone_list(key)
    assert one not in law.zone_lists(one.first - timedelta(days=1))
    assert one in law.zone_lists(one.first)
    if one.last < date.max:
        assert one in law.zone_lists(one.last)
        assert one not in law.zone_lists(one.last + timedelta(days=1))


def test_the_page_names_negative_lists_only() -> None:
    page = book().page(date(2026, 5, 1))
    assert page.lists["beijing"] == "BJ-2024" and page.lists["lingang"] == page.lists["shanghai"] == "SH-2025"
    assert page.list_ids == {key: FIGURES[key][0] for key in page.list_ids}
    assert set(page.list_ids) == set(FIGURES) - {"SH-2024", "BJ-2025", "GD-2025", "LG-2024"}
    assert set(page.lists.values()) == set(page.list_ids)
    assert "shanghai-2024/commerce/membership_retail" not in page.scenarios


def test_scenarios_have_all_their_limits_or_none() -> None:
    page = book().page(date(2025, 6, 1))
    membership = page.scenarios["beijing-2024/retail/membership"]
    assert membership.numbers == {
        "persons_for_assessment": 5_000_000,
        "persons_for_contract": 500_000,
        "sensitive_persons_for_assessment": 1_000_000,
        "sensitive_persons_for_contract": 100_000,
    }
    assert (membership.list, membership.zone, membership.confidence) == ("BJ-2024", "beijing", "secondary")
    crew = page.scenarios["shanghai-2024/shipping/crew"]
    assert (crew.numbers, crew.list, crew.zone, crew.zones) == ({}, "SH-2024", "shanghai", ("shanghai", "lingang"))
    trials = page.scenarios["beijing-2024/pharma/clinical_trials"]
    assert trials.numbers == {}, "one limit of four is known; decisions do not rest on it"
    [held] = [s for _, s in law.zone_list("BJ-2024").scenarios() if s.id == trials.id]
    assert held.limits == {"sensitive_persons_for_assessment": 50_000} and held.limits_note
    assert not any(key.startswith("lingang-2024") for key in page.scenarios), "a general list opens no scenario"


def test_lingang_holds_after_its_year_only_by_the_reading() -> None:
    after = date(2025, 6, 1)
    lists = {one.id for one in law.zone_lists(after)}
    assert not lists & {"LG-2024", "LG-MEASURES-2024"}
    renewed = {one.id for one in law.zone_lists(after, RENEWED)}
    assert renewed - lists == {"LG-2024", "LG-MEASURES-2024"}
    assert law.zone_lists(after, {"lingang_renewed": "lapsed"}) == law.zone_lists(after)
    told = law.zone_list_json(law.zone_list("LG-2024"), after, RENEWED)
    assert told["in_force"] and told["by_reading"]
    assert "lingang_renewed" in law.zone_list_text(law.zone_list("LG-2024"), after, "en")


@pytest.mark.parametrize("readings", [{"lingang_renewed": "perhaps"}, {"no_such": "renewed"}])
def test_an_unknown_reading_is_refused(readings: dict[str, str]) -> None:
    with pytest.raises(BadFacts, match="readings"):
        law.zone_lists(date(2025, 1, 1), readings)


def test_an_unknown_list_names_what_is_near() -> None:
    with pytest.raises(NotFound, match="BJ-2025"):
        law.zone_list("bj-2026")


# ---- Where lists disagree ----------------------------------------------------------------------------------------


def topics(as_of: date, readings: dict[str, str] | None = None) -> dict[str, list[str]]:
    found = law.disagreements(as_of, readings)
    return {one.topic: [position.list.id for position in one.positions] for one in found}


def test_beijing_and_lingang_on_vehicle_data() -> None:
    [found] = [one for one in law.disagreements(date(2024, 12, 1)) if one.topic == "vehicle_after_sales"]
    said = {position.list.id: position.statement.treatment for position in found.positions}
    assert said == {"BJ-2024": "important", "LG-2024": "registration"}
    assert {position.cite.instrument.id for position in found.positions} == {"BJ-2024", "LG-2024"}
    for language in LANGUAGES:
        text = law.disagreements_text([found], language)
        assert found.names[language] in text and text.count("《") >= 2


@pytest.mark.parametrize(
    ("as_of", "both"),
    [("2024-08-29", False), ("2024-08-30", True), ("2025-05-15", True), ("2025-05-16", False)],
)
def test_they_disagree_while_both_are_in_force(as_of: str, both: bool) -> None:
    assert ("vehicle_after_sales" in topics(day(as_of))) is both
    if as_of == "2025-05-16":
        assert topics(day(as_of), RENEWED)["vehicle_after_sales"]


def test_a_boundary_alone_is_a_disagreement() -> None:
    assert topics(date(2026, 5, 1))["important_sensitive"] == ["BJ-2024", "SH-2025"]
    assert topics(date(2026, 4, 23)) == {} == topics(date(2026, 11, 21))
    assert law.disagreements_text([], "en") == wording("tongguan.law.packs").text("agree", "en")


# ---- Told --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", sorted(book().zone_lists))
def test_every_statement_is_told(key: str, language: Any) -> None:
    one = law.zone_list(key)
    text = law.zone_list_text(one, date(2026, 11, 21), language)
    for _, _, statement in one.statements():
        assert statement.text[language] in text
    for _, scenario in one.scenarios():
        assert scenario.id in text and scenario.names[language] in text
        for number in scenario.limits.values():
            assert f"{number:,}" in text
    for unverified in one.unverified:
        assert unverified[language] in text


@pytest.mark.parametrize("key", sorted(book().zone_lists))
def test_json_holds_all_of_a_list(key: str) -> None:
    one = law.zone_list(key)
    told = json.loads(json.dumps(law.zone_list_json(one, date(2026, 11, 21))))
    assert told["id"] == key and told["instrument"]["title"] and told["own"]
    places = [told, *told["sectors"], *(s for sector in told["sectors"] for s in sector["scenarios"])]
    said = [s["text"] for place in places for all_ in place["sections"].values() for s in all_]
    assert sorted(map(str, said)) == sorted(str(dict(s.text)) for _, _, s in one.statements())
    assert told["in_force"] is one.in_force(date(2026, 11, 21))


def test_the_expected_end_of_a_trial() -> None:
    one = law.zone_list("CQ-2025")
    assert not law.zone_list_json(one, date(2027, 9, 30))["expected_end"]["passed"]
    assert law.zone_list_json(one, date(2027, 10, 1))["expected_end"]["passed"]
    assert "2027-09" in law.zone_list_text(one, date(2027, 10, 1), "zh")


def test_onward_transfers_cite_the_answer_from_its_day_on() -> None:
    one = law.zone_list("GBA-HK")
    [onward] = [s for _, _, s in one.statements() if s.id == "onward"]
    assert (onward.cite, onward.first) == (("QA-2026-01", "第二问"), date(2026, 1, 30))
    [mainland, other] = [s.values["places"] for _, section, s in one.statements() if section == "places"]
    assert len(mainland) == 9 and other == ["香港"]


def test_show_tells_the_list_of_an_instrument() -> None:
    shown = law.show("BJ-2025", date(2026, 11, 21))
    assert shown["kind"] == "instrument" and [one["id"] for one in shown["zone_lists"]] == ["BJ-2025"]
    assert "612" in law.shown(shown, "en")
    assert "zone_lists" not in law.show("PIPL", date(2026, 11, 21))
    assert law.show("zone_list/SH-2025", date(2026, 11, 21))["zone_lists"][0]["ciio"] == "excluded"


# ---- Our own packs -----------------------------------------------------------------------------------------------


def packs() -> dict[str, Any]:
    from importlib.resources import files

    return {child.name: child for child in files("tongguan.law").joinpath("data/zones").iterdir()}


@pytest.mark.parametrize("name", sorted(packs()))
def test_our_packs_are_good_and_read_alike_by_both_readers(name: str) -> None:
    import yaml

    from tongguan.law.book import load
    from tongguan.law.packs.sense import Known, all_faults

    raw = packs()[name].read_bytes()
    document = read(raw, name)
    assert document.values == yaml.safe_load(raw)
    known = Known(frozenset(load("instruments")), frozenset(load("zones")["zones"]), {}, {})
    assert all_faults(document.values, known) == []


@pytest.mark.parametrize("name", sorted(packs()))
def test_our_packs_say_of_everything_how_it_is_known(name: str) -> None:
    from tongguan.law.packs.checking import _limits, _without_confidence

    document = read(packs()[name].read_bytes(), name)
    assert list(_without_confidence(document)) == []
    in_part = [warning["en"] for warning in _limits(document)]
    assert len(in_part) == (name == "beijing-2024.yaml")


def test_topics_and_zones_are_used_and_named() -> None:
    from tongguan.law.book import load

    data = load("zones")
    shelf = our_shelf(data["zones"], load("instruments"))
    said = {s.about for one in shelf.lists.values() for _, _, s in one.statements() if s.about}
    assert said == set(data["topics"])
    assert {zone for one in shelf.lists.values() for zone in one.zones} == set(data["zones"])
    assert shelf.instruments == {}, "every instrument of our lists is in instruments.yaml"


def test_every_section_and_count_has_its_words() -> None:
    from tongguan.law.packs import shape

    texts = wording("tongguan.law.packs").texts
    groups = {"section": SECTIONS, "count": shape.COUNTS, "kind": shape.KINDS, "limit": shape.LIMITS}
    groups |= {"confidence": shape.CONFIDENCES, "unit": shape.UNITS}
    for group, names in groups.items():
        assert {key.partition(".")[2] for key in texts if key.startswith(f"{group}.")} == set(names)
    for both in texts.values():
        assert set(both) == set(LANGUAGES) and all(both.values())


def test_no_word_is_unused() -> None:
    from importlib.resources import files

    sources = [child for child in files("tongguan.law.packs").iterdir() if child.name.endswith(".py")]
    code = "".join(child.read_text(encoding="utf-8") for child in sources)
    code = code.replace("'", '"')
    for key in wording("tongguan.law.packs").texts:
        group = key.partition(".")[0]
        assert f'"{key}"' in code or f'"{group}.{{' in code or f'"{group}.more_{{' in code, key


NUMBERS = """
BJ-2024 persons 10000000 ordinary reached
BJ-2024 persons 1000000 sensitive reached
BJ-2024 persons 100000 sensitive_with_accounts reached
BJ-2024 persons 100000 any reached
BJ-2024 n 5 working_day
BJ-2024/pharma persons 100000 any reached
SH-2025 persons 10000000 ordinary exceeded
SH-2025 persons 1000000 sensitive exceeded
SH-2025 persons 100000 sensitive_with_accounts exceeded
SH-2024 n 15 working_day
GBA-HK n 10 working_day
GBA-MO n 10 working_day
LG-2024/vehicles categories 23
LG-2024/vehicles fields 158
LG-2024/biopharma categories 30
LG-2024/funds scenarios 2
LG-2024/funds categories 11
"""  # a second copy of every number in the statements and of the sectors' sizes


def numbers() -> list[str]:
    found = []
    for key, one in book().zone_lists.items():
        for where, _, said in one.statements():
            values = said.values
            if "persons" in values:
                found.append(f"{where} persons {values['persons']} {values['of']} {values['boundary']}")
            if "n" in values:
                found.append(f"{where} n {values['n']} {values['unit']}")
        for sector in one.sectors:
            found += [f"{key}/{sector.id} {name} {number}" for name, number in sector.counts.items()]
    return found


def test_every_number_in_a_list_stands_in_the_second_copy() -> None:
    assert sorted(numbers()) == sorted(NUMBERS.split("\n")[1:-1])


def test_what_the_lists_say_of_those_they_cover() -> None:
    told = {key: (one.area, one.ciio) for key, one in book().zone_lists.items() if one.kind == "negative_list"}
    assert {key for key, (_, ciio) in told.items() if ciio == "excluded"} == {"SH-2024", "SH-2025"}
    assert {key for key, (area, _) in told.items() if area == "city"} == {"BJ-2025", "SH-2025"}
    assert {key for key, (area, _) in told.items() if area == "zone"} == {"BJ-2024", "TJ-2024", "SH-2024", "GD-2025"}
    grades = {said.id: said.treatment for _, section, said in law.zone_list("LG-MEASURES-2024").statements()}
    assert grades == {"core": "prohibited", "important": "assessment", "general": "registration"}
