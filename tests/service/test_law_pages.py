"""The pages of the law: every page and its twin, what they say on given days, and what they make of odd addresses."""

from __future__ import annotations

import html
import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from test_pages import twin_of, words

from tongguan import law
from tongguan.law import clocks

CASE = (
    "/law/clocks?procedure=security_assessment&as_of=2026-11-21&events.self_assessed=2023-11-01"
    "&events.submitted=2023-11-20&events.forwarded=2023-11-24&events.accepted=2023-12-04&events.passed=2024-04-10"
    "&facts.goes_on=yes&facts.personal=yes&facts.persons_permitted=100000&facts.persons_forecast=120,000"
)
PAGES = [
    "/law", "/law?day=2017-06-01", "/law?kind=rule", "/law?kind=rule&entry=rule/state_secret", "/law?kind=number",
    "/law?kind=reading&entry=reading/hr_documents", "/law?kind=matter&entry=matter/ciio_localisation",
    "/law?kind=duty&standing=in_force", "/law?kind=all&page=3", "/law?kind=regime", "/law?kind=zone&entry=zone/beijing",
    "/law?words=37", "/law?words=标准合同&day=2024-03-21&confidence=official", "/law?entry=instrument/CSL-2017",
    "/law?kind=procedures&entry=procedures/security_assessment", "/law?day=2031-01-01", "/law?words=zzzz",
    "/law/clocks", *(f"/law/clocks?procedure={one}" for one in clocks.procedures()),
    CASE, f"{CASE}&view=month", f"{CASE}&view=month&month=2027-02", f"{CASE}&view=steps",
    f"{CASE}&step=extension_window~0", "/law/clocks?events.filed=2026-02-31",
    "/law/destinations", "/law/destinations?country=US&n=10000&category=health,financial", "/law/destinations?country=DE",
    "/law/destinations?country=ZW", "/law/destinations?mechanism=bcr&localisation=held&regulator=a&words=data",
    "/law/destinations?localisation=coming&day=2025-01-01",
    "/law/zones", "/law/zones?day=2025-03-01&list=BJ-2024", "/law/zones?view=differences&day=2025-03-01",
    "/law/zones?view=differences", "/law/zones?zone=hainan&kind=regional_rules&state=in_force&words=data",
    "/law/zones?list=LG-2024&readings.lingang_renewed=renewed", "/law/zones?list=GBA-HK", "/law/zones?list=TJ-2024",
]  # fmt: skip
ASKED = {
    "/law": ("day", "words", "kind", "standing", "confidence", "entry", "page"),
    "/law/clocks": ("procedure", "as_of", "events.filed", "facts.exporting_before", "readings.start_day", "horizon",
                    "name", "case", "view", "month", "step"),
    "/law/destinations": ("day", "country", "n", "category", "reading", "mechanism", "localisation", "regulator", "words"),
    "/law/zones": ("day", "list", "zone", "kind", "state", "view", "words", "readings.lingang_renewed"),
}  # fmt: skip
ODD = [
    "0000-00-00", "0000", "9999-12-31", "9999", "2026-02-30", "-1", "1e9", "<script>alert(1)</script>", "'\"><img src=x>",
    "../../etc/passwd", "%00", "\u202e\u0000", "🙂" * 40, "9" * 4000, "a" * 4000, "{{7*7}}", "2026-11-21T00:00", "٢٠٢٦-١١-٢١",
    "null", "instrument/", "/", "rule/../x", ",,,", "~", "extension_window~99999", "0001-01", "9999-99", "x\r\ny",
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_law_page(client: httpx.Client, path: str, language: str, theme: str) -> None:
    client.cookies.update({"lang": language, "theme": theme})
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.text
    assert f'data-theme="{theme}"' in page and page.count("<h1>") == 1
    assert not re.search(r"\{[a-z_]+\}|Undefined|\bnan\b|law\.[a-z]+\.[a-z]", words(page))
    assert not re.search(r">\s*None\s*<|=\"None\"|=None\b", page)
    assert "<script>" not in page and " onclick=" not in page and "<style" not in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_law_twin_agrees_with_its_page(client: httpx.Client, path: str) -> None:
    client.cookies.update({"lang": "zh"})
    page, twin = client.get(path).text, client.get(twin_of(path))
    data = twin.json()
    assert client.get(path, headers={"accept": "application/json"}).json() == data
    if "list" in data and data.get("view", "lists") == "lists":
        rows = data["list"]["rows"]
        assert page.count('data-row="') == len(rows) + bool(data["chosen"])
        for row in rows:
            assert html.escape(row["names"]["zh"], quote=False).replace("&quot;", '"') in html.unescape(page)
    if data.get("timeline"):
        for one in data["timeline"]["deadlines"]:
            assert data["view"] != "table" or one["text"]["zh"] in page
    for card in data.get("cards", ()):
        assert f'data-card="{card["id"]}"' in page and card["names"]["zh"] in page


@pytest.mark.parametrize("base", ASKED)
@pytest.mark.parametrize("odd", ODD)
def test_odd_addresses_get_a_page(client: httpx.Client, base: str, odd: str) -> None:
    for name in ASKED[base]:
        answer = client.get(base, params={name: odd})
        assert answer.status_code in (200, 303), (name, odd)
        for raw in ("<script>alert", "<img src=x"):
            assert raw not in answer.text
    together = {"country": "US", "n": "1"} if base == "/law/destinations" else {}
    everything = client.get(base, params={**dict.fromkeys(ASKED[base], odd[:100]), **together})
    assert everything.status_code in (200, 303)


def test_a_day_that_is_none_says_so(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    for base in ("/law", "/law/destinations", "/law/zones"):
        for odd in ("0000-00-00", "9999-12-31", "2026-02-30", "tomorrow"):
            page = client.get(base, params={"day": odd}).text
            assert 'role="alert"' in page and f"“{odd}”" in page


@pytest.mark.parametrize("base", [*PAGES[:4], CASE, "/law/destinations?country=US", "/law/zones?list=BJ-2024"])
def test_every_link_inside_works(client: httpx.Client, base: str) -> None:
    client.cookies.update({"lang": "zh"})
    found = {html.unescape(href) for href in re.findall(r'href="(/law[^"#]*)"', client.get(base).text)}
    plain = sorted(href for href in found if not {"lang", "theme"} & parse_qs(urlsplit(href).query).keys())
    assert len(plain) > 10
    for href in plain[:: max(1, len(plain) // 40)]:
        answer = client.get(href)
        assert answer.status_code == 200, href
        assert "note bad" not in answer.text, href


def test_links_to_official_texts_say_nothing_of_where_one_came_from(client: httpx.Client) -> None:
    page = client.get("/law?entry=instrument/PROMO-2024").text
    outside = re.findall(r'<a [^>]*href="http[^>]*>', page)
    assert any("cac.gov.cn" in one for one in outside)
    assert all("noreferrer" in one for one in outside)
    without = client.get("/law?entry=instrument/SECRETS-2010")
    assert not re.findall(r'<a [^>]*href="http[^>]*>', without.text)


# ---- The book ----------------------------------------------------------------------------------------------------


def rows(client: httpx.Client, **asked: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for page in range(1, 20):
        answer = client.get("/law.json", params={**asked, "page": str(page)}).json()["list"]
        found |= {f"{row['kind']}/{row['id']}": row for row in answer["rows"]}
        if page == answer["pages"]:
            break
    return found


@pytest.mark.parametrize(
    ("day", "key", "standing"),
    [
        ("2024-03-21", "instrument/PROMO-2024", "ahead"),
        ("2024-03-22", "instrument/PROMO-2024", "in_force"),
        ("2025-12-31", "instrument/CSL-2017", "in_force"),
        ("2026-01-01", "instrument/CSL-2017", "ended"),
        ("2026-01-01", "instrument/CSL-2026", "in_force"),
        ("2017-05-31", "instrument/CSL-2017", "ahead"),
    ],
)
def test_instruments_stand_as_the_law_says(client: httpx.Client, day: str, key: str, standing: str) -> None:
    assert rows(client, day=day)[key]["standing"] == standing


def test_a_matter_moves_from_37_to_39(client: httpx.Client) -> None:
    for day, article in (("2025-12-31", "第三十七条"), ("2026-01-01", "第三十九条")):
        found = rows(client, day=day, kind="matter")["matter/ciio_localisation"]
        assert found["cites"][0]["article"] == article  # type: ignore[index]
        provision = law.article("ciio_localisation", date.fromisoformat(day))
        assert provision and provision.article == article
    shown = words(client.get("/law?entry=matter/ciio_localisation&day=2026-01-01").text)
    assert shown.index("第三十九条") < shown.index("第三十七条")


def test_rules_stand_in_the_order_of_asking(client: httpx.Client) -> None:
    shown = client.get("/law.json?kind=rule").json()["list"]["rows"]
    assert [row["order"] for row in shown] == sorted(row["order"] for row in shown)
    assert shown[0]["id"] == "state_secret" and shown[0]["pathway"] == "prohibited"


def test_both_readings_are_explained(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    for row in client.get("/law.json?kind=reading").json()["list"]["rows"]:
        page = words(client.get(f"/law?entry=reading/{row['id']}").text)
        for option in (row["default"], row["other"]):
            assert row["says"][option]["zh"] in page and row["says"][option]["en"] in page


def test_a_turning_day_is_one_click_away(client: httpx.Client) -> None:
    data = client.get("/law.json?day=2024-01-15").json()
    assert data["later"] == min(turn["day"] for turn in data["turns"] if turn["day"] > "2024-01-15")
    assert data["earlier"] == max(turn["day"] for turn in data["turns"] if turn["day"] < "2024-01-15")
    assert {"2022-09-01", "2024-03-22", "2026-01-01"} <= {turn["day"] for turn in data["turns"]}
    places = [turn["x"] for turn in data["picture"]["turns"]]
    assert places == sorted(places) and places[0] >= 0 and places[-1] <= 100


def test_days_after_the_last_check_are_told(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    checked = law.checked_day()
    assert "最后核对于" in client.get("/law?day=2031-01-01").text
    assert "最后核对于" not in client.get(f"/law?day={checked}").text


# ---- Clocks ------------------------------------------------------------------------------------------------------

FOLDER = Path(__file__).parents[2] / "examples" / "law"
EXAMPLES = [path for path in sorted(FOLDER.glob("*.yaml")) if "\nprocedure:" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_pasted_case_becomes_an_address_that_says_the_same(client: httpx.Client, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    answer = client.get("/law/clocks.json", params={"case": text})
    assert answer.status_code == 303
    address = answer.headers["location"]
    expected = clocks.clocks(clocks.parse_case(text, path.name))
    assert client.get(address).json()["timeline"] == clocks.timeline_json(expected)
    query = urlsplit(address).query
    calendar = client.get(f"/law/clocks.ics?{query}", headers={"accept": "text/html"})
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert "attachment" in calendar.headers["content-disposition"]
    assert calendar.content.decode() == clocks.to_icalendar(expected, "zh")


@pytest.mark.parametrize(
    "case", ["procedure: nothing", "a: [", "&a *a", "x" * 6001, "procedure: incident\nas_of: soon"]
)
def test_a_case_that_cannot_be_read_says_why(client: httpx.Client, case: str) -> None:
    client.cookies.update({"lang": "zh"})
    answer = client.get("/law/clocks", params={"case": case})
    assert answer.status_code == 200 and "案卷读不懂" in answer.text


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"events.filed": "2026-02-31"}, "events.filed"),
        ({"events.filed": "0000-00-00"}, "events.filed"),
        ({"events.filed": "2023-05-31"}, "events.filed"),  # the day before the measures
        ({"events.filed": "2026-01-05,2026-01-05"}, "events.filed"),
        ({"as_of": "9999-12-31"}, "as_of"),
        ({"horizon": "121"}, "horizon"),
        ({"horizon": "2.5"}, "horizon"),
        ({"readings.start_day": "whenever"}, "readings.start_day"),
        ({"name": "x\x07y"}, "name"),
        ({"events.effective": "2026-01-02", "events.supplemented": "2026-01-09"}, "events.supplemented"),
        ({"procedure": "security_assessment", "facts.persons_permitted": "many"}, "facts.persons_permitted"),
    ],
)
def test_a_bad_field_is_told_beside_it(client: httpx.Client, asked: dict[str, str], field: str) -> None:
    client.cookies.update({"lang": "zh"})
    asked = {"procedure": "standard_contract", "as_of": "2026-11-21", **asked}
    data = client.get("/law/clocks.json", params=asked).json()
    assert set(data["errors"]) == {field} and data["timeline"] is None
    page = client.get("/law/clocks", params=asked).text
    beside = page.split(f'name="{field}"', 1)[1]
    assert html.escape(data["errors"][field], quote=True) in beside.replace("&#34;", "&quot;")
    assert client.get("/law/clocks.ics", params=asked, headers={"accept": "text/html"}).status_code == 400


def test_there_is_an_example_of_every_procedure() -> None:
    told = {clocks.parse_case(path.read_text(encoding="utf-8"), path.name).procedure.id for path in EXAMPLES}
    assert told == set(clocks.procedures())


def test_a_field_given_twice_becomes_one_address(client: httpx.Client) -> None:
    query = "procedure=security_assessment&events.submitted=2026-03-02&events.submitted=2026-04-01&events.returned="
    answer = client.get(f"/law/clocks?{query}2026-03-06&lang=zh")
    assert answer.status_code == 303
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["events.submitted"] == ["2026-03-02,2026-04-01"]
    assert len(client.get(answer.headers["location"] + "&x=1").text) > 1000


@pytest.mark.parametrize(
    ("day", "mark", "known"),
    [
        ("2026-10-01", "rest", True),
        ("2026-10-10", "made_up", True),
        ("2026-10-11", "weekend", True),
        ("2026-10-12", "work", True),
        ("2027-02-05", "rest", False),
        ("2027-02-13", "weekend", False),
    ],
)
def test_the_month_marks_days_off_and_made_up(client: httpx.Client, day: str, mark: str, known: bool) -> None:
    month = client.get("/law/clocks.json" + CASE[len("/law/clocks") :] + f"&view=month&month={day[:7]}").json()["month"]
    cell = next(cell for week in month["weeks"] for cell in week if cell["day"] == day)
    assert (cell["mark"], cell["known"]) == (mark, known)
    assert month["known"] is known


def test_what_is_due_stands_in_its_month(client: httpx.Client) -> None:
    data = client.get("/law/clocks.json" + CASE[len("/law/clocks") :]).json()
    for one in data["timeline"]["deadlines"]:
        if one["due"]:
            asked = CASE[len("/law/clocks") :] + f"&view=month&month={one['due'][:7]}"
            weeks = client.get("/law/clocks.json" + asked).json()["month"]["weeks"]
            there = [
                item["text"] for week in weeks for cell in week if cell["day"] == one["due"] for item in cell["items"]
            ]
            assert one["text"] in there


# ---- Destinations ------------------------------------------------------------------------------------------------


def test_there_is_a_card_for_every_destination(client: httpx.Client) -> None:
    data = client.get("/law/destinations.json").json()
    held = {one.regime for one in law.destinations(date.fromisoformat(data["day"]))}
    assert {card["id"] for card in data["cards"]} == held and len(held) >= 25
    for card in data["cards"]:
        assert card["facts"] == sum(card["confidence"].values())


def test_filters_only_narrow(client: httpx.Client) -> None:
    every = {card["id"] for card in client.get("/law/destinations.json").json()["cards"]}
    parts = []
    for known in ("held", "unverified"):
        parts.append({c["id"] for c in client.get(f"/law/destinations.json?localisation={known}").json()["cards"]})
    assert parts[0] | parts[1] == every and not parts[0] & parts[1]
    russia = client.get("/law/destinations.json?regulator=Roskomnadzor").json()["cards"]
    assert [card["id"] for card in russia] == ["RU"]
    assert client.get("/law/destinations.json?words=Roskomnadzor+xyzzy").json()["cards"] == []


def test_a_mechanism_that_is_denied_is_not_named(client: httpx.Client) -> None:
    cards = {card["id"]: card for card in client.get("/law/destinations.json").json()["cards"]}
    assert "adequacy" not in cards["US"]["mechanisms"]  # "no adequacy regime"
    assert {"adequacy", "contract", "bcr"} <= set(cards["EU"]["mechanisms"])
    for name in ("adequacy", "bcr"):
        shown = client.get(f"/law/destinations.json?mechanism={name}").json()["cards"]
        assert {card["id"] for card in shown} == {key for key, card in cards.items() if name in card["mechanisms"]}


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("n=9999&category=health", False),
        ("n=10000&category=health", True),
        ("n=10000&category=health&reading=more_than", False),
        ("n=10,001&category=health&reading=more_than", True),
        ("n=1000&category=health,human_omic", True),
        ("n=1&category=government_related", True),
        ("n=0", False),
        ("n=500000", None),
        ("category=health", None),
    ],
)
def test_the_bulk_threshold_form(client: httpx.Client, asked: str, reached: bool | None) -> None:
    client.cookies.update({"lang": "zh"})
    answer = client.get(f"/law/destinations.json?country=US&{asked}").json()["bulk"]["answer"]
    assert answer["reached"] is reached
    told = {True: "达到", False: "未达到", None: "不能判断"}[reached]
    assert f"<b>{told}</b>" in client.get(f"/law/destinations?country=US&{asked}").text


@pytest.mark.parametrize(
    "asked", ["n=many", "n=-5", "n=1.5", "n=1&category=gossip", "n=99999999999", "n=1&reading=odd"]
)
def test_the_bulk_form_says_what_is_wrong(client: httpx.Client, asked: str) -> None:
    answer = client.get(f"/law/destinations.json?country=US&{asked}").json()["bulk"]
    assert answer["answer"] is None and answer["errors"]


def test_what_is_not_covered_says_so(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    assert "本库未收录" in client.get("/law/destinations?country=ZW").text
    assert 'role="alert"' in client.get("/law/destinations?country=XX1").text
    unverified = client.get("/law/destinations?country=US").text
    assert "未核实：本库没有可靠来源" in unverified


# ---- Lists of zones ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2024-01-01", "2025-03-01", "2026-05-10", "2026-05-11", "2026-11-21"])
def test_lists_stand_as_the_law_says(client: httpx.Client, day: str) -> None:
    shown = client.get(f"/law/zones.json?day={day}&state=in_force").json()["list"]["rows"]
    assert {row["id"] for row in shown} == {one.id for one in law.zone_lists(date.fromisoformat(day))}


def test_a_reading_keeps_a_list_in_force(client: httpx.Client) -> None:
    path = "/law/zones.json?day=2026-01-01&state=in_force"
    plain = {row["id"] for row in client.get(path).json()["list"]["rows"]}
    renewed = {row["id"] for row in client.get(f"{path}&readings.lingang_renewed=renewed").json()["list"]["rows"]}
    assert "LG-2024" not in plain and plain < renewed and "LG-2024" in renewed


def test_what_is_not_verified_is_said_aloud(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    for key in law.zone_list_ids():
        page = words(client.get(f"/law/zones?list={key}").text)
        for text in law.zone_list(key).unverified:
            assert text["zh"] in page


def test_disagreements_stand_side_by_side(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    day = date(2025, 3, 1)
    page = words(client.get(f"/law/zones?view=differences&day={day}").text)
    found = law.disagreements(day)
    assert found
    for one in found:
        assert one.names["zh"] in page
        for position in one.positions:
            assert position.statement.text["zh"] in page


def test_the_law_is_open_to_every_role_and_the_clocks_of_filings_are_not(auditor: httpx.Client) -> None:
    for base in (*ASKED, "/law/clocks.ics"):
        expected = 403 if base.startswith("/law/clocks") else 200
        assert auditor.get(base, headers={"accept": "text/html"}).status_code == expected, base
