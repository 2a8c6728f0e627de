"""Search, show and trace: pure functions, and the commands over them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongguan.cli import main
from tongguan.errors import BadFacts, NotFound
from tongguan.law import MOST_HITS, decide, found, hit_json, search, show, shown, step_json, trace, traced
from tongguan.law.book import book
from tongguan.law.facts import ACTS, GROUNDS
from tongguan.law.index import KINDS, entries
from tongguan.law.tracing import Outcome
from tongguan.model import Pathway
from tongguan.wording import wording

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(2009, 1, 1), date(2030, 1, 1))
QUESTION: dict[str, Any] = {
    "date": "2025-03-03",
    "exporter": {"ciio": False},
    "recipient": {"country": "JP"},
    "data": {
        "personal": True,
        "important": False,
        "core": False,
        "state_secret": False,
        "persons": 230000,
        "sensitive_persons": 0,
    },
    "activity": {"act": "transmission"},
}


# ---- Search ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("个人信息保护法", "PIPL"),
        ("《个人信息保护法》", "PIPL"),
        ("personal information protection law", "PIPL"),
        ("PROMO-2024", "PROMO-2024"),
        ("promo-2024", "PROMO-2024"),
        ("ＰＲＯＭＯ－２０２４", "PROMO-2024"),  # full width
        ("国务院令第790号", "NDSR"),
        ("人脸", "FACE-2025"),
        ("北京", "beijing"),
        ("Beijing", "beijing"),
        ("persons_for_assessment", "persons_for_assessment"),
        ("ciio localisation", "ciio_localisation"),
        ("GB/T 46068", "GBT-46068-2025"),
        ("filing standard contracts", "contract_filing"),
    ],
)
def test_the_best_hit(words: str, first: str) -> None:
    assert search(words)[0].id == first


def test_words_must_all_be_found_where_something_holds_them_all() -> None:
    hits = search("标准合同 备案", limit=100)
    assert {"contract_filing", "GUIDE-SCC-1", "GUIDE-SCC-2", "file_standard_contract"} <= {hit.id for hit in hits}
    assert all(hit.id != "PIPL" for hit in hits)
    assert search("备案 标准合同", limit=100) != [] and {hit.id for hit in search("备案 标准合同", limit=100)} == {
        hit.id for hit in hits
    }


def test_where_nothing_holds_all_words_any_will_do() -> None:
    assert any(hit.id == "FACE-2025" for hit in search("人脸 zzzz"))


def test_a_sentence_in_chinese_finds_by_its_pairs() -> None:
    assert "assessment_validity" in {hit.id for hit in search("评估结果有效期是多久")}


def test_every_kind_of_entry_can_be_found_by_its_id() -> None:
    for kind in set(KINDS.values()):
        entry = next(one for one in entries() if one.kind == kind)
        assert any((hit.kind, hit.id) == (kind, entry.id) for hit in search(entry.id, limit=MOST_HITS)), kind


def test_a_day_leaves_what_holds_then() -> None:
    assert [hit.id for hit in search("网络安全法", date(2025, 12, 31)) if hit.id.startswith("CSL")] == ["CSL-2017"]
    assert [hit.id for hit in search("网络安全法", date(2026, 1, 1)) if hit.id.startswith("CSL")] == ["CSL-2026"]
    assert "small_volume" not in {hit.id for hit in search("small volume", date(2024, 3, 21), 100)}
    assert "LARGE-DRAFT" not in {hit.id for hit in search("大型个人信息处理者", TODAY, 100)}
    assert "LARGE-DRAFT" in {hit.id for hit in search("大型个人信息处理者")}


@pytest.mark.parametrize("words", ["", " ", "《》", "!?", "\n\t", "\x00", "\ud800", "١٢٣"])
def test_a_question_without_words_finds_nothing(words: str) -> None:
    assert search(words) == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(), st.one_of(st.none(), DAYS), st.integers(-3, 300))
def test_search_never_raises_and_is_bounded_and_ranked(words: str, day: date | None, limit: int) -> None:
    hits = search(words, day, limit)
    assert len(hits) <= max(0, min(limit, MOST_HITS))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    json.dumps([hit_json(hit) for hit in hits])
    assert found(hits, "zh") and found(hits, "en")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(entries()), st.integers(0, 30), st.integers(2, 30), st.sampled_from(["zh", "en"]))
def test_any_piece_of_a_name_finds_something(entry: Any, start: int, length: int, language: str) -> None:
    piece = entry.names[language][start : start + length]
    if re.search(r"[a-zA-Z0-9\u4e00-\u9fff]", piece):
        assert search(piece)


def test_a_long_question_is_cut() -> None:
    assert search("数据 " * 100_000)
    assert len(search("数据", limit=10**9)) <= MOST_HITS


# ---- Show --------------------------------------------------------------------------------------------------------


def test_an_instrument_in_full() -> None:
    entry = show("CSL-2017", date(2026, 1, 1))
    assert entry["kind"] == "instrument" and entry["status"] == "replaced" and entry["replaced_by"] == "CSL-2026"
    assert (entry["effective"], entry["until"], entry["articles"]) == ("2017-06-01", "2025-12-31", 79)
    assert {
        "document": "duties",
        "id": "store_at_home",
        "article": "第三十七条",
        "from": "2017-06-01",
        "to": "2025-12-31",
    } in entry["cited_by"]
    assert "ciio_localisation" in {matter["id"] for matter in entry["matters"]}
    assert show("PROMO-2024")["source"] == "https://www.cac.gov.cn/2024-03/22/c_1712776611775634.htm"
    assert show("PROMO-2024")["status"] is None


def test_a_title_shows_the_text_of_the_day() -> None:
    assert [show("网络安全法", day)["id"] for day in (date(2025, 12, 31), date(2026, 1, 1))] == ["CSL-2017", "CSL-2026"]


def test_a_number_with_all_its_periods() -> None:
    entry = show("persons_for_assessment", TODAY)
    assert [(one["values"]["value"], one["in_force"]) for one in entry["versions"]] == [
        (100_000, False),
        (1_000_000, True),
    ]
    assert [one["cites"][0]["article"] for one in entry["versions"]] == ["第四条第三项", "第七条第一款第二项"]
    assert "persons_2024" in {user["id"] for user in entry["cited_by"]}


def test_a_rule_a_zone_and_a_scenario() -> None:
    rule = show("persons_2024", TODAY)
    assert "1,000,000" in rule["names"]["en"] and rule["versions"][0]["cites"][0]["standing"] == "stands"
    assert show("beijing")["cited_by"][0]["id"].startswith("beijing-2024/")
    scenario = show("beijing-2024/retail/membership", TODAY)
    assert scenario["versions"][0]["in_force"] is False and scenario["versions"][0]["confidence"] == "secondary"


def test_an_id_of_several_kinds_names_the_others() -> None:
    entry = show("assessment_validity")
    assert entry["also"] and show(entry["also"][0])["kind"] == entry["also"][0].partition("/")[0]


def test_every_entry_shows_in_both_languages_on_every_side_of_its_days() -> None:
    for one in entries():
        for day in {None, one.first, one.last, TODAY}:
            entry = show(f"{one.kind}/{one.id}", day)
            json.dumps(entry)
            assert one.id in shown(entry, "zh") and one.id in shown(entry, "en")


@pytest.mark.parametrize("name", ["BJ-2025", "persons_for_contract", "beijing", "DSL"])
def test_a_day_after_the_last_check_is_said_to_be_one(name: str) -> None:
    checked, later = date(2026, 11, 21), date(2026, 11, 22)
    assert book().parameters["known"]["checked"] == checked
    for language, words in (("zh", "最近核对于 2026-11-21"), ("en", "last checked on 2026-11-21")):
        assert words in shown(show(name, later), language)
        assert words not in shown(show(name, checked), language)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.one_of(st.none(), DAYS))
def test_what_is_not_there_is_not_found(name: str, day: date | None) -> None:
    try:
        shown(show(name, day), "zh")
    except NotFound as error:
        assert "search" in str(error)


def test_what_is_near_is_named() -> None:
    with pytest.raises(NotFound, match="PROMO-2024"):
        show("PROMO2024")


# ---- Trace -------------------------------------------------------------------------------------------------------


def steps_of(**changed: Any) -> dict[str, Any]:
    return {step.rule: step for step in trace({**QUESTION, **changed})}


def test_every_rule_of_the_day_is_there_in_order() -> None:
    assert [step.rule for step in trace(QUESTION)] == [rule.id for rule in book().page(date(2025, 3, 3)).rules]


def test_one_rule_decides_and_those_before_it_say_why_not() -> None:
    steps = steps_of()
    assert steps["persons_band_2024"].outcome is Outcome.DECIDES
    assert steps["persons_2024"].outcome is Outcome.FAILS and steps["persons_2024"].facts["data.persons"] == 230000
    assert steps["restricted_recipient"].not_claimed == ("recipient.restricted",)
    assert steps["sensitive_persons_band_2024"].outcome is Outcome.NOT_ASKED
    assert steps["persons_2024"].cites == (("促进和规范数据跨境流动规定", "第七条第一款第二项"),)
    assert "1,000,000" in steps["persons_2024"].text["zh"]


def test_unknown_facts_are_named_with_what_they_would_have_to_be() -> None:
    steps = steps_of(data={**QUESTION["data"], "persons": None})
    assert steps["small_volume"].outcome is Outcome.MAY_DECIDE
    assert steps["small_volume"].unknown == {"data.persons": ("0–99,999",)}
    assert steps["persons_2024"].unknown == {"data.persons": ("≥ 1,000,000",)}
    text = traced(list(steps.values()), "en")
    assert "≥ 1,000,000" in text and "(data.persons)" in text


def test_a_later_rule_that_would_hold_as_well_says_so() -> None:
    steps = steps_of(data={**QUESTION["data"], "sensitive_persons": 5})
    assert steps["persons_band_2024"].outcome is Outcome.DECIDES and steps["sensitive_persons_band_2024"].also_holds


def test_a_scenario_fills_its_own_numbers() -> None:
    steps = steps_of(
        activity={"act": "transmission", "zone_scenario": "beijing-2024/retail/membership"},
        exporter={"ciio": False, "zone": "beijing"},
    )
    assert "5,000,000" in steps["zone_list_assessment"].text["en"]


def test_a_trace_needs_a_day() -> None:
    with pytest.raises(BadFacts, match="date"):
        trace({**QUESTION, "date": None})


MAYBE = st.sampled_from([True, False, None])
QUESTIONS = st.fixed_dictionaries(
    {
        "date": st.sampled_from(["2017-01-01", "2017-06-01", "2022-08-31", "2022-09-01", "2022-11-04", "2024-03-21", "2024-03-22", "2026-01-01"]),
        "exporter": st.fixed_dictionaries({"ciio": MAYBE, "zone": st.sampled_from([None, "beijing", "hainan"])}),
        "recipient": st.fixed_dictionaries({"country": st.sampled_from([None, "US", "CN", "HK"])}),
        "data": st.fixed_dictionaries(
            {
                "state_secret": MAYBE, "core": MAYBE, "important": MAYBE, "personal": st.sampled_from([True, None]),
                "persons": st.sampled_from([None, 0, 99_999, 100_000, 1_000_000]), "sensitive_persons": st.sampled_from([None, 0, 1, 10_000]),
            }
        ),
        "activity": st.fixed_dictionaries({"act": st.sampled_from([None, *ACTS]), "ground": st.sampled_from([None, *GROUNDS]), "on_zone_list": MAYBE}),
    }
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS)
def test_trace_and_decide_agree(question: dict[str, Any]) -> None:
    decision, steps = decide(question), trace(question)
    deciding = {step.pathway for step in steps if step.outcome in (Outcome.DECIDES, Outcome.MAY_DECIDE)}
    sole = [step for step in steps if step.outcome is Outcome.DECIDES]
    assert len(sole) <= 1
    if decision.pathway is not Pathway.UNDETERMINED:
        assert deciding == {decision.pathway}
        assert {reason.rule for reason in decision.reasons} <= {step.rule for step in steps}
    for step in steps:
        if step.outcome is Outcome.MAY_DECIDE:
            assert step.unknown or any(other.unknown for other in steps)
    json.dumps([step_json(step) for step in steps])
    assert traced(steps, "zh") and traced(steps, "en")


# ---- Words and commands ------------------------------------------------------------------------------------------


def test_every_number_has_a_name_and_every_kind_a_word() -> None:
    texts = wording("tongguan.law", "faces.yaml").texts
    assert all(set(text) == {"zh", "en"} and all(text.values()) for text in texts.values())
    assert {f"entry.{kind}" for kind in KINDS.values()} <= set(texts)
    nameless = {f"number.{name}" for name in book().parameters["numbers"]} - set(texts)
    assert nameless == set(), "name it in faces.yaml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TONGGUAN_TOKEN", raising=False)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["law", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_search_on_the_command_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "search", "网络安全法", "--as-of", "2026-01-01", "--lang", "zh", "--limit", "3")
    assert code == 0 and "CSL-2026" in out and "CSL-2017" not in out and len(out.splitlines()) <= 3
    code, out, _ = run(capsys, "search", "standard", "contract", "--json")
    assert code == 0 and json.loads(out)[0].keys() == {"kind", "id", "names", "from", "to", "confidence"}
    code, _, err = run(capsys, "search", "x", "--limit", "0")
    assert code == 2 and "--limit" in err


def test_show_on_the_command_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "CSL-2017", "--as-of", "2025-12-31", "--lang", "en")
    assert code == 0 and "Cybersecurity Law" in out and "in force (2025-12-31)" in out
    code, out, _ = run(capsys, "show", "PROMO-2024", "--json")
    assert code == 0 and json.loads(out)["status"] == "in_force"
    code, out, err = run(capsys, "show", "NOTHING")
    assert code == 2 and out == "" and "NOTHING" in err


def test_explain_on_the_command_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = home / "facts.yaml"
    facts.write_text(json.dumps(QUESTION), encoding="utf-8")
    code, out, _ = run(capsys, "explain", str(facts), "--lang", "en")
    assert code == 0 and "standard contract or certification" in out and "● persons_band_2024" in out
    code, out, _ = run(capsys, "explain", str(facts), "--json")
    answer = json.loads(out)
    assert answer["pathway"] == "standard_contract_or_certification" and len(answer["trace"]) > 20
    assert list((home / "home").glob("audit.db*")) == []  # nothing is recorded


@pytest.mark.parametrize("content", [b"", b"exporter: {ciio: false}\n", b"\xff\xfe", b"date: tomorrow\n"])
def test_facts_that_cannot_be_traced_are_refused_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    facts = home / "facts.yaml"
    facts.write_bytes(content)
    code, out, err = run(capsys, "explain", str(facts))
    assert code == 2 and out == "" and len(err.splitlines()) == 1


def test_a_cold_search_is_fast() -> None:
    code = "import sys; from tongguan.law import search; search('数据'); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0
