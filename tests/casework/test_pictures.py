"""Pictures: well-formed, inside their frame, true to their numbers, safe with any text."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.casework.report import flows, raster
from tongguan.casework.report.drawings import Drawings
from tongguan.casework.report.lines import zones
from tongguan.casework.report.pictures import Bar, Zone, bars, gauge, mark, sankey, share
from tongguan.casework.report.shape import complete
from tongguan.casework.report.words import Words

SVG = "{http://www.w3.org/2000/svg}"
ZONES = [
    Zone(0, "0", "exempt", "exempt"),
    Zone(100_000, "10 万", "contract", "standard_contract_or_certification"),
    Zone(1_000_000, "100 万", "assessment", "security_assessment"),
]


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in parse(svg).iter(f"{SVG}text")]


def rects(svg: str, style: str) -> list[dict[str, float]]:
    found = [node for node in parse(svg).iter(f"{SVG}rect") if style in (node.get("class") or "").split()]
    return [{key: float(node.get(key) or 0) for key in ("x", "y", "width", "height")} for node in found]


def drawings(result: dict[str, Any], language: str = "zh") -> Drawings:
    return Drawings(complete(result), Words(language))  # type: ignore[arg-type]


def test_the_flow_picture_is_true_to_its_numbers(retailer: dict[str, Any]) -> None:
    svg = drawings(retailer).flows(880)
    root = parse(svg)
    widths = {}
    for path in root.iter(f"{SVG}path"):
        title = path.find(f"{SVG}title")
        assert title is not None and title.text
        widths[title.text] = float(path.get("stroke-width") or 0)
    assert len(widths) == 9 + 6, "nine flows into six recipients, each in one country"
    big, small = (
        widths["会员中心 → Lumora Analytics, Inc.: 561,000"],
        widths["会员中心 → 星野国际（新加坡）私人有限公司: 269,000"],
    )
    assert big / small == pytest.approx(561 / 269, rel=0.02)
    shown = texts(svg)
    assert "64.9 万 人" in shown, "a recipient's persons are its own count, each once"
    assert "至多 83.0 万 人" in shown, "a system's persons are a sum, and said to be"
    for rect in rects(svg, "nd"):
        assert rect["y"] >= 0 and rect["y"] + rect["height"] <= float(root.get("height") or 0)


def test_labels_of_the_flow_picture_do_not_cover_each_other(crowded: dict[str, Any]) -> None:
    whole, words = complete(crowded), Words("en")
    columns = flows.columns(whole, words)
    assert [len(column) for column in columns] == [12, 12, 4]
    assert columns[1][-1].label == "289 others" and columns[1][-1].last
    svg = sankey(columns, flows.links(whole), ["a", "b", "c"], "", 880)
    by_x: dict[str, list[float]] = {}
    for node in parse(svg).iter(f"{SVG}text"):
        if "halo" in (node.get("class") or ""):
            by_x.setdefault(node.get("x") or "", []).append(float(node.get("y") or 0))
    assert len(by_x) == 3
    for ys in by_x.values():
        assert min(b - a for a, b in pairwise(sorted(ys))) >= 12


def test_a_flow_of_nobody_is_still_drawn(retailer: dict[str, Any]) -> None:
    for flow in retailer["flows"]:
        flow["persons"] = 0
    root = parse(drawings(retailer).flows(880))
    assert all(float(path.get("stroke-width") or 0) == 1.5 for path in root.iter(f"{SVG}path"))


def test_nothing_to_draw_draws_nothing(quiet: dict[str, Any]) -> None:
    draw = drawings(quiet)
    assert (draw.flows(880), draw.bars(880), draw.coverage(880)) == ("", "", "")


def test_the_gauge_marks_lines_bounds_and_zone() -> None:
    svg = gauge(842_310, 838_000, 863_000, ZONES, "label", 625)
    (fill,) = rects(svg, "fill")
    scale = 625 / 1_250_000
    assert fill["width"] == pytest.approx(842_310 * scale, abs=0.1)
    assert "p-standard_contract_or_certification" in svg
    lines = re.findall(r'class="line" d="M([\d.]+),', svg)
    assert [float(x) for x in lines] == pytest.approx([50, 500], abs=0.1)
    assert {"10 万", "100 万", "80%"} <= set(texts(svg))
    assert f"M{838_000 * scale:.1f},33" in svg


@pytest.mark.parametrize(
    ("value", "pathway"),
    [
        (0, "exempt"),
        (99_999, "exempt"),
        (100_000, "standard_contract_or_certification"),
        (999_999, "standard_contract_or_certification"),
        (1_000_000, "security_assessment"),
        (9_000_000, "security_assessment"),
    ],
)
def test_the_gauge_takes_the_colour_of_its_zone(value: int, pathway: str) -> None:
    svg = gauge(value, value, value, ZONES, "", 600)
    assert f"fill p-{pathway}" in svg
    (fill,) = rects(svg, "fill")
    assert (fill["width"] == 0) == (value == 0) and fill["width"] <= 600


def test_a_gauges_long_names_take_two_lines_or_none() -> None:
    assert {"security", "assessment"} <= set(texts(drawings_en_gauge(360)))


def drawings_en_gauge(width: int) -> str:
    return gauge(5, 5, 5, zones("2026-11-20", "sensitive_persons", Words("en")), "", width)


def test_lines_are_those_of_the_day() -> None:
    words = Words("zh")
    assert [z.start for z in zones("2026-11-20", "persons", words)] == [0, 100_000, 1_000_000]
    assert [z.line for z in zones("2026-11-20", "sensitive_persons", words)] == ["0", "1", "1 万"]
    assert [z.start for z in zones("2023-01-01", "persons", words)] == [0, 100_000]
    assert zones("2015-01-01", "persons", words) == []
    assert zones("no day", "persons", words) == []


def test_bars_are_as_long_as_their_numbers() -> None:
    rows = [Bar("a", "", 100, 90, 120, "exempt", True), Bar("b", "", 50, 50, 50, "undetermined", False)]
    svg = bars(rows, "", 800)
    (outlined,), (solid,) = rects(svg, "outline"), rects(svg, "fill")
    assert outlined["width"] / solid["width"] == pytest.approx(2, rel=0.01)
    assert svg.count("bracket") == 1, "bounds only where there are any"


def test_a_share_is_cut_in_proportion() -> None:
    svg = share([("seen", 75), ("unseen", 25), ("unknown", 0)], "", 400)
    (seen,), (unseen,) = rects(svg, "seen"), rects(svg, "unseen")
    assert seen["width"] == pytest.approx(299, abs=1) and unseen["x"] == pytest.approx(300, abs=1)
    assert "unknown" not in svg


def test_every_pathway_has_a_shape_of_its_own() -> None:
    kinds = ("prohibited", "security_assessment", "standard_contract", "exempt", "undetermined", "not_export")
    assert len({mark(kind) for kind in kinds}) == len(kinds)
    for kind in (*kinds, "high", "mid", "low", "no such thing"):
        parse(mark(kind))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_stays_text(text: str) -> None:
    text = text.replace("\ufffe", "").replace("\uffff", "")
    bar = Bar(f"<script>{text}</script>", f'"{text}', 3, 2, 4, text, False)
    svg = bars([bar], f'"><script>{text}', 700)
    assert "<script" not in svg
    root = parse(svg)
    assert root.get("aria-label") == f'"><script>{text}'


def test_the_style_sheet_knows_every_class_and_no_colour_of_its_own(retailer: dict[str, Any]) -> None:
    draw = drawings(retailer)
    drawn = "".join((draw.flows(880), draw.gauge("persons", 600), draw.bars(880), draw.coverage(880)))
    used = {name for group in re.findall(r'class="([^"]+)"', drawn) for name in group.split()}
    source = raster.files("tongguan.casework.report").joinpath("pictures.css").read_text(encoding="utf-8")
    styled = set(re.findall(r"\.([\w-]+)", source))
    assert used - styled <= {"gauge", "bars", "share", "sankey"}
    assert not re.search(r"#[0-9A-Fa-f]{3,6}\b|rgb", source)
    assert "var(" not in raster._style("Noto Sans CJK SC")


def test_a_picture_becomes_png(retailer: dict[str, Any]) -> None:
    font = raster.cjk_font()
    if font is None:
        pytest.skip("no font with Chinese characters on this machine")
    image = raster.png(drawings(retailer).gauge("persons", 640), font)
    assert image.startswith(b"\x89PNG") and int.from_bytes(image[16:20], "big") == 640 * raster.ZOOM
