"""Numbers, sizes and moments as they are written; bars as they are measured."""

from __future__ import annotations

import pytest

from tongguan.service.console import figures, render
from tongguan.service.console.gauge import gauge_of
from tongguan.service.console.lines import legal_lines, zones
from tongguan.service.console.tasks import tasks


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (0, "0", "0"),
        (9999, "9,999", "9,999"),
        (10000, "1 万", "10K"),
        (123456, "12.3 万", "123.5K"),
        (1_000_000, "100 万", "1M"),
        (842_316, "84.2 万", "842.3K"),
        (250_000_000, "2.5 亿", "250M"),
    ],
)
def test_short(number: int, zh: str, en: str) -> None:
    assert (figures.short(number, "zh"), figures.short(number, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("octets", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (318_200_000_000, "318.2 GB")]
)
def test_size(octets: int, text: str) -> None:
    assert figures.size(octets) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0"), (1, 1, "100"), (99_999, 100_000, "99.9"), (1, 100_000, "0.1"), (0, 5, "0"), (1, 2, "50")],
)
def test_percent_rounds_nothing_away(part: int, whole: int, text: str) -> None:
    assert figures.percent(part, whole) == text


def test_moments_are_beijings() -> None:
    assert figures.moment("2026-11-20T16:30:00Z") == "2026-11-21 00:30"
    assert figures.moment(1_795_191_000.0) == figures.clock(1_795_191_000.0)[:16]
    for nothing in (None, "", "soon", 1e30, float("nan")):
        assert figures.moment(nothing) == "–"
    assert figures.span("2026-11-19T16:00:00Z", "2026-11-20T09:00:00Z") == "2026-11-20 00:00–17:00"
    assert figures.span("2026-11-18T16:00:00Z", None) == "2026-11-19 00:00 – –"


def test_gauge() -> None:
    bar = gauge_of(842_316, 838_000, 863_000, [100_000, 1_000_000])
    assert bar.lines == (8.33, 83.33) and bar.tick == 66.67 and bar.fill == 70.19
    assert bar.low < bar.fill < bar.high
    assert gauge_of(1, 1, 1, [100_000]).fill > 0 == gauge_of(0, 0, 0, [100_000]).fill
    assert gauge_of(5_000_000, 0, 6_000_000, [10_000]).high <= 100


def test_lines_are_those_of_the_day() -> None:
    assert legal_lines("2026-11-20") == {"persons": [100_000, 1_000_000], "sensitive_persons": [10_000]}
    assert legal_lines("2023-06-01") == {"persons": [100_000], "sensitive_persons": [10_000]}
    assert zones([100_000, 1_000_000], "persons") == [
        "exempt", "standard_contract_or_certification", "security_assessment",
    ]  # fmt: skip
    assert zones([10_000], "sensitive_persons") == ["standard_contract_or_certification", "security_assessment"]


def test_an_approval_about_to_end_is_a_task() -> None:
    def one(expires: str | None) -> list[dict[str, object]]:
        recipient = {
            "id": "a", "name": "A", "filed": {"expires": expires} if expires else None,
            "decision": {"pathway": "exempt", "missing": []},
        }  # fmt: skip
        return tasks({"as_of": "2026-11-20", "recipients": [recipient], "alerts": []})

    assert one(None) == one("2027-06-01") == []
    assert [(t["kind"], t["days"], t["severity"]) for t in one("2026-12-01")] == [("expires", 11, "mid")]
    assert one("2026-11-01")[0]["severity"] == "high"


def test_a_name_of_others_cannot_look_like_another_one() -> None:
    assert render.shown("\u202egnp.exe") == "\\u202egnp.exe"
    assert render.shown("a\nb\u200b\u2066c") == "a\\u000ab\\u200b\\u2066c"
    assert render.shown("客户资料 <b>") == "客户资料 <b>" and render.shown(None) == ""
