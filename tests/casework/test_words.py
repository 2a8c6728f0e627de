"""Numbers, times and names as they stand on paper."""

from __future__ import annotations

import pytest

from tongguan.casework.report.words import Words
from tongguan.model import BlindKind, Pathway
from tongguan.wording import wording

ZH, EN = Words("zh"), Words("en")


def test_every_text_is_in_both_languages() -> None:
    for key, both in wording("tongguan.casework.report").texts.items():
        assert set(both) == {"zh", "en"}, key
        assert all(isinstance(text, str) for text in both.values()), key


def test_every_kind_that_the_model_knows_has_its_words() -> None:
    for kind in BlindKind:
        assert f"kind.{kind}" in ZH and f"remedy.{kind}" in ZH
    for pathway in Pathway:
        assert f"verdict.{pathway}" in ZH
        assert ZH.pathway(pathway) != pathway.value and "_" not in EN.pathway(pathway)


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [(0, "0", "0"), (9999, "9,999", "9,999"), (10000, "1.0 万", "10,000"), (842310, "84.2 万", "842,310")],
)
def test_short_numbers(number: int, zh: str, en: str) -> None:
    assert (ZH.short(number), EN.short(number)) == (zh, en)
    assert ZH.exact(number) == en


@pytest.mark.parametrize(("number", "zh"), [(100_000, "10 万"), (1_000_000, "100 万"), (1, "1"), (15_000, "15,000")])
def test_legal_lines(number: int, zh: str) -> None:
    assert ZH.line(number) == zh and EN.line(number) == f"{number:,}"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (392_200_000_000, "392 GB"), (10**19, "10,000 PB")]
)
def test_sizes(size: int, text: str) -> None:
    assert ZH.bytes(size) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "–"), (0, 5, "0%"), (5, 5, "100%"), (1, 10**6, "0.1%"), (10**6 - 1, 10**6, "99.9%"), (1, 3, "33.3%")],
)
def test_shares_say_all_and_none_only_where_it_is_so(part: int, whole: int, text: str) -> None:
    assert EN.share(part, whole) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2026-11-21T06:00:00Z", "2026-11-21 14:03".replace("03", "00")),
        ("2026-11-20T17:00:00.5Z", "2026-11-21 01:00"),
        (0, "1970-01-01 08:00"),
        ("2026-11-20", "2026-11-20"),
        ("last week", "last week"),
        ("", ""),
        (float("inf"), "inf"),
    ],
)
def test_times_are_beijings(given: str | float, text: str) -> None:
    assert ZH.time(given) == text


def test_bounds_are_told_unless_there_are_none() -> None:
    assert ZH.bounds({"count": 5, "low": 5, "high": 5}) == "上下界一致"
    assert EN.bounds({"count": 5, "low": 4, "high": 12_000}) == "between 4 and 12,000"
    assert EN.bounds({"count": 5, "low": 5, "high": 5}, unread=3) == "exact, unread apart"


def test_what_is_not_known_stands_for_itself() -> None:
    assert ZH.type("no_such_type") == "no_such_type"
    assert ZH.pathway("no_such_path") == "no_such_path"
    assert ZH.fact("no.such.fact") == "no.such.fact"
    assert ZH.known("kind", "no_such_kind") == "no_such_kind"
    assert ZH.country(None) == "去向未定" and EN.country("") == "location unknown"
    assert EN.said({"colour": "red", "size": 3}) == "colour: red, size: 3"
    assert EN.said("plain") == "plain"


def test_names_and_values() -> None:
    assert (ZH.type("phone"), EN.country("HK")) == ("手机号码", "Hong Kong SAR")
    assert [EN.value("data.core", v) for v in (True, False, None, 842310)] == ["yes", "no", "unknown", "842,310"]
    assert ZH.value("recipient.country", "SG") == "新加坡"
    assert ZH.value("activity.act", "transmission") != "transmission"
    assert EN.value("activity.act", "telepathy") == "telepathy"
    assert ZH.cite({"instrument": "个人信息保护法", "article": "第三十九条"}) == "《个人信息保护法》第三十九条"
    assert ZH.cite({"instrument": "", "article": ""}) == ""
