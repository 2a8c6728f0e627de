"""The wizard: what it knows beforehand, what it answers, what it writes down."""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any

import httpx
import pytest
from console_house import form_token

from tongguan import law
from tongguan.errors import BadFacts
from tongguan.service.console.pages import decide_form

FULL = {
    "date": "2026-11-20", "exporter.ciio": "no", "recipient.country": "US", "data.personal": "yes",
    "data.important": "no", "data.core": "no", "data.state_secret": "no", "data.persons": "50000",
    "data.sensitive_persons": "0", "activity.act": "transmission",
}  # fmt: skip


def ask(client: httpx.Client, **changes: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/decide.json", params={**FULL, **changes}).json()
    return found


@pytest.mark.parametrize(
    ("changes", "pathway"),
    [
        ({}, "exempt"),
        ({"data.persons": "100000"}, "standard_contract_or_certification"),
        ({"data.persons": "1，000，000"}, "security_assessment"),
        ({"data.sensitive_persons": "1"}, "standard_contract_or_certification"),
        ({"data.core": "yes"}, "prohibited"),
        ({"data.core": "unknown"}, "undetermined"),
        ({"exporter.ciio": "unknown"}, "undetermined"),
        ({"activity.act": "none"}, "not_export"),
        ({"date": "2023-06-01", "data.persons": "100000"}, "security_assessment"),
    ],
)
def test_answers(client: httpx.Client, changes: dict[str, str], pathway: str) -> None:
    data = ask(client, **changes)
    assert data["errors"] == {} and data["decision"]["pathway"] == pathway


def test_the_answer_is_the_law_rooms(client: httpx.Client) -> None:
    data = ask(client)
    nested: dict[str, Any] = {}
    for path, value in data["facts"].items():
        *above, last = path.split(".")
        place = nested
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    assert data["decision"] == law.decision_json(law.decide(nested))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"date": "20.11.2026"}, "date"),
        ({"data.persons": "-1"}, "data.persons"),
        ({"data.persons": "9" * 30}, "data.persons"),
        ({"data.persons": "１２"}, "data.persons"),
        ({"recipient.country": "XX"}, "recipient.country"),
        ({"activity.act": "teleport"}, "activity.act"),
        ({"exporter.zone": "atlantis"}, "exporter.zone"),
        ({"data.important": "perhaps"}, "data.important"),
        ({"recipient.city": "城" * 101}, "recipient.city"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_decided(client: httpx.Client, changes: dict[str, str], field: str) -> None:
    data = ask(client, **changes)
    assert list(data["errors"]) == [field] and data["decision"] is None
    assert data["asked"][field] == changes[field] and set(data["asked"]) >= set(FULL)
    page = client.get("/decide", params={**FULL, **changes}).text
    beside = page.split(f'id="e-{field.replace(".", "-")}"')[1].split("</span>")[0]
    assert html.escape(data["errors"][field]) in beside


def test_every_wrong_field_has_a_message_of_its_own(client: httpx.Client) -> None:
    wrong = {"date": "2026-02-30", "data.persons": "-1", "recipient.country": "Mars", "filed.state": "lost"}
    data = ask(client, **wrong)
    assert set(data["errors"]) == set(wrong) and len(set(data["errors"].values())) == 4
    assert data["facts"]["data.sensitive_persons"] == 0  # the rest is kept


@pytest.mark.parametrize("day", ["2016-12-31", "2028-01-01", "9999-12-31", "0001-01-01"])
def test_a_day_beyond_the_known_law_is_refused_with_its_ends(client: httpx.Client, day: str) -> None:
    message = ask(client, date=day)["errors"]["date"]
    assert all(str(end) in message for end in law.known_days())


@pytest.mark.parametrize("day", ["2017-01-01", "2017-05-31", "2027-12-31"])
def test_the_first_and_last_known_days_are_answered(client: httpx.Client, day: str) -> None:
    assert ask(client, date=day)["decision"]["date"] == day


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"data.personal": "no", "data.persons": "5"}, {"data.personal", "data.persons"}),
        ({"data.personal": "no", "data.sensitive_persons": "7", "data.persons": "0"}, {"data.personal", "data.sensitive_persons"}),
        ({"data.important": "no", "data.important_since": "2026-01-05"}, {"data.important", "data.important_since"}),
        ({"data.persons": "10", "data.persons_before_split": "9"}, {"data.persons", "data.persons_before_split"}),
        ({"filed.path": "certification", "filed.day": "2026-11-30"}, {"filed.day", "date"}),
        ({"filed.state": "passed"}, {"filed.state"}),
    ],
)  # fmt: skip
def test_contradictions_name_their_fields(client: httpx.Client, changes: dict[str, str], fields: set[str]) -> None:
    data = ask(client, **changes)
    assert set(data["errors"]) == fields and data["decision"] is None
    for field in fields:
        others = (fields - {field}) or {"filed.path"}
        assert all(law.fact_name(other, "zh") in data["errors"][field] for other in others)


def test_two_contradictions_are_both_named(client: httpx.Client) -> None:
    data = ask(client, **{"data.personal": "no", "data.persons": "5", "filed.state": "passed"})
    assert {"data.personal", "data.persons", "filed.state"} <= set(data["errors"])


def test_it_starts_with_what_the_inspection_judged_by(client: httpx.Client) -> None:
    data = client.get("/decide.json").json()
    assert data["asked"]["data.persons"] == "842316" and data["asked"]["data.core"] == "no"
    assert data["asked"]["exporter.city"] == "成都" and data["given"] is False
    assert data["decision"]["pathway"] == "standard_contract_or_certification"
    assert client.get("/decide.json?about=ganxian").json()["asked"]["recipient.country"] == "US"


def test_only_recording_writes(client: httpx.Client, auditor: httpx.Client) -> None:
    def entries() -> int:
        return int(auditor.get("/audit.json?kind=decision").json()["kinds"].get("decision", 0))

    before = entries()
    page = client.get("/decide", params=FULL).text
    assert entries() == before
    answer = client.post("/decide", data={**FULL, "csrf": form_token(page), "stray": "x"})
    assert answer.status_code == 303 and "logged=" in answer.headers["location"] and entries() == before + 1
    body = auditor.get("/audit.json?kind=decision").json()["list"]["rows"][0]["body"]
    assert body["pathway"] == "exempt" and body["facts"]["data.persons"] == 50000 and "stray" not in body["facts"]
    assert "已记入审计日志" in client.get(answer.headers["location"], headers={"cookie": _zh(client)}).text

    bad = client.post("/decide", data={**FULL, "date": "never", "csrf": form_token(page)})
    assert bad.status_code == 303 and "logged=" not in bad.headers["location"] and entries() == before + 1


def _zh(client: httpx.Client) -> str:
    return f"tongguan_session={client.cookies['tongguan_session']}; lang=zh"


def test_a_logged_mark_that_is_no_decision_is_not_believed(client: httpx.Client) -> None:
    assert "已记入审计日志" not in client.get("/decide", params={**FULL, "logged": "0", "lang": "zh"}).text


# ---- Steps and fields --------------------------------------------------------------------------------------------


def test_every_fact_stands_in_one_step_and_every_step_names_known_facts() -> None:
    placed = [path for paths in decide_form.STEPS.values() for path in paths]
    assert sorted(placed) == sorted(law.FIELDS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_fact_has_a_field_a_name_and_a_help(client: httpx.Client, language: str) -> None:
    for ground in law.GROUNDS:
        data = ask(client, **{"activity.ground": ground, "lang": language})
        fields = {field["path"]: field for step in data["steps"] for field in step["fields"]}
        expected = {
            path
            for path in law.FIELDS
            if not path.startswith("activity.conditions.") or path.rpartition(".")[2] in law.GROUNDS[ground]
        }
        assert set(fields) == expected
        for path, field in fields.items():
            assert law.fact_name(path, language) and field["help"], path  # type: ignore[arg-type]


def test_a_fact_that_no_step_names_is_asked_all_the_same(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {step: tuple(path for path in paths if path != "filed.path") for step, paths in decide_form.STEPS.items()}
    monkeypatch.setattr(decide_form, "STEPS", steps)
    assert decide_form.step_of("filed.path") == "filed" and "filed.path" in decide_form.shown_in("filed", {})


def test_choices_are_what_the_law_takes() -> None:
    free = {"bool": True, "count": 3, "date": "2026-01-01", "text": "深圳"}
    for path, kind in law.FIELDS.items():
        choices = law.choices(path)
        assert bool(choices) == (kind not in free), path
        for value in choices or (free[kind],):
            try:
                law.Facts.of(decide_form.nested({path: value}))
            except BadFacts as error:  # complete in itself only with others beside it
                assert f"{path}: expected" not in str(error)


def test_lists_and_scenarios_are_those_of_the_day(client: httpx.Client) -> None:
    def offered(path: str, day: str, **more: str) -> set[str]:
        fields = [f for step in ask(client, date=day, **more)["steps"] for f in step["fields"] if f["path"] == path]
        return {value for value, _ in fields[0]["options"]} - {""}

    assert offered("activity.zone_list", "2023-01-01") == set()
    assert "BJ-2024" in offered("activity.zone_list", "2024-09-01")
    assert "BJ-2024" not in offered("activity.zone_list", "2026-11-20")
    kept = offered("activity.zone_list", "2026-11-20", **{"activity.zone_list": "BJ-2024"})
    assert "BJ-2024" in kept  # what was chosen stays in sight


def settled(data: dict[str, Any]) -> dict[str, bool]:
    return {step["id"]: step["settled"] for step in data["steps"]}


def test_a_step_that_cannot_change_the_answer_says_so_and_why(client: httpx.Client) -> None:
    data = ask(client, **{"data.state_secret": "yes"})
    assert data["decision"]["pathway"] == "prohibited" and settled(data)["zone"] and not settled(data)["data"]
    zone = next(step for step in data["steps"] if step["id"] == "zone")
    assert zone["because"]["facts"] == {"data.state_secret": True}
    page = client.get("/decide", params={**FULL, "data.state_secret": "yes", "lang": "zh"}).text
    assert page.count("已经决定结论") == sum(settled(data).values())
    assert not any(settled(ask(client, **{"data.persons": "", "exporter.ciio": ""})).values())  # nothing decided yet


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"data.important": "yes"}, {"exporter.ciio": "yes"}, {"data.persons": "2000000"}, {"activity.act": "none"},
        {"data.core": "yes"}, {"recipient.country": "CN"}, {"data.personal": "no", "data.persons": "0"},
        {"activity.ground": "contract", "activity.conditions.party": "yes", "activity.conditions.necessary": "yes"},
        {"exporter.zone": "beijing", "activity.on_zone_list": "no"}, {"date": "2023-03-01"}, {"date": "2018-03-01"},
    ],
)  # fmt: skip
def test_no_value_in_a_settled_step_changes_the_answer(client: httpx.Client, changes: dict[str, str]) -> None:
    """Every value of every fact of such a step, one at a time and from scratch, through the law room."""
    data = ask(client, **changes)
    now = data["decision"]["pathway"], data["decision"]["options"]
    for step in (step for step in data["steps"] if step["settled"]):
        paths = [path for path in law.FIELDS if decide_form.step_of(path) == step["id"]]
        rest = {path: value for path, value in data["facts"].items() if path not in paths}
        for path in paths:
            tried = {"bool": (True, False), "count": (0, 1, 99_999, 10_000_000), "date": (data["facts"]["date"],)}
            for value in law.choices(path) or tried.get(law.FIELDS[path], ()):
                for base in (rest, data["facts"]):
                    try:
                        found = law.decide(decide_form.nested({**base, path: value}))
                    except BadFacts:
                        continue
                    assert (found.pathway.value, list(found.options)) == now, (step["id"], path, value)


# ---- Links, readings, days ---------------------------------------------------------------------------------------


def test_what_would_change_the_answer_is_a_link_that_fills_it_in(client: httpx.Client) -> None:
    for asked in ({}, {"data.persons": "150000"}, {"exporter.ciio": "", "data.persons": ""}):
        data = ask(client, **asked)
        assert data["decision"]["would_change"]
        for change, address in zip(data["decision"]["would_change"], data["links"]["changes"], strict=True):
            there = client.get(address.partition("#")[0].replace("/decide?", "/decide.json?")).json()
            assert there["decision"]["pathway"] == change["pathway"] and there["step"] == decide_form.step_of(
                change["fact"]
            )


def test_missing_facts_lead_to_their_field(client: httpx.Client) -> None:
    data = ask(client, **{"data.core": "", "exporter.ciio": ""})
    assert data["decision"]["missing"] and data["step"] in {decide_form.step_of(p) for p in data["decision"]["missing"]}
    page = client.get("/decide", params={**FULL, "data.core": "", "exporter.ciio": ""}).text
    for path in data["decision"]["missing"]:
        address = data["links"]["fields"][path]
        assert f'href="{html.escape(address)}" data-go="{path}"' in page
        there = client.get(address.partition("#")[0]).text
        assert f'id="{address.partition("#")[2]}"' in there
        assert f'id="step-{decide_form.step_of(path)}" data-step="{decide_form.step_of(path)}" open' in there


def test_readings_are_explained_and_can_be_turned(client: httpx.Client) -> None:
    facts = {"activity.ground": "hr", "activity.conditions.labour_rules": "yes", "data.persons": "300000",
             "activity.conditions.collective_contract": "no", "activity.conditions.necessary": "yes"}  # fmt: skip
    data = ask(client, **facts)
    rows = {row["id"]: row for row in data["readings"]}
    hr = rows["hr_documents"]
    assert data["decision"]["pathway"] == "standard_contract_or_certification"
    assert hr["taken"] == hr["default"] and hr["otherwise"]["pathway"] == "exempt"
    assert rows["treaty"]["otherwise"] is None
    turned = ask(client, **facts, **{"reading.hr_documents": hr["other"]})
    assert turned["decision"]["pathway"] == "exempt" and turned["turned"] == 1
    assert [step["rule"] for step in turned["trace"] if step["outcome"] == "decides"] == ["hr"]
    page = client.get("/decide", params={**FULL, **facts, "lang": "zh"}).text
    for row in data["readings"]:
        for value in (row["default"], row["other"]):
            assert html.escape(row["says"][value]["zh"]) in page, row["id"]


def test_a_reading_that_there_is_not_is_refused(client: httpx.Client) -> None:
    data = ask(client, **{"reading.hr_documents": "perhaps", "reading.none_such": "x"})
    assert list(data["errors"]) == ["reading.hr_documents"] and data["step"] == "readings"


def test_two_days_side_by_side(client: httpx.Client) -> None:
    asked = {"data.persons": "150000", "other": "2023-06-01"}
    both = ask(client, **asked)["compare"]
    assert [side["pathway"] for side in both["sides"]] == ["standard_contract_or_certification", "security_assessment"]
    assert {"regime", "pathway", "options", "reasons"} <= set(both["differs"])
    assert both["sides"][1] == ask(client, **{**asked, "date": "2023-06-01"})["decision"]
    assert ask(client, other="2026-11-19")["compare"]["differs"] == []
    page = client.get("/decide", params={**FULL, **asked, "lang": "zh"}).text
    assert "2023-06-01</th>" in page and page.count('class="diff over"') == len(both["differs"])


@pytest.mark.parametrize("day", ["2016-01-01", "yesterday", "2026-13-01", "<b>"])
def test_another_day_that_cannot_be_asked_is_named(client: httpx.Client, day: str) -> None:
    data = ask(client, other=day)
    assert data["other_error"] and data["compare"] is None and data["decision"] is not None


def test_facts_that_do_not_fit_the_other_day_are_named(client: httpx.Client) -> None:
    asked = {"filed.path": "certification", "filed.day": "2026-06-01", "other": "2026-01-05"}
    data = ask(client, **asked)
    assert data["decision"] and data["compare"] is None and data["other_error"]


def test_the_trace_is_the_law_rooms(client: httpx.Client) -> None:
    data = ask(client)
    expected = [law.step_json(step) for step in law.trace(decide_form.nested(data["facts"]))]
    assert data["trace"] == expected and ask(client, date="")["trace"] == []


def test_every_citation_and_rule_leads_into_the_book_of_the_law(client: httpx.Client) -> None:
    for day in ("2018-01-01", "2023-01-01", "2024-12-31", "2026-11-20"):
        page = client.get("/decide", params={**FULL, "date": day, "data.persons": "150000"}).text
        found = {html.unescape(href) for href in re.findall(r'href="(/law\?[^"]+)"', page)}
        assert found
        for address in found:
            entry = client.get(address.replace("/law?", "/law.json?")).json()
            assert entry["chosen"] and entry["problem"] is None and entry["day"] == day, address


def test_it_goes_out_as_a_sealed_file(client: httpx.Client, auditor: httpx.Client) -> None:
    asked = {**FULL, "other": "2023-06-01"}
    answer = client.get("/decide/export", params=asked)
    assert answer.headers["content-disposition"].startswith('attachment; filename="tongguan-decision-')
    kept, twin = answer.json(), client.get("/decide.json", params=asked).json()
    assert all(kept[part] == twin[part] for part in ("facts", "decision", "trace", "compare"))
    assert kept["readings"]["hr_documents"] == "both"
    rows = auditor.get("/audit.json?kind=export").json()["list"]["rows"]
    entry = next(row["body"] for row in rows if str(row["index"]) == answer.headers["x-audit-entry"])
    assert entry["what"] == "decision" and entry["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert client.get("/decide/export", params={**FULL, "date": "never"}).json()["decision"] is None


def test_an_emptied_form_stays_empty(client: httpx.Client) -> None:
    data = client.get("/decide.json?step=who").json()
    assert data["facts"] == {} and data["given"] and data["decision"]["pathway"] == "undetermined"
    assert client.get("/decide.json?step=data&about=ganxian").json()["facts"]


# ---- Hostile input -----------------------------------------------------------------------------------------------

NASTY = ["\x00", "<script>alert(1)</script>", "' or 1=1 --", "9" * 400, "-0", "1e9", "NaN", "\ud7ff\ufffe", "🙂" * 60,
         "../../etc/passwd", "{{7*7}}", "true", "None", "٣", "1_000", "2026-1-1", "+2026-01-01", "2026-11-20T00:00"]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_no_value_breaks_the_page(client: httpx.Client, text: str) -> None:
    names = [*law.FIELDS, "other", "step", "about", "logged", "reading.hr_documents", "reading.", "lang", "theme"]
    everywhere = client.get("/decide", params=dict.fromkeys(names, text))
    assert everywhere.status_code == 200 and "<script>alert" not in everywhere.text and ">49<" not in everywhere.text
    for name in names:
        answer = client.get("/decide.json", params={**FULL, name: text})
        assert answer.status_code == 200, name
    assert client.get("/decide/export", params={**FULL, "other": text, "date": text}).status_code == 200


def test_raw_bytes_and_repeated_names_do_not_break_it(client: httpx.Client) -> None:
    for query in ("date=%ff%fe", "data.persons=%00", "date=2026-11-20&date=x", "data.persons[]=1", "=&&&=", "%zz=%zz"):
        assert client.get(f"/decide?{query}").status_code == 200
