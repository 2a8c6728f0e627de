"""Pictures as SVG: pure functions from numbers and labels to a string. Colours are classes (`pictures.css`).

Texts are escaped here. Widths are in user units; one unit is one CSS pixel where the picture is shown at its own size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "Link", "Node", "Zone", "bars", "gauge", "mark", "sankey", "share"]

LINE = 15  # height of a line of text
TEXT = 12  # size of it


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the flow picture: its name, what is written under it, its weight, and whether it stands last."""

    id: str
    label: str
    note: str
    value: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """From a node of `column` to one of the next."""

    column: int
    source: str
    target: str
    pathway: str
    value: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of a gauge that begins at a legal line (the first begins at 0)."""

    start: int
    line: str  # what is written at its line
    label: str
    pathway: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart. `low` and `high` are the bounds of `value`."""

    label: str
    note: str
    value: int
    low: int
    high: int
    pathway: str
    outlined: bool  # exempt: not counted towards the lines


# ---- flows


def sankey(
    columns: Sequence[Sequence[Node]], links: Sequence[Link], heads: Sequence[str], label: str, width: int
) -> str:
    """Three columns, links as wide as their persons. Later columns are ordered so that links cross little."""
    columns = _untangle(columns, links)
    top, gap, side, thick = 28, 6, 150, 8
    height = top + max(len(column) for column in columns) * (2 * LINE + gap + 8) + 60
    scale = _scale(columns, height - top, gap)
    lefts = (side, round(side + (width - 2 * side - thick) * 0.46), width - side - thick)
    places: list[dict[str, tuple[float, float]]] = []
    for column in columns:
        places.append(_stack(column, scale, top, height - top, gap))
    parts = [_heads(heads, lefts, thick)]
    parts += _ribbons(columns, links, places, lefts, thick, scale)
    for number, column in enumerate(columns):
        room = (side - 16) if number != 1 else lefts[2] - lefts[1] - thick - 40
        parts += [_node(node, *places[number][node.id], lefts[number], thick, number == 0, room) for node in column]
    return _svg(width, height, label, parts, "sankey")


def _untangle(columns: Sequence[Sequence[Node]], links: Sequence[Link]) -> list[list[Node]]:
    """Order each later column by where its links come from, on average."""
    ordered = [list(columns[0])]
    for number in (1, 2):
        rank = {node.id: place for place, node in enumerate(ordered[-1])}
        pulls: dict[str, tuple[float, float]] = {}
        for link in links:
            if link.column == number - 1:
                weight, sum_ = pulls.get(link.target, (0.0, 0.0))
                share = link.value + 0.001
                pulls[link.target] = (weight + share, sum_ + share * rank[link.source])
        ordered.append(sorted(columns[number], key=lambda node: (node.last, pulls[node.id][1] / pulls[node.id][0])))
    return ordered


def _scale(columns: Sequence[Sequence[Node]], room: float, gap: float) -> float:
    """Units a person such that the fullest column fits; every node keeps the room of its two lines of text."""

    def needed(scale: float) -> float:
        return max(sum(_slot(node, scale) + gap for node in column) for column in columns)

    low, high = 0.0, room / max(1, max(sum(node.value for node in column) for column in columns))
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if needed(middle) <= room else (low, middle)
    return low


def _slot(node: Node, scale: float) -> float:
    return max(node.value * scale, 2 * LINE + 4)


def _stack(column: Sequence[Node], scale: float, top: float, room: float, gap: float) -> dict[str, tuple[float, float]]:
    """Each node's top edge and height, the column centred."""
    used = sum(_slot(node, scale) for node in column) + gap * (len(column) - 1)
    y, places = top + max(0.0, (room - used) / 2), {}
    for node in column:
        slot, tall = _slot(node, scale), max(node.value * scale, 3.0)
        places[node.id] = (y + (slot - tall) / 2, tall)
        y += slot + gap
    return places


def _ribbons(
    columns: Sequence[Sequence[Node]],
    links: Sequence[Link],
    places: Sequence[dict[str, tuple[float, float]]],
    lefts: Sequence[int],
    thick: int,
    scale: float,
) -> list[str]:
    names = [{node.id: node.label for node in column} for column in columns]
    rank = [{node.id: place for place, node in enumerate(column)} for column in columns]
    used: dict[tuple[int, str, bool], float] = {}
    parts = []
    for link in sorted(links, key=lambda k: (k.column, rank[k.column][k.source], rank[k.column + 1][k.target])):
        tall = max(link.value * scale, 1.5)
        ends = []
        for column, id, out in ((link.column, link.source, True), (link.column + 1, link.target, False)):
            key = (column, id, out)
            ends.append(places[column][id][0] + used.get(key, 0.0) + tall / 2)
            used[key] = used.get(key, 0.0) + tall
        x1, x2 = lefts[link.column] + thick, lefts[link.column + 1]
        middle = (x1 + x2) / 2
        title = f"{names[link.column][link.source]} → {names[link.column + 1][link.target]}: {link.value:,}"
        parts.append(
            f'<path class="lk {_class(link.pathway)}" stroke-width="{tall:.1f}" '
            f'd="M{x1},{ends[0]:.1f}C{middle:.0f},{ends[0]:.1f} {middle:.0f},{ends[1]:.1f} {x2},{ends[1]:.1f}">'
            f"<title>{escape(title)}</title></path>"
        )
    return parts


def _node(node: Node, top: float, tall: float, left: int, thick: int, before: bool, room: float) -> str:
    x, anchor = (left - 8, ' text-anchor="end"') if before else (left + thick + 8, "")
    middle = top + tall / 2
    return (
        f"<g><title>{escape(node.label)}: {escape(node.note)}</title>"
        f'<rect class="nd" x="{left}" y="{top:.1f}" width="{thick}" height="{tall:.1f}" rx="1"/>'
        f'<text class="halo" x="{x}" y="{middle - 3:.1f}"{anchor}>{escape(_fit(node.label, room))}</text>'
        f'<text class="halo q" x="{x}" y="{middle + 12:.1f}"{anchor}>{escape(node.note)}</text></g>'
    )


def _heads(heads: Sequence[str], lefts: Sequence[int], thick: int) -> str:
    ends = ((lefts[0] + thick, "end"), (lefts[1], "start"), (lefts[2] + thick, "end"))
    texts = zip(heads, ends, strict=True)
    return "".join(
        f'<text class="cap" x="{x}" y="12" text-anchor="{a}">{escape(head)}</text>' for head, (x, a) in texts
    )


# ---- towards the legal lines


def gauge(value: int, low: int, high: int, zones: Sequence[Zone], label: str, width: int) -> str:
    """A ruler with the legal lines: filled to `value`, bounds as a bracket, 80 % of the next line as a tick."""
    last = zones[-1].start
    scale = width / max(last * 1.25, high * 1.08, 1)
    here = next(zone for zone in reversed(zones) if value >= zone.start)
    fill = max(value * scale, 2) if value else 0
    parts = [
        f'<rect class="track" x="0.5" y="22.5" width="{width - 1}" height="12" rx="2"/>',
        f'<rect class="fill {_class(here.pathway)}" x="0" y="22" width="{fill:.1f}" height="13" rx="2"/>',
    ]
    if high > low:
        a, b = low * scale, max(high * scale, low * scale + 2)
        parts.append(f'<path class="bracket" d="M{a:.1f},33v5h{b - a:.1f}v-5"/>')
    starts = [zone.start * scale for zone in zones] + [float(width)]
    names = [_wrap(zone.label, end - start - 6) for zone, start, end in zip(zones, starts, starts[1:], strict=False)]
    following = next((zone for zone in zones if zone.start > value), None)
    if following and following.start >= 10:
        x = following.start * scale * 0.8
        parts.append(f'<path class="tick" d="M{x:.1f},17V35"/>')
        if _clear(x, 14, starts[1:-1], 18):
            parts.append(f'<text class="q" x="{x:.1f}" y="13" text-anchor="middle">80%</text>')
    for zone, start, name in zip(zones, starts, names, strict=False):
        if zone.start:
            shown = max(start, 1)
            parts.append(f'<path class="line" d="M{shown:.1f},17V40"/>')
            anchor, x = ("start", shown) if start < 20 else ("middle", start)
            parts.append(f'<text class="b" x="{x:.1f}" y="13" text-anchor="{anchor}">{escape(zone.line)}</text>')
        left = start + 4 if zone.start else start
        for number, line in enumerate(name):
            parts.append(f'<text class="q" x="{left:.1f}" y="{52 + LINE * number}">{escape(line)}</text>')
    return _svg(width, 43 + LINE * max(1, *map(len, names)), label, parts, "gauge")


def _clear(x: float, half: float, others: Sequence[float], theirs: float) -> bool:
    return all(abs(x - other) > half + theirs for other in others)


# ---- bars


def bars(rows: Sequence[Bar], label: str, width: int) -> str:
    """Horizontal bars, one a row: solid where counted towards the lines, outlined where exempt, bounds as a bracket."""
    names, notes, row = min(240, width // 3), 150, 28
    room = width - names - notes
    scale = room / max(1, *(max(bar.value, bar.high) for bar in rows))
    parts = []
    for number, bar in enumerate(rows):
        y = number * row
        long = max(bar.value * scale, 1.5)
        style = f"{'outline' if bar.outlined else 'fill'} {_class(bar.pathway)}"
        parts.append(
            f"<g><title>{escape(bar.label)}: {escape(bar.note)}</title>"
            f'<text x="0" y="{y + 18}">{escape(_fit(bar.label, names - 16))}</text>'
            f'<rect class="rail" x="{names}" y="{y + 9}" width="{room}" height="10"/>'
            f'<rect class="{style}" x="{names + 0.5}" y="{y + 9.5}" width="{long:.1f}" height="9" rx="1"/>'
        )
        if bar.high > bar.low:
            a, b = names + bar.low * scale, names + bar.high * scale
            parts.append(f'<path class="bracket" d="M{a:.1f},{y + 18}v4h{max(b - a, 1.5):.1f}v-4"/>')
        parts.append(f'<text class="q" x="{width}" y="{y + 18}" text-anchor="end">{escape(bar.note)}</text></g>')
    return _svg(width, len(rows) * row + 4, label, parts, "bars")


def share(parts: Sequence[tuple[str, int]], label: str, width: int) -> str:
    """One bar cut into parts, each with its class."""
    whole, x, drawn = sum(size for _, size in parts), 0.0, []
    for style, size in parts:
        if size:
            wide = max(width * size / whole, 2.0)
            drawn.append(f'<rect class="{style}" x="{x:.1f}" y="0" width="{max(wide - 1, 1):.1f}" height="10"/>')
            x += wide
    return _svg(width, 10, label, drawn, "share")


# ---- small marks: every pathway and severity has a shape of its own, so that colour is never alone

_SHAPES = {
    "stop": '<path d="M4 1h4l3 3v4L8 11H4L1 8V4z"/>',
    "diamond": '<path d="M6 .8 11.200 6 6 11.200.8 6z"/>',
    "half": '<path d="M6 1H1v10h5z"/><path class="hollow" d="M6 1.600h1.700L11.400 6l-3.700 4.400H6"/>',
    "tick": '<circle cx="6" cy="6" r="5.200"/><path class="cut" d="m3.500 6.200 1.800 1.800 3.300-3.800"/>',
    "ask": '<circle class="hollow" cx="6" cy="6" r="5"/>'
    '<path class="hollow" d="M4.600 4.800c0-2 2.900-1.800 2.900-.1 0 1-1.500 1.100-1.500 2.200M6 8.600v.6"/>',
    "ring": '<circle class="hollow" cx="6" cy="6" r="4.600"/>',
    "up": '<path d="M6 1.300 11.200 10.500H.8z"/>',
    "dot": '<circle cx="6" cy="6" r="4"/>',
    "plus": '<path class="hollow thick" d="M6 1.500v9M1.500 6h9"/>',
    "same": '<path class="hollow" d="M2 4.300h8M2 7.700h8"/>',
    "eye": '<path class="hollow" d="M1 6q2-3.200 5-3.200T11 6Q9 9.200 6 9.200T1 6zM2 10.500l8-9"/>',
}
_MARKS = {
    "prohibited": "stop",
    "approval_required": "stop",
    "security_assessment": "diamond",
    "standard_contract_or_certification": "half",
    "standard_contract": "half",
    "certification": "half",
    "gba_standard_contract": "half",
    "exempt": "tick",
    "zone_registration": "tick",
    "undetermined": "ask",
    "no_route": "ask",
    "not_export": "ring",
    "high": "up",
    "mid": "diamond",
    "low": "dot",
    "more": "up",
    "add": "plus",
    "same": "same",
    "blind": "eye",
}


def mark(name: str) -> str:
    """A mark of 12 units that takes the colour of its text."""
    shape = _SHAPES[_MARKS.get(name, "ring")]
    return f'<svg class="mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">{shape}</svg>'


# ---- text and frame


def _svg(width: int, height: float, label: str, parts: Sequence[str], style: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture {style}" viewBox="0 0 {width} {height:.0f}" '
        f'width="{width}" height="{height:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _class(pathway: str) -> str:
    return f"p-{pathway}" if pathway in _MARKS else "p-undetermined"


def _wide(text: str) -> float:
    """About how wide a text is: Han and other wide characters a whole size, the rest about half."""
    return sum(TEXT if unicodedata.east_asian_width(c) in "WFA" else TEXT * 0.54 for c in text)


def _wrap(text: str, room: float) -> list[str]:
    """In one line, or in two at a space; no line where even that is too wide."""
    words = text.split(" ")
    cuts = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    whole = [[text]] if _wide(text) <= room else []
    return next(iter(whole + [[*cut] for cut in cuts if max(map(_wide, cut)) <= room]), [])


def _fit(text: str, room: float) -> str:
    if _wide(text) <= room:
        return text
    while text and _wide(text) + TEXT > room:
        text = text[:-1]
    return text.rstrip() + "…"
