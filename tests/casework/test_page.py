"""The page: whole, self-contained, readable, safe with hostile names."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tongguan.casework.report import page, write_html
from tongguan.casework.report.shape import complete
from tongguan.errors import CannotWrite

HOSTILE = (
    "</style></script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\"'&{{7*7}}\x00\u202e"
)


def written(result: dict[str, Any], tmp_path: Path, language: str = "both") -> str:
    path = tmp_path / "report.html"
    write_html(result, path, language)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Tags opened and closed, texts, ids and targets."""

    VOID = frozenset({"meta", "input", "img", "br", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "for") and value:
                self.targets.append(value.lstrip("#"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("sample", ["retailer", "quiet", "crowded"])
@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_every_sample_gives_a_sound_page(
    sample: str, language: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    html = written(request.getfixturevalue(sample), tmp_path, language)
    reader = Reader(html)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.targets) <= set(reader.ids)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & reader.tags
    assert not re.search(r'(src=|<link[^>]+href=|url\()["\']?https?:', html)
    assert "@import" not in html and "url(" not in html
    assert "default-src 'none'" in html


def test_both_languages_are_there_and_the_first_is_shown(retailer: dict[str, Any], tmp_path: Path) -> None:
    html = written(retailer, tmp_path)
    assert html.count("<main") == 2
    assert 'id="show-zh" checked' in html and 'id="show-en">' in html
    assert "数据出境检查报告" in html and "Report on data leaving mainland China" in html
    assert 'id="zh-seal"' in html and 'id="en-seal"' in html


@pytest.mark.parametrize(("language", "other"), [("zh", "en"), ("en", "zh")])
def test_one_language_needs_no_choice(retailer: dict[str, Any], tmp_path: Path, language: str, other: str) -> None:
    html = written(retailer, tmp_path, language)
    assert html.count("<main") == 1 and "show-" not in html.split("</style>")[1]
    assert f'id="{other}-' not in html


def test_english_leaves_no_chinese_but_names_and_citations(retailer: dict[str, Any], tmp_path: Path) -> None:
    body = Reader(written(retailer, tmp_path, "en").split("</head>")[1].split("</html>")[0]).text
    body = re.sub(r"《[^》]*》第[一-龥]+条", "", body)
    names = [retailer["exporter"]["name"], retailer["exporter"]["city"], "SCC-川-2026-0042"]
    names += [r["name"] for r in retailer["recipients"]] + [f["system"] for f in retailer["flows"]]
    for name in names:
        body = body.replace(name, "")
    assert re.findall(r"[一-龥]+", body) == []


def test_every_number_stands_beside_its_bounds_and_what_was_unseen(retailer: dict[str, Any], tmp_path: Path) -> None:
    text = Reader(written(retailer, tmp_path, "en")).text
    for wanted in (
        "842,310",
        "838,000 – 863,000",
        "between 645,002 and 656,000",
        "1,000,000, 157,690 to go",
        "1,455 places unseen (encrypted, missing from the capture, damaged or malformed, location unknown)",
        "Detectors switched off: Religion",
        "148,930 more",
        "critical information infrastructure operator",
        "persons reaches 1,000,000 (157,690 more) → security assessment",
        "《个人信息出境标准合同办法》第八条",
        "5101**********0012",
        "3 more in result.json",
        "sealed as entry 48213",
        "9c" * 32,
        "5f" * 32,
    ):
        assert wanted in text, wanted


def test_each_picture_has_its_table(retailer: dict[str, Any], tmp_path: Path) -> None:
    html = written(retailer, tmp_path, "zh")
    for chapter in ("lines", "flows", "recipients", "blind"):
        part = html.split(f'id="zh-{chapter}"')[1].split("<h2")[0]
        assert '<svg xmlns="http://www.w3.org/2000/svg" class="picture' in part and "<table" in part, chapter
    flows = html.split('id="zh-flows"')[1].split("<h2")[0]
    for flow in retailer["flows"]:
        assert f"{flow['persons']:,}" in flows


def test_what_is_left_out_is_counted(crowded: dict[str, Any], tmp_path: Path) -> None:
    text = Reader(written(crowded, tmp_path, "en")).text
    assert text.count(f"{300 - page.ROWS} more rows in result.json") == 2
    assert f"{300 - page.CARDS} more recipients with fewer persons" in text
    assert f"{500 - page.PLACES} more places in result.json" in text
    assert "289 others" in text


def test_hostile_names_stay_text(retailer: dict[str, Any], tmp_path: Path) -> None:
    def poison(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: poison(item) for key, item in value.items()}
        if isinstance(value, list):
            return [poison(item) for item in value]
        return HOSTILE if isinstance(value, str) else value

    poisoned = poison(retailer)
    poisoned["flows"][0]["recipient_id"] = "\0rest"
    html = written(poisoned, tmp_path)
    reader = Reader(html)
    assert reader.open == [] and not {"script", "img"} & reader.tags
    assert html.count("</style>") == 1 and "{{7*7}}" in html and "\u202e" not in html
    assert not re.search(r'(src=|<link[^>]+href=|url\()["\']?https?:', re.sub(r"&lt;.*?&gt;", "", html))


def test_a_name_cannot_leave_the_style_sheet(retailer: dict[str, Any], tmp_path: Path) -> None:
    retailer["exporter"]["name"] = 'x"; } body { display: none } </style>\\'
    style = written(retailer, tmp_path).split("<style>")[1].split("</style>")[0]
    assert "display: none }" not in style.split("@page { @bottom-left")[1]


def test_a_place_that_cannot_be_written(retailer: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file/report.html", tmp_path / "absent/report.html", tmp_path):
        with pytest.raises(CannotWrite, match="cannot be written"):
            write_html(retailer, place)
    assert [path.name for path in tmp_path.iterdir()] == ["file"], "nothing half-written is left"


def test_an_old_report_is_replaced_whole(retailer: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_html(retailer, path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


# ---- colours

PAIRS = [
    *(
        (text, ground)
        for text in ("--c-text", "--c-text-2", "--c-text-3", "--c-primary")
        for ground in ("--c-bg", "--c-surface", "--c-sunken")
    ),
    *(
        (f"--p-{p}-ink", ground)
        for p in ("prohibited", "assessment", "contract", "exempt", "undetermined", "none")
        for ground in (f"--p-{p}-soft", "--c-surface")
    ),
    ("--c-danger-ink", "--c-surface"),
    ("--c-warn-ink", "--c-surface"),
    ("--c-info-ink", "--c-surface"),
    ("--c-primary", "--c-primary-soft"),
]


def tokens() -> dict[str, dict[str, str]]:
    sheet = files("tongguan.casework.report").joinpath("tokens.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"(--[\w-]+):\s*(#\w{6})", part)) for part in sheet.split("@media"))
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    """WCAG 2 AA: 4.5 to 1."""
    values = tokens()[theme]
    light, dark = sorted((luminance(values[text]), luminance(values[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_no_colour_stands_outside_the_tokens() -> None:
    folder = files("tongguan.casework.report")
    used = set()
    for sheet in ("report.css", "pictures.css"):
        text = re.sub(r"/\*.*?\*/", "", folder.joinpath(sheet).read_text(encoding="utf-8"), flags=re.S)
        assert not re.search(r"#[0-9A-Fa-f]{3,8}\b|rgba?\(|hsl", text), sheet
        used |= set(re.findall(r"var\((--[\w-]+)", text)) - {"--k", "--k-ink", "--k-soft", "--o"}
    known = set(re.findall(r"(--[\w-]+):", folder.joinpath("tokens.css").read_text(encoding="utf-8")))
    assert used <= known


def test_complete_results_render_twice_alike(retailer: dict[str, Any], tmp_path: Path) -> None:
    assert written(retailer, tmp_path) == written(complete(retailer), tmp_path)
