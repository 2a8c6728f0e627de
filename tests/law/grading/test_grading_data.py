"""The data of grading: held against a timetable written apart from it; citations, texts and words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from tongguan.law import grade
from tongguan.law.citing import citations, documents, faults
from tongguan.law.grading.conditions import CONDITIONS, DEGREES, PUBLIC
from tongguan.law.grading.judging import LEVELS
from tongguan.law.grading.reading import data, factors, grading_fields
from tongguan.wording import wording

TABLE = yaml.safe_load(Path(__file__).parent.joinpath("grading_timetable.yaml").read_text(encoding="utf-8"))


def row(group: str, key: str, entry: Mapping[str, Any]) -> list[Any]:
    """An entry of the data in the shape of the timetable."""
    cites = {f"{cite['instrument']} {cite['article']}".strip(): cite.get("from") for cite in entry["cites"]}
    id = entry.get("id") or entry.get("sector") or entry.get("degree") or key
    return [id, said(group, entry), entry.get("from"), entry.get("to"), entry["confidence"], cites]


def said(group: str, entry: Mapping[str, Any]) -> Any:
    if group == "triggers":
        signs = {"at_least": ">=", "more_than": ">"}
        number = next((f"{sign} {entry[name]}" for name, sign in signs.items() if name in entry), "not found")
        return f"{number} {entry['effect']}"
    if group == "obligations":
        return f"{entry['when']} {entry['months']} months" if "months" in entry else entry["when"]
    return entry.get("level")


def entries(group: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    held = data()[group]
    yield from held.items() if isinstance(held, dict) else (("", entry) for entry in held)


@pytest.mark.parametrize("group", TABLE)
def test_the_data_is_what_the_timetable_says(group: str) -> None:
    assert [row(group, key, entry) for key, entry in entries(group)] == TABLE[group]


def test_the_timetable_holds_every_group_that_cites() -> None:
    cited = {name for name, held in data().items() if name != "fields" and "instrument" in str(held)}
    assert cited == set(TABLE)


def test_every_citation_stands_on_all_its_days() -> None:
    found = [cite for cite in citations() if cite.document == "grading"]
    assert len(found) > 50
    assert [(cite.entry, faults(cite)) for cite in found if faults(cite)] == []


def test_the_table_of_levels() -> None:
    """The standard's table: national security counts one degree more than the economy, social order or the public."""
    assert data()["harm"]["public"] == {
        "national_security": {"core": "serious", "important": "general"},
        "economy": {"core": "especially_serious", "important": "serious"},
        "social_order": {"core": "especially_serious", "important": "serious"},
        "public_interest": {"core": "especially_serious", "important": "serious"},
    }
    assert data()["harm"]["own"] == ["organisation", "individual"]
    assert tuple(data()["harm"]["public"]) == PUBLIC and tuple(data()["harm"]["degrees"]) == DEGREES
    assert tuple(data()["levels"]) == LEVELS


def test_conditions_and_rules_name_one_another() -> None:
    assert {entry["id"] for entry in data()["rules"]} == set(CONDITIONS)
    paths = set(grading_fields())
    for entry in data()["triggers"]:
        assert {*entry.get("when", {}), *entry.get("any", [])} <= paths, entry["id"]
    assert set(data()["tell"]) <= paths
    named = {name for entry in data()["rules"] for group in entry.get("elements", []) for name in group}
    assert named <= {path.partition(".")[2] for path in paths if path.startswith("factors.")}


def test_there_are_eighteen_factors_all_from_memory_and_it_is_said() -> None:
    assert len(factors()) == 18
    assert {entry["confidence"] for entry in data()["annex_g"].values()} == {"memory"}
    found = grade({"date": "2024-10-01"})
    assert any("凭记忆" in said["zh"] and "from memory" in said["en"] for said in found.cautions)


def test_what_counts_as_not_claimed_where_absent() -> None:
    assert grade({"date": "2026-11-21"}).not_claimed == ("handler.zone", "status.core")
    assert grade({"date": "2026-11-21", "status": {"core": False}}).not_claimed == ("handler.zone",)


def test_the_defaults_of_the_readings() -> None:
    taken = {name: (entry["default"], entry["other"]) for name, entry in data()["readings"].items()}
    assert taken == {
        "degree": ("standard", "definition"),
        "elements": ("harm_decides", "both_needed"),
        "published_rule": ("after_confirmation", "is_publication"),
        "beijing_automotive": ("rule_stays", "list_prevails"),
    }
    for entry in data()["readings"].values():
        assert set(entry["readings"]) == {entry["default"], entry["other"]}


def test_numbers_in_texts_are_those_of_the_law() -> None:
    """Written-out numbers: three years (art. 12), twenty working days (art. 16), 15 December (art. 13), arts. 30 and 32."""
    texts = {(entry["id"], entry.get("from")): entry for entry in data()["obligations"]}
    assert "三年" in texts["keep_records", date(2025, 1, 1)]["zh"]
    assert "three years" in texts["keep_records", date(2025, 1, 1)]["en"]
    assert "二十个工作日" in texts["report_assessment", date(2026, 8, 20)]["zh"]
    assert "twenty working days" in texts["report_assessment", date(2026, 8, 20)]["en"]
    assert "十二月十五日" in texts["automotive_report", date(2021, 10, 1)]["zh"]
    assert "15 December" in texts["automotive_report", date(2021, 10, 1)]["en"]
    many = next(entry for entry in data()["triggers"] if entry["id"] == "handler_of_many")
    assert "第三十条、第三十二条" in many["zh"] and "arts. 30 and 32" in many["en"]
    current = next(entry for entry in data()["triggers"] if entry["id"] == "beijing_current")
    assert "2025" in current["zh"] and "2025" in current["en"]
    assert "2024" in data()["readings"]["beijing_automotive"]["zh"]
    assert "2024" in data()["readings"]["beijing_automotive"]["en"]
    for level in (1, 2, 3, 4):
        entry = data()["sub_levels"][level - 1]
        assert entry["level"] == level and f"{level}级" in entry["zh"] and f"level {level}" in entry["en"]


def test_texts_stand_in_both_languages() -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            if "zh" in node or "en" in node:
                assert str(node["zh"]).strip() and str(node["en"]).strip(), node
            for child in node.values():
                check(child)
        elif isinstance(node, list):
            for child in node:
                check(child)

    check(data())
    check(wording("tongguan.law.grading").texts)


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    room = files("tongguan.law.grading")
    code = "\n".join(child.read_text(encoding="utf-8") for child in room.iterdir() if child.name.endswith(".py"))
    texts = wording("tongguan.law.grading").texts
    made = {"outcome.", "filing."} | {"caution.published_rule_", "caution.beijing_automotive_"}
    for key in texts:
        last = key.partition(".")[2]
        assert last in code or key in code or any(key.startswith(prefix) for prefix in made), key
    yielded = set(re.findall(r'yield "(\w+)"', room.joinpath("cautions.py").read_text(encoding="utf-8")))
    assert {f"caution.{key}" for key in yielded} <= set(texts)
    for reading in ("published_rule", "beijing_automotive"):
        options = data()["readings"][reading]["readings"]
        assert {f"caution.{reading}_{option}" for option in options} <= set(texts)


def test_the_numbers_of_the_lists_are_those_of_their_packs() -> None:
    """What the packs of the lists say of persons, each once more apart from it here, is the same and as complete."""
    counts = {"ordinary": "persons", "sensitive": "sensitive", "sensitive_with_accounts": "sensitive", "any": "all"}
    named = set()
    for pack, zone in (("beijing-2024", "beijing"), ("shanghai-2025", "shanghai")):
        held = documents()[f"zones/{pack}"]
        sectors = [item for sector in held["sectors"] for item in sector.get("important", [])]
        for item in (one for one in (*held["important"], *sectors) if "persons" in one):
            limit = {"reached": "at_least", "exceeded": "more_than"}[item["boundary"]]
            count = "group_health" if item.get("id") == "group_health" else counts[item["of"]]
            (same,) = (
                entry
                for entry in data()["triggers"]
                if zone in str(entry.get("when", {}).get("handler.zone"))
                and (entry.get("count"), entry.get(limit)) == (count, item["persons"])
                and ("any" in entry) == (item["of"] == "sensitive_with_accounts")
            )
            assert (same["from"], same.get("to")) == (held["from"], held.get("to")), same["id"]
            assert same["when"].get("handler.ciio") == (False if zone == "shanghai" else item.get("ciio"))
            named.add(same["id"])
    assert named == {entry["id"] for entry in data()["triggers"] if entry["id"][:8] in ("beijing_", "shanghai")} - {
        "beijing_current"
    }
