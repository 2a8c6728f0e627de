"""Instruments on every day, articles by matter and day, and every citation in the data."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tongguan.errors import NotFound
from tongguan.law import article, articles, cite_as_of, status, text_of
from tongguan.law.book import book
from tongguan.law.citing import FIXED_ARTICLES, Quoted, article_name, article_number, citations, documents, faults
from tongguan.law.instruments import Status, texts

ROOT = Path(__file__).parents[2]
DAY = timedelta(days=1)
CONFIDENCES = {"official", "secondary", "memory", "seed"}
KINDS = {"law", "administrative_regulation", "departmental_rule", "normative", "standard", "local"}
DAYS = st.dates(date(2009, 1, 1), date(2030, 1, 1))
INSTRUMENTS = st.sampled_from(sorted(book().instruments))


# ---- The entries -------------------------------------------------------------------------------------------------


def test_every_entry_says_what_it_is_and_how_it_is_known() -> None:
    assert len(book().instruments) >= 70
    for one in book().instruments.values():
        assert one.kind in KINDS and one.confidence in CONFIDENCES, one.id
        assert one.title and one.en and one.issuer["zh"] and one.issuer["en"], one.id
        assert "《" not in one.title, one.id
        assert one.replaced_by is None or one.replaced_by in book().instruments, one.id
        assert one.articles is None or one.articles > 0, one.id
        assert one.effective is None or one.effective <= one.until, one.id
        assert not one.draft or one.effective is None, one.id
        assert one.source is None or one.source.startswith("https://www.cac.gov.cn/"), one.id


def test_no_key_stands_twice_in_any_file() -> None:
    for name in documents():
        root = yaml.compose(files("tongguan.law").joinpath(f"data/{name}.yaml").read_text(encoding="utf-8"))
        twice = [key for node in mappings(root) for key in repeated(node)]
        assert twice == [], name


def mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from mappings(child)


def repeated(node: yaml.MappingNode) -> list[str]:
    keys = [key.value for key, _ in node.value]
    return [key for key in keys if keys.count(key) > 1]


def test_no_text_is_cut_by_a_comma() -> None:
    """`{en: one, two}` is a text `one` and a key `two` without a value."""
    assert [key for name in documents() for key in stray(documents()[name])] == []
    for one in book().instruments.values():
        assert set(one.issuer) == {"zh", "en"} and set(one.note or {"zh", "en"}) == {"zh", "en"}, one.id


def stray(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (str(key) for key, value in node.items() if value is None and " " in str(key))
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from stray(child)


def test_what_replaced_a_text_begins_when_that_one_ends() -> None:
    later = {"CERT-DRAFT", "TC260-PG-20222A"}  # the final measures and the standard took effect after their release
    for one in book().instruments.values():
        if one.replaced_by and one.id not in later:
            assert book().instruments[one.replaced_by].effective == one.until + DAY, one.id


def test_the_days_and_articles_of_every_instrument() -> None:
    """instruments.csv is a second copy, made from the base by hand: a slip in one of them shows."""
    lines = Path(__file__).with_name("instruments.csv").read_text(encoding="utf-8").splitlines()[1:]
    copied = {line.split(",")[0]: line for line in lines}
    told = {
        one.id: ",".join(
            [
                one.id,
                *(
                    str(day or "")
                    for day in (documents()["instruments"][one.id].get("signed"), one.published, one.effective)
                ),
                "" if one.until == date.max else str(one.until),
                str(one.articles or ""),
                one.number or "",
            ]
        )
        for one in book().instruments.values()
    }
    assert told == copied


def test_what_was_never_more_than_a_draft() -> None:
    assert {one.id for one in book().instruments.values() if one.draft} == {"CERT-DRAFT", "LARGE-DRAFT", "GBA-PG-MO"}


def test_the_editions_of_the_zone_lists_have_the_days_of_their_instruments() -> None:
    editions = {
        edition["id"]: edition
        for zone in book().zones.values()
        for edition in zone["lists"]
        if edition["id"] in book().instruments
    }
    assert len(editions) >= 12
    for key, edition in editions.items():
        one = book().instruments[key]
        assert (edition["from"], edition.get("to", date.max)) == (one.effective, one.until), key


# ---- Status ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(book().instruments))
def test_status_on_every_boundary_day(key: str) -> None:
    one = book().instruments[key]
    if one.effective is not None:
        assert status(one, one.effective) is Status.IN_FORCE
        assert status(one, one.effective - DAY) in (Status.NOT_YET, Status.NOT_PUBLISHED)
        assert status(one, one.until) is Status.IN_FORCE
    if one.published is not None and (one.effective is None or one.published < one.effective):
        assert status(one, one.published - DAY) is Status.NOT_PUBLISHED
        expected = Status.DRAFT if one.draft else Status.UNKNOWN if one.effective is None else Status.NOT_YET
        assert status(one, one.published) is expected
    if one.until < date.max:
        assert status(one, one.until + DAY) is (Status.REPLACED if one.replaced_by else Status.LAPSED)


@pytest.mark.parametrize(
    ("key", "day", "expected"),
    [
        ("CSL-2017", "2016-11-06", "not_published"),
        ("CSL-2017", "2016-11-07", "not_yet"),
        ("CSL-2017", "2017-05-31", "not_yet"),
        ("CSL-2017", "2017-06-01", "in_force"),
        ("CSL-2017", "2025-12-31", "in_force"),
        ("CSL-2017", "2026-01-01", "replaced"),
        ("CSL-2026", "2025-12-31", "not_yet"),
        ("CERT-ANN-37", "2022-11-04", "in_force"),  # dated before it was released
        ("LARGE-DRAFT", "2026-08-06", "not_published"),
        ("LARGE-DRAFT", "2026-11-21", "draft"),
        ("CERT-DRAFT", "2025-10-16", "draft"),
        ("CERT-DRAFT", "2025-10-17", "replaced"),
        ("LG-MEASURES-2024", "2025-02-08", "lapsed"),
        ("GBT-42574-2023", "2024-01-01", "unknown"),
        ("GBT-46068-2025", "2026-02-28", "not_yet"),
    ],
)
def test_status(key: str, day: str, expected: str) -> None:
    assert status(book().instruments[key], date.fromisoformat(day)) == expected


@given(INSTRUMENTS, DAYS, DAYS)
def test_status_never_goes_back(key: str, one_day: date, other_day: date) -> None:
    order = [Status.NOT_PUBLISHED, Status.NOT_YET, Status.IN_FORCE, Status.REPLACED]
    ranks = {each: at for at, each in enumerate(order)} | {Status.DRAFT: 1, Status.UNKNOWN: 1, Status.LAPSED: 3}
    early, late = sorted([one_day, other_day])
    instrument = book().instruments[key]
    assert ranks[status(instrument, early)] <= ranks[status(instrument, late)]


@given(INSTRUMENTS, DAYS)
def test_one_text_of_a_title_is_in_force_at_most(key: str, day: date) -> None:
    in_force = [one for one in texts(book().instruments[key].title) if one.in_force(day)]
    assert len(in_force) <= 1
    if in_force:
        assert text_of(book().instruments[key].title, day) == in_force[0]


def test_a_title_is_read_as_the_text_of_the_day() -> None:
    assert [text_of("《网络安全法》", day).id for day in (date(2025, 12, 31), date(2026, 1, 1))] == [
        "CSL-2017",
        "CSL-2026",
    ]
    assert text_of("中华人民共和国网络安全法").id == "CSL-2026"
    assert text_of("粤港澳大湾区(内地、香港)个人信息跨境流动标准合同实施指引").id == "GBA-HK"
    assert text_of("网络安全法", date(2000, 1, 1)).id == "CSL-2017"
    assert text_of("没有这部法") is None and text_of("") is None


# ---- Articles by matter ------------------------------------------------------------------------------------------


def test_localisation_moved_from_37_to_39() -> None:
    for day, key, number in [
        (date(2017, 5, 31), None, None),
        (date(2017, 6, 1), "CSL-2017", "第三十七条"),
        (date(2025, 12, 31), "CSL-2017", "第三十七条"),
        (date(2026, 1, 1), "CSL-2026", "第三十九条"),
    ]:
        found = article("ciio_localisation", day)
        assert (found and found.instrument.id, found and found.article) == (key, number)


@pytest.mark.parametrize(
    ("matter", "day", "leading"),
    [
        ("assessment_threshold", date(2024, 3, 21), "SA-2022"),
        ("assessment_threshold", date(2024, 3, 22), "PROMO-2024"),
        ("contract_threshold", date(2024, 3, 21), "SCC-2023"),
        ("contract_threshold", date(2024, 3, 22), "PROMO-2024"),
        ("assessment_validity", date(2024, 3, 21), "SA-2022"),
        ("assessment_validity", date(2024, 3, 22), "PROMO-2024"),
        ("important_data_export", date(2024, 3, 21), "SA-2022"),
        ("important_data_export", date(2024, 3, 22), "DSL"),
        ("important_data_export", date(2025, 1, 1), "NDSR"),
        ("ciio_penalty", date(2026, 1, 1), "CSL-2026"),
        ("state_secrets_export", date(2024, 5, 1), "SECRETS-2024"),
    ],
)
def test_the_leading_article(matter: str, day: date, leading: str) -> None:
    assert article(matter, day).instrument.id == leading


@given(st.sampled_from(sorted(documents()["articles"]["subjects"])), DAYS)
def test_an_article_on_a_matter_is_in_force_and_exists(matter: str, day: date) -> None:
    for found in articles(matter, day):
        assert found.instrument.in_force(day)
        assert found.instrument.articles is None or 1 <= article_number(found.article) <= found.instrument.articles


def test_a_matter_is_regulated_from_the_first_to_the_last_day_of_the_text_or_until_a_later_rule_prevails() -> None:
    prevails = book().instruments["PROMO-2024"].effective
    for matter, entry in documents()["articles"]["subjects"].items():
        for at in entry["at"]:
            one = book().instruments[at["instrument"]]
            assert at["from"] == one.effective, (matter, one.id)
            assert at.get("to", date.max) in (one.until, prevails - DAY), (matter, one.id)
    for entry in documents()["articles"]["gives_way"]:
        assert entry["from"] == book().instruments[entry["to_instrument"]].effective


def test_an_unknown_matter_names_the_known() -> None:
    with pytest.raises(NotFound, match="ciio_localisation"):
        article("nothing", date(2025, 1, 1))


def test_article_numbers() -> None:
    assert [article_number(text) for text in ("第十条", "第一百零一条第二款", "第37条", "37", " art. 5 ", "37a", "条", "")] == [
        10, 101, 37, 37, 5, None, None, None,
    ]  # fmt: skip
    assert all(article_number(article_name(number)) == number for number in range(1, 1000))


# ---- Whether a citation stands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "cited", "day", "stands", "why", "now"),
    [
        ("网络安全法", "第三十七条", "2025-12-31", True, "stands", None),
        ("网络安全法", "第三十七条", "2026-01-01", True, "moved", ("CSL-2026", "第三十九条")),
        ("网络安全法", "第四十条", "2026-01-01", True, "moved", ("CSL-2026", "第四十二条")),
        ("网络安全法", "第六十六条", "2026-01-01", True, "moved", ("CSL-2026", "第七十一条")),
        ("网络安全法", "第三十九条", "2026-01-01", True, "stands", None),
        ("CSL-2017", "第三十七条第一款", "2026-01-01", False, "replaced", ("CSL-2026", "第三十九条")),
        ("CSL-2017", "第三十七条", "2025-12-31", True, "stands", None),
        ("CSL-2017", "第一条", "2026-01-01", False, "replaced", ("CSL-2026", "")),  # nobody told us its new number
        ("CSL-2026", "第三十九条", "2025-12-31", False, "not_yet", None),
        ("网络安全法", "第八十条", "2025-12-31", False, "no_such_article", None),
        ("网络安全法", "第八十一条", "2026-01-01", True, "stands", None),
        ("网络安全法", "第八十二条", "2026-01-01", False, "no_such_article", None),
        ("数据出境安全评估办法", "第四条第二项", "2024-03-21", True, "stands", None),
        ("数据出境安全评估办法", "第四条第二项", "2024-03-22", True, "gives_way", ("PROMO-2024", "第七条")),
        ("个人信息出境标准合同办法", "第四条", "2024-03-22", True, "gives_way", ("PROMO-2024", "第八条")),
        ("个人信息出境认证办法", "第五条", "2025-10-16", False, "not_published", None),
        ("个人信息出境认证办法", "第五条", "2025-12-31", False, "not_yet", None),
        ("个人信息出境认证办法", "第五条", "2026-01-01", True, "stands", None),
        ("个人信息出境认证办法", "第二十条", "2026-01-01", False, "no_such_article", None),
        ("GUIDE-SA-1", "", "2025-06-27", False, "replaced", ("GUIDE-SA-3", "")),
        ("AUTO-2021", "第十一条", "2025-01-01", True, "unchecked", None),
        ("LARGE-DRAFT", "", "2026-11-21", False, "draft", None),
        ("LG-2024", "", "2025-06-01", False, "lapsed", None),
        ("GBT-42574-2023", "", "2025-01-01", False, "unknown", None),
        ("个人信息保护法", "三十八", "2025-01-01", False, "not_an_article", None),
        ("个人信息保护法", "第零条", "2025-01-01", False, "no_such_article", None),
        ("个人信息保护法", "", "2025-01-01", True, "stands", None),
        ("没有这部办法", "第一条", "2025-01-01", False, "unknown_instrument", None),
    ],
)
def test_cite_as_of(instrument: str, cited: str, day: str, stands: bool, why: str, now: tuple[str, str] | None) -> None:
    found = cite_as_of(instrument, cited, date.fromisoformat(day))
    assert (found.stands, found.why) == (stands, why)
    assert (found.now and (found.now.instrument.id, found.now.article)) == now
    assert found.text["zh"] and found.text["en"]


@given(st.one_of(INSTRUMENTS, st.text(max_size=30)), st.text(max_size=20), DAYS)
def test_any_citation_gets_an_answer(instrument: str, cited: str, day: date) -> None:
    found = cite_as_of(instrument, cited, day)
    if found.stands:
        assert found.instrument.in_force(day)


# ---- Every citation in the data ----------------------------------------------------------------------------------


def test_every_citation_exists_on_each_day_on_which_it_is_made() -> None:
    found = list(citations())
    assert {"articles", "duties", "parameters", "rules"} <= {cite.document for cite in found}
    assert len(found) >= 190
    wrong = [f"{cite.document}/{cite.entry}: {fault}" for cite in found for fault in faults(cite)]
    assert wrong == []


def test_the_articles_of_rules_duties_numbers_and_clocks_stand_among_the_matters() -> None:
    """So that an article that exists, and regulates something else, is seen."""
    matters = documents()["articles"]["subjects"].values()
    known = {(at["instrument"], article_number(at["article"])) for entry in matters for at in entry["at"]}
    unknown = {
        (cite.document, cite.entry, cite.instrument, cite.article)
        for cite in citations()
        if cite.document in ("rules", "duties", "parameters", "procedures")
        and cite.article
        and book().instruments[cite.instrument].kind in FIXED_ARTICLES
        and (cite.instrument, article_number(cite.article)) not in known
    }
    assert unknown == set(), "name the matter in data/articles.yaml"


def test_no_citation_is_overlooked() -> None:
    """As many as a plain search of the files for the ids finds, instruments.yaml aside."""
    for name in documents():
        if name not in ("instruments", "zones", "holidays"):
            text = files("tongguan.law").joinpath(f"data/{name}.yaml").read_text(encoding="utf-8")
            named = sum(token in ("instrument", "to_instrument") for token in keys(documents()[name]))
            mapped = [cite for cite in citations() if cite.document == name and not cite.among]
            assert len(mapped) == named, name
            assert all(cite.instrument in text for cite in mapped)


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (key for key, value in node.items() if isinstance(value, str))
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from keys(child)


def test_citations_of_either_shape_are_found_wherever_they_stand() -> None:
    planted = {
        "steps": [
            {"id": "a", "from": date(2024, 3, 22), "cites": [["PROMO-2024", "第十五条"], ["NO-SUCH", ""]]},
            {
                "zh": "乙",
                "en": "b",
                "from": date(2020, 1, 1),
                "deep": [{"cites": [{"instrument": "PIPL", "article": "第一条"}]}],
            },
            {"id": "c", "due": date(2023, 2, 28), "to": date(2022, 8, 31), "cites": [["SA-2022", "第二十条"]]},
        ]
    }
    found = {(cite.entry, cite.instrument, str(cite.first)): faults(cite) for cite in citations(planted)}
    assert list(map(bool, found.values())) == [True, True, True, False]
    assert list(found) == [
        ("a", "PROMO-2024", "2024-03-22"),
        ("a", "NO-SUCH", "2024-03-22"),
        ("cites", "PIPL", "2020-01-01"),
        ("c", "SA-2022", "2023-02-28"),
    ]


def cite(instrument: str, article: str | None, first: str = "", last: str = "", among: tuple[str, ...] = ()) -> Quoted:
    days = [date.fromisoformat(day) if day else None for day in (first, last)]
    return Quoted("planted", "x", instrument, article, *days, among)


@pytest.mark.parametrize(
    "planted",
    [
        cite("NO-SUCH", "第一条"),
        cite("PROMO-2024", "第十五条", "2024-03-22"),  # it has 14
        cite("PROMO-2024", "第零条", "2024-03-22"),
        cite("PROMO-2024", "第八条", "2024-03-21"),  # a day early
        cite("CSL-2017", "第三十七条", "2017-06-01"),  # it did not stay
        cite("CSL-2017", "第三十七条", "2017-06-01", "2026-01-01"),  # a day too long
        cite("CSL-2017", "第三十七条", "2026-01-01"),
        cite("CSL-2026", "第三十九条", "2025-12-31"),
        cite("PIPL", "38", "2025-01-01"),
        cite("PIPL", "第三十八", "2025-01-01"),
        cite("CERT-DRAFT", "第五条", "2025-02-01"),
        cite("GUIDE-SA-1", "", "2024-03-22"),
        cite("GUIDE-SA-3", "", "2022-09-01", "", ("GUIDE-SA-2", "GUIDE-SA-3")),  # a stretch that none covers
        cite("GUIDE-SA-1", "", "2024-03-22", "", ("GUIDE-SA-1", "GUIDE-SA-2", "GUIDE-SA-3")),  # over when it begins
    ],
)
def test_a_planted_wrong_citation_fails(planted: Quoted) -> None:
    assert faults(planted)


@pytest.mark.parametrize(
    "planted",
    [
        cite("PROMO-2024", "第十四条", "2024-03-22"),
        cite("CSL-2017", "第七十九条", "2017-06-01", "2025-12-31"),
        cite("CSL-2017", "第三十七条"),  # without days it is said of the text itself
        cite("PIPL", None, "2021-11-01"),
        cite("AUTO-2021", "第九十九条", "2021-10-01"),  # its highest article is not known: marked, not refused
        cite("QA-2026-07", "第一问", "2026-07-24"),
        cite("GUIDE-SA-1", "", "2022-09-01", "", ("GUIDE-SA-1", "GUIDE-SA-2", "GUIDE-SA-3")),
    ],
)
def test_a_right_citation_passes(planted: Quoted) -> None:
    assert faults(planted) == []


def test_every_citation_of_a_rule_moved_by_a_day_beyond_its_instrument_is_found() -> None:
    for one in book().instruments.values():
        if one.effective is not None:
            good = Quoted("planted", "x", one.id, None, one.effective, one.until)
            early = Quoted("planted", "x", one.id, None, one.effective - DAY, one.until)
            assert faults(good) == [] and faults(early)
            if one.until < date.max:
                assert faults(Quoted("planted", "x", one.id, None, one.effective, one.until + DAY))


# ---- The document ------------------------------------------------------------------------------------------------


def test_the_document_is_made_from_the_data() -> None:
    same = ROOT.joinpath("docs/law.md").read_text(encoding="utf-8") == law_doc().document()
    assert same, "docs/law.md is older than the data; run: python scripts/law_doc.py"


def test_the_document_counts_every_parameter_once() -> None:
    doc = law_doc()
    levels = [level for _, level in doc._parameters()]
    assert set(levels) <= set(doc.LEVELS)
    assert f"**{len(levels)}**" in doc.document()
    tagged = sum(len(list(tags(documents()[name]))) for name in documents() if name not in doc.NAMELESS)
    cited = sum(len(entry) for entry in (documents()["rules"], documents()["duties"]))
    assert len(levels) >= tagged + cited - sum("confidence" in entry for entry in documents()["duties"])


def law_doc() -> Any:
    path = ROOT.joinpath("scripts/law_doc.py")
    spec = importlib.util.spec_from_file_location("law_doc", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tags(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("confidence"), str):
            yield node["confidence"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from tags(child)
