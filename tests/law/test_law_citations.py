"""What is cited exists, and is in force on the day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tongguan.law import source_url
from tongguan.law.book import Cite, Page, book
from tongguan.law.citing import FIXED_ARTICLES

PARTS = re.compile(r"第([一二三四五六七八九十百]+)条(第[一二三四五六七八九十]+款)?(第[一二三四五六七八九十]+项)?")
DIGITS = "零一二三四五六七八九"
CONFIDENCES = {"official", "secondary", "memory", "seed", "unverified", "interpretation"}


def numeral(text: str) -> int:
    """A Chinese numeral below 200."""
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = 100 * DIGITS.index(hundreds) if hundreds else 0
    if ten:
        value += 10 * (DIGITS.index(tens) if tens else 1)
    return value + (DIGITS.index(ones) if ones else 0)


def test_numerals() -> None:
    assert [numeral(text) for text in ("七", "十", "十一", "二十", "三十八", "六十三")] == [7, 10, 11, 20, 38, 63]


def pages() -> Iterator[tuple[Page, date]]:
    """Each stretch with its last day."""
    turns = [*book().turns, date.max]
    for at, first in enumerate(turns[:-1]):
        last = turns[at + 1] - timedelta(days=1) if turns[at + 1] != date.max else date.max
        yield book().page(first), last


def cites(page: Page) -> Iterator[tuple[str, Cite]]:
    for rule in page.rules:
        assert rule.cites, f"{rule.id} cites nothing on {page.first}"
        for cite in rule.cites:
            yield rule.id, cite
    for duty in page.duties:
        yield duty.id, duty.cite


def faults(cite: Cite, first: date, last: date) -> list[str]:
    found = []
    if not cite.instrument.in_force(first) or not last <= cite.instrument.until:
        found.append(f"{cite.instrument.id} is not in force on all days from {first} to {last}")
    parts = PARTS.fullmatch(cite.article)
    if parts is None:
        if cite.instrument.kind not in ("normative", "standard", "local"):
            found.append(f"{cite.article!r} is no article")
    elif not 1 <= numeral(parts[1]) <= (cite.instrument.articles or 1000):
        found.append(f"{cite.instrument.id} has no {cite.article}")
    return found


def test_what_is_cited_is_in_force_and_exists() -> None:
    wrong = [
        f"{where}: {fault}"
        for page, last in pages()
        for where, cite in cites(page)
        for fault in faults(cite, page.first, last)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("instrument", "article", "day"),
    [
        ("PROMO-2024", "第十五条", date(2025, 1, 1)),  # it has 14
        ("PROMO-2024", "第八条", date(2024, 3, 21)),  # a day early
        ("CSL-2017", "第三十七条", date(2026, 1, 1)),  # replaced
        ("CERT-2025", "第五条", date(2025, 12, 31)),
        ("PIPL", "38", date(2025, 1, 1)),
    ],
)
def test_a_wrong_citation_is_a_fault(instrument: str, article: str, day: date) -> None:
    assert faults(Cite(book().instruments[instrument], article), day, day)


def parameter_entries(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "instrument" in node:
            yield node
        for child in node.values():
            yield from parameter_entries(child)
    elif isinstance(node, list):
        for child in node:
            yield from parameter_entries(child)


def test_parameters_name_instruments_that_are_in_force_from_their_first_day() -> None:
    for entry in parameter_entries(book().parameters):
        instrument = book().instruments[entry["instrument"]]
        if "from" in entry:
            assert instrument.in_force(entry["from"]), entry
        if "article" in entry and instrument.kind in FIXED_ARTICLES:
            parts = PARTS.fullmatch(entry["article"])
            assert parts and numeral(parts[1]) <= (instrument.articles or 1000), entry


def test_every_number_and_list_says_how_it_is_known() -> None:
    parameters = book().parameters
    entries = [entry for group in parameters["numbers"].values() for entry in group]
    entries += parameters["windows"]
    entries += [entry for zone in book().zones.values() for entry in zone["lists"]] + list(book().scenarios.values())
    entries += [entry for group in parameters["greater_bay_area"]["recipients"].values() for entry in group]
    assert {entry["confidence"] for entry in entries} <= CONFIDENCES
    assert {instrument.confidence for instrument in book().instruments.values()} <= CONFIDENCES


def test_texts_stand_in_both_languages() -> None:
    for entry in [*book().rules, *book().duties, *book().regimes, *book().zones.values(), *book().readings.values()]:
        assert entry["zh"].strip() and entry["en"].strip()


def test_official_texts_have_an_address() -> None:
    assert source_url("促进和规范数据跨境流动规定") == "https://www.cac.gov.cn/2024-03/22/c_1712776611775634.htm"
    assert source_url("个人信息出境标准合同办法") is not None
    assert source_url("没有这部办法") is None
