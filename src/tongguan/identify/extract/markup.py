"""HTML to pieces: what is read on the page, its tables, what its fields hold, and the data in its scripts."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tongguan.identify.extract import structured, tables
from tongguan.identify.pieces import Piece

__all__ = ["html"]

_INLINE = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "label",
]
_INLINE += ["mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr", "nobr"]
_ALONE = "p, li, dl, article, section, h1, h2, h3, h4, h5, h6, option, blockquote, form, fieldset, tr"
_SPEAKING = ("value", "alt", "title", "placeholder", "content", "aria-label")  # attributes that hold text
_BREAK = "\x1e"  # stands where a block begins while the page is turned into text


def html(text: str, member: str | None) -> list[Piece]:
    """The pieces of an HTML page.

    First what is read on it (kind `prose`, a record a block), then each table of at least two rows and columns, then
    the values of fields and other speaking attributes and of links to mail and telephone (`form`), then each script.
    """
    page = LexborHTMLParser(text.replace("\0", " "))
    if page.root is None:
        return []
    scripts = [piece for node in page.css("script, style") if (piece := _script(node, member))]
    for node in page.css("script, style"):
        node.decompose()
    fields = _attributes(page, member)
    grids = _tables(page, member)
    prose = _prose(page, member)
    return [*([prose] if prose else []), *grids, *([fields] if fields else []), *scripts]


def _script(node: LexborNode, member: str | None) -> Piece | None:
    if node.tag == "style":
        return None
    source = node.text() or ""
    return structured.code(source, source.encode("utf-8", "replace"), member) if source.strip() else None


def _attributes(page: LexborHTMLParser, member: str | None) -> Piece | None:
    """`name: value` lines; a record a form, and one for the rest."""
    groups: dict[int, list[str]] = {}
    query = ", ".join(f"[{name}]" for name in _SPEAKING)
    forms: dict[int, int] = {}
    for node in page.css(query):
        attributes = node.attributes
        own = attributes.get("name") or attributes.get("id") or attributes.get("property") or node.tag
        lines = [
            f"{own}: {value}" if name in ("value", "content") else f"{own} {name}: {value}"
            for name in _SPEAKING
            if (value := attributes.get(name)) and value.strip()
        ]
        groups.setdefault(_form_of(node, forms), []).extend(lines)
    for node in page.css("a[href^='mailto:'], a[href^='tel:'], a[href^='sms:']"):
        groups.setdefault(-1, []).append(node.attributes.get("href") or "")
    body = "\n\n".join("\n".join(lines) for _, lines in sorted(groups.items()) if lines)
    if not body:
        return None
    return structured.prose(body, body.encode("utf-8", "replace"), member, "form")


def _form_of(node: LexborNode, forms: dict[int, int]) -> int:
    """An ordinal for the form or table row that a field stands in, -1 for none."""
    above = node.parent
    for _ in range(12):
        if above is None:
            break
        if above.tag in ("form", "tr"):
            return forms.setdefault(above.mem_id, len(forms))
        above = above.parent
    return -1


def _tables(page: LexborHTMLParser, member: str | None) -> list[Piece]:
    """Tables that hold no table and have at least two rows and columns; taken out of the page."""
    found: list[Piece] = []
    for table in page.css("table"):
        if table.css_first("table table") is not None:
            continue
        rows = [[_cell(cell) for cell in row.css("td, th")] for row in table.css("tr")]
        if len(rows) < 2 or max(map(len, rows)) < 2:
            continue
        if piece := tables.from_rows(rows, member):
            found.append(piece)
            table.decompose()
    return found


def _cell(node: LexborNode) -> str:
    return (node.text() or "").strip()


def _prose(page: LexborHTMLParser, member: str | None) -> Piece | None:
    page.unwrap_tags(_INLINE)
    for node in page.css(_ALONE):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    root = page.root
    if root is None:
        return None
    root.merge_text_nodes()
    raw = root.text(separator="\n")
    lines = (" ".join(line.split()) for block in raw.split(_BREAK) for line in ("", *block.split("\n")))
    text = _joined(lines)
    return structured.prose(text, text.encode("utf-8", "replace"), member) if text.strip() else None


def _joined(lines: object) -> str:
    """Lines with never more than one blank one between them."""
    out: list[str] = []
    for line in lines:  # type: ignore[attr-defined]
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out)
