"""Pages that stand in attributes of pages, and lines of SVG that are written in several spans."""

from __future__ import annotations

import html
import time
import urllib.parse

import pytest

from tongguan.identify import Detector, extract
from tongguan.model import Content

DETECTOR = Detector(b"a key of tests")
PAGE = "<p>请联系 <b>138</b>1234<i>5678</i> 谢谢</p>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text x="1" y="9">{}</text></svg>'


def phones(text: str, name: str) -> list[str]:
    pieces = extract(Content(name, "", None, text.encode())).pieces
    told = DETECTOR.scan(pieces)
    return [p.text[f.start : f.end] for p, some in zip(pieces, told, strict=True) for f in some if f.type == "phone"]


@pytest.mark.parametrize(
    "attribute",
    [
        f'<iframe srcdoc="{html.escape(PAGE)}"></iframe>',
        f"<iframe class=a SRCDOC = '{PAGE}' width=1></iframe>",
        f'<a href="data:text/html;charset=utf-8,{urllib.parse.quote(PAGE)}">a</a>',
        f"<object data='data:text/html,{PAGE}'></object>",
        f'<iframe srcdoc="{html.escape(html.escape(PAGE).join(("<iframe srcdoc=&quot;".replace("&quot;", chr(34)), chr(34) + "></iframe>")))}"></iframe>',
        f'<img src="data:image/svg+xml,{urllib.parse.quote(SVG.format("<tspan>138</tspan><tspan>12345678</tspan>"))}">',
    ],
)
def test_pages_in_attributes_are_read_once(attribute: str) -> None:
    found = phones(f"<html><body><h1>页</h1>{attribute}<p>后 13912345678</p></body></html>", "a.html")
    assert sorted(found) == ["13812345678", "13912345678"]


def test_what_stands_in_base64_or_is_no_page_stays() -> None:
    page = '<html><body><a title="13812345678" href="data:text/plain,13912345678">x</a></body></html>'
    assert sorted(phones(page, "a.html")) == ["13812345678", "13912345678"]


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ("<tspan>138</tspan><tspan fill='red'>1234</tspan>\n  <tspan dx='0.5'>5678</tspan>", ["13812345678"]),
        ("<tspan x='0' y='9'>138 1234</tspan><tspan x='40' dy='0'>5678</tspan>", ["138 1234 5678"]),
        ("<tspan x='0' y='9'>1381234</tspan><tspan x='0' dy='1.2em'>5678</tspan>", []),
        ("<tspan><tspan y='3'>13812345678</tspan></tspan><tspan><tspan y='9'>13912345678</tspan></tspan>", None),
    ],
)
def test_spans_of_a_line(spans: str, found: list[str] | None) -> None:
    for name in ("a.svg", "a.xml"):
        assert phones(SVG.format(spans), name) == (["13812345678", "13912345678"] if found is None else found)


def test_hostile_pages_are_bounded() -> None:
    for run in (
        'srcdoc="',
        "<iframe srcdoc='<iframe srcdoc=",
        "src='data:text/html,",
        "</tspan>",
        "<tspan dy='",
        "</tspan><tspan ",
    ):
        text = "<html><body><iframe srcdoc=''>" + run * (2_000_000 // len(run))
        before = time.process_time()
        for name in ("a.html", "a.svg"):
            extract(Content(name, "", None, text.encode()))
        assert time.process_time() - before < 15
