"""OFD, the fixed-layout document of GB/T 33190-2016: invoices, certificates, official papers.

A ZIP of XML parts. The text of a page stands in objects with a place each, that of its template (an invoice's labels)
in another part: both are laid together line by line. Titles, people, custom data and attachments are handed on too.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .found import Found
from .source import Source

__all__ = ["read"]

Answer = tuple[dict[str, Any], list[bytes]]
_TAG = re.compile(r"<(/?)(?:[\w.-]+:)?(\w+)((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>")
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_OBJECT = re.compile(r"<((?:[\w.-]+:)?TextObject)\b([^>]*)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_CODE = re.compile(r"<((?:[\w.-]+:)?TextCode)\b([^>]*)>([^<]*)")
_GLYPHS = re.compile(r"<(?:[\w.-]+:)?CGTransform\b[^>]*\bCodeCount\s*=\s*[\"'](\d{1,6})")
_INFORMATION = re.compile(
    r"<(?:[\w.-]+:)?(Title|Author|Subject|Abstract|Keyword|CustomData)\b([^>]*)>([^<]+)<", re.DOTALL
)
_NO_TEXT = (".ttf", ".otf", ".ttc", ".cff", ".woff")  # fonts
_SAME_LINE = 0.4  # of a character's height
_APART = 0.35
_MOST_OBJECTS = 200_000  # of a page


@dataclass(slots=True)
class _Run:
    """Some characters in a row, in millimetres from the page's upper left corner."""

    top: float
    left: float
    right: float
    size: float
    text: str


def read(data: Source, max_bytes: int, max_members: int) -> Iterator[Answer]:
    """The pages in order, then what else holds text or other contents (see `Found`). The last report has an `end`."""
    found = Found(max_bytes, max_members)
    with data.reader() as file:
        try:
            parts = zipfile.ZipFile(file)
        except Exception:  # zipfile's errors are many, and each means that it cannot be read
            found.damaged()
        else:
            yield from _parts(parts, found)
    yield found.report(), found.blobs


def _parts(parts: zipfile.ZipFile, found: Found) -> Iterator[Answer]:
    document = _Document(parts, found)
    for number, page in enumerate(document.pages(), 1):
        found.text(f"page {number}", page)
        yield found.answer()
    for _ in document.beside():
        yield found.answer()


class _Document:
    """The parts of one file, each unpacked once."""

    def __init__(self, parts: zipfile.ZipFile, found: Found) -> None:
        self._parts, self._found = parts, found
        self._names = {
            _plain(item.filename): item for item in parts.infolist() if not f"/{item.filename}".endswith("/")
        }
        self._told: dict[str, str] = {}  # what each part that was read says of the document
        self._templates: dict[str, list[_Run]] = {}

    def pages(self) -> Iterator[str]:
        """The text of each page, with its template's."""
        for where in [name for name in self._names if name.lower().endswith("document.xml")]:
            folder, xml = posixpath.dirname(where), self._xml(where)
            templates: dict[str, str] = {}
            pages: list[str] = []
            for kind, given in _tags(xml, ("TemplatePage", "Page")):
                place = _joined(folder, given.get("BaseLoc", ""))
                if kind == "TemplatePage":
                    templates[given.get("ID", "")] = place
                else:
                    pages.append(place)
            for page in pages:
                yield self._page(page, templates)

    def _page(self, name: str, templates: dict[str, str]) -> str:
        xml = self._xml(name)
        below = [templates.get(given.get("TemplateID", ""), "") for _, given in _tags(xml, ("Template",))]
        self._found_less(xml)
        return _lines([*(run for template in filter(None, below) for run in self._template(template)), *_runs(xml)])

    def _template(self, name: str) -> list[_Run]:
        """Its runs, which many pages may share."""
        if name not in self._templates:
            self._templates[name] = list(_runs(self._xml(name)))
        return self._templates[name]

    def _found_less(self, xml: str) -> None:
        """Tell of text that is drawn by glyphs alone: what it says is known to its font only."""
        missing = 0
        for match in _OBJECT.finditer(xml):
            glyphs = sum(map(int, _GLYPHS.findall(match[3])))
            if glyphs:
                missing += max(0, glyphs - sum(len(html.unescape(raw)) for _, _, raw in _CODE.findall(match[3])))
        if missing:
            self._found.blind("unreadable", "characters drawn as glyphs without their codes", missing)

    def beside(self) -> Iterator[None]:
        """What no page holds: information, annotations, attachments, pictures, seals."""
        for name, item in self._names.items():
            if name.endswith(".xml") and not self._is_attached(name):
                unread = name not in self._told
                xml = self._xml(name) if unread else ""
                self._found.text(name, self._told[name], "form")
                if unread:  # a page that no document names, an annotation
                    self._found.text(name, _lines(_runs(xml)))
            elif not name.lower().endswith(_NO_TEXT):
                self._found.inside(name, self._bytes(item))
            yield

    def _is_attached(self, name: str) -> bool:
        return "attach" in name.lower() and "attachments.xml" not in name.lower()

    def _xml(self, name: str) -> str:
        item = self._names.get(name)
        if item is None:
            if name:
                self._found.damaged()
            return ""
        xml = self._bytes(item).decode("utf-8", "replace")
        self._told[name] = "\n".join(
            f"{_attributes(about).get('Name') or kind}: {html.unescape(value).strip()}"
            for kind, about, value in _INFORMATION.findall(xml)
        )
        return xml

    def _bytes(self, item: zipfile.ZipInfo) -> bytes:
        """A part, as far as it can be had."""
        if item.flag_bits & 1:
            self._found.blind("encrypted", "protected by a password")
            return b""
        try:
            with self._parts.open(item) as part:
                raw = part.read(max(0, self._found.left) + 1)
        except Exception:  # zipfile's errors are many, and each means that a part cannot be read
            self._found.damaged()
            return b""
        if len(raw) > self._found.left:
            self._found.end = "bytes"
            return b""
        return raw


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/")


def _joined(folder: str, place: str) -> str:
    """A part's name, as another one in `folder` gives it: `/` begins at the root."""
    return _plain(place if place.startswith("/") else posixpath.join(folder, place))


def _tags(xml: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    for ends, kind, about, _ in _TAG.findall(xml):
        if not ends and kind in wanted and about:
            yield kind, _attributes(about)


def _attributes(about: str) -> dict[str, str]:
    return {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(about)}


def _runs(xml: str) -> Iterator[_Run]:
    """The text of a part, wherever its objects stand."""
    for number, match in enumerate(_OBJECT.finditer(xml)):
        if number >= _MOST_OBJECTS:
            return
        about = _attributes(match[2])
        left, top, *_ = [*_numbers(about.get("Boundary", "")), 0.0, 0.0]
        scale = [*_numbers(about.get("CTM", "")), 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        a, b, c, d, e, f = scale[:6] if len(scale) >= 12 else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        size = ([*_numbers(about.get("Size", "")), 3.5][0]) * (abs(d) or abs(c) or 1.0)
        x = y = 0.0
        for _, code, raw in _CODE.findall(match[3]):
            text = html.unescape(raw).strip("\r\n")
            given = _attributes(code)
            x, y = _number(given.get("X"), x), _number(given.get("Y"), y)
            begin = left + a * x + c * y + e
            width = _width(given.get("DeltaX", ""), text, size, abs(a) or 1.0)
            if text.strip():
                yield _Run(top + b * x + d * y + f, begin, begin + width, size, text)


def _numbers(value: str) -> list[float]:
    found: list[float] = []
    for part in value.split():
        try:
            found.append(float(part))
        except ValueError:
            return found
    return found


def _number(value: str | None, otherwise: float) -> float:
    found = _numbers(value or "")
    return found[0] if found else otherwise


def _width(steps: str, text: str, size: float, scale: float) -> float:
    """How wide some characters are: `steps` as in `g 3 2.1 4.2`, three steps of 2.1 and one of 4.2."""
    last = size if text[-1:] > "\u2e7f" else size / 2
    total, parts = 0.0, steps.split()
    at = 0
    while at < len(parts):
        if parts[at] == "g" and at + 2 < len(parts):
            counted = _numbers(f"{parts[at + 1]} {parts[at + 2]}")
            total += counted[0] * counted[1] if len(counted) == 2 else 0.0
            at += 3
            continue
        total += sum(_numbers(parts[at]))
        at += 1
    if not parts and len(text) > 1:
        total = sum(size if c > "\u2e7f" else size / 2 for c in text[:-1])
        return total + last
    return total * scale + last


def _lines(runs: Iterator[_Run] | list[_Run]) -> str:
    """Runs as a person reads them: lines from top to bottom, each from left to right."""
    lines: list[list[_Run]] = []
    for run in sorted(runs, key=lambda run: (run.top, run.left)):
        if lines and abs(run.top - lines[-1][0].top) <= _SAME_LINE * max(run.size, lines[-1][0].size):
            lines[-1].append(run)
        else:
            lines.append([run])
    return "\n".join(_line(sorted(line, key=lambda run: run.left)) for line in lines)


def _line(runs: list[_Run]) -> str:
    parts = [runs[0].text]
    for before, run in pairwise(runs):
        gap = run.left - before.right
        if gap > _APART * run.size:
            parts.append("  " if gap > 2 * run.size else " ")
        parts.append(run.text)
    return "".join(parts)
